//! How much delay the network needs.
//!
//! Every packet's transit time (arrival minus timestamp) is compared with the smallest of the last seconds. The differences go into
//! a histogram that forgets; the delay that nearly all of them need is the target.

use std::time::Duration;

use super::JitterConfig;
use crate::codec::SAMPLE_RATE;

/// Width of a histogram bucket.
const BUCKET_US: i64 = 5_000;
const BUCKETS: usize = 64;
/// Share of packets that must come in time.
const QUANTILE: f32 = 0.985;
/// Weight of the past at each packet: bad weather is forgotten after some twenty seconds.
const MEMORY: f32 = 0.996;
/// The smallest transit is looked for in this many periods of a second: longer than jitter, shorter than drift matters.
const PERIODS: usize = 8;
const PERIOD: Duration = Duration::from_secs(1);
const SAMPLE_US: i64 = 1_000_000 / SAMPLE_RATE as i64;

#[derive(Debug, Clone)]
pub(super) struct DelayEstimate {
    /// Timestamp and its unwrapped sample count, to count on across wraps.
    anchor: Option<(u32, i64)>,
    /// Smallest transit in µs of each period; the newest at `period`.
    smallest: [i64; PERIODS],
    period: usize,
    period_end: Duration,
    histogram: [f32; BUCKETS],
    packets: u32,
    start: Duration,
}

impl DelayEstimate {
    pub(super) const fn new(start: Duration) -> Self {
        Self {
            anchor: None,
            smallest: [i64::MAX; PERIODS],
            period: 0,
            period_end: Duration::ZERO,
            histogram: [0.0; BUCKETS],
            packets: 0,
            start,
        }
    }

    /// Timestamps start afresh; what is known of the network's jitter stays.
    pub(super) fn restart(&mut self) {
        self.anchor = None;
        self.smallest = [i64::MAX; PERIODS];
    }

    pub(super) fn arrived(&mut self, now: Duration, timestamp: u32) {
        let transit = micros(now) - self.unwrap_and_anchor(timestamp) * SAMPLE_US;
        if now >= self.period_end {
            self.period = (self.period + 1) % PERIODS;
            self.smallest[self.period] = i64::MAX;
            self.period_end = now + PERIOD;
        }
        self.smallest[self.period] = self.smallest[self.period].min(transit);
        let late = transit - self.fastest();
        let bucket = ((late / BUCKET_US).max(0) as usize).min(BUCKETS - 1);
        self.packets = self.packets.saturating_add(1);
        // At first every packet counts the same, later the past fades.
        let memory = MEMORY.min(1.0 - 1.0 / (self.packets as f32 + 1.0));
        for weight in &mut self.histogram {
            *weight *= memory;
        }
        self.histogram[bucket] += 1.0 - memory;
    }

    /// How this packet's transit compares with the fastest known, in µs: negative when it is faster.
    fn against_fastest(&self, now: Duration, timestamp: u32) -> Option<i64> {
        let (anchor, samples) = self.anchor?;
        let samples = samples + i64::from(timestamp.wrapping_sub(anchor) as i32);
        Some(micros(now) - samples * SAMPLE_US - self.fastest())
    }

    /// Does this packet come from a clock that has jumped ahead?
    pub(super) fn is_faster_by(&self, now: Duration, timestamp: u32, tolerance: Duration) -> bool {
        self.against_fastest(now, timestamp).is_some_and(|difference| difference + micros(tolerance) < 0)
    }

    /// Is this packet slower than any delay could make up for?
    pub(super) fn is_slower_by(&self, now: Duration, timestamp: u32, tolerance: Duration) -> bool {
        self.against_fastest(now, timestamp).is_some_and(|difference| difference > micros(tolerance))
    }

    /// The delay that is needed, within the configured limits.
    pub(super) fn target(&self, config: &JitterConfig) -> Duration {
        let needed = if self.packets < 25 { self.quantile().max(self.start) } else { self.quantile() };
        needed.clamp(config.min, config.max.max(config.min))
    }

    /// The delay of the sample with this timestamp when it is heard at `at`, counted from the fastest packets.
    pub(super) fn of(&self, at: Duration, timestamp: u32) -> Duration {
        let delay = self.against_fastest(at, timestamp).unwrap_or(0);
        Duration::from_micros(delay.max(0) as u64)
    }

    fn quantile(&self) -> Duration {
        let total: f32 = self.histogram.iter().sum();
        let mut sum = 0.0;
        for (bucket, weight) in self.histogram.iter().enumerate() {
            sum += weight;
            if sum >= total * QUANTILE {
                return Duration::from_micros((bucket as u64 + 1) * BUCKET_US as u64);
            }
        }
        Duration::from_micros(BUCKETS as u64 * BUCKET_US as u64)
    }

    fn fastest(&self) -> i64 {
        self.smallest.iter().copied().min().unwrap_or(0)
    }

    fn unwrap_and_anchor(&mut self, timestamp: u32) -> i64 {
        let samples = match self.anchor {
            Some((anchor, samples)) => samples + i64::from(timestamp.wrapping_sub(anchor) as i32),
            None => 0,
        };
        self.anchor = Some((timestamp, samples));
        samples
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX / 2)
}
