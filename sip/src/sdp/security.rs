//! How a stream is protected, and what we would agree to.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::dtls::Fingerprint;
use crate::ice::{Credentials, RemoteCredentials};
use crate::srtp::{Keys, Suite};

/// What a leg wants of encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encryption {
    /// Plain RTP only.
    Never,
    /// Plain, unless the peer offers encryption.
    #[default]
    IfOffered,
    /// No call without it.
    Required,
}

/// How our own offers protect the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OfferedProtection {
    /// Not at all.
    #[default]
    Plain,
    /// With keys in the description (RFC 4568): the signalling must be encrypted to be worth anything.
    Sdes,
    /// As browsers do: ICE, DTLS-SRTP, RTP and RTCP on one port.
    Browser,
}

/// The secret of one session, from which its keys and passwords are made. `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// Out of random bytes that nobody can guess.
    #[must_use]
    pub const fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Fresh, from the system's randomness.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        rand::TryRngCore::try_fill_bytes(&mut rand::rngs::OsRng, &mut bytes).expect("a system without randomness cannot have secrets");
        Self(bytes)
    }

    fn derive(&self, label: &str, number: u32) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(label).chain_update(number.to_be_bytes()).finalize().into()
    }

    /// What we encrypt with under a suite.
    pub(super) fn keys(&self, suite: Suite) -> Keys {
        let mut bytes = [0; 46];
        bytes[..32].copy_from_slice(&self.derive(suite.name(), 0));
        bytes[32..].copy_from_slice(&self.derive(suite.name(), 1)[..14]);
        Keys::from_random(suite, &bytes)
    }

    /// Our name and password in the session's n-th life (an ICE restart begins another).
    pub(super) fn ice(&self, life: u32) -> Credentials {
        let bytes = self.derive("ice", life);
        Credentials::from_random(bytes.first_chunk().expect("32 is more than 30"))
    }
}

/// How a stream is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protection {
    /// Not at all.
    None,
    /// SRTP with the keys of the descriptions.
    Srtp {
        /// What we send with.
        ours: Keys,
        /// What the peer sends with.
        theirs: Keys,
    },
    /// SRTP with keys of a DTLS handshake on the media path.
    Dtls {
        /// Do we begin?
        active: bool,
        /// The certificate that the peer must show.
        fingerprint: Fingerprint,
    },
}

/// Both sides' names in ICE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IceNames {
    /// Ours.
    pub local: Credentials,
    /// Theirs.
    pub remote: RemoteCredentials,
}

impl IceNames {
    pub(super) fn new(local: Credentials, ufrag: &str) -> Self {
        Self { local, remote: RemoteCredentials { ufrag: Arc::from(ufrag) } }
    }
}
