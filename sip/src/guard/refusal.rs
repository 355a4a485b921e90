//! The closed list of what is wrong with a message, and what the standard wants said about it.

use bytes::Bytes;

/// Why a message goes no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// No SIP start line: silence.
    NotSip,
    /// Longer than the limit: silence over UDP, 513 and close over a stream.
    TooLarge,
    /// The headers do not end (RFC 3261 §7.5).
    Truncated,
    /// A start line with the wrong parts (RFC 3261 §7.1).
    StartLine,
    /// Another version than SIP/2.0 (RFC 3261 §8.2).
    Version,
    /// A Request-URI above the limit.
    UriTooLong,
    /// Another scheme than sip or sips (RFC 3261 §8.2.2.1).
    Scheme,
    /// A malformed Request-URI, or one with headers in it (RFC 3261 §19.1.1).
    Uri,
    /// More header fields than the limit, or a longer one.
    TooManyHeaders,
    /// A header line without a colon, with a bad name or with control characters.
    HeaderSyntax,
    /// Via, From, To, Call-ID or CSeq is missing (RFC 3261 §8.1.1).
    MissingHeader,
    /// A header that may stand once stands twice (RFC 4475 §3.3.8).
    RepeatedHeader,
    /// A mandatory header that cannot be read, or whose method is not the request's.
    BadHeader,
    /// A number out of its range (RFC 4475 §3.1.2.4).
    Number,
    /// Content-Length is missing on a stream, doubled, not a number or longer than the datagram.
    ContentLength,
    /// More Via values than the limit.
    TooManyHops,
    /// A response that breaks any of these rules: silence.
    BadResponse,
    /// A method that we do not have (RFC 3261 §8.2.1).
    Method,
    /// Require names an extension that we do not have (RFC 3261 §8.2.2.3).
    Extension,
    /// Max-Forwards has come to 0: a loop (RFC 3261 §16.3).
    MaxForwards,
    /// A body that is not SDP (RFC 3261 §8.2.3).
    ContentType,
    /// A compressed body.
    ContentEncoding,
    /// The caller does not accept SDP in answers (RFC 4475 §3.3.15).
    NotAcceptable,
    /// The source is not on the allow-list: silence.
    Source,
    /// The source sends more new requests than allowed: 503 at first, then silence.
    Rate,
    /// Wrong credentials; after too many of them there is silence.
    Credentials,
    /// A partial message did not become whole in time: the connection is closed.
    Slow,
    /// A TLS or WebSocket handshake that failed or took too long: the connection is closed.
    Handshake,
}

impl RefusalKind {
    /// All kinds, in order, for counting.
    pub const ALL: [Self; 28] = [
        Self::NotSip,
        Self::TooLarge,
        Self::Truncated,
        Self::StartLine,
        Self::Version,
        Self::UriTooLong,
        Self::Scheme,
        Self::Uri,
        Self::TooManyHeaders,
        Self::HeaderSyntax,
        Self::MissingHeader,
        Self::RepeatedHeader,
        Self::BadHeader,
        Self::Number,
        Self::ContentLength,
        Self::TooManyHops,
        Self::BadResponse,
        Self::Method,
        Self::Extension,
        Self::MaxForwards,
        Self::ContentType,
        Self::ContentEncoding,
        Self::NotAcceptable,
        Self::Source,
        Self::Rate,
        Self::Credentials,
        Self::Slow,
        Self::Handshake,
    ];

    /// The status of the response, `None` for silence.
    pub fn status(self) -> Option<u16> {
        match self {
            Self::NotSip | Self::BadResponse | Self::Source | Self::Credentials | Self::Slow | Self::Handshake => None,
            Self::Truncated
            | Self::StartLine
            | Self::Uri
            | Self::TooManyHeaders
            | Self::HeaderSyntax
            | Self::MissingHeader
            | Self::RepeatedHeader
            | Self::BadHeader
            | Self::Number
            | Self::ContentLength
            | Self::TooManyHops => Some(400),
            Self::Method => Some(405),
            Self::NotAcceptable => Some(406),
            Self::UriTooLong => Some(414),
            Self::ContentType | Self::ContentEncoding => Some(415),
            Self::Scheme => Some(416),
            Self::Extension => Some(420),
            Self::MaxForwards => Some(483),
            Self::Rate => Some(503),
            Self::Version => Some(505),
            Self::TooLarge => Some(513),
        }
    }

    /// A word for metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotSip => "not_sip",
            Self::TooLarge => "too_large",
            Self::Truncated => "truncated",
            Self::StartLine => "start_line",
            Self::Version => "version",
            Self::UriTooLong => "uri_too_long",
            Self::Scheme => "scheme",
            Self::Uri => "uri",
            Self::TooManyHeaders => "too_many_headers",
            Self::HeaderSyntax => "header_syntax",
            Self::MissingHeader => "missing_header",
            Self::RepeatedHeader => "repeated_header",
            Self::BadHeader => "bad_header",
            Self::Number => "number",
            Self::ContentLength => "content_length",
            Self::TooManyHops => "too_many_hops",
            Self::BadResponse => "bad_response",
            Self::Method => "method",
            Self::Extension => "extension",
            Self::MaxForwards => "max_forwards",
            Self::ContentType => "content_type",
            Self::ContentEncoding => "content_encoding",
            Self::NotAcceptable => "not_acceptable",
            Self::Source => "source",
            Self::Rate => "rate",
            Self::Credentials => "credentials",
            Self::Slow => "slow",
            Self::Handshake => "handshake",
        }
    }
}

/// A message that was refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// Why.
    pub kind: RefusalKind,
    /// The response and, over UDP, where it goes; `None` for silence.
    pub reply: Option<(std::net::SocketAddr, Bytes)>,
}

/// How often each kind of refusal happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusalCounts([u64; RefusalKind::ALL.len()]);

impl RefusalCounts {
    /// Counts one.
    pub fn add(&mut self, kind: RefusalKind) {
        self.0[kind as usize] += 1;
    }

    /// How many of one kind.
    pub fn of(&self, kind: RefusalKind) -> u64 {
        self.0[kind as usize]
    }

    /// Every kind with its count.
    pub fn iter(&self) -> impl Iterator<Item = (RefusalKind, u64)> + '_ {
        RefusalKind::ALL.iter().map(|&kind| (kind, self.of(kind)))
    }

    /// The kinds that were counted since an earlier look, with how often.
    pub fn since<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = (RefusalKind, u64)> + 'a {
        self.iter().map(|(kind, count)| (kind, count - earlier.of(kind))).filter(|(_, count)| *count > 0)
    }

    /// All together.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_counting_order() {
        for (at, kind) in RefusalKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at, "{}", kind.name());
        }
    }
}
