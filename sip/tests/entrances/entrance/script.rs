//! What the peers of the whole user agent remember, so that inputs get beyond the first message: our tags, challenges and requests.

use std::net::SocketAddr;

use warmline_sip::auth::{Secret, Session, challenges, strongest};
use warmline_sip::transport::Transport;

/// A telephone's user.
pub(super) const USER: &str = "ana";
/// And its password.
pub(super) const PASSWORD: &str = "sesame";

/// What was heard of us last.
#[derive(Default)]
pub(super) struct Heard {
    /// The To tag of a response.
    tag: String,
    /// A challenge.
    challenge: String,
    /// A request that wants a response, and where it went.
    request: Option<(SocketAddr, Transport, String)>,
}

impl Heard {
    pub(super) fn note(&mut self, transport: Transport, to: SocketAddr, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        if !text.starts_with("SIP/2.0") {
            if !text.starts_with("ACK") && !text.trim().is_empty() {
                self.request = Some((to, transport, text.into_owned()));
            }
            return;
        }
        for line in text.lines().take_while(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some(("To", to)) => {
                    to.rsplit_once(";tag=").map(|(_, tag)| tag).unwrap_or_default().clone_into(&mut self.tag);
                }
                Some(("WWW-Authenticate" | "Proxy-Authenticate", value)) => value.clone_into(&mut self.challenge),
                _ => {}
            }
        }
    }

    /// Puts our tag in place of `{t}`, and the answer to our challenge in place of `{r}` (REGISTER) and `{i}` (INVITE).
    pub(super) fn filled_in(&self, piece: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(piece.len() + 512);
        let mut rest = piece;
        while let Some(at) = rest.windows(3).position(|three| matches!(three, b"{t}" | b"{r}" | b"{i}")) {
            out.extend_from_slice(&rest[..at]);
            match rest[at + 1] {
                b't' => out.extend_from_slice(self.tag.as_bytes()),
                b'r' => out.extend_from_slice(self.credentials("REGISTER").as_bytes()),
                _ => out.extend_from_slice(self.credentials("INVITE").as_bytes()),
            }
            rest = &rest[at + 3..];
        }
        out.extend_from_slice(rest);
        out
    }

    fn credentials(&self, method: &str) -> String {
        let secret = Secret::password(PASSWORD);
        let challenge = strongest(&challenges([self.challenge.as_str()].into_iter()), None, &secret);
        let answer = challenge.and_then(|challenge| Session::new(challenge, "c".to_owned()).answer(USER, &secret, method, "sip:x"));
        answer.unwrap_or_default()
    }

    /// A response to our last request: the piece is what follows `SIP/2.0 `, without the headers that a response repeats.
    pub(super) fn reply(&self, piece: &[u8]) -> Option<(SocketAddr, Transport, Vec<u8>)> {
        let (to, transport, request) = self.request.as_ref()?;
        let cut = piece.iter().position(|&byte| byte == b'\n').map_or(piece.len(), |at| at + 1);
        let mut out = b"SIP/2.0 ".to_vec();
        out.extend_from_slice(&piece[..cut]);
        for line in request.lines().take_while(|line| !line.is_empty()) {
            let (name, tag) = (line.split(':').next().unwrap_or_default(), if line.contains(";tag=") { "" } else { ";tag=peer" });
            match name {
                "To" => out.extend_from_slice(format!("{line}{tag}\r\n").as_bytes()),
                "Via" | "From" | "Call-ID" | "CSeq" => out.extend_from_slice(format!("{line}\r\n").as_bytes()),
                _ => {}
            }
        }
        out.extend_from_slice(&piece[cut..]);
        Some((*to, *transport, out))
    }
}
