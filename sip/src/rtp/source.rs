//! Reception statistics of one source (RFC 3550 §6.4.1, appendices A.1, A.3 and A.8).

use std::time::Duration;

use crate::codec::SAMPLE_RATE;

/// Beyond this forward step the source has restarted (appendix A.1).
const MAX_DROPOUT: u16 = 3_000;
/// Up to this backward step a packet is late, beyond it the source has restarted.
const MAX_MISORDER: u16 = 100;

/// A copy of the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceStats {
    /// Packets that came, without duplicates.
    pub received: u64,
    /// Packets that should have come.
    pub expected: u64,
    /// Packets that came twice (within the last 64).
    pub duplicates: u64,
    /// Packets that came after a later one.
    pub reordered: u64,
    /// Losses, of one packet or of several in a row.
    pub gaps: u64,
    /// Restarts of the source: new sequence numbers or a new SSRC.
    pub restarts: u64,
    /// Interarrival jitter in samples at 8 kHz.
    pub jitter: u32,
}

impl SourceStats {
    /// Packets lost; never negative.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }

    /// Interarrival jitter as time.
    #[must_use]
    pub fn jitter_time(&self) -> Duration {
        Duration::from_micros(u64::from(self.jitter) * 1_000_000 / u64::from(SAMPLE_RATE))
    }
}

/// Follows one source's sequence numbers and timing.
#[derive(Debug, Clone, Default)]
pub struct SourceTracker {
    started: bool,
    base: u32,
    /// Extended highest sequence number: cycles in the upper half.
    highest: u32,
    /// Bit n: sequence number `highest - n` has come.
    seen: u64,
    bad_next: Option<u16>,
    /// Expected packets of earlier sequences, before a restart.
    expected_before: u64,
    received: u64,
    duplicates: u64,
    reordered: u64,
    gaps: u64,
    restarts: u64,
    jitter_x16: u32,
    transit: Option<u32>,
    reported_expected: u64,
    reported_received: u64,
}

impl SourceTracker {
    /// Counts a packet that arrived at `arrival` (since any fixed moment). Returns false for a duplicate.
    pub fn count(&mut self, sequence: u16, timestamp: u32, arrival: Duration) -> bool {
        let counted = self.count_untimed(sequence);
        if counted && self.bad_next.is_none() {
            self.count_jitter(timestamp, arrival);
        }
        counted
    }

    /// Counts a packet whose moment of arrival is not known well enough: the jitter goes on between the next two that were timed. False for
    /// a duplicate.
    pub fn count_unstamped(&mut self, sequence: u16) -> bool {
        self.transit = None;
        self.count_untimed(sequence)
    }

    /// Counts a packet whose timestamp says nothing about the moment of sending (an event's, RFC 4733). False for a duplicate.
    pub fn count_untimed(&mut self, sequence: u16) -> bool {
        if !self.started {
            self.start(sequence);
        }
        let step = sequence.wrapping_sub(self.highest as u16);
        if step == 0 && self.seen & 1 == 0 {
            self.seen |= 1;
        } else if (1..MAX_DROPOUT).contains(&step) {
            self.gaps += u64::from(step > 1);
            self.seen = if step < 64 { self.seen << step | 1 } else { 1 };
            self.highest = self.highest.wrapping_add(u32::from(step));
        } else if step > u16::MAX - MAX_MISORDER || step == 0 {
            if !self.count_late(step.wrapping_neg()) {
                return false;
            }
        } else if self.bad_next == Some(sequence) {
            // Two packets in a row agree on the new numbers (appendix A.1).
            self.restart();
            self.start(sequence);
            self.seen = 1;
        } else {
            self.bad_next = Some(sequence.wrapping_add(1));
            return true;
        }
        self.bad_next = None;
        self.received += 1;
        true
    }

    /// The source has a new SSRC: its numbers start afresh, the totals go on.
    pub fn restart(&mut self) {
        self.expected_before += self.expected_now();
        self.started = false;
        self.transit = None;
        self.restarts += 1;
        self.bad_next = None;
    }

    /// Totals so far.
    #[must_use]
    pub fn stats(&self) -> SourceStats {
        SourceStats {
            received: self.received,
            expected: self.expected_before + self.expected_now(),
            duplicates: self.duplicates,
            reordered: self.reordered,
            gaps: self.gaps,
            restarts: self.restarts,
            jitter: self.jitter_x16 >> 4,
        }
    }

    /// Extended highest sequence number for a reception report.
    #[must_use]
    pub const fn highest(&self) -> u32 {
        self.highest
    }

    /// Fraction lost since the last call, in 1/256 (appendix A.3).
    pub fn fraction_lost(&mut self) -> u8 {
        let stats = self.stats();
        let expected = stats.expected - self.reported_expected;
        let received = self.received - self.reported_received;
        self.reported_expected = stats.expected;
        self.reported_received = self.received;
        match expected.checked_sub(received) {
            Some(lost) if expected > 0 => u8::try_from((lost << 8) / expected).unwrap_or(u8::MAX),
            _ => 0,
        }
    }

