//! What was refused and dropped, for the metrics.

use warmline_sip::media::LegStats;

use super::Telephony;

impl Telephony {
    /// Brings the counters of refused messages up to date.
    pub async fn count(&self) {
        let stats = self.user_agent.stats().await;
        for (kind, count) in stats.refusals.iter() {
            metrics::counter!("warmline_sip_refused_total", "kind" => kind.name()).absolute(count);
        }
        metrics::counter!("warmline_sip_unsent_total").absolute(stats.unsent);
    }
}

/// Counts what a leg dropped of what came to its port. Packets that came too late are not among them: they are lost, and in the leg's quality.
pub(super) fn dropped(stats: &LegStats) {
    let reasons = [
        ("malformed", stats.malformed),
        ("stranger", stats.strangers),
        ("unknown_payload", stats.unknown_payload),
        ("forged", stats.forged),
        ("overflow", stats.jitter.overflowed),
    ];
    for (why, count) in reasons {
        metrics::counter!("warmline_rtp_dropped_total", "why" => why).increment(count);
    }
}
