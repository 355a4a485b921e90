//! One key press that is seen in two or three ways counts once.
//!
//! The rule: telephone events are believed before INFO, and INFO before the sound. The first way that brings a key is the leg's; a way that
//! is believed more takes over as soon as it brings one; from then on the weaker ones are not listened to. When a way takes over, the keys
//! that it repeats within 400 ms were already counted.

use std::time::Duration;

use super::Digit;

/// A stronger way may be this much later than the weaker one that it repeats.
const COPY_WITHIN: Duration = Duration::from_millis(400);
/// Nobody presses more keys within that time.
const REMEMBERED: usize = 8;

/// How a key press came. The later, the more it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// Heard in the sound.
    InBand,
    /// In an INFO request.
    Info,
    /// As telephone events (RFC 4733).
    Event,
}

#[derive(Debug, Clone, Copy)]
struct Counted {
    digit: Digit,
    /// The strongest that brought it so far.
    way: Way,
    at: Duration,
}

/// Counts the key presses of one leg. All times are since one fixed moment of a monotonic clock.
#[derive(Debug, Clone, Default)]
pub struct Merger {
    way: Option<Way>,
    /// What was counted of late.
    counted: [Option<Counted>; REMEMBERED],
    next: usize,
}

impl Merger {
    /// A key press came by some way: the key, if this is the press's first sight.
    pub fn press(&mut self, now: Duration, way: Way, digit: Digit) -> Option<Digit> {
        if self.way.is_some_and(|current| current > way) {
            return None;
        }
        self.way = Some(way);
        if self.is_copy(now, way, digit) {
            return None;
        }
        self.counted[self.next] = Some(Counted { digit, way, at: now });
        self.next = (self.next + 1) % REMEMBERED;
        Some(digit)
    }

    /// A telephone event or an INFO with a key was seen, though it may be no new press: the sound is not listened to any more.
    pub fn seen(&mut self, way: Way) {
        self.way = self.way.max(Some(way));
    }

    /// Is there any use in listening for keys in the sound?
    #[must_use]
    pub fn listens_in_band(&self) -> bool {
        self.way.is_none_or(|way| way == Way::InBand)
    }

    /// Another peer may be there now, after a transfer or a new negotiation: every way has its chance again.
    pub fn restart(&mut self) {
        self.way = None;
    }

    /// Was this press counted when a weaker way brought it? Each counted press has one copy by each stronger way.
    fn is_copy(&mut self, now: Duration, way: Way, digit: Digit) -> bool {
        // The oldest first: ways keep the order of the keys.
        let (newer, older) = self.counted.split_at_mut(self.next);
        let mut counted = older.iter_mut().chain(newer).flatten();
        let copied = counted.find(|press| press.digit == digit && press.way < way && now.saturating_sub(press.at) <= COPY_WITHIN);
        copied.map(|press| press.way = way).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Presses as (ms, way, key): what is counted.
    fn counted(presses: &[(u64, Way, char)]) -> String {
        let mut merger = Merger::default();
        let digits =
            presses.iter().filter_map(|(ms, way, key)| merger.press(Duration::from_millis(*ms), *way, Digit::from_char(*key).unwrap()));
        digits.map(Digit::to_char).collect()
    }

    #[test]
    fn each_way_alone_counts_everything() {
        for way in [Way::InBand, Way::Info, Way::Event] {
            assert_eq!(counted(&[(0, way, '5'), (90, way, '5'), (180, way, '1')]), "551");
        }
    }

    #[test]
    fn all_three_ways_at_once_count_once_in_any_order() {
        use Way::{Event, InBand, Info};
        for order in [
            [Event, Info, InBand],
            [InBand, Info, Event],
            [Info, InBand, Event],
            [InBand, Event, Info],
            [Event, InBand, Info],
            [Info, Event, InBand],
        ] {
            let mut presses = Vec::new();
            for (index, key) in "1123*".chars().enumerate() {
                for (late, way) in [0, 45, 120].into_iter().zip(order) {
                    presses.push((index as u64 * 500 + late, way, key));
                }
            }
            assert_eq!(counted(&presses), "1123*", "{order:?}");
        }
    }

    #[test]
    fn fast_keys_in_the_sound_before_the_first_info() {
        use Way::{InBand, Info};
        assert_eq!(
            counted(&[(0, InBand, '1'), (150, InBand, '2'), (300, Info, '1'), (450, Info, '2'), (900, Info, '2'), (910, InBand, '2')]),
            "122"
        );
    }

    #[test]
    fn a_stronger_way_takes_over_and_a_weaker_one_never() {
        use Way::{Event, InBand, Info};
        assert_eq!(counted(&[(0, InBand, '1'), (2_000, Event, '1'), (3_000, Info, '2'), (4_000, InBand, '3'), (5_000, Event, '4')]), "114");
        assert_eq!(counted(&[(0, InBand, '1'), (401, Info, '1')]), "11");
        assert_eq!(counted(&[(0, InBand, '1'), (400, Info, '1')]), "1");
    }

    #[test]
    fn the_sound_is_muted_by_an_event_and_heard_again_after_a_restart() {
        let mut merger = Merger::default();
        let key = Digit::from_char('9').unwrap();
        assert!(merger.listens_in_band());
        assert_eq!(merger.press(Duration::ZERO, Way::InBand, key), Some(key));
        assert!(merger.listens_in_band());
        merger.seen(Way::Event);
        assert!(!merger.listens_in_band());
        assert_eq!(merger.press(Duration::from_secs(3), Way::InBand, key), None);
        merger.restart();
        assert_eq!(merger.press(Duration::from_secs(4), Way::InBand, key), Some(key));
    }
}
