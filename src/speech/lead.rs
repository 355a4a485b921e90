//! When a clause whose rest is still being made may begin, so that it does not break off in the middle: at once where the machine has time, later where it is busy.

use std::time::Instant;

use crate::clock;

/// A voice this many times as fast as it is heard is never caught up with: each piece is at most twice as long as the one before, during which it is made.
const SAFE: f64 = 3.0;

/// How fast a clause comes.
pub(super) struct Lead {
    begun: Instant,
    /// Samples that are made.
    made: usize,
    rate: u32,
    goes: bool,
}

impl Lead {
    /// From now on the sound is made, at so many samples per second.
    pub(super) fn new(rate: u32) -> Self {
        Self { begun: clock::now(), made: 0, rate, goes: false }
    }

    /// So many more samples are made, and so many are left: may what there is be heard? The voice must be much faster than that, or what is left must come, as
    /// fast as what came, before it is over.
    pub(super) fn suffices(&mut self, made: usize, left: usize, now: Instant) -> bool {
        self.made += made;
        let took = now.saturating_duration_since(self.begun).as_secs_f64();
        let rest = took * left as f64 / self.made.max(1) as f64;
        let heard = self.made as f64 / f64::from(self.rate);
        self.goes |= SAFE * took <= heard || rest <= heard;
        self.goes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Which of four pieces of half a second may be heard if each takes so long.
    fn heard(each: Duration) -> Vec<bool> {
        let mut lead = Lead::new(1_000);
        let begun = lead.begun;
        (1..=4).map(|piece| lead.suffices(500, 2_000 - 500 * piece as usize, begun + each * piece)).collect()
    }

    #[test]
    fn the_slower_it_is_made_the_later_it_begins() {
        assert_eq!(heard(Duration::from_millis(160)), [true; 4]);
        assert_eq!(heard(Duration::from_millis(180)), [false, true, true, true]);
        assert_eq!(heard(Duration::from_millis(400)), [false, true, true, true]);
        assert_eq!(heard(Duration::from_millis(1_400)), [false, false, true, true]);
        assert_eq!(heard(Duration::from_secs(9)), [false, false, false, true]);
    }
}
