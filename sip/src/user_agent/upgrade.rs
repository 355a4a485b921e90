//! The HTTP request that opens a WebSocket (RFC 6455 §4.2, RFC 7118 §4): a head in, an answer out. Pure.

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A head above this is refused.
pub(super) const LONGEST_HEAD: usize = 8_192;

/// Header fields of a head that are read.
const MOST_FIELDS: usize = 64;

/// Answers a head; `Err` is the answer after which the connection is closed. `origins` are the web pages that may connect: a browser
/// always says where it comes from, so a page that is not listed cannot use its visitor's network; `*` lists all. Others say nothing.
pub(super) fn answer(head: &[u8], origins: &[String]) -> Result<String, String> {
    let head = std::str::from_utf8(head).map_err(|_| refusal("400 Bad Request", ""))?;
    let (line, fields) = head.split_once("\r\n").ok_or_else(|| refusal("400 Bad Request", ""))?;
    let mut words = line.split(' ');
    let is_get = words.next() == Some("GET") && words.next().is_some_and(|path| !path.is_empty()) && words.next() == Some("HTTP/1.1");
    let fields: Option<Vec<(&str, &str)>> =
        fields.split("\r\n").filter(|line| !line.is_empty()).take(MOST_FIELDS + 1).map(|line| line.split_once(':')).collect();
    let Some(fields) = fields.filter(|fields| is_get && fields.len() <= MOST_FIELDS) else { return Err(refusal("400 Bad Request", "")) };
    let all = |name: &'static str| fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
    let has = |name, token: &str| all(name).flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(token));
    let only = |name| all(name).next().filter(|_| all(name).count() == 1);
    if !has("Upgrade", "websocket") {
        return Err(refusal("426 Upgrade Required", "Upgrade: websocket\r\n"));
    }
    if only("Sec-WebSocket-Version") != Some("13") {
        return Err(refusal("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"));
    }
    let key = only("Sec-WebSocket-Key").filter(|key| is_key(key));
    let (Some(key), true, true, Some(_)) = (key, has("Connection", "Upgrade"), has("Sec-WebSocket-Protocol", "sip"), only("Host")) else {
        return Err(refusal("400 Bad Request", ""));
    };
    let welcome = match (all("Origin").count(), only("Origin")) {
        (0, _) => true,
        (_, Some(origin)) => origins.iter().any(|listed| listed == "*" || listed.trim_end_matches('/').eq_ignore_ascii_case(origin)),
        (_, None) => false,
    };
    if !welcome {
        return Err(refusal("403 Forbidden", ""));
    }
    let accept = derive_accept_key(key.as_bytes());
    Ok(format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\
         Sec-WebSocket-Protocol: sip\r\n\r\n"
    ))
}

/// 16 bytes in base 64 (RFC 6455 §4.1).
fn is_key(key: &str) -> bool {
    key.len() == 24 && key.ends_with("==") && key[..22].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

pub(super) fn refusal(status: &str, fields: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Connection: close\r\nContent-Length: 0\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = "GET /sip HTTP/1.1\r\nHost: x\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
                           Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                           Sec-WebSocket-Protocol: chat, sip\r\nOrigin: https://desk.example\r\n";

    fn status(request: &str, origins: &[&str]) -> String {
        let origins: Vec<String> = origins.iter().map(|&origin| origin.to_owned()).collect();
        let (Ok(text) | Err(text)) = answer(format!("{request}\r\n").as_bytes(), &origins);
        text[9..12].to_owned()
    }

    #[test]
    fn the_example_of_the_rfc_gets_its_key() {
        let text = answer(REQUEST.as_bytes(), &["https://desk.example/".to_owned()]).unwrap();
        assert!(text.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{text}");
        assert!(text.contains("Sec-WebSocket-Protocol: sip\r\n"));
    }

    #[test]
    fn what_is_no_upgrade_is_refused() {
        for (from, to, expected) in [
            ("GET /sip HTTP/1.1", "POST / HTTP/1.1", "400"),
            ("GET /sip HTTP/1.1", "OPTIONS sip:a@b SIP/2.0", "400"),
            ("GET /sip HTTP/1.1", "GET /sip HTTP/1.0", "400"),
            ("Host: x\r\n", "", "400"),
            ("Host: x\r\n", "Host: x\r\nnonsense\r\n", "400"),
            ("Upgrade: WebSocket\r\n", "", "426"),
            ("Version: 13", "Version: 8", "426"),
            ("keep-alive, Upgrade", "keep-alive", "400"),
            ("dGhlIHNhbXBsZSBub25jZQ==", "short", "400"),
            ("chat, sip", "chat", "400"),
            ("Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "400"),
        ] {
            assert_eq!(status(&REQUEST.replace(from, to), &["*"]), expected, "{to}");
        }
        assert_eq!(status(&format!("{REQUEST}{}", "X: y\r\n".repeat(100)), &["*"]), "400");
    }

    #[test]
    fn pages_that_are_not_listed_are_kept_out() {
        assert_eq!(status(REQUEST, &["https://desk.example"]), "101");
        assert_eq!(status(REQUEST, &["*"]), "101");
        assert_eq!(status(REQUEST, &[]), "403");
        assert_eq!(status(REQUEST, &["https://desk.example.evil"]), "403");
        assert_eq!(status(&format!("{REQUEST}Origin: https://other\r\n"), &["https://desk.example"]), "403");
        assert_eq!(status(&REQUEST.replace("Origin: https://desk.example\r\n", ""), &[]), "101");
    }
}
