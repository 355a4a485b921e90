//! What opens accounts: secrets that cannot be guessed, of which only a hash is kept.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::web_call::random_hex;

/// API tokens begin with this, so that a token that lies somewhere is known for what it is.
pub const TOKEN_MARK: &str = "wl_";

/// SHA-256 of a secret. The secret is long and random, so that it needs no salt and no slowness.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash(pub(super) [u8; 32]);

impl KeyHash {
    /// The hash of a secret that somebody shows.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    pub(super) fn of_row(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A secret on its way to the one who may know it. It is shown once, and never printed by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySecret(String);

impl KeySecret {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(random_hex(32))
    }

    /// A new one for an API token.
    #[must_use]
    pub fn token() -> Self {
        Self(format!("{TOKEN_MARK}{}", random_hex(32)))
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Default for KeySecret {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_are_never_printed() {
        let (one, two) = (KeySecret::new(), KeySecret::token());
        assert_ne!(one, KeySecret::new());
        assert_eq!(two.expose().len(), TOKEN_MARK.len() + 64);
        assert_eq!(format!("{one:?} {:?}", KeyHash::of(one.expose())), "*** ***");
        assert_eq!(KeyHash::of_row(&KeyHash::of("a").0), Some(KeyHash::of("a")));
    }
}
