//! Master keys, and what is derived from them.

use aes::cipher::{KeyIvInit as _, StreamCipher as _};
use aes::{Aes128, Aes256};

use super::Suite;
use super::cipher::Cipher;
use super::suite::{LONGEST_KEY, LONGEST_SALT};

/// One direction's master key and salt. `Debug` shows the suite alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    suite: Suite,
    key: [u8; LONGEST_KEY],
    salt: [u8; LONGEST_SALT],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// The labels of key derivation (RFC 3711 §4.3.2).
#[derive(Debug, Clone, Copy)]
pub(super) enum Label {
    RtpKey = 0,
    RtpAuthentication = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpAuthentication = 4,
    RtcpSalt = 5,
}

impl Keys {
    /// From the key and the salt, one after the other; `None` if their length is not the suite's.
    #[must_use]
    pub fn new(suite: Suite, key_and_salt: &[u8]) -> Option<Self> {
        if key_and_salt.len() != suite.key_len() + suite.salt_len() {
            return None;
        }
        let mut keys = Self { suite, key: [0; LONGEST_KEY], salt: [0; LONGEST_SALT] };
        let (key, salt) = key_and_salt.split_at(suite.key_len());
        keys.key[..key.len()].copy_from_slice(key);
        keys.salt[..salt.len()].copy_from_slice(salt);
        Some(keys)
    }

    /// Key and salt out of random bytes.
    #[must_use]
    pub fn from_random(suite: Suite, random: &[u8; LONGEST_KEY + LONGEST_SALT]) -> Self {
        Self::new(suite, &random[..suite.key_len() + suite.salt_len()]).expect("as long as the suite wants")
    }

    /// The suite.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Key and salt as they stand in `a=crypto`.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.key[..self.suite.key_len()]);
        out.extend_from_slice(&self.salt[..self.suite.salt_len()]);
    }

    /// The ciphers for RTP and RTCP (RFC 3711 §4.3, with a key derivation rate of zero).
    pub(super) fn ciphers(&self) -> (Cipher, Cipher) {
        (
            self.cipher([Label::RtpKey, Label::RtpAuthentication, Label::RtpSalt]),
            self.cipher([Label::RtcpKey, Label::RtcpAuthentication, Label::RtcpSalt]),
        )
    }

    fn cipher(&self, [key, authentication, salt]: [Label; 3]) -> Cipher {
        let (mut session_key, mut session_salt, mut mac_key) = ([0; LONGEST_KEY], [0; LONGEST_SALT], [0; 20]);
        let session_key = &mut session_key[..self.suite.key_len()];
        self.derive(key, session_key);
        self.derive(salt, &mut session_salt[..self.suite.salt_len()]);
        self.derive(authentication, &mut mac_key);
        Cipher::new(self.suite, session_key, session_salt, &mac_key)
    }

    /// The pseudo-random function: AES in counter mode over zeros (RFC 3711 §4.3.3, RFC 6188 §3).
    pub(super) fn derive(&self, label: Label, out: &mut [u8]) {
        let mut iv = [0; 16];
        // The salt of the GCM suites has 12 bytes and is filled up with zeros (RFC 7714 §11).
        iv[..LONGEST_SALT].copy_from_slice(&self.salt);
        iv[7] ^= label as u8;
        out.fill(0);
        match self.suite.key_len() {
            16 => ctr::Ctr128BE::<Aes128>::new_from_slices(&self.key[..16], &iv).expect("16 bytes").apply_keystream(out),
            _ => ctr::Ctr128BE::<Aes256>::new_from_slices(&self.key, &iv).expect("32 bytes").apply_keystream(out),
        }
    }
}
