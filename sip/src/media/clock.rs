//! Timestamps of other clocks as samples at 8 kHz.

/// Follows one stream's timestamps across their wrap.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    ratio: u32,
    /// The last whole pair: the stream's timestamp, and ours.
    last: Option<(u32, u32)>,
}

impl Clock {
    pub(super) const fn new(ratio: u32) -> Self {
        Self { ratio, last: None }
    }

    pub(super) const fn ratio(&self) -> u32 {
        self.ratio
    }

    /// A received timestamp in our samples. Continuous across the wrap of 32 bits, which a plain division is not.
    pub(super) fn samples(&mut self, timestamp: u32) -> u32 {
        if self.ratio == 1 {
            return timestamp;
        }
        let (theirs, ours) = *self.last.get_or_insert((timestamp, timestamp / self.ratio));
        let step = (timestamp.wrapping_sub(theirs) as i32).div_euclid(self.ratio as i32);
        let samples = ours.wrapping_add(step as u32);
        // What the division leaves over must not add up.
        self.last = Some((theirs.wrapping_add((step as u32).wrapping_mul(self.ratio)), samples));
        samples
    }

    /// One of our timestamps in the stream's ticks: multiplication wraps as the timestamp does.
    pub(super) const fn ticks(self, samples: u32) -> u32 {
        samples.wrapping_mul(self.ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_stays_continuous_across_the_wrap() {
        let mut clock = Clock::new(6);
        let start = u32::MAX - 5_000;
        let first = clock.samples(start);
        for packet in 1..2_000_u32 {
            let samples = clock.samples(start.wrapping_add(packet * 960));
            assert_eq!(samples, first.wrapping_add(packet * 160));
        }
    }

    #[test]
    fn odd_steps_do_not_add_up_and_order_does_not_matter() {
        let mut clock = Clock::new(6);
        let first = clock.samples(1_000);
        for step in [7_u32, 13, 960, 500, 1_920, 961] {
            assert_eq!(clock.samples(1_000 + step), first + step / 6, "{step}");
        }
    }
}
