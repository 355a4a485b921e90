//! Who a telephone is (RFC 3261 §22, RFC 7616). Somebody who does not exist and somebody with a wrong password get the same answers at the same
//! cost, so that nobody learns which users there are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use super::super::lines::{Registrar, RegistrarUser};
use crate::auth::{Algorithm, Credentials, Failures, Nonces};
use crate::message::Method;

/// Failed authentications are logged no more often than this.
const LOG_PAUSE: Duration = Duration::from_secs(10);

/// What became of a request's credentials.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They are this user's.
    User(String),
    /// There are none, or only the nonce is too old.
    Challenge { stale: bool },
    /// Nobody has these.
    Wrong,
    /// The source failed too often.
    Silence,
}

/// H(user:realm:password) for each algorithm on offer.
type Hashes = HashMap<Algorithm, String>;

/// The door to the registrar.
pub(super) struct Gate {
    realm: String,
    users: HashMap<String, Hashes>,
    offered: Vec<Algorithm>,
    /// What is compared with for users who do not exist.
    nobody: Hashes,
    nonces: Nonces,
    failures: Failures,
    /// The last log line, and the failures since.
    logged: Option<Instant>,
    unlogged: u64,
}

impl Gate {
    pub(super) fn new(config: &Registrar, key: [u8; 32], now: Instant) -> Self {
        let realm: String = config.realm.chars().filter(|c| !c.is_control() && !"\"\\".contains(*c)).collect();
        let serves = |algorithm: Algorithm| config.users.iter().all(|user| user.secret.serves(algorithm));
        let mut offered: Vec<Algorithm> = Vec::new();
        for algorithm in config.algorithms.iter().map(|algorithm| algorithm.plain()).filter(|&algorithm| serves(algorithm)) {
            if !offered.contains(&algorithm) {
                offered.push(algorithm);
            }
        }
        let hashes = |user: &RegistrarUser| {
            let hash = |&algorithm: &Algorithm| Some((algorithm, user.secret.hash(algorithm, &user.user, &realm)?));
            offered.iter().filter_map(hash).collect::<Hashes>()
        };
        let users = config.users.iter().map(|user| (user.user.clone(), hashes(user))).collect();
        // As long as a real one, and nothing hashes to it.
        let nobody = offered.iter().map(|&algorithm| (algorithm, "-".repeat(if algorithm == Algorithm::Md5 { 32 } else { 64 }))).collect();
        let (nonces, failures) = (Nonces::new(key, now), Failures::default());
        Self { realm, users, offered, nobody, nonces, failures, logged: None, unlogged: 0 }
    }

    /// Judges the Authorization or Proxy-Authorization fields of a request.
    pub(super) fn judge<'a>(&mut self, now: Instant, source: IpAddr, method: &Method, fields: impl Iterator<Item = &'a str>) -> Verdict {
        if self.failures.is_silenced(source, now) {
            return Verdict::Silence;
        }
        let Some(credentials) = Credentials::find(fields, &self.realm) else { return Verdict::Challenge { stale: false } };
        if !self.nonces.is_fresh(&credentials.nonce, now, source) {
            return Verdict::Challenge { stale: true };
        }
        let user = self.users.get(&credentials.user);
        let Some(hash) = user.unwrap_or(&self.nobody).get(&credentials.algorithm) else { return Verdict::Challenge { stale: false } };
        // Computed for everybody before anything is decided.
        let proven = credentials.prove(hash, method.as_str());
        if !proven || user.is_none() {
            self.failures.note(source, now);
            self.log(source, now);
            return Verdict::Wrong;
        }
        if !self.nonces.spend(&credentials.nonce, credentials.count, now, source) {
            return Verdict::Challenge { stale: true };
        }
        Verdict::User(credentials.user)
    }

    /// The values of WWW-Authenticate or Proxy-Authenticate, the most wanted first (RFC 8760 §2.4).
    pub(super) fn challenges(&mut self, now: Instant, source: IpAddr, stale: bool) -> Vec<String> {
        let nonce = self.nonces.issue(now, source);
        let stale = if stale { ", stale=true" } else { "" };
        let realm = &self.realm;
        let challenge = |algorithm: &Algorithm| {
            let algorithm = algorithm.as_str();
            format!("Digest realm=\"{realm}\", nonce=\"{nonce}\", algorithm={algorithm}, qop=\"auth\"{stale}")
        };
        self.offered.iter().map(challenge).collect()
    }

    fn log(&mut self, source: IpAddr, now: Instant) {
        self.unlogged += 1;
        if self.logged.is_none_or(|at| now.saturating_duration_since(at) >= LOG_PAUSE) {
            tracing::info!(%source, failures = self.unlogged, "a telephone fails to authenticate");
            (self.logged, self.unlogged) = (Some(now), 0);
        }
    }
}
