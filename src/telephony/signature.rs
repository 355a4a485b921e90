//! Checking callers' signatures (STIR/SHAKEN) against the certificates that the operator configured. Nothing is ever fetched.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use warmline_sip::{
    identity::{Attestation, Call, FRESHNESS, NumberPlan, TrustStore, Verification, verify},
    uri::Uri,
    user_agent::Incoming,
};

use crate::{clock, trunk::Signed};

/// The header that carries signatures.
const HEADER: &str = "Identity";

/// Invalid Identity Header.
const INVALID: u16 = 438;

/// Who is believed.
#[derive(Debug, Clone)]
pub struct Signatures {
    store: TrustStore,
    plan: NumberPlan,
}

impl Signatures {
    /// Reads the anchors (PEM) and the index of signers' certificates: a line each, with the URL or key id that calls name it by, and its file,
    /// which counts from the index's folder.
    ///
    /// # Errors
    /// A file that cannot be read or used.
    pub fn load(anchors: &Path, index: &Path, country_code: &str) -> Result<Self> {
        let mut store = TrustStore::default();
        let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
        store.add_anchors(&read(anchors)?).with_context(|| anchors.display().to_string())?;
        let text = fs::read_to_string(index).with_context(|| index.display().to_string())?;
        let folder = index.parent().unwrap_or(Path::new("."));
        store.add_index(&text, |file| read(&folder.join(file))).with_context(|| index.display().to_string())?;
        let plan =
            NumberPlan { country_code: country_code.to_owned(), international_prefix: "00".to_owned(), national_prefix: "0".to_owned() };
        Ok(Self { store, plan })
    }

    pub(super) fn check(&self, incoming: &Incoming) -> Signed {
        let user = |uri: &str| uri.parse::<Uri>().ok().and_then(|uri| uri.user).unwrap_or_default();
        let (caller, called) = (user(&incoming.from), user(&incoming.to));
        let headers = incoming.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(HEADER)).map(|(_, value)| value.as_str());
        let call = Call { caller: &caller, called: &called, now: clock::utc(), freshness: FRESHNESS };
        let verification = verify(headers, &call, &self.plan, &self.store);
        match &verification {
            Verification::NotSigned => Signed::No,
            Verification::Verified { attestation, .. } => Signed::Good(match attestation {
                Attestation::Full => 'A',
                Attestation::Partial => 'B',
                Attestation::Gateway => 'C',
            }),
            Verification::Failed(_) | Verification::Unverifiable { .. } => {
                Signed::Bad(verification.refusal().map_or(INVALID, |(status, _)| status))
            }
        }
    }
}
