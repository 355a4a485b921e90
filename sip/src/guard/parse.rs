//! Reading a message (RFC 3261 §7, §25; RFC 4475). One pass over the lines, no recursion. The first fault found is the one that is answered,
//! but the headers after it are still collected so that the answer can echo them.

use std::net::SocketAddr;
use std::ops::Range;

use super::check::ALLOW;
use super::{Arrival, MessageLimits, Refusal, RefusalKind as Kind};
use crate::message::{Essentials, Headers, Message, Method, Request, Response, ResponseParts, Via};
use crate::uri::{NameAddr, Uri, UriError, split_outside_quotes};

/// Headers that may stand only once.
const SINGLE: [&str; 8] = ["From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type", "Expires"];

/// Reads one message; `None` for blank keep-alives.
pub(super) fn parse(bytes: &[u8], source: SocketAddr, arrival: Arrival, limits: &MessageLimits) -> Result<Option<Message>, Refusal> {
    let silent = |kind| Refusal { kind, reply: None };
    let start = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n' | 0)).unwrap_or(bytes.len());
    let bytes = &bytes[start..];
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > limits.message {
        return Err(silent(Kind::TooLarge));
    }
    let mut draft = Draft::read(bytes, limits).map_err(silent)?;
    if let Start::Response(status) = draft.start {
        let status = status.ok_or(silent(Kind::BadResponse))?;
        let (essentials, body) = draft.essentials(arrival, limits).map_err(|_| silent(Kind::BadResponse))?;
        let response = Response { status, essentials, headers: draft.headers, body: draft.body[body].to_vec() };
        return Ok(Some(Message::Response(Box::new(response))));
    }
    draft.stamp_via(source);
    match draft.essentials(arrival, limits).and_then(|(essentials, body)| Ok((draft.uri(limits)?, essentials, body))) {
        Ok((uri, essentials, body)) => {
            Ok(Some(Message::Request(Box::new(Request { uri, essentials, headers: draft.headers, body: draft.body[body].to_vec() }))))
        }
        Err(kind) => Err(draft.refuse(kind, source)),
    }
}

/// Answers the head of a message whose end cannot be found.
pub(super) fn refuse_head(head: &[u8], source: SocketAddr, kind: Kind, limits: &MessageLimits) -> Refusal {
    let start = head.iter().position(|b| !matches!(b, b'\r' | b'\n')).unwrap_or(head.len());
    let head = &head[start..head.len().min(start + limits.message)];
    match Draft::read(head, limits) {
        Ok(mut draft) => {
            draft.stamp_via(source);
            draft.refuse(kind, source)
        }
        Err(_) => Refusal { kind, reply: None },
    }
}

/// The response to a request that is refused, if there is a Via to send it by. An ACK is never answered (RFC 3261 §17).
pub(super) fn refusal(
    kind: Kind,
    method: &str,
    headers: &Headers,
    via: Option<&Via>,
    source: SocketAddr,
    extra: Vec<(&str, String)>,
) -> Refusal {
    let reply = kind.status().zip(via).filter(|_| method != "ACK").map(|(status, via)| {
        let parts = ResponseParts { status, to_tag: Some(REFUSAL_TAG), extra, ..ResponseParts::default() };
        (via.reply_address(source), parts.write(headers))
    });
    Refusal { kind, reply }
}

/// Refusals keep no state, so every retransmission must get the same tag (RFC 3261 §8.2.7).
const REFUSAL_TAG: &str = "refused";

/// What the first line says.
enum Start<'a> {
    Request(&'a str),
    Response(Option<u16>),
}

/// The parts of a message before they are judged.
struct Draft<'a> {
    start: Start<'a>,
    headers: Headers,
    via: Option<Via>,
    body: &'a [u8],
    fault: Option<Kind>,
}

