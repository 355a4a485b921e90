//! Authorities and certificates for tests, and a bare TLS client.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use warmline_sip::user_agent::{Config, Listener, TlsConfig, Transport};

use crate::support::quick;

/// An authority with a folder for its files.
pub(crate) struct Authority {
    folder: PathBuf,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = format!("authority-{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        std::fs::write(folder.join("ca.pem"), &pem).unwrap();
        Self { folder, pem, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Issues a certificate for names and addresses into two files.
    pub(crate) fn issue_into(&self, names: &[&str], certificate: &Path, key: &Path) {
        let params = CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).unwrap();
        let own = KeyPair::generate().unwrap();
        std::fs::write(certificate, params.signed_by(&own, &self.issuer).unwrap().pem()).unwrap();
        std::fs::write(key, own.serialize_pem()).unwrap();
    }

    /// A certificate for names, and trust in this authority alone.
    pub(crate) fn issue(&self, names: &[&str]) -> TlsConfig {
        let (certificate, private_key) = (self.folder.join("own.pem"), self.folder.join("own.key"));
        self.issue_into(names, &certificate, &private_key);
        TlsConfig { certificate: Some(certificate), private_key: Some(private_key), ..self.trust() }
    }

    /// Trust alone.
    pub(crate) fn trust(&self) -> TlsConfig {
        TlsConfig { server_ca: Some(self.file()), ..TlsConfig::default() }
    }

    /// A bare client that believes this authority.
    pub(crate) async fn connect(&self, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        self.connect_to(ServerName::from(address.ip()), address).await
    }

    /// The same, which wants to reach this name there, and says so if it is one (SNI).
    pub(crate) async fn connect_to(&self, name: ServerName<'static>, address: SocketAddr) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(rustls::pki_types::CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// [`quick`] with every transport.
pub(crate) fn everything(tls: TlsConfig) -> Config {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let listen = Transport::ALL.map(|transport| Listener::new(transport, loopback)).to_vec();
    Config { listen, tls, ..quick() }
}
