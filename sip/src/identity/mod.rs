//! Who really calls: STIR (RFC 8224, 8225, 8226) with the SHAKEN profile (RFC 8588, ATIS-1000074).
//!
//! Nothing is ever fetched. The address in an Identity header is a stranger's: here it is only the name under which the operator has put a
//! certificate into the [`TrustStore`]. Revocation lists and diverted calls (RFC 8946) are not looked at, and a certificate's list of
//! numbers (RFC 8226 §9) is not compared: SHAKEN's certificates name a provider, not numbers. One token may be used twice within its
//! freshness; the numbers it is for are compared.

mod header;
mod number;
mod passport;
mod trust;
mod verify;

pub use number::{Number, NumberPlan};
pub use trust::{TrustError, TrustStore};
pub use verify::{Attestation, Call, FRESHNESS, Failure, Verification, verify};
