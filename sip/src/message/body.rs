//! Finding the session description in a body (RFC 3261 §7.4, RFC 5621 §3).

use super::Headers;

/// Parts of a multipart body that are looked at; further ones are ignored.
const MAX_PARTS: usize = 16;

/// A body that we cannot read: answered with 415.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Neither SDP nor a multipart body that holds some.
    #[error("unsupported content type")]
    Type,
    /// Compressed or otherwise encoded.
    #[error("unsupported content encoding")]
    Encoding,
}

/// The SDP of a message: the whole body or the first `application/sdp` part of a multipart body. Nested multiparts are not followed.
pub fn sdp_of<'a>(headers: &Headers, body: &'a [u8]) -> Result<Option<&'a [u8]>, BodyError> {
    if body.is_empty() {
        return Ok(None);
    }
    if headers.get("Content-Encoding").is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return Err(BodyError::Encoding);
    }
    // A body without a type (RFC 3261 §7.4.1 demands one) is taken for what it looks like.
    let untyped = if body.starts_with(b"v=") { "application/sdp" } else { "" };
    let content_type = headers.get("Content-Type").unwrap_or(untyped);
    let (kind, params) = content_type.split_once(';').unwrap_or((content_type, ""));
    let kind = kind.trim();
    if kind.eq_ignore_ascii_case("application/sdp") {
        return Ok(Some(body));
    }
    if !kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/")) {
        return Err(BodyError::Type);
    }
    let boundary = params
        .split(';')
        .filter_map(|param| param.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim().trim_matches('"'))
        .filter(|value| !value.is_empty() && value.len() <= 70)
        .ok_or(BodyError::Type)?;
    parts(body, boundary.as_bytes()).into_iter().find_map(sdp_part).map(Some).ok_or(BodyError::Type)
}

/// The pieces between the boundary lines (RFC 2046 §5.1.1).
fn parts<'a>(body: &'a [u8], boundary: &[u8]) -> Vec<&'a [u8]> {
    let mut found = Vec::new();
    let mut rest = find_boundary(body, boundary).map(|(_, after)| &body[after..]);
    while let Some(from) = rest.filter(|from| !from.starts_with(b"--") && found.len() < MAX_PARTS) {
        let (part, next) = match find_boundary(from, boundary) {
            Some((end, after)) => (&from[..end], Some(&from[after..])),
            None => (from, None),
        };
        found.push(part.strip_suffix(b"\r\n").unwrap_or(part));
        rest = next;
    }
    found
}

/// Where the next boundary line starts and where what follows it starts.
fn find_boundary(text: &[u8], boundary: &[u8]) -> Option<(usize, usize)> {
    let mut line_start = 0;
    loop {
        let line = &text[line_start..];
        if line.strip_prefix(b"--").is_some_and(|rest| rest.starts_with(boundary)) {
            return Some((line_start, line_start + 2 + boundary.len()));
        }
        line_start += line.iter().position(|&b| b == b'\n')? + 1;
    }
}

/// The content of a part if its own headers say that it is SDP.
fn sdp_part(part: &[u8]) -> Option<&[u8]> {
    let gap = part.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..gap]).ok()?;
    let is_sdp = head.lines().filter_map(|line| line.split_once(':')).any(|(name, value)| {
        name.trim().eq_ignore_ascii_case("content-type") && value.trim().to_ascii_lowercase().starts_with("application/sdp")
    });
    is_sdp.then(|| &part[gap + 4..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content_type: &str, body: &str) -> Result<Option<String>, BodyError> {
        let mut headers = Headers::default();
        if !content_type.is_empty() {
            headers.push("c", content_type.to_owned());
        }
        sdp_of(&headers, body.as_bytes()).map(|sdp| sdp.map(|sdp| String::from_utf8_lossy(sdp).into_owned()))
    }

    #[test]
    fn sdp_is_found_alone_and_among_other_parts() {
        let sdp = Ok(Some("v=0\r\n".to_owned()));
        assert_eq!(found("Application/SDP; charset=utf-8", "v=0\r\n"), sdp);
        assert_eq!(found("", "v=0\r\n"), sdp);
        let parts = "preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\nv=1\r\n--b\r\ncontent-type : application/sdp\r\n\r\nv=0\r\n\r\n--b--\r\nepilogue";
        assert_eq!(found("multipart/mixed; boundary=\"b\"", parts), sdp);
        assert_eq!(found("text/plain", ""), Ok(None));
    }

    #[test]
    fn other_bodies_are_unsupported() {
        for (content_type, body) in [
            ("text/plain", "v=0"),
            ("", "hello"),
            ("multipart/mixed", "--b\r\n\r\n"),
            ("multipart/mixed;boundary=b", "--b\r\nContent-Type: text/plain\r\n\r\nv=0\r\n--b--"),
            ("multipart/mixed;boundary=b", "--b"),
            ("multipart/mixed;boundary=b", ""),
        ] {
            let expected = if body.is_empty() { Ok(None) } else { Err(BodyError::Type) };
            assert_eq!(found(content_type, body), expected, "{content_type}: {body}");
        }
    }
}
