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
        let other =
            self.config.advertised_to.iter().find(|(network, ip)| network.contains(hop.remote.ip()) && ip.is_ipv4() == told.is_ipv4());
        let told = other.map_or(told, |(_, ip)| SocketAddr::new(*ip, told.port()));
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

#[cfg(test)]
mod tests {
    use super::super::super::config::Config;
    use super::*;

    fn core(listeners: &[(Transport, &str, bool)]) -> Core {
        let local = listeners.iter().map(|&(transport, told, any)| LocalAddress { transport, told: told.parse().unwrap(), any });
        Core::new(Config::default(), LocalAddresses(local.collect()), [1; 32])
    }

    fn hop(transport: Transport, remote: &str) -> Hop {
        Hop::to(transport, remote.parse().unwrap())
    }

    #[test]
    fn the_listener_that_fits_best_is_told() {
        let core = core(&[
            (Transport::Udp, "192.0.2.1:5060", false),
            (Transport::Ws, "192.0.2.1:80", false),
            (Transport::Tcp, "192.0.2.1:5070", false),
            (Transport::Udp, "[2001:db8::1]:5060", false),
        ]);
        for (transport, remote, told) in [
            (Transport::Udp, "192.0.2.9:1", "192.0.2.1:5060"),
            (Transport::Tcp, "192.0.2.9:1", "192.0.2.1:5070"),
            (Transport::Udp, "[2001:db8::9]:1", "[2001:db8::1]:5060"),
            // Without a listener of its own: a stream is nearer to TLS than anything else.
            (Transport::Tls, "192.0.2.9:1", "192.0.2.1:5070"),
            (Transport::Tcp, "[2001:db8::9]:1", "[2001:db8::1]:5060"),
        ] {
            assert_eq!(core.sent_by(hop(transport, remote)), (transport.via_name(), told.parse().unwrap()), "{transport:?} {remote}");
        }
    }

    #[test]
    fn the_listener_that_was_asked_is_told_with_the_address_that_was_asked() {
        let core = core(&[(Transport::Udp, "192.0.2.1:5060", false), (Transport::Udp, "192.0.2.2:5080", true)]);
        let by =
            |n, ip: &str| Hop { local: Some(Local { listener: ListenerId(n), ip: ip.parse().ok() }), ..hop(Transport::Udp, "192.0.2.9:1") };
        assert_eq!(core.contact(by(1, "")), "<sip:warmline@192.0.2.2:5080>");
        assert_eq!(core.contact(by(1, "198.51.100.7")), "<sip:warmline@198.51.100.7:5080>");
        // One that is advertised, or bound to one address, stays what it is.
        assert_eq!(core.contact(by(0, "198.51.100.7")), "<sip:warmline@192.0.2.1:5060>");
    }

    #[test]
    fn contact_names_transport_and_scheme() {
        let core = core(&[(Transport::Tls, "192.0.2.1:5061", false)]);
        for (transport, sips, contact) in [
            (Transport::Tcp, false, "<sip:warmline@192.0.2.1:5061;transport=tcp>"),
            (Transport::Tls, false, "<sip:warmline@192.0.2.1:5061;transport=tls>"),
            (Transport::Tls, true, "<sips:warmline@192.0.2.1:5061>"),
            (Transport::Ws, false, "<sip:warmline@192.0.2.1:5061;transport=ws>"),
            (Transport::Wss, true, "<sips:warmline@192.0.2.1:5061;transport=ws>"),
        ] {
            assert_eq!(core.contact(Hop { sips, ..hop(transport, "192.0.2.9:1") }), contact);
        }
    }

    #[test]
    fn what_began_in_tls_stays_there() {
        let remote = "192.0.2.8:7".parse().unwrap();
        let began = Hop { connection: Some(ConnectionId(1)), sips: true, ..hop(Transport::Tls, "192.0.2.9:5061") };
        let next = began.towards(Transport::Tls, remote).unwrap();
        assert_eq!((next.remote, next.connection, next.sips), (remote, None, true));
        assert_eq!(began.towards(Transport::Udp, remote), None);
        assert_eq!(began.towards(Transport::Tcp, remote), None);
        assert_eq!(hop(Transport::Tcp, "192.0.2.9:1").towards(Transport::Ws, remote), None);
        assert!(hop(Transport::Udp, "192.0.2.9:1").towards(Transport::Tls, remote).is_some());
    }

    #[test]
    fn names_are_forgotten_when_no_call_needs_them() {
        let mut core = core(&[]);
        for n in 0..1_000 {
            let peer = Some(core.keep_name(&format!("host{n}.example")));
            let text = core.name(Hop { peer, ..hop(Transport::Tls, "192.0.2.9:1") });
            assert_eq!(text.as_deref(), Some(format!("host{n}.example").as_str()));
        }
        assert!(core.names.count() <= 64, "{}", core.names.count());
    }
}
