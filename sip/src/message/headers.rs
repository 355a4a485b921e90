//! Header fields in their order, with long names whatever form they arrived in (RFC 3261 §7.3).

use std::borrow::Cow;

use crate::uri::split_outside_quotes;

/// Names that are read often, so that they cost no allocation, with their compact forms (RFC 3261 §7.3.3, RFC 3515, RFC 4028).
const KNOWN: [(&str, &str); 34] = [
    ("Via", "v"),
    ("From", "f"),
    ("To", "t"),
    ("Call-ID", "i"),
    ("CSeq", ""),
    ("Contact", "m"),
    ("Max-Forwards", ""),
    ("Content-Length", "l"),
    ("Content-Type", "c"),
    ("Content-Encoding", "e"),
    ("Subject", "s"),
    ("Supported", "k"),
    ("Refer-To", "r"),
    ("Referred-By", "b"),
    ("Event", "o"),
    ("Allow-Events", "u"),
    ("Session-Expires", "x"),
    ("Identity", "y"),
    ("Reject-Contact", "j"),
    ("Accept-Contact", "a"),
    ("Request-Disposition", "d"),
    ("Record-Route", ""),
    ("Route", ""),
    ("Require", ""),
    ("Proxy-Require", ""),
    ("Allow", ""),
    ("Accept", ""),
    ("Accept-Encoding", ""),
    ("Expires", ""),
    ("User-Agent", ""),
    ("Reason", ""),
    ("Replaces", ""),
    ("Retry-After", ""),
    ("Date", ""),
];

/// The long form of a header name.
pub(crate) fn long_name(name: &str) -> Cow<'static, str> {
    KNOWN
        .iter()
        .find(|(long, short)| long.eq_ignore_ascii_case(name) || (!short.is_empty() && short.eq_ignore_ascii_case(name)))
        .map_or_else(|| Cow::Owned(name.to_owned()), |(long, _)| Cow::Borrowed(*long))
}

/// Header fields in the order of the message.
#[derive(Debug, Clone, Default)]
pub struct Headers(Vec<(Cow<'static, str>, String)>);

impl Headers {
    /// Adds a field at the end.
    pub fn push(&mut self, name: &str, value: String) {
        self.0.push((long_name(name), value));
    }

    /// The first field of that name (long form, any case).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Every field of that name, unsplit.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Every value of that name, lists split at their commas (RFC 3261 §7.3.1).
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(name).flat_map(|value| split_outside_quotes(value, ',')).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Whether a list of that name (Allow, Supported, Require) holds the token.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token))
    }

    /// The first Reason (RFC 3326), cut to 256 characters.
    pub(crate) fn reason(&self) -> Option<String> {
        self.get("Reason").map(|reason| reason.chars().take(256).collect())
    }

    /// Every field as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_str()))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first field of that name, to be changed.
    pub(crate) fn first_mut(&mut self, name: &str) -> Option<&mut String> {
        self.0.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}
