//! Encrypting and authenticating one packet with session keys.

use aes::cipher::{InnerIvInit as _, KeyInit as _, StreamCipher as _, StreamCipherCoreWrapper};
use aes::{Aes128, Aes256};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::Suite;
use super::suite::{LONGEST_SALT, LONGEST_TAG};

/// Counter mode that counts in all 128 bits.
type CounterCore<C> = ctr::CtrCore<C, ctr::flavors::Ctr128BE>;

/// A packet's authentication.
pub(super) type Tag = [u8; LONGEST_TAG];

/// The cipher of RTP or of RTCP in one direction. Keys are expanded once.
pub(super) struct Cipher {
    salt: [u8; LONGEST_SALT],
    kind: Kind,
}

enum Kind {
    Counter128(Box<Aes128>, Box<Hmac<Sha1>>),
    Counter256(Box<Aes256>, Box<Hmac<Sha1>>),
    Gcm128(Box<Aes128Gcm>),
    Gcm256(Box<Aes256Gcm>),
}

/// What the encryption of a packet depends on besides the keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) ssrc: u32,
    /// Rollover counter and sequence number, or the index of RTCP.
    pub(super) index: u64,
}

impl Cipher {
    pub(super) fn new(suite: Suite, key: &[u8], salt: [u8; LONGEST_SALT], mac_key: &[u8; 20]) -> Self {
        let mac = || Box::new(Hmac::<Sha1>::new_from_slice(mac_key).expect("HMAC takes keys of any length"));
        let kind = match suite {
            Suite::AesCm128Sha1_80 | Suite::AesCm128Sha1_32 => {
                Kind::Counter128(Box::new(Aes128::new_from_slice(key).expect("16 bytes")), mac())
            }
            Suite::AesCm256Sha1_80 => Kind::Counter256(Box::new(Aes256::new_from_slice(key).expect("32 bytes")), mac()),
            Suite::AeadAes128Gcm => Kind::Gcm128(Box::new(Aes128Gcm::new_from_slice(key).expect("16 bytes"))),
            Suite::AeadAes256Gcm => Kind::Gcm256(Box::new(Aes256Gcm::new_from_slice(key).expect("32 bytes"))),
        };
        Self { salt, kind }
    }

    /// Whether the tag covers the ciphertext by a separate function, with something more behind it (counter mode).
    pub(super) fn is_counter_mode(&self) -> bool {
        matches!(self.kind, Kind::Counter128(..) | Kind::Counter256(..))
    }

    /// Encrypts or decrypts in counter mode (RFC 3711 §4.1.1): the same operation.
    pub(super) fn count(&self, place: Place, bytes: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..LONGEST_SALT].copy_from_slice(&self.salt);
        xor(&mut iv[4..8], &place.ssrc.to_be_bytes());
        xor(&mut iv[8..14], &place.index.to_be_bytes()[2..]);
        match &self.kind {
            Kind::Counter128(aes, _) => {
                StreamCipherCoreWrapper::from_core(CounterCore::inner_iv_init((**aes).clone(), &iv.into())).apply_keystream(bytes);
            }
            Kind::Counter256(aes, _) => {
                StreamCipherCoreWrapper::from_core(CounterCore::inner_iv_init((**aes).clone(), &iv.into())).apply_keystream(bytes);
            }
            Kind::Gcm128(_) | Kind::Gcm256(_) => {}
        }
    }

    /// The authentication of a counter-mode packet: HMAC-SHA1 over the packet and what follows it (RFC 3711 §4.2).
    pub(super) fn authenticate(&self, packet: &[u8], more: &[u8]) -> Tag {
        let mut tag = [0; LONGEST_TAG];
        if let Kind::Counter128(_, mac) | Kind::Counter256(_, mac) = &self.kind {
            let mut mac = (**mac).clone();
            mac.update(packet);
            mac.update(more);
            tag.copy_from_slice(&mac.finalize().into_bytes()[..LONGEST_TAG]);
        }
        tag
    }

    /// Encrypts in Galois/counter mode (RFC 7714 §8.1, §9.1).
    pub(super) fn seal(&self, nonce: &[u8; 12], associated: &[u8], bytes: &mut [u8]) -> Tag {
        let sealed = match &self.kind {
            Kind::Gcm128(gcm) => gcm.encrypt_inout_detached(&(*nonce).into(), associated, bytes.into()),
            Kind::Gcm256(gcm) => gcm.encrypt_inout_detached(&(*nonce).into(), associated, bytes.into()),
            Kind::Counter128(..) | Kind::Counter256(..) => return [0; LONGEST_TAG],
        };
        sealed.expect("a packet is shorter than 64 GB").into()
    }

    /// Checks and decrypts in Galois/counter mode; `false` leaves the bytes as they were.
    pub(super) fn unseal(&self, nonce: &[u8; 12], associated: &[u8], bytes: &mut [u8], tag: &Tag) -> bool {
        match &self.kind {
            Kind::Gcm128(gcm) => gcm.decrypt_inout_detached(&(*nonce).into(), associated, bytes.into(), &(*tag).into()).is_ok(),
            Kind::Gcm256(gcm) => gcm.decrypt_inout_detached(&(*nonce).into(), associated, bytes.into(), &(*tag).into()).is_ok(),
            Kind::Counter128(..) | Kind::Counter256(..) => false,
        }
    }

    /// The nonce of Galois/counter mode for RTP (RFC 7714 §8.1).
    pub(super) fn rtp_nonce(&self, place: Place) -> [u8; 12] {
        let mut nonce: [u8; 12] = std::array::from_fn(|index| self.salt[index]);
        xor(&mut nonce[2..6], &place.ssrc.to_be_bytes());
        xor(&mut nonce[6..12], &place.index.to_be_bytes()[2..]);
        nonce
    }

    /// The nonce of Galois/counter mode for RTCP (RFC 7714 §9.1).
    pub(super) fn rtcp_nonce(&self, place: Place) -> [u8; 12] {
        let mut nonce: [u8; 12] = std::array::from_fn(|index| self.salt[index]);
        xor(&mut nonce[2..6], &place.ssrc.to_be_bytes());
        xor(&mut nonce[8..12], &place.index.to_be_bytes()[4..]);
        nonce
    }
}

/// Compares without telling by its duration how much was right.
pub(super) fn same(ours: &[u8], theirs: &[u8]) -> bool {
    ours.ct_eq(theirs).into()
}

fn xor(into: &mut [u8], with: &[u8]) {
    into.iter_mut().zip(with).for_each(|(byte, other)| *byte ^= other);
}
