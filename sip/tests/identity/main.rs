//! Signed caller identity: what is believed, what is refused and with which word, and that nothing a stranger writes does harm.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod authority;
mod garbage;
mod tampering;

use std::time::Duration;

use warmline_sip::identity::{Call, FRESHNESS, NumberPlan, TrustStore, Verification, verify};

/// 2025-06-01 00:00 UTC.
pub(crate) const NOW: u64 = 1_748_736_000;
pub(crate) const ORIGID: &str = "123e4567-e89b-12d3-a456-426655440000";

pub(crate) fn header_json() -> String {
    format!(r#"{{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"{}"}}"#, authority::URL)
}

pub(crate) fn payload_json() -> String {
    format!(r#"{{"attest":"A","dest":{{"tn":["40213000000"]}},"iat":{NOW},"orig":{{"tn":"40722123456"}},"origid":"{ORIGID}"}}"#)
}

pub(crate) fn call_at(now: u64) -> Call<'static> {
    Call { caller: "+40722123456", called: "+40 21 300 0000", now: Duration::from_secs(now), freshness: FRESHNESS }
}

pub(crate) fn verified(identity: &str, now: u64, store: &TrustStore) -> Verification {
    verify([identity], &call_at(now), &NumberPlan::default(), store)
}
