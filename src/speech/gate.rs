//! From probabilities of speech to voices that begin, last and stop. Pure.

use crate::call::time::Time;

/// Length of a window of the detector: 32 ms.
pub(crate) const WINDOW_MS: u64 = 32;
/// A window at least this likely to be speech counts as voice…
const VOICE: f32 = 0.5;
/// …and within a voice, one at least this likely does.
const STILL_VOICE: f32 = 0.35;
/// Windows in a row that begin a voice: 64 ms, longer than a click.
const BEGINS: u32 = 2;
/// One does when there has been sound for so long at its end: that was no click.
const LONGER_MS: u64 = 64;
/// Windows in a row without voice that end it: 128 ms. The stops inside words are shorter; the turn ends later, by what was said.
const ENDS: u32 = 4;
/// A voice is reported with each of its windows up to this, because it may interrupt the bot…
const CLOSELY_MS: u64 = 640;
/// …and then with every third, 96 ms.
const LOOSELY: u64 = 3;
/// The detector needs the first sounds of a word to be sure: the voice began about this much earlier.
const EARLIER_MS: u64 = 32;

/// What sounded up to so long before a voice was noticed is its first consonant.
const ONSET_MS: u64 = 256;

/// What the gate noticed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Noticed {
    /// A voice began at this time.
    Started(Time),
    /// The voice that began then has sounded for so many milliseconds with its first consonant, and is meant for us with this likelihood.
    Lasting(Time, u64, f32),
    /// The voice that began then may be over: the detector has its first doubt, or its level has fallen.
    Fades(Time),
    /// The voice that began then has fallen silent, by its level, and this is now; the detector does not say so yet.
    Hushed(Time, Time),
    /// The last sound was at this time.
    Stopped(Time),
}

#[derive(Debug, Clone, Copy)]
enum State {
    Quiet {
        likely: u32,
    },
    /// `onset`: when the sound began in which the voice was noticed.
    Voice {
        from: Time,
        onset: Time,
        last: Time,
        unlikely: u32,
    },
}

/// The gate of one leg.
#[derive(Debug)]
pub(crate) struct Gate {
    state: State,
}

impl Default for Gate {
    fn default() -> Self {
        Self { state: State::Quiet { likely: 0 } }
    }
}

impl Gate {
    /// Takes the probability of the window that begins at `at`, for how long there has been sound at its end, and how likely it is meant for us.
    /// `hushed`: by its level the voice has fallen silent; the detector may hear it for a while yet.
    pub(crate) fn window(&mut self, at: Time, probability: f32, sounded_ms: u64, hushed: bool, meant: f32) -> Option<Noticed> {
        let end = at.plus(WINDOW_MS);
        match &mut self.state {
            State::Quiet { likely } => {
                *likely = if probability >= VOICE { *likely + 1 } else { 0 };
                if *likely == 0 || *likely < BEGINS && sounded_ms < LONGER_MS {
                    return None;
                }
                let from = Time(at.0.saturating_sub(u64::from(BEGINS - 1) * WINDOW_MS + EARLIER_MS));
                let onset = Time(end.0.saturating_sub(sounded_ms.min(ONSET_MS))).min(from);
                self.state = State::Voice { from, onset, last: end, unlikely: 0 };
                Some(Noticed::Started(from))
            }
            State::Voice { from, onset, last, unlikely } => {
                if probability >= STILL_VOICE {
                    (*last, *unlikely) = (end, 0);
                    if hushed {
                        return Some(Noticed::Fades(*from));
                    }
                    let ms = last.since(*from);
                    let told = ms <= CLOSELY_MS || (ms / WINDOW_MS).is_multiple_of(LOOSELY);
                    return told.then_some(Noticed::Lasting(*from, last.since(*onset), meant));
                }
                *unlikely += 1;
                match *unlikely {
                    1 => Some(Noticed::Fades(*from)),
                    ENDS.. => self.end(),
                    _ => None,
                }
            }
        }
    }

    /// Ends a voice, if there is one: its sound is cut off.
    pub(crate) fn end(&mut self) -> Option<Noticed> {
        match std::mem::take(self).state {
            State::Quiet { .. } => None,
            State::Voice { last, .. } => Some(Noticed::Stopped(last)),
        }
    }

    /// What is to be said of the voice that sounds now. One that was noticed late may have lasted long enough to interrupt.
    pub(crate) fn lasting(&self, meant: f32) -> Option<Noticed> {
        match self.state {
            State::Quiet { .. } => None,
            State::Voice { from, onset, last, .. } => Some(Noticed::Lasting(from, last.since(onset), meant)),
        }
    }

    /// Since when a voice sounds.
    pub(crate) fn voice_since(&self) -> Option<Time> {
        match self.state {
            State::Quiet { .. } => None,
            State::Voice { from, .. } => Some(from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(gate: &mut Gate, probabilities: &[(usize, f32)]) -> Vec<Noticed> {
        let windows = probabilities.iter().flat_map(|(count, p)| std::iter::repeat_n(*p, *count));
        windows.enumerate().filter_map(|(n, p)| gate.window(Time(1_000 + n as u64 * WINDOW_MS), p, 0, false, 1.0)).collect()
    }

    #[test]
    fn a_click_is_no_voice() {
        assert_eq!(run(&mut Gate::default(), &[(5, 0.0), (1, 0.9), (5, 0.0), (1, 0.9), (9, 0.4)]), []);
    }

    #[test]
    fn a_consonant_before_the_vowel_counts() {
        let mut gate = Gate::default();
        let noticed = [0.1, 0.1, 0.9, 0.9, 0.9].iter().enumerate().filter_map(|(n, p)| {
            let at = n as u64 * WINDOW_MS;
            gate.window(Time(1_000 + at), *p, at + WINDOW_MS, false, 1.0)
        });
        assert_eq!(noticed.last(), Some(Noticed::Lasting(Time(1_000), 160, 1.0)));
    }

    #[test]
    fn a_voice_whose_level_has_fallen_fades_and_lasts_no_longer() {
        let mut gate = Gate::default();
        run(&mut gate, &[(6, 0.9)]);
        assert_eq!(gate.window(Time(2_000), 0.9, 0, true, 1.0), Some(Noticed::Fades(Time(968))));
    }

    #[test]
    fn a_voice_begins_lasts_and_stops_at_its_last_sound() {
        let noticed = run(&mut Gate::default(), &[(10, 0.0), (6, 0.9), (3, 0.1), (2, 0.4), (20, 0.0)]);
        let stop = Time(1_000 + 21 * WINDOW_MS);
        assert_eq!(noticed.first(), Some(&Noticed::Started(Time(1_000 + 9 * WINDOW_MS))));
        assert!(noticed.contains(&Noticed::Lasting(Time(1_000 + 9 * WINDOW_MS), 6 * WINDOW_MS, 1.0)), "{noticed:?}");
        assert_eq!(noticed.last(), Some(&Noticed::Stopped(stop)));
        assert_eq!(noticed.iter().filter(|n| matches!(n, Noticed::Stopped(_))).count(), 1);
    }
}
