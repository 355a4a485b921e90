//! The server's side: reading an answer and checking it.

use subtle::ConstantTimeEq;

use super::digest::{Algorithm, Proof};
use super::params::{Scheme, schemes};

/// An answer to one of our challenges. Only `qop=auth` is read: without a count nothing would stop a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Who it claims to be.
    pub user: String,
    /// The realm that was answered.
    pub realm: String,
    /// The nonce that was answered.
    pub nonce: String,
    /// How it was answered.
    pub algorithm: Algorithm,
    /// How many requests used the nonce, this one included.
    pub count: u32,
    pub(super) uri: String,
    pub(super) cnonce: String,
    pub(super) response: String,
}

impl Credentials {
    fn read(scheme: &Scheme<'_>) -> Option<Self> {
        let count = scheme.need("nc").filter(|count| count.len() <= 8)?;
        if !scheme.need("qop")?.eq_ignore_ascii_case("auth") {
            return None;
        }
        Some(Self {
            user: scheme.need("username")?.to_owned(),
            realm: scheme.get("realm")?.to_owned(),
            nonce: scheme.need("nonce")?.to_owned(),
            algorithm: scheme.get("algorithm").map_or(Some(Algorithm::Md5), Algorithm::parse)?,
            count: u32::from_str_radix(count, 16).ok()?,
            uri: scheme.need("uri")?.to_owned(),
            cnonce: scheme.need("cnonce")?.to_owned(),
            response: scheme.need("response")?.to_ascii_lowercase(),
        })
    }

    /// The first usable answer for a realm among these Authorization or Proxy-Authorization fields.
    pub fn find<'a>(fields: impl Iterator<Item = &'a str>, realm: &str) -> Option<Self> {
        let answers = fields.flat_map(schemes).filter(Scheme::is_digest).filter_map(|scheme| Self::read(&scheme));
        answers.into_iter().find(|answer| answer.realm == realm)
    }

    /// Whether the answer was made with H(user:realm:password). How long this takes tells nothing about how much of it is right.
    pub fn prove(&self, secret: &str, method: &str) -> bool {
        let Self { algorithm, uri, nonce, cnonce, .. } = self;
        let expected = Proof { algorithm: *algorithm, secret, method, uri, nonce, cnonce, count: Some(self.count) }.response();
        expected.as_bytes().ct_eq(self.response.as_bytes()).into()
    }
}
