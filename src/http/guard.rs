//! What every request must pass, and what every answer carries.

use std::net::IpAddr;

use axum::{
    body::HttpBody,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::http::{error::ApiError, peer::Way, state::Server};

/// No inline code or styles, nothing from elsewhere, no frames: a caller's words that became markup could still do nothing.
/// The file is what the pages are tested with, too.
const POLICY: &str = include_str!("policy.txt").trim_ascii_end();

/// What pages of other sites may use, if they are listed.
const CALLS: &str = "/api/v1/web-calls";

/// The script that they load for it.
const WIDGET: &str = "/widget.js";

/// The headers of every answer.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Where TLS was spoken once, browsers speak nothing else for a year (RFC 6797). Of names below ours nothing is said: they may be somebody else's.
const ONLY_TLS: &str = "max-age=31536000";

/// Refuses foreign hosts and origins, and adds the headers.
pub(super) async fn guard(State(server): State<Server>, request: Request, next: Next) -> Response {
    let foreign = is_foreign_page(&server, &request).then(|| request.headers()[header::ORIGIN].clone());
    let embedded = request.uri().path() == WIDGET;
    let secure = Way::of(request.headers(), request.extensions(), &server.proxies).secure;
    let mut response = match check(&server, &request) {
        Ok(()) if foreign.is_some() && request.method() == Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    }
    if let Some(origin) = foreign {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, PATCH, DELETE"));
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization, content-type"));
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    } else if embedded {
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    }
    // What is not said to be cacheable holds callers' data.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn check(server: &Server, request: &Request) -> Result<(), ApiError> {
    let headers = request.headers();
    let host =
        only(headers, &header::HOST).and_then(|host| host.parse::<Authority>().ok()).filter(is_plain).ok_or(ApiError::ForeignHost)?;
    // A name that an attacker's DNS points at this machine is not a name of this machine.
    if !is_ours(host.host(), &server.hosts) {
        return Err(ApiError::ForeignHost);
    }
    if is_foreign_page(server, request) {
        return Ok(());
    }
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let secure = Way::of(headers, request.extensions(), &server.proxies).secure;
    if headers.contains_key(header::ORIGIN) && !same_origin(headers, host.as_str(), secure) {
        return Err(ApiError::ForeignOrigin);
    }
    if headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return Err(ApiError::ForeignOrigin);
    }
    // A form of another page cannot send this type without being asked first.
    let json = only(headers, &header::CONTENT_TYPE).is_some_and(is_json);
    if json || request.body().is_end_stream() { Ok(()) } else { Err(ApiError::NotJson) }
}

/// A page of another site that carries the widget, and is listed: it may call, and nothing else.
fn is_foreign_page(server: &Server, request: &Request) -> bool {
    let origin = only(request.headers(), &header::ORIGIN);
    request.uri().path().starts_with(CALLS) && origin.is_some_and(|origin| server.web.options.origins.iter().any(|known| known == origin))
}

/// A host and perhaps a port; no user, no rubbish for a port.
fn is_plain(host: &Authority) -> bool {
    let rest = host.as_str().strip_prefix(host.host());
    rest.is_some_and(|rest| rest.is_empty() || host.port_u16().is_some())
}

fn is_json(kind: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Where TLS is spoken, a page that came without it was perhaps written by somebody on the way.
fn same_origin(headers: &HeaderMap, host: &str, secure: bool) -> bool {
    let origin = only(headers, &header::ORIGIN);
    let plain = |origin| if secure { None } else { str::strip_prefix(origin, "http://") };
    let rest = origin.and_then(|origin| origin.strip_prefix("https://").or_else(|| plain(origin)));
    rest.is_some_and(|rest| rest.eq_ignore_ascii_case(host))
}

/// A header's value if it is there exactly once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.next().is_some() { None } else { first.to_str().ok() }
}

fn is_ours(host: &str, configured: &[String]) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || configured.iter().any(|name| name.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_names_of_this_machine_are_ours() {
        let configured = ["desk.example.com".to_owned()];
        for ours in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]", "desk.example.com"] {
            assert!(is_ours(ours, &configured), "{ours}");
        }
        for foreign in
            ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.1.2", "[::2]", "", "0.0.0.0", "example.com"]
        {
            assert!(!is_ours(foreign, &configured), "{foreign}");
        }
    }
}
