//! How punctual the ticks are, and what they cost.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// 100 µs a bucket, up to 100 ms.
const BUCKETS: usize = 1_000;
const BUCKET: Duration = Duration::from_micros(100);

/// Counters of all media threads, without locks.
#[derive(Debug)]
pub(super) struct Pacing {
    late: Box<[AtomicU64]>,
    worst_us: AtomicU64,
    leg_frames: AtomicU64,
    busy_us: AtomicU64,
    skipped: AtomicU64,
    recording_dropped: AtomicU64,
}

impl Pacing {
    pub(super) fn new() -> Self {
        Self {
            late: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            worst_us: AtomicU64::new(0),
            leg_frames: AtomicU64::new(0),
            busy_us: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            recording_dropped: AtomicU64::new(0),
        }
    }

    /// A leg's frame was sent this much after its nominal time.
    pub(super) fn sent(&self, late: Duration) {
        let bucket = ((late.as_micros() / BUCKET.as_micros()) as usize).min(BUCKETS - 1);
        self.late[bucket].fetch_add(1, Ordering::Relaxed);
        self.worst_us.fetch_max(late.as_micros() as u64, Ordering::Relaxed);
        self.leg_frames.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn busy(&self, time: Duration) {
        self.busy_us.fetch_add(time.as_micros() as u64, Ordering::Relaxed);
    }

    pub(super) fn skipped(&self, ticks: u32) {
        self.skipped.fetch_add(u64::from(ticks), Ordering::Relaxed);
    }

    pub(super) fn recording_dropped(&self) {
        self.recording_dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> PacingSnapshot {
        PacingSnapshot {
            late: self.late.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect(),
            worst: Duration::from_micros(self.worst_us.load(Ordering::Relaxed)),
            leg_frames: self.leg_frames.load(Ordering::Relaxed),
            busy: Duration::from_micros(self.busy_us.load(Ordering::Relaxed)),
            skipped_ticks: self.skipped.load(Ordering::Relaxed),
            recording_frames_dropped: self.recording_dropped.load(Ordering::Relaxed),
        }
    }
}

/// Counters since the start, of all media threads.
#[derive(Debug, Clone)]
pub struct PacingSnapshot {
    late: Vec<u64>,
    /// The latest frame of all.
    pub worst: Duration,
    /// Frames sent, counted per leg.
    pub leg_frames: u64,
    /// Time from the start to the end of every tick, summed (includes being interrupted by other processes).
    pub busy: Duration,
    /// Ticks given up because the machine was stalled.
    pub skipped_ticks: u64,
    /// Frames that the recorder could not take; they are silence in the recording.
    pub recording_frames_dropped: u64,
}

impl PacingSnapshot {
    /// What happened since an earlier snapshot; `worst` stays the worst since the start.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            late: self.late.iter().zip(&earlier.late).map(|(now, then)| now - then).collect(),
            worst: self.worst,
            leg_frames: self.leg_frames - earlier.leg_frames,
            busy: self.busy.saturating_sub(earlier.busy),
            skipped_ticks: self.skipped_ticks - earlier.skipped_ticks,
            recording_frames_dropped: self.recording_frames_dropped - earlier.recording_frames_dropped,
        }
    }

    /// The lateness that this share of the frames (0..=1) did not exceed, to 100 µs.
    #[must_use]
    pub fn late_quantile(&self, share: f64) -> Duration {
        let total: u64 = self.late.iter().sum();
        let wanted = (total as f64 * share).ceil() as u64;
        let mut sum = 0;
        for (bucket, count) in self.late.iter().enumerate() {
            sum += count;
            if sum >= wanted {
                return BUCKET * (bucket as u32 + 1);
            }
        }
        BUCKET * BUCKETS as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_read_from_the_buckets() {
        let pacing = Pacing::new();
        for late_ms in 1..=100 {
            pacing.sent(Duration::from_millis(late_ms));
        }
        let snapshot = pacing.snapshot();
        assert_eq!(snapshot.late_quantile(0.5), Duration::from_micros(50_100));
        assert_eq!(snapshot.late_quantile(0.99), Duration::from_micros(99_100));
        assert_eq!(snapshot.worst, Duration::from_millis(100));
        pacing.sent(Duration::ZERO);
        assert_eq!(pacing.snapshot().since(&snapshot).late_quantile(1.0), BUCKET);
    }
}
