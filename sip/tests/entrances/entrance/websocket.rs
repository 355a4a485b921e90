//! WebSocket connections: the first byte says how the stream is cut. Where the network cuts changes nothing; only a request that may open a WebSocket does,
//! and only then there are messages; what we write is an answer and whole frames, and not much more than what came.

use warmline_sip::user_agent::{WebSocketHeard, web_socket_hears};

use super::guard;

/// The page that may connect.
const PAGE: &str = "https://desk.example";
/// The longest message.
const LIMIT: usize = 4_096;

pub(crate) fn websocket(bytes: &[u8]) {
    let Some((&cut, bytes)) = bytes.split_first() else { return };
    let hears = |chunk: usize| web_socket_hears(bytes.chunks(chunk), &[PAGE.to_owned()], LIMIT);
    let (whole, cut) = (hears(bytes.len().max(1)), hears(usize::from(cut % 64) + 1));
    assert_eq!((&whole.messages, whole.refused), (&cut.messages, cut.refused), "where the network cuts must not matter");
    answered(bytes, &whole);
    for message in &whole.messages {
        assert!(!message.is_empty() && message.len() <= LIMIT);
        guard::guard(message);
    }
}

/// Checks what was written.
fn answered(bytes: &[u8], heard: &WebSocketHeard) {
    let Some(end) = heard.wrote.windows(4).position(|four| four == b"\r\n\r\n") else {
        return assert!(heard.wrote.is_empty() && heard.messages.is_empty() && heard.refused);
    };
    let (answer, frames) = heard.wrote.split_at(end + 4);
    if !answer.starts_with(b"HTTP/1.1 101 ") {
        assert!(answer.starts_with(b"HTTP/1.1 4") && frames.is_empty() && heard.messages.is_empty() && heard.refused);
        return;
    }
    let request = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let head = request.split("\r\n\r\n").next().unwrap_or_default();
    let fields = |name: &str| head.split("\r\n").filter_map(|line| line.split_once(':')).filter(|(n, _)| *n == name).count();
    assert!(head.starts_with("get ") && fields("upgrade") > 0 && fields("sec-websocket-key") == 1, "{head}");
    assert!(fields("origin") == 0 || head.contains(PAGE), "{head}");
    assert!(frames.len() <= 2 * bytes.len() + 64, "{} bytes of frames for {}", frames.len(), bytes.len());
    whole_frames(frames);
}

/// Frames of a server: final, without extensions, not masked, and short (RFC 6455 §5.1, §5.5).
fn whole_frames(mut frames: &[u8]) {
    while let [first, length, rest @ ..] = frames {
        assert!(matches!(first, 0x81 | 0x82 | 0x88 | 0x89 | 0x8a) && *length <= 125, "{frames:?}");
        assert!(rest.len() >= usize::from(*length), "half a frame");
        frames = &rest[usize::from(*length)..];
    }
    assert!(frames.is_empty(), "half a frame");
}
