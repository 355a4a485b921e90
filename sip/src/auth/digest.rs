//! The arithmetic of digest authentication (RFC 7616 §3.4).

use md5::Md5;
use sha2::Sha256;
use sha2::digest::Digest;

/// A digest algorithm that we have. SHA-512-256 is not among them: no telephone was seen that has it and lacks SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// MD5, bound to the first nonce.
    Md5Sess,
    /// MD5, the only one of RFC 3261.
    Md5,
    /// SHA-256, bound to the first nonce.
    Sha256Sess,
    /// SHA-256 (RFC 8760): the strongest, so the greatest.
    Sha256,
}

impl Algorithm {
    /// Reads an algorithm token; `None` for one that we do not have.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Md5Sess, Self::Md5, Self::Sha256Sess, Self::Sha256].into_iter().find(|known| known.as_str().eq_ignore_ascii_case(text))
    }

    /// The token as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5Sess => "MD5-sess",
            Self::Md5 => "MD5",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha256 => "SHA-256",
        }
    }

    /// The algorithm without the binding to the first nonce.
    pub fn plain(self) -> Self {
        if self.is_md5() { Self::Md5 } else { Self::Sha256 }
    }

    pub(super) fn is_md5(self) -> bool {
        matches!(self, Self::Md5 | Self::Md5Sess)
    }

    fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess)
    }
}

/// The hash of the parts joined by colons, in lower-case hex.
pub(super) fn hash(algorithm: Algorithm, parts: &[&str]) -> String {
    if algorithm.is_md5() { joined::<Md5>(parts) } else { joined::<Sha256>(parts) }
}

fn joined<D: Digest>(parts: &[&str]) -> String {
    let mut state = D::new();
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            state.update(b":");
        }
        state.update(part.as_bytes());
    }
    hex(&state.finalize())
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

/// What the response to a challenge is made of.
pub(super) struct Proof<'a> {
    pub(super) algorithm: Algorithm,
    /// H(user:realm:password).
    pub(super) secret: &'a str,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    pub(super) cnonce: &'a str,
    /// The count with `qop=auth`; `None` without qop (RFC 2617 §3.2.2.1).
    pub(super) count: Option<u32>,
}

impl Proof<'_> {
    /// The response (RFC 7616 §3.4.1).
    pub(super) fn response(&self) -> String {
        let session;
        let a1 = if self.algorithm.is_session() {
            session = hash(self.algorithm, &[self.secret, self.nonce, self.cnonce]);
            &session
        } else {
            self.secret
        };
        let a2 = hash(self.algorithm, &[self.method, self.uri]);
        match self.count {
            Some(count) => hash(self.algorithm, &[a1, self.nonce, &format!("{count:08x}"), self.cnonce, "auth", &a2]),
            None => hash(self.algorithm, &[a1, self.nonce, &a2]),
        }
    }
}
