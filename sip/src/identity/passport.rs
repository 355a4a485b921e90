//! The signed statement, a PASSporT (RFC 8225) of the SHAKEN profile (RFC 8588).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::verify::{Attestation, Failure};

/// `dest` names the called numbers: more are not looked through.
const MOST_CALLED: usize = 64;
/// A UUID has 36 characters (RFC 8588 §5).
const LONGEST_ORIGID: usize = 64;

/// The JOSE header. A claim that comes twice is an error of its own.
#[derive(Debug, Deserialize)]
pub(super) struct Jose {
    alg: String,
    typ: String,
    #[serde(default)]
    ppt: Option<String>,
    pub(super) x5u: Option<String>,
    #[serde(default)]
    pub(super) kid: Option<String>,
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

/// The claims.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    attest: String,
    pub(super) dest: Called,
    pub(super) iat: u64,
    pub(super) orig: Caller,
    pub(super) origid: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Caller {
    #[serde(default)]
    pub(super) tn: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Called {
    #[serde(default)]
    pub(super) tn: Vec<String>,
}

impl Jose {
    pub(super) fn read(encoded: &str) -> Result<Self, Failure> {
        let header: Self = read(encoded)?;
        if header.alg != "ES256" {
            return Err(Failure::Algorithm);
        }
        // `crit` names extensions that must be understood (RFC 7515 §4.1.11); we understand none.
        let known = header.typ.eq_ignore_ascii_case("passport") && header.ppt.as_deref() == Some("shaken") && header.crit.is_none();
        if known { Ok(header) } else { Err(Failure::Type) }
    }
}

impl Claims {
    pub(super) fn read(encoded: &str) -> Result<Self, Failure> {
        let claims: Self = read(encoded)?;
        let readable = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let origid_fits = (1..=LONGEST_ORIGID).contains(&claims.origid.len()) && claims.origid.bytes().all(readable);
        if origid_fits && claims.dest.tn.len() <= MOST_CALLED { Ok(claims) } else { Err(Failure::Malformed) }
    }

    pub(super) fn attestation(&self) -> Result<Attestation, Failure> {
        match self.attest.as_str() {
            "A" => Ok(Attestation::Full),
            "B" => Ok(Attestation::Partial),
            "C" => Ok(Attestation::Gateway),
            _ => Err(Failure::Attestation),
        }
    }
}

/// The 64 bytes r ‖ s (RFC 7518 §3.4).
pub(super) fn signature(encoded: &str) -> Result<[u8; 64], Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Failure::Malformed)?;
    bytes.try_into().map_err(|_| Failure::Malformed)
}

fn read<T: for<'a> Deserialize<'a>>(encoded: &str) -> Result<T, Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| Failure::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| Failure::Malformed)
}
