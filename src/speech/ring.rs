//! The last minute of one leg's sound.

use std::collections::VecDeque;

use crate::call::{media::frame::Samples, time::Time};

/// A minute at 8 kHz.
const CAPACITY: usize = 60 * 8_000;

/// Samples with the time of the first one. Contiguous: a gap is filled or starts it anew.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    start: Time,
    samples: VecDeque<i16>,
}

impl Ring {
    /// Where the next sample belongs.
    pub(crate) fn end(&self) -> Time {
        self.start.plus(self.samples.len() as u64 / 8)
    }

    /// Adds sound that follows on.
    pub(crate) fn push(&mut self, samples: &Samples) {
        self.samples.extend(samples);
        let over = self.samples.len().saturating_sub(CAPACITY);
        self.samples.drain(..over);
        self.start = self.start.plus(over as u64 / 8);
    }

    /// Forgets everything; the next sample is at `start`.
    pub(crate) fn restart(&mut self, start: Time) {
        self.samples.clear();
        self.start = start;
    }

    /// The sound between two times, as much of it as there is.
    pub(crate) fn between(&self, from: Time, to: Time) -> Vec<i16> {
        let index = |time: Time| (time.since(self.start).saturating_mul(8) as usize).min(self.samples.len());
        let (from, to) = (index(from), index(to));
        self.samples.range(from..to.max(from)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_last_minute_at_its_times() {
        let mut ring = Ring::default();
        ring.restart(Time(1_000));
        for n in 0..3_100 {
            ring.push(&[(n % 1_000) as i16; 160]);
        }
        assert_eq!(ring.end(), Time(63_000));
        assert!(ring.between(Time::ZERO, Time(3_000)).is_empty(), "older than a minute");
        assert_eq!(ring.between(Time(62_980), Time(90_000)), [99; 160]);
        assert_eq!(ring.between(Time(5_000), Time(5_010)).len(), 80);
    }
}
