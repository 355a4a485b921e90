//! Recognising key presses, each exactly once.
//!
//! An event's identity is its start timestamp (RFC 4733 §2.3.3), not its marker bit, which many senders forget, and not its end
//! packets, which may all be lost but one. A press is reported at the first packet of it that arrives, whichever that is.

use super::Digit;

const PAYLOAD_BYTES: usize = 4;
/// Presses remembered, so that late and repeated packets are recognised.
const REMEMBERED: usize = 8;
/// The longest duration that the field can hold: then the event goes on in a new segment (RFC 4733 §2.5.1.3).
const SEGMENT_SAMPLES: u32 = 0xffff;
/// Some senders start the next segment a packet early or late.
const SEGMENT_SLACK: u32 = 960;

#[derive(Debug, Clone, Copy)]
struct Press {
    ssrc: u32,
    start: u32,
    digit: Digit,
    duration: u16,
    ended: bool,
}

/// State of one stream's key presses.
#[derive(Debug, Clone, Default)]
pub struct Receiver {
    presses: [Option<Press>; REMEMBERED],
    newest: usize,
    ignored: u64,
}

impl Receiver {
    /// A telephone-event packet came. Returns the key when this is the first packet seen of a press.
    pub fn packet(&mut self, ssrc: u32, timestamp: u32, payload: &[u8]) -> Option<Digit> {
        let Some(event) = payload.first_chunk::<PAYLOAD_BYTES>() else {
            self.ignored += 1;
            return None;
        };
        let Some(digit) = Digit::from_code(event[0]) else {
            self.ignored += 1;
            return None;
        };
        let ended = event[1] & 0x80 != 0;
        let duration = u16::from_be_bytes([event[2], event[3]]);
        if let Some(press) = self.find(ssrc, timestamp) {
            press.duration = press.duration.max(duration);
            press.ended |= ended;
            return None;
        }
        let goes_on = self.presses[self.newest].is_some_and(|last| continues(&last, ssrc, timestamp, digit));
        self.newest = (self.newest + 1) % REMEMBERED;
        self.presses[self.newest] = Some(Press { ssrc, start: timestamp, digit, duration, ended });
        (!goes_on).then_some(digit)
    }

    /// Packets that were no key: too short, or another event (flash, tones).
    #[must_use]
    pub const fn ignored(&self) -> u64 {
        self.ignored
    }

    fn find(&mut self, ssrc: u32, start: u32) -> Option<&mut Press> {
        self.presses.iter_mut().flatten().find(|press| press.ssrc == ssrc && press.start == start)
    }
}

/// Is an event that starts at `timestamp` the next segment of the long press `last`?
fn continues(last: &Press, ssrc: u32, timestamp: u32, digit: Digit) -> bool {
    let distance = timestamp.wrapping_sub(last.start);
    let full = u32::from(last.duration) + SEGMENT_SLACK * 8 >= SEGMENT_SAMPLES;
    last.ssrc == ssrc && last.digit == digit && !last.ended && full && distance.abs_diff(SEGMENT_SAMPLES) <= SEGMENT_SLACK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(digit: char, end: bool, duration: u16) -> [u8; 4] {
        let [high, low] = duration.to_be_bytes();
        [Digit::from_char(digit).unwrap().code(), if end { 0x8a } else { 0x0a }, high, low]
    }

    #[test]
    fn one_surviving_end_packet_is_one_press() {
        let mut receiver = Receiver::default();
        assert_eq!(receiver.packet(1, 1_000, &packet('5', true, 800)), Digit::from_char('5'));
        assert_eq!(receiver.packet(1, 1_000, &packet('5', true, 800)), None);
        assert_eq!(receiver.packet(1, 1_000, &packet('5', false, 640)), None);
    }

    #[test]
    fn the_same_key_twice_is_two_presses_even_without_any_end() {
        let mut receiver = Receiver::default();
        let presses = [1_000_u32, 3_000].map(|start| receiver.packet(1, start, &packet('7', false, 160)));
        assert_eq!(presses, [Digit::from_char('7'); 2]);
    }

    #[test]
    fn a_very_long_press_over_three_segments_is_one() {
        let mut receiver = Receiver::default();
        let mut presses = 0;
        for segment in 0..3_u32 {
            let start = 5_000_u32.wrapping_add(segment * 0xffff);
            for duration in (160..=65_440_u16).step_by(160).chain([0xffff]) {
                presses += u32::from(receiver.packet(1, start, &packet('#', false, duration)).is_some());
            }
        }
        assert_eq!(presses, 1);
    }

    #[test]
    fn a_jump_of_the_duration_changes_nothing() {
        let mut receiver = Receiver::default();
        let seen: Vec<_> =
            [160, 3_200, 480, 65_000].into_iter().filter_map(|duration| receiver.packet(1, 9, &packet('1', false, duration))).collect();
        assert_eq!(seen.len(), 1);
    }

    #[test]
    fn other_events_and_stumps_are_ignored() {
        let mut receiver = Receiver::default();
        assert_eq!(receiver.packet(1, 9, &[16, 0, 0, 160]), None);
        assert_eq!(receiver.packet(1, 9, &[1, 0, 0]), None);
        assert_eq!(receiver.ignored(), 2);
    }
}
