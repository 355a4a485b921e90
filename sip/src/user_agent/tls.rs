//! TLS: certificates from files, which of them is shown, and who is believed (RFC 3261 §26.3, RFC 5922).

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::config::TlsConfig;
use super::unverified::Unverified;

/// What is wrong with the certificates.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is no PEM file, or holds nothing of what it should.
    #[error("{}: no usable {what} in PEM form", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What should be in it.
        what: &'static str,
    },
    /// The certificate and the key do not belong together, or cannot be used.
    #[error("the certificate {} cannot be used: {why}", path.display())]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// What the library says.
        why: String,
    },
    /// The authorities, or the certificate that we would show to servers, cannot be used.
    #[error("the certificates cannot be used: {0}")]
    Unusable(String),
    /// There is no certificate, or no key.
    #[error("TLS needs a certificate and its private key")]
    NoCertificate,
    /// The user agent has stopped.
    #[error("the user agent has stopped")]
    Stopped,
}

/// What connections need. New ones use the newest; those that are open keep what they began with.
#[derive(Debug)]
pub(super) struct Tls {
    pub(super) server: Option<Arc<ServerConfig>>,
    pub(super) client: Arc<ClientConfig>,
}

impl Tls {
    /// Reads everything anew. `serves` says whether a certificate of our own is needed. Blocks.
    pub(super) fn load(files: &TlsConfig, serves: bool) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let own = match (&files.certificate, &files.private_key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) if !serves => None,
            (Some(_) | None, _) => return Err(TlsError::NoCertificate),
        };
        let server = match own {
            Some((certificate, key)) => {
                let further = files.further.iter().map(|(certificate, key)| (certificate, key));
                let shown = std::iter::once((certificate, key)).chain(further).map(|(certificate, key)| shown(certificate, key, &provider));
                Some(Arc::new(server(files, shown.collect::<Result<_, _>>()?, &provider)?))
            }
            None => None,
        };
        Ok(Self { server, client: Arc::new(client(files, own, &provider)?) })
    }
}

/// What a server of another protocol needs to show the same kind of certificate, read from the same kind of files. Blocks.
///
/// # Errors
/// What is wrong with the files.
pub fn server_of(certificate: &Path, private_key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let shown = vec![shown(certificate, private_key, &provider)?];
    Ok(Arc::new(server(&TlsConfig::default(), shown, &provider)?))
}

/// A certificate that we can prove to be ours.
fn shown(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, TlsError> {
    let known = CertifiedKey::from_der(chain(certificate)?, private_key(key)?, provider);
    known.map(Arc::new).map_err(|error| TlsError::Certificate { path: certificate.to_owned(), why: error.to_string() })
}

/// Our certificates: the first one that is for the name which a client asks for, else the first one.
#[derive(Debug)]
struct ByName(Vec<Arc<CertifiedKey>>);

impl ResolvesServerCert for ByName {
    fn resolve(&self, client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = client.server_name().and_then(|name| ServerName::try_from(name).ok());
        let is_for = |known: &&Arc<CertifiedKey>| {
            let own = known.cert.first().and_then(|certificate| ParsedCertificate::try_from(certificate).ok());
            own.zip(name.as_ref()).is_some_and(|(own, name)| verify_server_name(&own, name).is_ok())
        };
        self.0.iter().find(is_for).or(self.0.first()).cloned()
    }
}

fn server(files: &TlsConfig, shown: Vec<Arc<CertifiedKey>>, provider: &Arc<CryptoProvider>) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let builder = match &files.client_ca {
        Some(path) => {
            let roots = Arc::new(roots(path)?);
            let verifier =
                WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider)).build().map_err(|error| unusable(&error))?;
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    Ok(builder.with_cert_resolver(Arc::new(ByName(shown))))
}

/// We show our own certificate to servers that ask for one.
fn client(files: &TlsConfig, own: Option<(&PathBuf, &PathBuf)>, provider: &Arc<CryptoProvider>) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?;
    let builder = if files.insecure {
        tracing::warn!("TLS servers are not verified: anybody on the way can listen");
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Unverified::new(Arc::clone(provider))))
    } else {
        let roots = Arc::new(files.server_ca.as_deref().map_or_else(|| Ok(system_roots().clone()), roots)?);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider)).build().map_err(|error| unusable(&error))?;
        builder.with_webpki_verifier(verifier)
    };
    match own {
        Some((certificate, key)) => {
            let built = builder.with_client_auth_cert(chain(certificate)?, private_key(key)?);
            built.map_err(|error| TlsError::Certificate { path: certificate.clone(), why: error.to_string() })
        }
        None => Ok(builder.with_no_client_auth()),
    }
}

fn unusable(error: &dyn std::fmt::Display) -> TlsError {
    TlsError::Unusable(error.to_string())
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(path)?).collect();
    found.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::Content { path: path.to_owned(), what: "certificate" })
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|_| TlsError::Content { path: path.to_owned(), what: "private key" })
}

fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(path)? {
        roots.add(certificate).map_err(|_| TlsError::Content { path: path.to_owned(), what: "certificate" })?;
    }
    Ok(roots)
}

/// The authorities that the system believes, or a built-in list where it names none. Read once.
fn system_roots() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        roots
    })
}

/// Whom a server must prove to be: the name that was asked for, or its address.
pub(super) fn server_name(name: Option<&str>, ip: IpAddr) -> ServerName<'static> {
    let bare = name.map(|name| name.trim_end_matches('.').trim_matches(['[', ']']).to_owned());
    bare.and_then(|name| ServerName::try_from(name).ok()).unwrap_or_else(|| ServerName::from(ip))
}
