//! Signalling.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize, de};

/// Where SIP is spoken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SipConfig {
    /// Address and port for UDP; empty: no UDP.
    pub udp: Option<SocketAddr>,
    /// Address and port for TCP; empty: no TCP.
    pub tcp: Option<SocketAddr>,
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
            advertised: None,
            allowed: Vec::new(),
            user: "warmline".to_owned(),
            display_name: "Warmline".to_owned(),
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