impl<'a> Draft<'a> {
    /// Splits the head into lines; fails only if this is not SIP at all.
    fn read(bytes: &'a [u8], limits: &MessageLimits) -> Result<Self, Kind> {
        let mut lines = Lines { rest: bytes, ended: false };
        let first = lines.next().ok_or(Kind::NotSip)?;
        // A start line of a request may be in any encoding: only its version matters here.
        let first = std::str::from_utf8(first).map_err(|_| Kind::NotSip)?;
        let start = if let Some(status_line) = first.strip_prefix("SIP/") {
            let status = status_line.strip_prefix("2.0 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
            let clean = status_line.get(7..).is_none_or(|rest| rest.is_empty() || rest.starts_with(' '));
            Start::Response(status.filter(|code| clean && (100..700).contains(code)))
        } else if first.contains("SIP/") {
            Start::Request(first)
        } else {
            return Err(Kind::NotSip);
        };
        let mut draft = Draft { start, headers: Headers::default(), via: None, body: &[], fault: None };
        let mut field: Option<Vec<u8>> = None;
        for line in lines.by_ref() {
            match (&mut field, line.first()) {
                (Some(field), Some(b' ' | b'\t')) => {
                    field.push(b' ');
                    field.extend_from_slice(line.trim_ascii());
                }
                (None, Some(b' ' | b'\t')) => draft.fail(Kind::StartLine),
                _ => {
                    draft.field(field.replace(line.to_vec()), limits);
                    if draft.headers.len() > limits.headers {
                        draft.fail(Kind::TooManyHeaders);
                        field = None;
                        break;
                    }
                }
            }
        }
        draft.field(field, limits);
        if !lines.ended && draft.fault.is_none() {
            draft.fail(Kind::Truncated);
        }
        draft.body = lines.rest;
        Ok(draft)
    }

    fn fail(&mut self, kind: Kind) {
        self.fault.get_or_insert(kind);
    }

    /// Takes in one unfolded header field.
    fn field(&mut self, field: Option<Vec<u8>>, limits: &MessageLimits) {
        let Some(field) = field else { return };
        if field.len() > limits.header {
            return self.fail(Kind::TooManyHeaders);
        }
        let Some(colon) = field.iter().position(|&b| b == b':') else { return self.fail(Kind::HeaderSyntax) };
        let (name, value) = (field[..colon].trim_ascii_end(), field[colon + 1..].trim_ascii());
        let token = |b: &u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(b);
        if name.is_empty() || !name.iter().all(token) || value.iter().any(|&b| (b < 0x20 && b != b'\t') || b == 0x7f) {
            return self.fail(Kind::HeaderSyntax);
        }
        // Some phones still send Latin-1 names: one such line must not cost the call.
        let value = std::str::from_utf8(value).map_or_else(|_| value.iter().map(|&b| char::from(b)).collect(), str::to_owned);
        self.headers.push(std::str::from_utf8(name).unwrap_or_default(), value);
    }

    /// Reads the topmost Via and writes into it where the request came from (RFC 3261 §18.2.1).
    fn stamp_via(&mut self, source: SocketAddr) {
        let Some(field) = self.headers.first_mut("Via") else { return };
        let mut values = split_outside_quotes(field, ',');
        let Some(Ok(mut via)) = values.next().map(str::parse::<Via>) else { return };
        via.stamp(source);
        let rest: Vec<&str> = values.collect();
        *field = if rest.is_empty() { via.to_string() } else { format!("{via},{}", rest.join(",")) };
        self.via = Some(via);
    }

    /// The response to a request that fails at `kind`.
    fn refuse(&self, kind: Kind, source: SocketAddr) -> Refusal {
        let method = match self.start {
            Start::Request(line) => line.split(' ').next().unwrap_or(""),
            Start::Response(_) => "ACK",
        };
        let extra = if kind == Kind::Method { vec![("Allow", ALLOW.to_owned())] } else { Vec::new() };
        refusal(kind, method, &self.headers, self.via.as_ref(), source, extra)
    }

    /// Checks the request line (RFC 3261 §7.1): exactly one blank between its three parts.
    fn uri(&self, limits: &MessageLimits) -> Result<Uri, Kind> {
        let Start::Request(line) = self.start else { return Err(Kind::StartLine) };
        let uri = line.split(' ').nth(1).unwrap_or("");
        if uri.len() > limits.uri {
            return Err(Kind::UriTooLong);
        }
        match uri.parse::<Uri>() {
            Ok(uri) if uri.has_headers => Err(Kind::Uri),
            Ok(uri) => Ok(uri),
            Err(UriError::Scheme) => Err(Kind::Scheme),
            Err(UriError::Host | UriError::Port | UriError::Syntax) => Err(Kind::Uri),
        }
    }

    /// The method of a request line, after the line's shape was checked.
    fn method(line: &str, limits: &MessageLimits) -> Result<Method, Kind> {
        let mut parts = line.split(' ');
        let (Some(method), Some(uri), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(if line.len() > limits.uri { Kind::UriTooLong } else { Kind::StartLine });
        };
        let method = Method::parse(method).ok_or(Kind::StartLine)?;
        match version {
            _ if uri.is_empty() => Err(Kind::StartLine),
            v if v.eq_ignore_ascii_case("SIP/2.0") => Ok(method),
            v if v.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("SIP/"))
                && v[4..].bytes().all(|b| b.is_ascii_digit() || b == b'.') =>
            {
                Err(Kind::Version)
            }
            _ => Err(Kind::StartLine),
        }
    }

