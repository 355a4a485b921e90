//! Identity headers. The first byte says whether the rest is a header, or header and payload of a token, to be encoded first.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use warmline_sip::identity::{Call, FRESHNESS, NumberPlan, TrustStore, Verification, verify};

const URL: &str = "https://certificates.example/provider.pem";

pub(crate) fn identity(bytes: &[u8]) {
    let Some((&kind, rest)) = bytes.split_first() else { return };
    let header = if kind & 1 == 0 { String::from_utf8_lossy(rest).into_owned() } else { encoded(rest) };
    let call = Call { caller: "+40722123456", called: "+40213000000", now: Duration::from_secs(1_748_736_000), freshness: FRESHNESS };
    let (plan, store) = (NumberPlan::default(), TrustStore::default());
    let verification = verify(header.lines(), &call, &plan, &store);
    // Nobody is trusted, so nothing can be proved.
    assert!(!matches!(verification, Verification::Verified { .. }));
    let (status, reason) = verification.refusal().expect("it is not verified");
    assert!((403..=438).contains(&status) && !reason.is_empty());
}

/// A token with a signature that is none.
fn encoded(parts: &[u8]) -> String {
    let cut = parts.iter().position(|&byte| byte == b'\n').unwrap_or(parts.len());
    let (header, payload) = (&parts[..cut], parts.get(cut + 1..).unwrap_or_default());
    let [header, payload, signature] = [header, payload, &[7; 64]].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{payload}.{signature};info=<{URL}>;alg=ES256;ppt=shaken")
}
