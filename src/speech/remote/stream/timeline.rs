//! Where in the call a place in the stream is: the stream has no holes, the call has.

use std::collections::VecDeque;

use crate::call::{
    media::frame::{FRAME_MS, Frame},
    time::Time,
};

/// A hole up to this long is filled with silence; a longer one is left out.
const HOLE_MS: u64 = 1_000;
/// Holes that are remembered; words from before them are long used.
const HOLES: usize = 32;

/// The times of one stream.
#[derive(Debug)]
pub(super) struct Timeline {
    /// Places in the stream, ms, and their times in the call.
    anchors: VecDeque<(u64, Time)>,
    sent_ms: u64,
    next: Time,
}

impl Timeline {
    /// A stream that begins with the frame at this time.
    pub(super) fn new(first: Time) -> Self {
        Self { anchors: VecDeque::from([(0, first)]), sent_ms: 0, next: first }
    }

    /// A frame is about to be sent; how much silence goes before it, ms. None for one that comes twice or too late.
    pub(super) fn take(&mut self, frame: &Frame) -> Option<u64> {
        if frame.at < self.next {
            return None;
        }
        let hole = frame.at.since(self.next);
        let silence = if hole > HOLE_MS { 0 } else { hole };
        self.sent_ms += silence;
        if hole > HOLE_MS {
            if self.anchors.len() == HOLES {
                self.anchors.pop_front();
            }
            self.anchors.push_back((self.sent_ms, frame.at));
        }
        self.sent_ms += FRAME_MS;
        self.next = frame.at.plus(FRAME_MS);
        Some(silence)
    }

    /// The time in the call of a place in the stream.
    pub(super) fn time(&self, stream_ms: u64) -> Time {
        let place = stream_ms.min(self.sent_ms);
        let anchor = self.anchors.iter().rev().find(|(at, _)| *at <= place).or(self.anchors.front());
        anchor.map_or(Time::ZERO, |(at, time)| time.plus(place.saturating_sub(*at)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::media::frame::FRAME_SAMPLES;

    fn frame(at: u64) -> Frame {
        Frame { at: Time(at), samples: [0; FRAME_SAMPLES], concealed: false }
    }

    #[test]
    fn small_holes_are_filled_and_long_ones_left_out() {
        let mut timeline = Timeline::new(Time(5_000));
        assert_eq!(timeline.take(&frame(5_000)), Some(0));
        assert_eq!(timeline.take(&frame(5_060)), Some(40));
        assert_eq!((timeline.take(&frame(5_060)), timeline.take(&frame(5_020))), (None, None));
        assert_eq!(timeline.take(&frame(65_080)), Some(0));
        assert_eq!(timeline.take(&frame(65_100)), Some(0));
        assert_eq!((timeline.time(0), timeline.time(70), timeline.time(100)), (Time(5_000), Time(5_070), Time(65_100)));
        assert_eq!(timeline.time(u64::MAX), Time(65_120), "nothing is heard before it is said");
    }
}
