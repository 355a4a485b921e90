//! Passwords, kept away from logs.

use std::fmt;

use super::digest::{Algorithm, hash};

/// A password, or what digest authentication makes of one. Its `Debug` shows nothing, and there is no way to read it back.
#[derive(Clone)]
pub struct Secret(Kind);

#[derive(Clone)]
enum Kind {
    Password(Box<str>),
    /// H(user:realm:password) in lower-case hex: what a server stores instead of the password (RFC 7616 §3.4.2).
    Hashed {
        md5: Option<Box<str>>,
        sha256: Option<Box<str>>,
    },
}

impl Secret {
    /// A password in clear.
    pub fn password(text: impl Into<String>) -> Self {
        Self(Kind::Password(text.into().into_boxed_str()))
    }

    /// The stored H(user:realm:password), in hex, for each algorithm that is to be used. Whoever has it can log in to that realm: it is as
    /// secret as the password.
    pub fn hashed(md5: Option<String>, sha256: Option<String>) -> Self {
        let tidy = |hash: String| hash.trim().to_ascii_lowercase().into_boxed_str();
        Self(Kind::Hashed { md5: md5.map(tidy), sha256: sha256.map(tidy) })
    }

    /// Whether the secret serves an algorithm.
    pub fn serves(&self, algorithm: Algorithm) -> bool {
        match &self.0 {
            Kind::Password(_) => true,
            Kind::Hashed { md5, .. } if algorithm.is_md5() => md5.is_some(),
            Kind::Hashed { sha256, .. } => sha256.is_some(),
        }
    }

    /// H(user:realm:password), which is A1 for all but the session variants.
    pub(crate) fn hash(&self, algorithm: Algorithm, user: &str, realm: &str) -> Option<String> {
        match &self.0 {
            Kind::Password(password) => Some(hash(algorithm, &[user, realm, password])),
            Kind::Hashed { md5, sha256 } => {
                let stored = if algorithm.is_md5() { md5 } else { sha256 };
                stored.as_deref().map(str::to_owned)
            }
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
