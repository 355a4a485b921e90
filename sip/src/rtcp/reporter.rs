//! When we report, what we say, and what the peer's reports tell us.

use std::time::Duration;

use super::{ReportBlock, SenderInfo};
use crate::rtp::{Sender, SourceTracker};

/// The minimum interval of RFC 3550 §6.2, which is also right for two participants.
const INTERVAL: Duration = Duration::from_secs(5);

/// Our reporting state for one leg.
#[derive(Debug, Clone)]
pub struct Reporter {
    next: Duration,
    random: u32,
    packets_at_last: u32,
    /// Middle bits of the peer's last sender report and when it came.
    last_sender_report: Option<(u32, Duration)>,
    round_trip: Option<Duration>,
    reported: Option<ReportBlock>,
}

impl Reporter {
    /// Starts at `now`; `seed` spreads the reports of many legs (the SSRC will do).
    #[must_use]
    pub fn new(now: Duration, seed: u32) -> Self {
        let mut reporter =
            Self { next: now, random: seed | 1, packets_at_last: 0, last_sender_report: None, round_trip: None, reported: None };
        // The first report comes after half an interval (§6.2).
        reporter.next = now + reporter.interval() / 2;
        reporter
    }

    /// Is a report due?
    #[must_use]
    pub fn is_due(&self, now: Duration) -> bool {
        now >= self.next
    }

    /// The interval times 0.5 … 1.5, so that legs do not report in step (§6.3.1).
    fn interval(&mut self) -> Duration {
        // xorshift32: spreading reports needs no better randomness.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        INTERVAL / 2 + INTERVAL * (self.random % 1024) / 1024
    }

    /// The two halves of a report sent at `now`; plans the next one. Sender information only if we sent since the last report.
    pub fn report(
        &mut self,
        now: Duration,
        sender: &Sender,
        source: Option<(u32, &mut SourceTracker)>,
    ) -> (Option<SenderInfo>, Option<ReportBlock>) {
        self.next = now + self.interval();
        let info = (sender.packets() != self.packets_at_last).then(|| SenderInfo {
            ntp: ntp_time(now),
            rtp_timestamp: sender.timestamp(),
            packets: sender.packets(),
            octets: sender.octets(),
        });
        self.packets_at_last = sender.packets();
        let block = source.map(|(ssrc, tracker)| {
            let stats = tracker.stats();
            let (last_report, delay) = match self.last_sender_report {
                Some((middle, came)) => (middle, (ntp_time(now.saturating_sub(came)) >> 16) as u32),
                None => (0, 0),
            };
            ReportBlock {
                ssrc,
                fraction_lost: tracker.fraction_lost(),
                lost: i32::try_from(stats.lost()).unwrap_or(i32::MAX),
                highest: tracker.highest(),
                jitter: stats.jitter,
                last_report,
                delay,
            }
        });
        (info, block)
    }

    /// The peer's sender report came.
    pub fn sender_report(&mut self, now: Duration, info: &SenderInfo) {
        self.last_sender_report = Some(((info.ntp >> 16) as u32, now));
    }

    /// The peer reported on our stream: round trip = now − last report − delay (§6.4.1).
    pub fn report_block(&mut self, now: Duration, block: &ReportBlock) {
        self.reported = Some(*block);
        if block.last_report == 0 {
            return;
        }
        let middle = (ntp_time(now) >> 16) as u32;
        let units = middle.wrapping_sub(block.last_report).wrapping_sub(block.delay);
        // Clock noise can make it slightly negative; above ten seconds it is nonsense.
        if (units as i32) < 0 {
            self.round_trip = Some(Duration::ZERO);
        } else if units < 10 << 16 {
            self.round_trip = Some(Duration::from_micros((u64::from(units) * 1_000_000) >> 16));
        }
    }

    /// The last measured round trip.
    #[must_use]
    pub const fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The peer's last word on our stream.
    #[must_use]
    pub const fn peer_view(&self) -> Option<ReportBlock> {
        self.reported
    }
}

/// 32.32 fixed point seconds. The epoch is whatever `time` counts from: RFC 3550 §6.4.1 allows any clock of ours.
#[must_use]
pub fn ntp_time(time: Duration) -> u64 {
    (time.as_secs() << 32) | ((u64::from(time.subsec_nanos()) << 32) / 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_is_measured_from_both_reports() {
        let mut ours = Reporter::new(Duration::ZERO, 1);
        let mut theirs = Reporter::new(Duration::ZERO, 2);
        let mut sender = Sender::new(1, 0, 0);
        sender.sound(0, 160);
        let (info, _) = ours.report(Duration::from_millis(1_000), &sender, None);
        theirs.sender_report(Duration::from_millis(1_030), &info.unwrap());
        let mut tracker = SourceTracker::default();
        tracker.count(0, 0, Duration::ZERO);
        let (_, block) = theirs.report(Duration::from_millis(3_500), &Sender::new(2, 0, 0), Some((1, &mut tracker)));
        ours.report_block(Duration::from_millis(3_545), &block.unwrap());
        let round_trip = ours.round_trip().unwrap();
        // 30 ms there, 45 ms back.
        assert!(round_trip.abs_diff(Duration::from_millis(75)) < Duration::from_millis(1), "{round_trip:?}");
    }

    #[test]
    fn intervals_stay_within_half_to_one_and_a_half_and_differ() {
        let mut now = Duration::ZERO;
        let mut reporter = Reporter::new(now, 77);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1_000 {
            reporter.report(now, &Sender::new(1, 0, 0), None);
            let interval = reporter.next - now;
            assert!(interval >= INTERVAL / 2 && interval <= INTERVAL * 3 / 2, "{interval:?}");
            seen.insert(interval);
            now = reporter.next;
        }
        assert!(seen.len() > 300);
    }
}
