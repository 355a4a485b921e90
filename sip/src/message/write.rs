//! Writing requests and responses (RFC 3261 §7, §8.1.1, §8.2.6).

use bytes::Bytes;

use super::{Headers, Method};

/// The usual words for a status (RFC 3261 §21 and extensions).
pub fn reason_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        410 => "Gone",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        428 => "Use Identity Header",
        436 => "Bad Identity Info",
        437 => "Unsupported Credential",
        438 => "Invalid Identity Header",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        600 => "Busy Everywhere",
        603 => "Decline",
        606 => "Not Acceptable",
        other => match other / 100 {
            1 => "Progress",
            2 => "Success",
            3 => "Redirection",
            4 => "Request Failure",
            5 => "Server Failure",
            _ => "Global Failure",
        },
    }
}

/// Writes one header line. Line breaks in a value would start a header of somebody else's choosing: they become blanks.
fn line(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend(value.bytes().map(|b| if b == b'\r' || b == b'\n' || b == 0 { b' ' } else { b }));
    out.extend_from_slice(b"\r\n");
}

fn finish(mut out: Vec<u8>, body: Option<(&str, &[u8])>) -> Bytes {
    let body = body.filter(|(_, bytes)| !bytes.is_empty());
    if let Some((content_type, _)) = body {
        line(&mut out, "Content-Type", content_type);
    }
    let bytes = body.map_or(&[][..], |(_, bytes)| bytes);
    line(&mut out, "Content-Length", &bytes.len().to_string());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(bytes);
    // Transactions keep what they sent for half a minute: no spare capacity.
    Bytes::from(out.into_boxed_slice())
}

/// What a response is made of; the rest is echoed from the request (RFC 3261 §8.2.6.2).
#[derive(Debug, Clone, Default)]
pub struct ResponseParts<'a> {
    /// 100 to 699.
    pub status: u16,
    /// Other words than the usual ones.
    pub reason: Option<&'a str>,
    /// The To tag to add if the request has none.
    pub to_tag: Option<&'a str>,
    /// Whether Record-Route is echoed (dialog-forming responses, RFC 3261 §12.1.1).
    pub record_route: bool,
    /// Further headers.
    pub extra: Vec<(&'a str, String)>,
    /// Content type and bytes.
    pub body: Option<(&'a str, &'a [u8])>,
}

impl ResponseParts<'_> {
    /// The response to a request with these headers, whose topmost Via is already stamped.
    pub fn write(&self, request: &Headers) -> Bytes {
        let mut out = Vec::with_capacity(512 + self.body.map_or(0, |(_, bytes)| bytes.len()));
        let reason = self.reason.filter(|words| !words.is_empty()).unwrap_or_else(|| reason_phrase(self.status));
        let reason: String = reason.chars().filter(|c| !c.is_control()).collect();
        out.extend_from_slice(format!("SIP/2.0 {} {reason}\r\n", self.status).as_bytes());
        request.all("Via").for_each(|value| line(&mut out, "Via", value));
        if self.record_route {
            request.all("Record-Route").for_each(|value| line(&mut out, "Record-Route", value));
        }
        if let Some(from) = request.get("From") {
            line(&mut out, "From", from);
        }
        if let Some(to) = request.get("To") {
            match self.to_tag.filter(|_| !has_tag(to)) {
                Some(tag) => line(&mut out, "To", &format!("{to};tag={tag}")),
                None => line(&mut out, "To", to),
            }
        }
        for name in ["Call-ID", "CSeq"] {
            if let Some(value) = request.get(name) {
                line(&mut out, name, value);
            }
        }
        self.extra.iter().for_each(|(name, value)| line(&mut out, name, value));
        finish(out, self.body)
    }
}

/// Whether a To value carries a tag; an unreadable one is left as it is.
fn has_tag(to: &str) -> bool {
    to.parse::<crate::uri::NameAddr>().map_or(true, |to| to.params.get("tag").is_some())
}

/// What a request is made of.
#[derive(Debug, Clone)]
pub struct RequestParts {
    /// The method.
    pub method: Method,
    /// The Request-URI.
    pub uri: String,
    /// The whole Via value.
    pub via: String,
    /// The route set (RFC 3261 §12.2.1.1).
    pub routes: Vec<String>,
    /// The whole From value.
    pub from: String,
    /// The whole To value.
    pub to: String,
    /// Call-ID.
    pub call_id: String,
    /// The number for CSeq.
    pub cseq: u32,
    /// Further headers.
    pub extra: Vec<(String, String)>,
}

impl RequestParts {
    /// The bytes of the request, with Max-Forwards 70 (RFC 3261 §8.1.1.6).
    pub fn write(&self, body: Option<(&str, &[u8])>) -> Bytes {
        let mut out = Vec::with_capacity(512 + body.map_or(0, |(_, bytes)| bytes.len()));
        out.extend_from_slice(format!("{} {} SIP/2.0\r\n", self.method, self.uri).as_bytes());
        line(&mut out, "Via", &self.via);
        line(&mut out, "Max-Forwards", "70");
        self.routes.iter().for_each(|route| line(&mut out, "Route", route));
        line(&mut out, "From", &self.from);
        line(&mut out, "To", &self.to);
        line(&mut out, "Call-ID", &self.call_id);
        line(&mut out, "CSeq", &format!("{} {}", self.cseq, self.method));
        self.extra.iter().for_each(|(name, value)| line(&mut out, name, value));
        finish(out, body)
    }
}
