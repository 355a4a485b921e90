//! SIP URIs (RFC 3261 §19.1) and name-addr values (RFC 3261 §20.10), parsed without recursion and without trusting a single character.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use crate::transport::Transport;

/// Why a text is not a SIP URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// The scheme is neither `sip` nor `sips`: answered with 416.
    #[error("unknown URI scheme")]
    Scheme,
    /// The host is neither a name nor an IP address.
    #[error("bad host in a URI")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("bad port in a URI")]
    Port,
    /// Blanks, control characters or separators where none may be.
    #[error("malformed URI")]
    Syntax,
}

/// Parameters after `;`, in their order, names as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, Option<String>)>);

impl Params {
    /// Parses `;a=b;c`, starting at the first semicolon. Values may be quoted strings.
    pub fn parse(text: &str) -> Result<Self, UriError> {
        let mut found = Vec::new();
        for piece in split_outside_quotes(text, ';').skip(1) {
            let (name, value) = match piece.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
                None => (piece.trim(), None),
            };
            if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '<' || c == '>' || c == '"' || c == ',') {
                return Err(UriError::Syntax);
            }
            if value.as_deref().is_some_and(is_unbalanced) {
                return Err(UriError::Syntax);
            }
            found.push((name.to_owned(), value));
        }
        if text.trim_start().starts_with(';') || text.trim().is_empty() { Ok(Self(found)) } else { Err(UriError::Syntax) }
    }

    /// The value of a parameter: `None` if absent, `Some("")` if it has no value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_deref().unwrap_or(""))
    }

    /// Sets or adds a parameter.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.0.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)) {
            Some(slot) => slot.1 = Some(value.to_owned()),
            None => self.0.push((name.to_owned(), Some(value.to_owned()))),
        }
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.0 {
            match value {
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }
}