    /// Checks what every message must have (RFC 3261 §8.1.1); the range is the body.
    fn essentials(&self, arrival: Arrival, limits: &MessageLimits) -> Result<(Essentials, Range<usize>), Kind> {
        let own_method = match self.start {
            Start::Request(line) => Some(Self::method(line, limits)?),
            Start::Response(_) => None,
        };
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if SINGLE.iter().any(|name| self.headers.all(name).nth(1).is_some()) {
            return Err(Kind::RepeatedHeader);
        }
        let text = |name| self.headers.get(name).filter(|value| !value.is_empty()).ok_or(Kind::MissingHeader);
        if self.headers.values("Via").take(limits.hops + 1).count() > limits.hops {
            return Err(Kind::TooManyHops);
        }
        let via = match &self.via {
            Some(via) => via.clone(),
            None => split_outside_quotes(text("Via")?, ',').next().unwrap_or("").parse().map_err(|_| Kind::BadHeader)?,
        };
        let name_addr = |name| text(name)?.parse::<NameAddr>().map_err(|_| Kind::BadHeader);
        let (from, to) = (name_addr("From")?, name_addr("To")?);
        let call_id = text("Call-ID")?;
        if call_id.contains(char::is_whitespace) {
            return Err(Kind::BadHeader);
        }
        let (cseq, method) = text("CSeq")?.split_once(char::is_whitespace).ok_or(Kind::BadHeader)?;
        let cseq = number(cseq, (1 << 31) - 1)?;
        let method = Method::parse(method.trim()).ok_or(Kind::BadHeader)?;
        if own_method.is_some_and(|own| own != method) {
            return Err(Kind::BadHeader);
        }
        for (name, most) in [("Max-Forwards", 255), ("Expires", u32::MAX)] {
            self.headers.get(name).map_or(Ok(0), |value| number(value, most))?;
        }
        let body = self.body_length(arrival)?;
        Ok((Essentials { via, from, to, call_id: call_id.to_owned(), cseq, method }, 0..body))
    }

    /// How long the body is (RFC 3261 §18.3). Bytes of a datagram beyond Content-Length are ignored.
    fn body_length(&self, arrival: Arrival) -> Result<usize, Kind> {
        match (self.headers.get("Content-Length"), arrival) {
            (Some(value), _) => {
                let length = number(value, u32::MAX).map_err(|_| Kind::ContentLength)?;
                usize::try_from(length).ok().filter(|&length| length <= self.body.len()).ok_or(Kind::ContentLength)
            }
            (None, Arrival::Datagram) => Ok(self.body.len()),
            (None, Arrival::Stream) => Err(Kind::ContentLength),
        }
    }
}

/// A decimal number without sign, at most `most`.
fn number(text: &str, most: u32) -> Result<u32, Kind> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Kind::Number);
    }
    text.parse::<u32>().ok().filter(|&n| n <= most).ok_or(Kind::Number)
}

/// The lines of a head up to the blank one; `\n` alone is taken as a line end too.
struct Lines<'a> {
    rest: &'a [u8],
    ended: bool,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.ended {
            return None;
        }
        let Some(end) = self.rest.iter().position(|&b| b == b'\n') else {
            return (!self.rest.is_empty()).then(|| std::mem::take(&mut self.rest));
        };
        let line = &self.rest[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        self.rest = &self.rest[end + 1..];
        self.ended = line.is_empty();
        (!self.ended).then_some(line)
    }
}
