//! Signalling.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::addresses::Addresses;
use crate::trunk::Network;

/// Where SIP is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SipConfig {
    /// Address and port for UDP, of either family or of both; empty: no UDP.
    pub udp: Addresses<SocketAddr>,
    /// Address and port for TCP, of either family or of both; empty: no TCP.
    pub tcp: Addresses<SocketAddr>,
    /// Address and port for TLS; empty: none.
    pub tls: Addresses<SocketAddr>,
    /// Address and port for WebSocket, which browsers speak; empty: none.
    pub ws: Addresses<SocketAddr>,
    /// Address and port for WebSocket inside TLS; empty: none.
    pub wss: Addresses<SocketAddr>,
    /// The file of our certificate for TLS, with those that lead to its authority (PEM).
    pub certificate: Option<PathBuf>,
    /// The file of its private key (PEM).
    pub private_key: Option<PathBuf>,
    /// Further certificates, each with its key: a client that asks for a name (SNI) which the first one is not for sees the one that is.
    pub further_certificates: Vec<CertificateFiles>,
    /// The file of authorities (PEM): only clients with a certificate from one of them may connect by TLS. Empty: all may.
    pub client_ca: Option<PathBuf>,
    /// The file of authorities (PEM) that the servers of calls which we place by TLS must have their certificate from. Empty: those that the
    /// system believes.
    pub server_ca: Option<PathBuf>,
    /// Web pages that may connect by WebSocket (`https://desk.example`); "*" is every page. Clients that are no browsers are not asked.
    pub origins: Vec<String>,
    /// The addresses that peers are told (Contact, Via, SDP), if they are not the bound ones.
    pub advertised: Addresses<IpAddr>,
    /// Who may talk to us: addresses or networks ("192.0.2.0/24"). Empty: everybody who reaches us. Others get silence.
    pub allowed: Vec<Network>,
    /// Anchors (PEM) of callers' signatures (STIR/SHAKEN); empty: no signature is believed.
    pub stir_anchors: Option<PathBuf>,
    /// The index of signers' certificates: on each line the URL that calls name one by, and its file. Nothing is ever fetched.
    pub stir_certificates: Option<PathBuf>,
    /// The country code of numbers that come without one, for signatures.
    pub country_code: String,
    /// The user part of our addresses.
    pub user: String,
    /// The name that agents' telephones show.
    pub display_name: String,
}

/// A certificate, with those that lead to its authority, and its private key (PEM).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// The file of the certificate.
    pub certificate: PathBuf,
    /// The file of its private key.
    pub private_key: PathBuf,
}

impl Default for SipConfig {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        Self {
            udp: loopback.into(),
            tcp: loopback.into(),
            tls: Addresses::NONE,
            ws: Addresses::NONE,
            wss: Addresses::NONE,
            certificate: None,
            private_key: None,
            further_certificates: Vec::new(),
            client_ca: None,
            server_ca: None,
            origins: Vec::new(),
            advertised: Addresses::NONE,
            allowed: Vec::new(),
            stir_anchors: None,
            stir_certificates: None,
            country_code: String::new(),
            user: "warmline".to_owned(),
            display_name: "Warmline".to_owned(),
        }
    }
}

impl SipConfig {
    /// Every address that is listened on, with its key.
    pub fn listeners(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        let all = [("udp", &self.udp), ("tcp", &self.tcp), ("tls", &self.tls), ("ws", &self.ws), ("wss", &self.wss)];
        all.into_iter().flat_map(|(key, addresses)| addresses.iter().map(move |address| (key, address)))
    }

    pub(super) fn under(&mut self, folder: &Path) {
        for further in &mut self.further_certificates {
            further.certificate = folder.join(&further.certificate);
            further.private_key = folder.join(&further.private_key);
        }
        let own = [&mut self.certificate, &mut self.private_key, &mut self.client_ca, &mut self.server_ca];
        for file in own.into_iter().chain([&mut self.stir_anchors, &mut self.stir_certificates]).flatten() {
            *file = folder.join(&file);
        }
    }
}
