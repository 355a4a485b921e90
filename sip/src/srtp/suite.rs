//! What a pair of keys is used with.

/// Encryption and authentication of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Suite {
    /// AES-128 in counter mode, 80 bits of HMAC-SHA1 (RFC 3711): what everybody has.
    AesCm128Sha1_80,
    /// The same with 32 bits on RTP; RTCP keeps 80 (RFC 4568 §6.2.2).
    AesCm128Sha1_32,
    /// AES-256 in counter mode, 80 bits of HMAC-SHA1 (RFC 6188).
    AesCm256Sha1_80,
    /// AES-128 in Galois/counter mode (RFC 7714).
    AeadAes128Gcm,
    /// AES-256 in Galois/counter mode (RFC 7714).
    AeadAes256Gcm,
}

/// The longest key and salt of any suite.
pub(super) const LONGEST_KEY: usize = 32;
/// See [`LONGEST_KEY`].
pub(super) const LONGEST_SALT: usize = 14;
/// The longest tag of any suite.
pub(super) const LONGEST_TAG: usize = 16;

impl Suite {
    /// Every suite, the best first.
    pub const ALL: [Self; 5] =
        [Self::AeadAes256Gcm, Self::AeadAes128Gcm, Self::AesCm256Sha1_80, Self::AesCm128Sha1_80, Self::AesCm128Sha1_32];

    /// Its name in `a=crypto` (RFC 4568 §6.2, RFC 6188 §4, RFC 7714 §14.2).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128Sha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128Sha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AesCm256Sha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The suite that a name means; older phones write `AES_CM_256` too.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("AES_CM_256_HMAC_SHA1_80") {
            return Some(Self::AesCm256Sha1_80);
        }
        Self::ALL.into_iter().find(|suite| suite.name().eq_ignore_ascii_case(name))
    }

    /// Bytes of the master key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::AesCm128Sha1_80 | Self::AesCm128Sha1_32 | Self::AeadAes128Gcm => 16,
            Self::AesCm256Sha1_80 | Self::AeadAes256Gcm => 32,
        }
    }

    /// Bytes of the master salt.
    #[must_use]
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AesCm128Sha1_80 | Self::AesCm128Sha1_32 | Self::AesCm256Sha1_80 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }

    /// Bytes of authentication behind an RTP packet.
    pub(super) const fn rtp_tag(self) -> usize {
        match self {
            Self::AesCm128Sha1_80 | Self::AesCm256Sha1_80 => 10,
            Self::AesCm128Sha1_32 => 4,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// Bytes of authentication behind an RTCP packet, without its index.
    pub(super) const fn rtcp_tag(self) -> usize {
        match self {
            Self::AesCm128Sha1_80 | Self::AesCm256Sha1_80 | Self::AesCm128Sha1_32 => 10,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }
}