/// The host part of a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A literal address.
    Ip(IpAddr),
    /// A name that must be looked up.
    Name(String),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => write!(f, "{ip}"),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`.
pub fn parse_host_port(text: &str) -> Result<(Host, Option<u16>), UriError> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (inside, after) = rest.split_once(']').ok_or(UriError::Host)?;
        let host = Host::Ip(IpAddr::V6(inside.parse::<Ipv6Addr>().map_err(|_| UriError::Host)?));
        match after.trim() {
            "" => (host, None),
            after => (host, Some(after.strip_prefix(':').ok_or(UriError::Port)?)),
        }
    } else {
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name.trim(), Some(port)),
            None => (text.trim(), None),
        };
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if name.is_empty() || name.len() > 255 || !name.chars().all(legal) {
            return Err(UriError::Host);
        }
        (name.parse().map_or_else(|_| Host::Name(name.to_owned()), Host::Ip), port)
    };
    let port = match port.map(str::trim) {
        None => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|&port| port != 0).ok_or(UriError::Port)?)
        }
        Some(_) => return Err(UriError::Port),
    };
    Ok((host, port))
}

/// The transport that a URI asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It leaves the choice to us.
    Any,
    /// This one and no other.
    Only(Transport),
    /// One that we do not have, such as `sctp`.
    Unknown,
}

/// A `sip:` or `sips:` URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uri {
    /// `sips:` (RFC 3261 §26.2.2).
    pub secure: bool,
    /// The user part as written, with its escapes.
    pub user: Option<String>,
    /// The host.
    pub host: Host,
    /// The port, if one is written.
    pub port: Option<u16>,
    /// `;transport=tcp` and the like.
    pub params: Params,
    /// Whether `?header=value` follows, which no Request-URI may carry (RFC 3261 §19.1.1).
    pub has_headers: bool,
}

impl Uri {
    /// A plain `sip:user@address` URI.
    pub fn new(user: &str, address: SocketAddr) -> Self {
        Self {
            secure: false,
            user: Some(user.to_owned()),
            host: Host::Ip(address.ip()),
            port: Some(address.port()),
            params: Params::default(),
            has_headers: false,
        }
    }

    /// Whether two URIs name the same contact (RFC 3261 §19.1.4), as far as it matters for telephones: user, host, port and transport.
    pub fn is_same_address(&self, other: &Self) -> bool {
        let host = |uri: &Self| uri.host.to_string().to_ascii_lowercase();
        let transport = |uri: &Self| uri.params.get("transport").unwrap_or("udp").to_ascii_lowercase();
        (self.secure, &self.user, self.port) == (other.secure, &other.user, other.port)
            && host(self) == host(other)
            && transport(self) == transport(other)
    }

    /// Whether the URI asks for TCP (RFC 3261 §19.1.1).
    pub fn wants_tcp(&self) -> bool {
        self.wanted() == Wanted::Only(Transport::Tcp)
    }

    /// The transport that the URI asks for. `sips:` turns streams into TLS and cannot be had by datagrams (RFC 3261 §26.2.2, RFC 5630 §3.1).
    pub fn wanted(&self) -> Wanted {
        let named = self.params.get("transport").map(str::to_ascii_lowercase);
        match (named.as_deref(), self.secure) {
            (None, false) => Wanted::Any,
            (Some("udp"), false) => Wanted::Only(Transport::Udp),
            (Some("tcp"), false) => Wanted::Only(Transport::Tcp),
            (Some("ws"), false) => Wanted::Only(Transport::Ws),
            (Some("tls"), false) | (None | Some("tcp" | "tls"), true) => Wanted::Only(Transport::Tls),
            (Some("wss"), _) | (Some("ws"), true) => Wanted::Only(Transport::Wss),
            (Some(_), _) => Wanted::Unknown,
        }
    }

    /// The address to send to, if the host is literal; the port is the transport's own unless written.
    pub fn address(&self) -> Option<SocketAddr> {
        let port = match self.wanted() {
            Wanted::Only(transport) => transport.default_port(),
            Wanted::Any | Wanted::Unknown => 5060,
        };
        match self.host {
            Host::Ip(ip) => Some(SocketAddr::new(ip, self.port.unwrap_or(port))),
            Host::Name(_) => None,
        }
    }
}

impl FromStr for Uri {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Syntax)?;
        let secure = match scheme {
            s if s.eq_ignore_ascii_case("sip") => false,
            s if s.eq_ignore_ascii_case("sips") => true,
            s if !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) => return Err(UriError::Scheme),
            _ => return Err(UriError::Syntax),
        };
        if rest.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"')) {
            return Err(UriError::Syntax);
        }
        // The user part may itself contain `;` and `?` (RFC 4475 §3.1.1.13), the rest may not contain `@`.
        let (user, rest) = match rest.rsplit_once('@') {
            Some(("", _)) => return Err(UriError::Syntax),
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, rest),
        };
        let (rest, has_headers) = rest.split_once('?').map_or((rest, false), |(rest, _)| (rest, true));
        let cut = rest.find(';').unwrap_or(rest.len());
        let (host, port) = parse_host_port(&rest[..cut])?;
        let params = if cut == rest.len() { Params::default() } else { Params::parse(&rest[cut..])? };
        Ok(Self { secure, user, host, port, params, has_headers })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        write!(f, "{}", self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

/// A From, To, Contact or Route value: `"Name" <uri>;params` or `uri;params`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name, unquoted and without control characters.
    pub display: Option<String>,
    /// The URI as written: any scheme, because a From header may hold one that we cannot dial.
    pub uri: String,
    /// Header parameters such as `tag`.
    pub params: Params,
}

impl NameAddr {
    /// The tag, empty if there is none (RFC 2543 peers).
    pub fn tag(&self) -> &str {
        self.params.get("tag").unwrap_or("")
    }

    /// The user part of the URI (or the number of a `tel:` URI), empty if there is none.
    pub fn user(&self) -> &str {
        let rest = self.uri.split_once(':').map_or("", |(_, rest)| rest);
        match rest.rsplit_once('@') {
            Some((user, _)) => user,
            None if self.uri.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:")) => rest.split(';').next().unwrap_or(""),
            None => "",
        }
    }
}

impl FromStr for NameAddr {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        let text = text.trim();
        let (display, rest) = if let Some(quoted) = text.strip_prefix('"') {
            let (display, length) = unquote(quoted).ok_or(UriError::Syntax)?;
            (Some(display), quoted[length..].trim_start())
        } else {
            match text.find('<') {
                Some(0) => (None, text),
                Some(at) => (Some(text[..at].trim().to_owned()), &text[at..]),
                None => (None, text),
            }
        };
        let (uri, params) = if let Some(inside) = rest.strip_prefix('<') {
            let (uri, after) = inside.split_once('>').ok_or(UriError::Syntax)?;
            (uri.trim(), Params::parse(after)?)
        } else if display.is_some() {
            return Err(UriError::Syntax);
        } else {
            // Without angle brackets the parameters belong to the header (RFC 3261 §20).
            let cut = rest.find(';').unwrap_or(rest.len());
            (rest[..cut].trim(), if cut == rest.len() { Params::default() } else { Params::parse(&rest[cut..])? })
        };
        if !uri.contains(':') || uri.chars().any(|c| c.is_control() || c.is_whitespace() || c == '<') {
            return Err(UriError::Syntax);
        }
        let clean = |name: String| name.chars().filter(|c| !c.is_control()).take(128).collect::<String>();
        Ok(Self { display: display.map(clean).filter(|name| !name.is_empty()), uri: uri.to_owned(), params })
    }
}

/// Whether a parameter's value is neither one quoted string nor free of quotes and angle brackets: what is written behind it would become part of it.
pub(crate) fn is_unbalanced(value: &str) -> bool {
    match value.strip_prefix('"') {
        Some(inside) => unquote(inside).is_none_or(|(_, used)| used != inside.len()),
        None => value.contains(['"', '<', '>']),
    }
}

/// Reads a quoted string after its opening quote: the text and how many bytes were used, closing quote included.
fn unquote(text: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((out, at + 1)),
            '\\' => out.push(chars.next()?.1),
            c => out.push(c),
        }
    }
    None
}

/// Splits at a separator that stands outside quoted strings and angle brackets.
pub fn split_outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped, mut angle) = (false, false, false);
    text.split(move |c: char| {
        if escaped {
            escaped = false;
            return false;
        }
        match c {
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            c if c == separator => return !quoted && !angle,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_parts_of_a_uri() {
        let uri: Uri = "sip:user;par=u%40example.net@example.com:5070;transport=TCP;lr".parse().unwrap();
        assert_eq!(uri.user.as_deref(), Some("user;par=u%40example.net"));
        assert_eq!((uri.port, uri.wants_tcp(), uri.params.get("lr")), (Some(5070), true, Some("")));
        assert_eq!(uri.to_string(), "sip:user;par=u%40example.net@example.com:5070;transport=TCP;lr");
        let v6: Uri = "sips:[2001:db8::10]:5070".parse().unwrap();
        assert_eq!(v6.address(), Some("[2001:db8::10]:5070".parse().unwrap()));
    }

    #[test]
    fn says_which_transport_it_asks_for() {
        for (text, wanted, port) in [
            ("sip:a@192.0.2.1", Wanted::Any, 5060),
            ("sip:a@192.0.2.1;transport=Tls", Wanted::Only(Transport::Tls), 5061),
            ("sips:a@192.0.2.1", Wanted::Only(Transport::Tls), 5061),
            ("sips:a@192.0.2.1;transport=tcp", Wanted::Only(Transport::Tls), 5061),
            ("sips:a@192.0.2.1;transport=ws", Wanted::Only(Transport::Wss), 443),
            ("sip:a@192.0.2.1:7;transport=ws", Wanted::Only(Transport::Ws), 7),
            ("sips:a@192.0.2.1;transport=udp", Wanted::Unknown, 5060),
            ("sip:a@192.0.2.1;transport=sctp", Wanted::Unknown, 5060),
        ] {
            let uri: Uri = text.parse().unwrap();
            assert_eq!((uri.wanted(), uri.address().map(|address| address.port())), (wanted, Some(port)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_sip_uri() {
        for (text, why) in [
            ("nobodyKnowsThisScheme:x@y", UriError::Scheme),
            ("tel:+123", UriError::Scheme),
            ("sip:2001:db8::10", UriError::Port),
            ("sip:[2001:db8::10:5070", UriError::Host),
            ("sip:a@b:0", UriError::Port),
            ("sip:a@b:99999", UriError::Port),
            ("sip:a@", UriError::Host),
            ("sip:@b", UriError::Syntax),
            ("<sip:a@b>", UriError::Syntax),
            ("sip:a b@c", UriError::Syntax),
        ] {
            assert_eq!(text.parse::<Uri>(), Err(why), "{text}");
        }
    }

    #[test]
    fn reads_name_addr_values() {
        let full: NameAddr = "\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>  ;  tag = 98asjd8".parse().unwrap();
        assert_eq!((full.display.as_deref(), full.tag(), full.user()), (Some("J Rosenberg \\\""), "98asjd8", "jdrosen"));
        let bare: NameAddr = "sip:caller@example.net;tag=234".parse().unwrap();
        assert_eq!((bare.uri.as_str(), bare.tag()), ("sip:caller@example.net", "234"));
        let tel: NameAddr = "<tel:+4021;phone-context=x>".parse().unwrap();
        assert_eq!(tel.user(), "+4021");
        for bad in ["\"open <sip:a@b>", "\"Joe\" <sip:joe@example.org>;;;;", "<sip:a@b", "", "nothing"] {
            assert!(bad.parse::<NameAddr>().is_err(), "{bad}");
        }
    }

    #[test]
    fn half_a_quoted_string_is_no_value() {
        for good in [";a=b", ";a=\"b;c\"", ";a=\"<b>\\\"\"", ";a", ";a=", ";a=\"\""] {
            assert!(Params::parse(good).is_ok(), "{good}");
        }
        for bad in [";a=\"b", ";a=b\"c", ";a=\"b\"c", ";a=b<c", ";a=b>", ";a=\"b\\\""] {
            assert_eq!(Params::parse(bad), Err(UriError::Syntax), "{bad}");
        }
    }

    #[test]
    fn commas_in_quotes_do_not_split() {
        let parts: Vec<_> = split_outside_quotes("\"a,\\\",b\" <sip:a,b@c>, <sip:d@e>", ',').collect();
        assert_eq!(parts, ["\"a,\\\",b\" <sip:a,b@c>", " <sip:d@e>"]);
    }
}
