//! Signalling.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de};

/// Where SIP is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SipConfig {
    /// Address and port for UDP; empty: no UDP.
    pub udp: Option<SocketAddr>,
    /// Address and port for TCP; empty: no TCP.
    pub tcp: Option<SocketAddr>,
    /// Address and port for TLS; empty: none.
    pub tls: Option<SocketAddr>,
    /// Address and port for WebSocket, which browsers speak; empty: none.
    pub ws: Option<SocketAddr>,
    /// Address and port for WebSocket inside TLS; empty: none.
    pub wss: Option<SocketAddr>,
    /// The file of our certificate for TLS, with those that lead to its authority (PEM).
    pub certificate: Option<PathBuf>,
    /// The file of its private key (PEM).
    pub private_key: Option<PathBuf>,
    /// The file of authorities (PEM): only clients with a certificate from one of them may connect by TLS. Empty: all may.
    pub client_ca: Option<PathBuf>,
    /// Web pages that may connect by WebSocket ("https://desk.example"); "*" is every page. Clients that are no browsers are not asked.
    pub origins: Vec<String>,
    /// The address that peers are told (Contact, Via, SDP), if it is not the bound one.
    pub advertised: Option<IpAddr>,
    /// Who may talk to us: addresses or networks ("192.0.2.0/24"). Empty: everybody who reaches us. Others get silence.
    pub allowed: Vec<Network>,
    /// The user part of our addresses.
    pub user: String,
    /// The name that agents' telephones show.
    pub display_name: String,
}

impl Default for SipConfig {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 5060));
        Self {
            udp: Some(loopback),
            tcp: Some(loopback),
            tls: None,
            ws: None,
            wss: None,
            certificate: None,
            private_key: None,
            client_ca: None,
            origins: Vec::new(),
            advertised: None,
            allowed: Vec::new(),
            user: "warmline".to_owned(),
            display_name: "Warmline".to_owned(),
        }
    }
}

impl SipConfig {
    /// Every address that is listened on, with its key.
    pub(super) fn listeners(&self) -> impl Iterator<Item = (&'static str, SocketAddr)> {
        let all = [("udp", self.udp), ("tcp", self.tcp), ("tls", self.tls), ("ws", self.ws), ("wss", self.wss)];
        all.into_iter().filter_map(|(key, address)| Some((key, address?)))
    }

    pub(super) fn under(&mut self, folder: &Path) {
        for file in [&mut self.certificate, &mut self.private_key, &mut self.client_ca].into_iter().flatten() {
            *file = folder.join(&file);
        }
    }
}

/// A network: an address and how many of its first bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// An address in it.
    pub address: IpAddr,
    /// Bits that count.
    pub bits: u8,
}

impl Serialize for Network {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/{}", self.address, self.bits))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = || de::Error::custom(format!("“{text}” is no address or network like \"192.0.2.0/24\""));
        let (address, bits) = text.split_once('/').map_or((text.as_str(), None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| wrong())?;
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}