    fn start(&mut self, sequence: u16) {
        self.started = true;
        // One cycle up, so that late packets before the first do not wrap below zero.
        self.base = 0x1_0000 + u32::from(sequence);
        self.highest = self.base;
        self.seen = 0;
    }

    fn expected_now(&self) -> u64 {
        if self.started { u64::from(self.highest.wrapping_sub(self.base)) + 1 } else { 0 }
    }

    /// A packet `age` before the highest one; false when it was seen.
    fn count_late(&mut self, age: u16) -> bool {
        let bit = 1_u64.checked_shl(u32::from(age)).unwrap_or(0);
        if bit == 0 || self.seen & bit != 0 {
            self.duplicates += 1;
            return false;
        }
        // It was all that was missing there.
        let around = bit << 1 | bit >> 1;
        self.gaps = self.gaps.saturating_sub(u64::from(self.seen & around == around));
        self.seen |= bit;
        self.reordered += 1;
        let sequence = self.highest.wrapping_sub(u32::from(age));
        self.base = self.base.min(sequence);
        true
    }

    fn count_jitter(&mut self, timestamp: u32, arrival: Duration) {
        // Arithmetic modulo 2^32 on purpose: only differences count.
        let arrival = (arrival.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000) as u32;
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(previous) = self.transit {
            let change = (transit.wrapping_sub(previous) as i32).unsigned_abs();
            // A timestamp jump is a restart of the clock and says nothing about the network.
            if change < SAMPLE_RATE * 2 {
                self.jitter_x16 = self.jitter_x16 + change - ((self.jitter_x16 + 8) >> 4);
            }
        }
        self.transit = Some(transit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(packet: u64) -> Duration {
        Duration::from_millis(packet * 20)
    }

    #[test]
    fn loss_duplicates_and_reordering_are_told_apart_across_the_wrap() {
        let mut tracker = SourceTracker::default();
        let order: [u16; 9] = [65_533, 65_534, 0, 65_535, 1, 1, 4, 5, 3];
        for (index, sequence) in order.into_iter().enumerate() {
            let timestamp = u32::from(sequence.wrapping_sub(65_533)) * 160;
            tracker.count(sequence, timestamp, at(index as u64));
        }
        let stats = tracker.stats();
        // 65533 … 5 are nine numbers; 2 is missing, 1 came twice; 65535 and 3 came late.
        assert_eq!((stats.expected, stats.received, stats.lost(), stats.duplicates, stats.reordered, stats.gaps), (9, 8, 1, 1, 2, 1));
        assert_eq!(tracker.fraction_lost(), 28);
        assert_eq!(tracker.fraction_lost(), 0);
    }

    #[test]
    fn a_steady_stream_has_no_jitter_and_a_shaky_one_has() {
        let mut steady = SourceTracker::default();
        let mut shaky = SourceTracker::default();
        for packet in 0..500_u32 {
            steady.count(packet as u16, packet * 160, at(u64::from(packet)));
            let shake = Duration::from_millis(if packet % 2 == 0 { 0 } else { 10 });
            shaky.count(packet as u16, packet * 160, at(u64::from(packet)) + shake);
        }
        assert_eq!(steady.stats().jitter, 0);
        // |D| is 10 ms = 80 samples for every packet: the estimate converges there.
        assert!((75..=80).contains(&shaky.stats().jitter), "{}", shaky.stats().jitter);
    }

    #[test]
    fn jitter_is_measured_between_neighbours_that_were_timed_and_nobody_else() {
        let mut tracker = SourceTracker::default();
        let shake = |packet: u16| at(u64::from(packet)) + Duration::from_millis(if packet.is_multiple_of(2) { 0 } else { 10 });
        for packet in 0..4_000_u16 {
            // Two in sixteen; what comes between has the same numbers as ever.
            if packet % 16 < 2 {
                tracker.count(packet, u32::from(packet) * 160, shake(packet));
            } else {
                assert!(tracker.count_unstamped(packet));
            }
        }
        assert!((75..=80).contains(&tracker.stats().jitter), "{}", tracker.stats().jitter);
        assert_eq!((tracker.stats().received, tracker.stats().lost()), (4_000, 0));
        assert!(!tracker.count_unstamped(3_999));
    }

    #[test]
    fn a_restarted_source_is_believed_at_its_second_packet() {
        let mut tracker = SourceTracker::default();
        tracker.count(10, 0, at(0));
        tracker.count(11, 160, at(1));
        for packet in 0..5_u16 {
            tracker.count(30_000 + packet, 480_000 + u32::from(packet) * 160, at(2 + u64::from(packet)));
        }
        let stats = tracker.stats();
        assert_eq!(stats.restarts, 1);
        assert_eq!((stats.received, stats.expected), (6, 6));
    }
}
