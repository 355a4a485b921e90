//! Signalling.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::trunk::Network;

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
