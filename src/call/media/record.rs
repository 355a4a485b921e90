//! The recording's timeline: two channels, one clock.
//!
//! Left is the caller, right is everything that the caller heard. Both come from the same tick, so they are aligned with each other by
//! construction; this keeps the file aligned with the call: what never came (a stalled machine, a full queue) becomes silence of the
//! same length.

use crate::call::{media::frame::Samples, time::Time};

/// 20 ms of both channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StereoFrame {
    /// Its first sample's position on the call's timeline, at 8 kHz.
    pub position: u64,
    /// What the caller said.
    pub caller: Samples,
    /// What the caller heard.
    pub heard: Samples,
}

/// What to write for a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Samples of silence to be written first.
    pub silence: u64,
    /// Samples at the start of the frame that are in the file already.
    pub skip: usize,
}

/// How far the file has been written.
#[derive(Debug, Clone)]
pub struct RecordTimeline {
    next: u64,
}

impl RecordTimeline {
    /// A file whose first sample is this moment of the call.
    #[must_use]
    pub const fn new(origin: Time) -> Self {
        Self { next: origin.samples_8k() }
    }

    /// Where a piece of `length` samples at `position` goes.
    pub fn place(&mut self, position: u64, length: usize) -> Placement {
        let silence = position.saturating_sub(self.next);
        let skip = usize::try_from(self.next.saturating_sub(position)).unwrap_or(usize::MAX).min(length);
        self.next = self.next.max(position + length as u64);
        Placement { silence, skip }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_become_silence_and_repeats_are_skipped() {
        let mut timeline = RecordTimeline::new(Time(100));
        assert_eq!(timeline.place(960, 160), Placement { silence: 160, skip: 0 });
        assert_eq!(timeline.place(1_120, 160), Placement { silence: 0, skip: 0 });
        assert_eq!(timeline.place(1_120, 160), Placement { silence: 0, skip: 160 });
        assert_eq!(timeline.place(2_000, 160), Placement { silence: 720, skip: 0 });
        assert_eq!(timeline.place(2_100, 160), Placement { silence: 0, skip: 60 });
        assert_eq!(timeline.place(0, 160), Placement { silence: 0, skip: 160 });
    }
}
