//! Where a request comes from: the connection's own address, or what a proxy that is named says of it.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, connect_info::Connected},
    http::{Extensions, HeaderMap},
    serve::IncomingStream,
};

use crate::{http::listener::Guarded, trunk::Network};

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    address: SocketAddr,
    secure: bool,
}

impl Connected<IncomingStream<'_, Guarded>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Guarded>) -> Self {
        Self { address: *stream.remote_addr(), secure: stream.io().is_secure() }
    }
}

/// Where a request comes from, and whether nobody on the way could read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) source: IpAddr,
    pub(super) secure: bool,
}

impl Way {
    /// Headers are believed from proxies alone: anybody can write them.
    pub(super) fn of(headers: &HeaderMap, extensions: &Extensions, proxies: &[Network]) -> Self {
        let peer = extensions.get::<ConnectInfo<Peer>>().map(|ConnectInfo(peer)| *peer);
        let address = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.address.ip().to_canonical());
        let direct = Self { source: address, secure: peer.is_some_and(|peer| peer.secure) };
        if is_proxy(address, proxies) { forwarded(headers, direct, proxies) } else { direct }
    }

    /// A word for throttles and logs; one for a whole network of IPv6, where anybody has as many addresses as they like.
    pub(super) fn word(&self) -> String {
        source(self.source)
    }
}

/// A word for where something comes from: an address, or a whole network of IPv6.
pub(super) fn source(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            if address.is_loopback() { address.to_string() } else { format!("{a:x}:{b:x}:{c:x}:{d:x}::/64") }
        }
    }
}

/// Each proxy appends whom it was asked by: the last one that is no proxy of ours is the one who asks.
fn forwarded(headers: &HeaderMap, direct: Way, proxies: &[Network]) -> Way {
    let all: Vec<&str> = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok()).collect();
    let all = all.join(",");
    let mut source = direct.source;
    for entry in all.rsplit(',') {
        let Some(address) = address(entry.trim()) else { break };
        source = address;
        if !is_proxy(address, proxies) {
            break;
        }
    }
    let protocol = headers.get_all("x-forwarded-proto").iter().next_back().and_then(|value| value.to_str().ok());
    let secure = protocol.and_then(|value| value.rsplit(',').next()).is_some_and(|value| value.trim().eq_ignore_ascii_case("https"));
    Way { source, secure }
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    bare.or_else(|| text.trim_matches(['[', ']']).parse().ok()).map(|address| address.to_canonical())
}

pub(super) fn is_proxy(address: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn way(peer: &str, headers: &[(&str, &str)]) -> Way {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        parts.extensions.insert(ConnectInfo(Peer { address: peer.parse().unwrap(), secure: false }));
        Way::of(&parts.headers, &parts.extensions, &serde_json::from_str::<Vec<Network>>(r#"["10.0.0.0/8", "::1"]"#).unwrap())
    }

    #[test]
    fn only_proxies_that_are_named_are_believed() {
        let headers = [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-proto", "https")];
        let told = |peer| {
            let Way { source, secure } = way(peer, &headers);
            (source.to_string(), secure)
        };
        assert_eq!(told("192.0.2.1:99"), ("192.0.2.1".to_owned(), false));
        assert_eq!(told("10.1.2.3:99"), ("203.0.113.7".to_owned(), true));
        assert_eq!(told("[::ffff:10.1.2.3]:99"), ("203.0.113.7".to_owned(), true));
        assert_eq!(told("[::1]:99"), ("203.0.113.7".to_owned(), true));
    }

    #[test]
    fn what_a_caller_writes_in_front_of_the_proxys_word_is_not_read() {
        let source = |header: &str| way("10.0.0.1:1", &[("x-forwarded-for", header)]).source.to_string();
        assert_eq!(source("127.0.0.1, 203.0.113.7"), "203.0.113.7");
        assert_eq!(source("127.0.0.1, 203.0.113.7, 10.9.9.9"), "203.0.113.7");
        assert_eq!(source("203.0.113.7:4711"), "203.0.113.7");
        assert_eq!(source("[2001:db8::1]"), "2001:db8::1");
        for rubbish in ["", "unknown", "203.0.113.7, rubbish", "<script>"] {
            assert_eq!(source(rubbish), "10.0.0.1", "{rubbish}");
        }
        assert!(!way("10.0.0.1:1", &[("x-forwarded-proto", "https, http")]).secure);
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        let word = |peer| way(peer, &[]).word();
        assert_eq!(word("[2001:db8:1:2:3:4:5:6]:1"), word("[2001:db8:1:2:ffff::1]:1"));
        assert_ne!(word("[2001:db8:1:2::1]:1"), word("[2001:db8:1:3::1]:1"));
        assert_eq!(word("192.0.2.1:5"), "192.0.2.1");
    }
}
