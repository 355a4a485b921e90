//! Where messages go, and what they say about us on the way (RFC 3261 §8.1.1.7, §8.1.1.8, §18).

use std::net::{IpAddr, SocketAddr};

use super::names::PeerName;
use super::{ConnectionId, Core};
use crate::transport::Transport;

/// One of our listeners: its place in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ListenerId(pub(crate) usize);

/// Our end of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Local {
    pub(crate) listener: ListenerId,
    /// The address that the peer used, where the listener is bound to every address.
    pub(crate) ip: Option<IpAddr>,
}

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) transport: Transport,
    pub(crate) remote: SocketAddr,
    /// The listener that the peer talks to, if it began.
    pub(crate) local: Option<Local>,
    /// Over that connection if it is still open, else over a new one to the address (never for WebSocket).
    pub(crate) connection: Option<ConnectionId>,
    /// Whom a TLS server must prove to be; its address if there is no name.
    pub(crate) peer: Option<PeerName>,
    /// Whether `sips:` was asked for, so that our Contact says so too (RFC 3261 §12.1.1).
    pub(crate) sips: bool,
}

impl Hop {
    /// A way to an address that was not used yet.
    pub(crate) fn to(transport: Transport, remote: SocketAddr) -> Self {
        Self { transport, remote, local: None, connection: None, peer: None, sips: false }
    }

    pub(crate) fn is_reliable(self) -> bool {
        self.transport.is_reliable()
    }

    pub(super) fn address(self) -> SocketAddr {
        self.remote
    }

    /// The way to another address of the same peer. What began in TLS never leaves it.
    pub(super) fn towards(self, transport: Transport, remote: SocketAddr) -> Option<Self> {
        if transport.is_web_socket() || (self.transport.is_secure() && !transport.is_secure()) {
            return None;
        }
        let same_listener = transport == self.transport && remote.is_ipv4() == self.remote.is_ipv4();
        Some(Self { local: self.local.filter(|_| same_listener), peer: self.peer, sips: self.sips, ..Self::to(transport, remote) })
    }
}

/// One listener as peers are told about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalAddress {
    pub(crate) transport: Transport,
    pub(crate) told: SocketAddr,
    /// Whether it is bound to every address and none is advertised: then the one that the peer used is told.
    pub(crate) any: bool,
}

/// Addresses that peers are told, in the order of the configuration.
#[derive(Debug, Clone)]
pub(crate) struct LocalAddresses(pub(crate) Vec<LocalAddress>);

impl LocalAddresses {
    /// What is told about our end of a hop: the listener that it came by, else the one that fits best.
    fn told(&self, hop: Hop) -> Option<SocketAddr> {
        if let Some(local) = hop.local
            && let Some(address) = self.0.get(local.listener.0)
        {
            let ip = local.ip.filter(|_| address.any).unwrap_or(address.told.ip());
            return Some(SocketAddr::new(ip, address.told.port()));
        }
        let misfit = |address: &&LocalAddress| {
            let family = address.told.is_ipv4() != hop.remote.is_ipv4();
            let kind = (address.transport.is_reliable() != hop.is_reliable()) || address.transport.is_web_socket();
            (family, address.transport != hop.transport, kind)
        };
        self.0.iter().min_by_key(misfit).map(|address| address.told)
    }
}

impl Core {
    /// What Via says about us towards a hop.
    pub(super) fn sent_by(&self, hop: Hop) -> (&'static str, SocketAddr) {
        let told = self.local.told(hop).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 5060)));
        (hop.transport.via_name(), told)
    }

    /// Our Contact towards a hop.
    pub(super) fn contact(&self, hop: Hop) -> String {
        let (_, address) = self.sent_by(hop);
        let (scheme, parameter) = match (hop.transport, hop.sips) {
            (Transport::Udp, _) => ("sip", ""),
            (Transport::Tcp, _) => ("sip", ";transport=tcp"),
            (Transport::Tls, false) => ("sip", ";transport=tls"),
            (Transport::Tls, true) => ("sips", ""),
            // RFC 7118 has one name for both: the scheme makes it secure.
            (Transport::Ws, _) | (Transport::Wss, false) => ("sip", ";transport=ws"),
            (Transport::Wss, true) => ("sips", ";transport=ws"),
        };
        format!("<{scheme}:{}@{address}{parameter}>", self.config.contact_user)
    }
}
