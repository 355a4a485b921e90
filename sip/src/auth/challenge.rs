//! The client's side: reading challenges, choosing one, answering it.

use super::digest::{Algorithm, Proof};
use super::params::{Scheme, schemes};
use super::secret::Secret;

/// A challenge that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// Whose password is asked for.
    pub realm: String,
    /// What the answer is bound to.
    pub nonce: String,
    /// To be repeated as it is.
    pub opaque: Option<String>,
    /// How to answer.
    pub algorithm: Algorithm,
    /// Whether the challenge named its algorithm; very old servers do not know the word.
    named: bool,
    /// Whether `qop=auth` is offered; without any qop the answer is that of RFC 2069.
    qop: bool,
    /// Only the nonce was too old: the same password may be tried again (RFC 7616 §3.3).
    pub stale: bool,
}

impl Challenge {
    fn read(scheme: &Scheme<'_>) -> Option<Self> {
        let named = scheme.get("algorithm");
        let algorithm = named.map_or(Some(Algorithm::Md5), Algorithm::parse)?;
        let qop = match scheme.get("qop") {
            Some(offers) if offers.split(',').any(|offer| offer.trim().eq_ignore_ascii_case("auth")) => true,
            // `auth-int` alone is not for us.
            Some(_) => return None,
            None => false,
        };
        Some(Self {
            realm: scheme.get("realm")?.to_owned(),
            nonce: scheme.need("nonce")?.to_owned(),
            opaque: scheme.get("opaque").map(str::to_owned),
            algorithm,
            named: named.is_some(),
            qop,
            stale: scheme.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }
}

/// Every challenge of these WWW-Authenticate or Proxy-Authenticate fields that we can answer, in their order. Other schemes, unknown
/// algorithms and what cannot be read are left out.
pub fn challenges<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<Challenge> {
    fields.flat_map(schemes).filter(Scheme::is_digest).filter_map(|scheme| Challenge::read(&scheme)).collect()
}

/// The strongest of them that a secret serves, of the realm if one is given; the first of several.
pub fn strongest(challenges: &[Challenge], realm: Option<&str>, secret: &Secret) -> Option<Challenge> {
    let fits = |c: &&Challenge| realm.is_none_or(|realm| realm == c.realm) && secret.serves(c.algorithm);
    challenges.iter().rev().filter(fits).max_by_key(|challenge| challenge.algorithm).cloned()
}

/// A challenge in use: its nonce serves several requests, counted (RFC 7616 §3.4).
#[derive(Debug, Clone)]
pub struct Session {
    challenge: Challenge,
    cnonce: String,
    count: u32,
}

impl Session {
    /// Begins to use a challenge; `cnonce` is a fresh unguessable token.
    pub fn new(challenge: Challenge, cnonce: String) -> Self {
        Self { challenge, cnonce, count: 0 }
    }

    /// The challenge.
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }

    /// The value of Authorization or Proxy-Authorization for the next request; `None` if the secret does not serve the algorithm.
    pub fn answer(&mut self, user: &str, secret: &Secret, method: &str, uri: &str) -> Option<String> {
        let Challenge { realm, nonce, opaque, algorithm, named, qop, .. } = &self.challenge;
        let secret = secret.hash(*algorithm, user, realm)?;
        self.count = self.count.saturating_add(1);
        let (count, cnonce) = (qop.then_some(self.count), &self.cnonce);
        let response = Proof { algorithm: *algorithm, secret: &secret, method, uri, nonce, cnonce, count }.response();
        let mut out = format!("Digest username=\"{user}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", response=\"{response}\"");
        if *named {
            out += &format!(", algorithm={}", algorithm.as_str());
        }
        if let Some(opaque) = opaque {
            out += &format!(", opaque=\"{opaque}\"");
        }
        match count {
            Some(count) => out += &format!(", qop=auth, cnonce=\"{cnonce}\", nc={count:08x}"),
            // The session variants hash it (RFC 7616 §3.4.2), so it must be told.
            None if matches!(algorithm, Algorithm::Md5Sess | Algorithm::Sha256Sess) => out += &format!(", cnonce=\"{cnonce}\""),
            None => {}
        }
        Some(out)
    }
}
