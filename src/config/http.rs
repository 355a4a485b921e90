//! Pages and API.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Where the pages are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port; loopback only, as there are no accounts.
    pub bind: SocketAddr,
    /// Names beside the loopback ones that requests may be made to (a proxy's).
    pub hosts: Vec<String>,
    /// Connections at once.
    pub connections: usize,
    /// Pages with live events at once.
    pub streams: usize,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), hosts: Vec::new(), connections: 1_024, streams: 512 }
    }
}
