//! An authority and a provider of the tests' own.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, Certificate, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use warmline_sip::identity::TrustStore;

pub(crate) const URL: &str = "https://certificates.example/provider.pem";

/// Somebody with a key and a certificate.
pub(crate) struct Party {
    pub(crate) key: KeyPair,
    pub(crate) params: CertificateParams,
    pub(crate) certificate: Certificate,
}

/// Valid from 2024 to the end of 2033.
fn params(name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = is_ca;
    (params.not_before, params.not_after) = (date_time_ymd(2024, 1, 1), date_time_ymd(2034, 1, 1));
    params
}

pub(crate) fn root(name: &str) -> Party {
    let (key, params) = (KeyPair::generate().unwrap(), params(name, IsCa::Ca(BasicConstraints::Unconstrained)));
    let certificate = params.self_signed(&key).unwrap();
    Party { key, params, certificate }
}

impl Party {
    pub(crate) fn issues(&self, name: &str, is_ca: IsCa, key: KeyPair) -> Self {
        let mut params = params(name, is_ca);
        // TNAuthorizationList (RFC 8226 §9) with the provider code "1234".
        let list = vec![0x30, 0x08, 0xa0, 0x06, 0x16, 0x04, b'1', b'2', b'3', b'4'];
        params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 26], list));
        let certificate = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        Self { key, params, certificate }
    }

    pub(crate) fn provider(&self) -> Self {
        self.issues("SHAKEN 1234", IsCa::ExplicitNoCa, KeyPair::generate().unwrap())
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.certificate.pem().into_bytes()
    }

    /// r ‖ s over a text.
    pub(crate) fn sign(&self, text: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.key.serialize_der(), &random).unwrap();
        key.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec()
    }

    /// The header of a token made of two JSON texts.
    pub(crate) fn identity(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        format!("{signed}.{};info=<{URL}>;alg=ES256;ppt=\"shaken\"", URL_SAFE_NO_PAD.encode(self.sign(&signed)))
    }
}

pub(crate) fn store(anchor: &Party, provider: &Party) -> TrustStore {
    let mut store = TrustStore::default();
    store.add_anchors(&anchor.pem()).unwrap();
    store.add_certificate(URL, &provider.pem()).unwrap();
    store
}
