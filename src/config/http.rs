//! Pages and API.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::trunk::Network;

/// Where the pages are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address and port; without accounts loopback only.
    pub bind: SocketAddr,
    /// Do people sign in? Without, everybody who reaches the pages may see and do everything.
    pub accounts: bool,
    /// Where browsers find the pages, like `https://desk.example.com`; none: at `bind`.
    pub address: Option<String>,
    /// Our certificate with those that lead to its authority (PEM): then TLS is spoken, and nothing else.
    pub certificate: Option<PathBuf>,
    /// Its private key (PEM).
    pub private_key: Option<PathBuf>,
    /// Address and port of the figures (`/metrics`) by themselves. None: at `bind` without accounts, and nowhere with them.
    pub metrics: Option<SocketAddr>,
    /// Proxies that are believed whom they speak for (X-Forwarded-For, X-Forwarded-Proto).
    pub trusted_proxies: Vec<Network>,
    /// Names beside the loopback ones that requests may be made to (a proxy's).
    pub hosts: Vec<String>,
    /// Connections at once; further ones are refused.
    pub connections: usize,
    /// Of these from one address (or network of IPv6); trusted proxies have as many as they like.
    pub connections_per_address: usize,
    /// Pages with live events at once.
    pub streams: usize,
    /// Sites whose pages may carry the call button, like `https://www.example.com`.
    pub widget_origins: Vec<String>,
    /// STUN and TURN servers that pages are told, for networks that let nothing else through.
    pub ice_servers: Vec<IceServerConfig>,
    /// Coarse words are shown by their first letter only. The record keeps them.
    pub mask_coarse_words: bool,
    /// Words that are masked besides, like "numpty", or "numpt*" for all that begin so.
    pub masked_words: Vec<String>,
}

impl HttpConfig {
    /// Where browsers find the pages.
    #[must_use]
    pub fn public_address(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        self.address.clone().unwrap_or_else(|| format!("{scheme}://{}", self.bind))
    }

    pub(super) fn under(&mut self, folder: &Path) {
        for file in [&mut self.certificate, &mut self.private_key].into_iter().flatten() {
            *file = folder.join(&file);
        }
    }
}

/// One STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IceServerConfig {
    /// Addresses like "turn:turn.example.com:3478?transport=udp".
    pub urls: Vec<String>,
    /// For TURN.
    #[serde(default)]
    pub username: Option<String>,
    /// For TURN: pages get to see it.
    #[serde(default)]
    pub credential: Option<String>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            accounts: true,
            address: None,
            certificate: None,
            private_key: None,
            metrics: None,
            trusted_proxies: Vec::new(),
            hosts: Vec::new(),
            connections: 1_024,
            connections_per_address: 512,
            streams: 512,
            widget_origins: Vec::new(),
            ice_servers: Vec::new(),
            mask_coarse_words: false,
            masked_words: Vec::new(),
        }
    }
}
