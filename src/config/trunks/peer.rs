//! Places that requests are sent to: "192.0.2.7", "sip.example.net:5061;transport=tls", `[2001:db8::7]:5060`.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize, de};

/// A host with a port and a transport, if they are given; otherwise they are looked up (RFC 3263).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// An address or a name.
    pub host: Host,
    /// The port.
    pub port: Option<u16>,
    /// The transport.
    pub transport: Option<Transport>,
}

/// An address or a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A literal address.
    Address(IpAddr),
    /// A name that is looked up.
    Name(String),
}

/// How requests travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
    /// An encrypted stream.
    Tls,
}

impl Transport {
    /// As it stands in a SIP address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }
}

impl Host {
    /// The literal address.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) => None,
        }
    }
}

impl Peer {
    /// The SIP address of a user, or of the peer itself.
    #[must_use]
    pub fn uri(&self, user: Option<&str>) -> String {
        user.map_or_else(|| format!("sip:{self}"), |user| format!("sip:{user}@{self}"))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        self.transport.map_or(Ok(()), |transport| write!(f, ";transport={}", transport.word()))
    }
}

/// A text that is no peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no peer")]
pub struct NoPeer;

impl FromStr for Peer {
    type Err = NoPeer;

    fn from_str(text: &str) -> Result<Self, NoPeer> {
        let (place, transport) = text.split_once(';').map_or((text, None), |(place, rest)| (place, Some(rest)));
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (inside, after) = rest.split_once(']').ok_or(NoPeer)?;
                let port = if after.is_empty() { None } else { Some(after.strip_prefix(':').ok_or(NoPeer)?) };
                (Host::Address(IpAddr::V6(inside.parse::<Ipv6Addr>().map_err(|_| NoPeer)?)), port)
            }
            None => {
                let (name, port) = place.split_once(':').map_or((place, None), |(name, port)| (name, Some(port)));
                (name.parse().map(Host::Address).or_else(|_| host_name(name))?, port)
            }
        };
        let port = port.map(|port| port.parse().ok().filter(|port| *port != 0).ok_or(NoPeer)).transpose()?;
        Ok(Self { host, port, transport: transport.map(transport_of).transpose()? })
    }
}

fn host_name(name: &str) -> Result<Host, NoPeer> {
    let label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        letters && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    // "192.0.2.300" is a slip of the pen, and no name.
    let number = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let good = name.len() <= 253 && !number && name.split('.').all(label);
    if good { Ok(Host::Name(name.to_ascii_lowercase())) } else { Err(NoPeer) }
}

fn transport_of(text: &str) -> Result<Transport, NoPeer> {
    let word = text.trim().strip_prefix("transport=").ok_or(NoPeer)?;
    [Transport::Udp, Transport::Tcp, Transport::Tls].into_iter().find(|known| known.word().eq_ignore_ascii_case(word)).ok_or(NoPeer)
}

impl Serialize for Peer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Peer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| de::Error::custom(format!("“{text}” is no peer like \"192.0.2.7:5060\" or \"sip.example.net:5061;transport=tls\""));
        text.trim().parse().map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_read_and_written() {
        for text in ["192.0.2.7", "192.0.2.7:5062", "sip.example.net", "sip.example.net:5061;transport=tls", "[2001:db8::7]:5060", "[::1]"]
        {
            assert_eq!(text.parse::<Peer>().unwrap().to_string(), text);
        }
        let peer: Peer = "SIP.Example.net;transport=TCP".parse().unwrap();
        assert_eq!(peer.uri(Some("+40")), "sip:+40@sip.example.net;transport=tcp");
        assert_eq!(peer.uri(None), "sip:sip.example.net;transport=tcp");
    }

    #[test]
    fn what_is_no_peer() {
        for text in [
            "",
            "sip:192.0.2.7",
            "192.0.2.300",
            "a b",
            "host:",
            "host:0",
            "host:70000",
            "[::1",
            "[::1]5060",
            "-a",
            "host;x",
            "host;transport=ws",
            "a..b",
        ] {
            assert_eq!(text.parse::<Peer>(), Err(NoPeer), "{text}");
        }
    }
}
