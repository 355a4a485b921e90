//! The Via header (RFC 3261 §18.2, §20.42) and the response port (RFC 3581).

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use crate::uri::{Host, Params, UriError, parse_host_port};

/// One Via value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// `2.0`, or what a peer of another version wrote.
    pub version: String,
    /// `UDP`, `TCP`, … as written.
    pub transport: String,
    /// The sent-by host.
    pub host: Host,
    /// The sent-by port.
    pub port: Option<u16>,
    /// branch, received, rport, …
    pub params: Params,
}

impl Via {
    /// The branch, empty if there is none (RFC 2543 peers).
    pub fn branch(&self) -> &str {
        self.params.get("branch").unwrap_or("")
    }

    /// Notes where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub(crate) fn stamp(&mut self, source: SocketAddr) {
        let asks_for_port = self.params.get("rport").is_some();
        if asks_for_port {
            self.params.set("rport", &source.port().to_string());
        }
        if asks_for_port || self.host != Host::Ip(source.ip()) {
            self.params.set("received", &source.ip().to_string());
        }
    }

    /// Where a response over UDP goes: always the address the request came from, at the port of RFC 3581 or of sent-by. `maddr` is not
    /// followed: no request may point our answers at a third party.
    pub(crate) fn reply_address(&self, source: SocketAddr) -> SocketAddr {
        match self.params.get("rport") {
            Some(_) => source,
            None => SocketAddr::new(source.ip(), self.port.unwrap_or(5060)),
        }
    }
}

impl FromStr for Via {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        // Blanks around the slashes are legal (RFC 4475 §3.1.1.1).
        let mut parts = text.splitn(3, '/').map(str::trim);
        let (Some(name), Some(version)) = (parts.next(), parts.next()) else { return Err(UriError::Syntax) };
        // The start line decides about the version; here any is read, so that 505 finds its way back.
        if !name.eq_ignore_ascii_case("SIP") || version.is_empty() || !version.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Err(UriError::Syntax);
        }
        let version = version.to_owned();
        let rest = parts.next().ok_or(UriError::Syntax)?;
        let (transport, rest) = rest.split_once(char::is_whitespace).ok_or(UriError::Syntax)?;
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b);
        if transport.is_empty() || !transport.bytes().all(legal) {
            return Err(UriError::Syntax);
        }
        let rest = rest.trim();
        let cut = rest.find(';').unwrap_or(rest.len());
        let (host, port) = parse_host_port(rest[..cut].trim())?;
        let params = if cut == rest.len() { Params::default() } else { Params::parse(&rest[cut..])? };
        if params.get("branch").is_some_and(|branch| branch.contains(char::is_whitespace)) {
            return Err(UriError::Syntax);
        }
        Ok(Self { version, transport: transport.to_owned(), host, port, params })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/{}/{} {}", self.version, self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_where_it_came_from() {
        let source: SocketAddr = "192.0.2.9:7000".parse().unwrap();
        let mut via: Via = "SIP  /   2.0 /UDP   192.0.2.2;branch=390skdjuw;rport".parse().unwrap();
        assert_eq!(via.reply_address(source), source);
        via.stamp(source);
        assert_eq!(via.to_string(), "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw;rport=7000;received=192.0.2.9");
    }

    #[test]
    fn answers_never_leave_the_source() {
        let source: SocketAddr = "192.0.2.9:7000".parse().unwrap();
        let via: Via = "SIP/2.0/UDP 198.51.100.1:9;branch=z9hG4bKa;maddr=198.51.100.2".parse().unwrap();
        assert_eq!(via.reply_address(source), "192.0.2.9:9".parse::<SocketAddr>().unwrap());
    }

    #[test]
    fn refuses_extra_separators() {
        for bad in ["SIP/2.0/UDP 192.0.2.15;;,;,,", "SIP/2.0/UDP", "SIP/x/UDP a", "SIP/2.0/UDP a b", "", "SIP/2.0/UDP a;branch=x y"] {
            assert!(bad.parse::<Via>().is_err(), "{bad}");
        }
    }
}
