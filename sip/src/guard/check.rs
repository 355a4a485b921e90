//! What a user agent server checks before it looks at the call (RFC 3261 §8.2). Stateless, so a retransmission gets the same answer.

use std::net::SocketAddr;

use super::parse::refusal;
use super::{Refusal, RefusalKind as Kind};
use crate::message::{BodyError, Method, Request, sdp_of};

/// The methods that we have.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, NOTIFY";
/// The extensions that we have (RFC 4028, RFC 3262, RFC 3891).
pub const SUPPORTED: &str = "timer, 100rel, replaces";
/// The bodies that we read.
pub const ACCEPT: &str = "application/sdp";

/// The refusal of a request that is well-formed but asks for what we do not have.
pub(super) fn check(request: &Request, source: SocketAddr) -> Option<Refusal> {
    let (kind, extra) = fault(request)?;
    let essentials = &request.essentials;
    Some(refusal(kind, essentials.method.as_str(), &request.headers, Some(&essentials.via), source, extra))
}

fn fault(request: &Request) -> Option<(Kind, Vec<(&'static str, String)>)> {
    let method = request.method();
    if matches!(method, Method::Other(_)) {
        return Some((Kind::Method, vec![("Allow", ALLOW.to_owned())]));
    }
    if matches!(method, Method::Ack | Method::Cancel) {
        return None;
    }
    let out_of_dialog = request.essentials.to.tag().is_empty();
    if out_of_dialog
        && *method != Method::Options
        && request.headers.get("Max-Forwards").is_some_and(|hops| hops.trim_start_matches('0').is_empty())
    {
        return Some((Kind::MaxForwards, Vec::new()));
    }
    let required = ["Require", "Proxy-Require"].into_iter().flat_map(|name| request.headers.values(name));
    let required: Vec<&str> = required.filter(|tag| !SUPPORTED.split(", ").any(|ours| ours.eq_ignore_ascii_case(tag))).collect();
    if !required.is_empty() {
        return Some((Kind::Extension, vec![("Unsupported", required.join(", "))]));
    }
    if matches!(method, Method::Invite | Method::Update) {
        return match sdp_of(&request.headers, &request.body) {
            Err(BodyError::Type) => Some((Kind::ContentType, vec![("Accept", ACCEPT.to_owned())])),
            Err(BodyError::Encoding) => Some((Kind::ContentEncoding, vec![("Accept-Encoding", "identity".to_owned())])),
            Ok(_) if !accepts_sdp(request) => Some((Kind::NotAcceptable, Vec::new())),
            Ok(_) => None,
        };
    }
    None
}

/// Whether Accept, if there is one, leaves room for SDP (RFC 3261 §20.1).
fn accepts_sdp(request: &Request) -> bool {
    if request.headers.get("Accept").is_none() {
        return true;
    }
    request.headers.values("Accept").any(|value| {
        let kind = value.split(';').next().unwrap_or("").trim();
        kind == "*/*" || kind.eq_ignore_ascii_case("application/*") || kind.eq_ignore_ascii_case(ACCEPT)
    })
}
