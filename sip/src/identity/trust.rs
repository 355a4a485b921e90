//! The certificates that the operator configured. There are no others.

use std::collections::HashMap;
use std::time::Duration;

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert};

use super::verify::Failure;

/// Files and certificates beyond these are a mistake.
const MOST_CERTIFICATES: usize = 10_000;
const LONGEST_CHAIN: usize = 8;
const LONGEST_PEM: usize = 1 << 20;

/// What a P-256 key's SubjectPublicKeyInfo begins with, up to the uncompressed point (RFC 5480 §2).
const P256_PREFIX: [u8; 26] =
    [0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7, 3, 0x42, 0];
const P256_POINT: usize = 65;

/// RFC 8226 §8 asks for P-256; some roots are P-384.
const CHAIN_SIGNATURES: [&dyn SignatureVerificationAlgorithm; 3] =
    [webpki::ring::ECDSA_P256_SHA256, webpki::ring::ECDSA_P384_SHA256, webpki::ring::ECDSA_P384_SHA384];

/// What is wrong with a configured certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// Not PEM, or nothing in it, or too much.
    #[error("no certificates could be read: 1 to 8 in PEM form are expected")]
    Unreadable,
    /// Not a certificate that can be used.
    #[error("a certificate cannot be used: {0}")]
    Unusable(String),
    /// The signer's key is of another kind.
    #[error("the first certificate must have a P-256 key")]
    Key,
    /// Every name can stand for one certificate only.
    #[error("{0} is named twice")]
    Twice(String),
    /// A line of the index is not a name and a file.
    #[error("line {0} of the index is not a name and a file")]
    Index(usize),
    /// More than we hold.
    #[error("more than 10,000 certificates")]
    TooMany,
}

#[derive(Debug, Clone)]
struct Chain {
    signer: CertificateDer<'static>,
    others: Vec<CertificateDer<'static>>,
    /// The signer's public key as a point.
    point: [u8; P256_POINT],
}

/// Anchors, and signers' certificates by the name under which Identity headers speak of them.
#[derive(Debug, Clone, Default)]
pub struct TrustStore {
    anchors: Vec<TrustAnchor<'static>>,
    certificates: HashMap<String, Chain>,
}

/// RFC 8226 knows no extended key usage: whatever is there neither helps nor hurts.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, mut usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        usages.try_for_each(|usage| usage.map(drop))
    }
}

impl TrustStore {
    /// Trusts the authorities in a PEM file. An anchor is believed whatever its own dates say: remove it to end that.
    ///
    /// # Errors
    /// [`TrustError`] when the file holds no certificate, or one that cannot be used; then nothing is added.
    pub fn add_anchors(&mut self, pem: &[u8]) -> Result<(), TrustError> {
        let certificates = read_pem(pem, MOST_CERTIFICATES)?;
        if self.anchors.len() + certificates.len() > MOST_CERTIFICATES {
            return Err(TrustError::TooMany);
        }
        let anchors: Result<Vec<_>, _> =
            certificates.iter().map(|der| anchor_from_trusted_cert(der).map(|anchor| anchor.to_owned())).collect();
        self.anchors.extend(anchors.map_err(|why| TrustError::Unusable(why.to_string()))?);
        Ok(())
    }

    /// Puts a signer's certificate, and the intermediate ones after it, under the text of its URL (`info`, `x5u`) or of its key id (`kid`).
    ///
    /// # Errors
    /// [`TrustError`] when the file or the name cannot be used; then nothing is added.
    pub fn add_certificate(&mut self, name: &str, pem: &[u8]) -> Result<(), TrustError> {
        if self.certificates.len() >= MOST_CERTIFICATES {
            return Err(TrustError::TooMany);
        }
        if self.certificates.contains_key(name) {
            return Err(TrustError::Twice(name.to_owned()));
        }
        let mut others = read_pem(pem, LONGEST_CHAIN)?;
        let signer = others.remove(0);
        let point = p256_point(&signer)?;
        self.certificates.insert(name.to_owned(), Chain { signer, others, point });
        Ok(())
    }

    /// Fills a store from an index: a line for each certificate with its name (URL or key id), blanks, and its file; `#` starts a comment.
    /// `read` gets a file's name and gives its bytes.
    ///
    /// # Errors
    /// The first [`TrustError`], with the file that it is about; or what `read` said.
    pub fn add_index<E: From<TrustError>>(&mut self, index: &str, mut read: impl FnMut(&str) -> Result<Vec<u8>, E>) -> Result<(), E> {
        for (number, line) in index.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.split_ascii_whitespace();
            let (Some(name), Some(file), None) = (words.next(), words.next(), words.next()) else {
                return Err(TrustError::Index(number + 1).into());
            };
            self.add_certificate(name, &read(file)?)?;
        }
        Ok(())
    }

    /// How many signers' certificates there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// The signer's key, if there is a certificate under either name and it leads to an anchor now.
    pub(super) fn signer(&self, url: &str, key_id: Option<&str>, now: Duration) -> Option<Result<SignerKey<'_>, Failure>> {
        let chain = self.certificates.get(url).or_else(|| self.certificates.get(key_id?))?;
        Some(self.check(chain, now).map(|()| SignerKey(&chain.point)))
    }

    fn check(&self, chain: &Chain, now: Duration) -> Result<(), Failure> {
        let signer = EndEntityCert::try_from(&chain.signer).map_err(|_| Failure::CertificateUntrusted)?;
        let now = UnixTime::since_unix_epoch(now);
        match signer.verify_for_usage(&CHAIN_SIGNATURES, &self.anchors, &chain.others, now, AnyUsage, None, None) {
            Ok(_) => Ok(()),
            Err(webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. }) => Err(Failure::CertificateExpired),
            Err(_) => Err(Failure::CertificateUntrusted),
        }
    }
}

/// A public key that was checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignerKey<'a>(&'a [u8; P256_POINT]);

impl SignerKey<'_> {
    pub(super) fn verifies(&self, signed: &str, signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.0).verify(signed.as_bytes(), signature).is_ok()
    }
}

fn read_pem(pem: &[u8], most: usize) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    if pem.len() > LONGEST_PEM {
        return Err(TrustError::Unreadable);
    }
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).take(most + 1).collect();
    certificates.ok().filter(|all| (1..=most).contains(&all.len())).ok_or(TrustError::Unreadable)
}

fn p256_point(certificate: &CertificateDer<'_>) -> Result<[u8; P256_POINT], TrustError> {
    let certificate = EndEntityCert::try_from(certificate).map_err(|why| TrustError::Unusable(why.to_string()))?;
    let info = certificate.subject_public_key_info();
    let point = info.as_ref().strip_prefix(&P256_PREFIX).and_then(|point| <[u8; P256_POINT]>::try_from(point).ok());
    point.filter(|point| point[0] == 4).ok_or(TrustError::Key)
}
