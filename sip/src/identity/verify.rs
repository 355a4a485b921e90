//! What an INVITE's Identity headers prove (RFC 8224 §6.2).

use std::time::Duration;

use super::header::{IdentityHeader, Token};
use super::number::{Number, NumberPlan};
use super::passport::{Claims, Jose, signature};
use super::trust::TrustStore;

/// How old or new a token may be (RFC 8224 §6.2.2 suggests 60 s).
pub const FRESHNESS: Duration = Duration::from_secs(60);
/// Identity headers beyond these are not looked at.
const MOST_HEADERS: usize = 8;

/// What the caller's provider vouches for (RFC 8588 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Attestation {
    /// A: it knows the caller, who may use the number.
    Full,
    /// B: it knows the caller, not whether the number is theirs.
    Partial,
    /// C: it only passed the call on.
    Gateway,
}

/// What a call says of itself, and when it came.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The calling number, as From or P-Asserted-Identity has it.
    pub caller: &'a str,
    /// The called number, as To or the Request-URI has it.
    pub called: &'a str,
    /// Seconds since 1970.
    pub now: Duration,
    /// How far a token's time may be from now, in both directions; usually [`FRESHNESS`].
    pub freshness: Duration,
}

/// What is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verification {
    /// There is no Identity header of a kind that we understand.
    NotSigned,
    /// All is well.
    Verified {
        /// How much the provider vouches for.
        attestation: Attestation,
        /// The calling number.
        orig: Number,
        /// What the provider calls the origin: for tracing back.
        origid: String,
    },
    /// It is wrong.
    Failed(Failure),
    /// It may be right, but no certificate is configured under this name.
    Unverifiable {
        /// The URL that the header names. A stranger's text: never fetched.
        info: String,
    },
}

/// Why an Identity header is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Failure {
    /// Not to be read, too large, or something is missing.
    Malformed,
    /// Only a signature: SHAKEN demands the full form (RFC 8588 §7).
    Compact,
    /// Another algorithm than ES256.
    Algorithm,
    /// Header and token disagree on what it is, or it needs an extension.
    Type,
    /// The header's URL is none, or not the token's.
    Info,
    /// Made too long ago, or in the future.
    Stale,
    /// For another calling number.
    Caller,
    /// For other called numbers.
    Called,
    /// Neither A nor B nor C.
    Attestation,
    /// The certificate is not valid now.
    CertificateExpired,
    /// The certificate leads to no configured anchor.
    CertificateUntrusted,
    /// Not signed with the certificate's key, or changed since.
    Signature,
}

impl Failure {
    /// The response code of RFC 8224 §6.2.2 for a call that is refused for this.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Stale => 403,
            Self::Info => 436,
            Self::CertificateExpired | Self::CertificateUntrusted => 437,
            Self::Malformed
            | Self::Compact
            | Self::Algorithm
            | Self::Type
            | Self::Caller
            | Self::Called
            | Self::Attestation
            | Self::Signature => 438,
        }
    }
}

impl Verification {
    /// Status and reason phrase for a gateway that insists on verified calls; `None` when it is verified.
    #[must_use]
    pub const fn refusal(&self) -> Option<(u16, &'static str)> {
        let status = match self {
            Self::Verified { .. } => return None,
            Self::NotSigned => 428,
            Self::Unverifiable { .. } => 436,
            Self::Failed(why) => why.status(),
        };
        Some((
            status,
            match status {
                403 => "Stale Date",
                428 => "Use Identity Header",
                436 => "Bad Identity Info",
                437 => "Unsupported Credential",
                _ => "Invalid Identity Header",
            },
        ))
    }
}

/// Checks a call's Identity headers. The first of the SHAKEN profile decides; others are not ours to judge (RFC 8224 §6.2, step 1).
#[must_use]
pub fn verify<'a>(headers: impl IntoIterator<Item = &'a str>, call: &Call<'_>, plan: &NumberPlan, store: &TrustStore) -> Verification {
    let mut malformed = false;
    for value in headers.into_iter().take(MOST_HEADERS) {
        match IdentityHeader::parse(value) {
            Some(header) if header.is_shaken() => return check(&header, call, plan, store).unwrap_or_else(Verification::Failed),
            Some(_) => {}
            None => malformed = true,
        }
    }
    if malformed { Verification::Failed(Failure::Malformed) } else { Verification::NotSigned }
}

fn check(header: &IdentityHeader<'_>, call: &Call<'_>, plan: &NumberPlan, store: &TrustStore) -> Result<Verification, Failure> {
    let Token::Full { signed, header: jose, payload, signature: encoded } = header.token else {
        return Err(Failure::Compact);
    };
    if header.algorithm.is_some_and(|algorithm| algorithm != "ES256") {
        return Err(Failure::Algorithm);
    }
    let jose = Jose::read(jose)?;
    if !is_web_address(header.info) || jose.x5u.as_deref() != Some(header.info) {
        return Err(Failure::Info);
    }
    let claims = Claims::read(payload)?;
    let signature = signature(encoded)?;
    let attestation = claims.attestation()?;
    let orig = compare_numbers(&claims, call, plan)?;
    // Both directions: clocks differ.
    if Duration::from_secs(claims.iat).abs_diff(call.now) > call.freshness {
        return Err(Failure::Stale);
    }
    let Some(signer) = store.signer(header.info, jose.kid.as_deref(), call.now) else {
        return Ok(Verification::Unverifiable { info: header.info.to_owned() });
    };
    if !signer?.verifies(signed, &signature) {
        return Err(Failure::Signature);
    }
    Ok(Verification::Verified { attestation, orig, origid: claims.origid })
}

/// The call's numbers against the token's, all in canonical form.
fn compare_numbers(claims: &Claims, call: &Call<'_>, plan: &NumberPlan) -> Result<Number, Failure> {
    let in_token = |text: &str| Number::new(text, &NumberPlan::default());
    let orig = claims.orig.tn.as_deref().and_then(in_token).ok_or(Failure::Caller)?;
    if Number::new(call.caller, plan).as_ref() != Some(&orig) {
        return Err(Failure::Caller);
    }
    let called = Number::new(call.called, plan).ok_or(Failure::Called)?;
    if claims.dest.tn.iter().filter_map(|tn| in_token(tn)).any(|dest| dest == called) { Ok(orig) } else { Err(Failure::Called) }
}

fn is_web_address(info: &str) -> bool {
    ["https://", "http://"].into_iter().any(|scheme| info.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}
