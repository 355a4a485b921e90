//! An artificial network with its own random numbers and its own time.

use std::collections::BTreeMap;
use std::time::Duration;

/// xorshift64*: the same seed gives the same run.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound.max(1)
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        (self.next() >> 11) as f64 / ((1_u64 << 53) as f64) < probability
    }
}

/// What the network does to packets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weather {
    pub(crate) delay_ms: u64,
    /// Evenly between 0 and this.
    pub(crate) jitter_ms: u64,
    pub(crate) loss: f64,
    /// Packets lost in a row at each loss.
    pub(crate) burst: u64,
    pub(crate) duplicate: f64,
    /// Share of packets that are held back by 25 ms, so that the next one overtakes.
    pub(crate) reorder: f64,
}

/// Packets on their way.
pub(crate) struct Network {
    pub(crate) weather: Weather,
    random: Random,
    losing: u64,
    counter: u64,
    on_the_way: BTreeMap<(Duration, u64), Vec<u8>>,
    pub(crate) lost: u64,
}

impl Network {
    pub(crate) fn new(weather: Weather, seed: u64) -> Self {
        Self { weather, random: Random::new(seed), losing: 0, counter: 0, on_the_way: BTreeMap::new(), lost: 0 }
    }

    pub(crate) fn send(&mut self, now: Duration, datagram: &[u8]) {
        if self.losing == 0 && self.random.chance(self.weather.loss) {
            self.losing = self.weather.burst.max(1);
        }
        if self.losing > 0 {
            self.losing -= 1;
            self.lost += 1;
            return;
        }
        let copies = 1 + u64::from(self.random.chance(self.weather.duplicate));
        for _ in 0..copies {
            let mut delay = Duration::from_millis(self.weather.delay_ms);
            delay += Duration::from_micros(self.random.below(self.weather.jitter_ms * 1_000 + 1));
            if self.random.chance(self.weather.reorder) {
                delay += Duration::from_millis(25);
            }
            self.counter += 1;
            self.on_the_way.insert((now + delay, self.counter), datagram.to_vec());
        }
    }

    /// The next packet that has arrived by `until`, with its moment.
    pub(crate) fn receive(&mut self, until: Duration) -> Option<(Duration, Vec<u8>)> {
        let first = self.on_the_way.first_entry().filter(|entry| entry.key().0 <= until)?;
        let ((at, _), datagram) = first.remove_entry();
        Some((at, datagram))
    }
}
