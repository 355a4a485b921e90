//! Just enough SIP to be somebody's telephone (RFC 3261). On purpose not the gateway's own stack: what one of our mistakes breaks
//! must not be mended by the same mistake at the other end.

use std::fmt::Write as _;

/// One message, its header fields as they were written.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The first line.
    pub(super) start: String,
    headers: Vec<(String, String)>,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Message {
    /// Reads a datagram; none if it is no SIP message.
    pub(super) fn parse(datagram: &[u8]) -> Option<Self> {
        let end = datagram.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&datagram[..end]);
        let mut lines = head.split("\r\n");
        let start = lines.next()?.to_owned();
        let field = |line: &str| line.split_once(':').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
        start.contains("SIP/2.0").then(|| Self { start, headers: lines.filter_map(field).collect(), body: datagram[end + 4..].to_vec() })
    }

    /// The first field of this name, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }

    /// Every field of this name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The method of a request.
    pub(super) fn method(&self) -> Option<&str> {
        let (method, _) = self.start.split_once(' ')?;
        (method != "SIP/2.0").then_some(method)
    }

    /// The status of a response.
    pub(super) fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// Number and method of CSeq.
    pub(super) fn cseq(&self) -> (u32, &str) {
        let mut words = self.header("CSeq").split_whitespace();
        (words.next().and_then(|number| number.parse().ok()).unwrap_or(0), words.next().unwrap_or_default())
    }

    /// The address in Contact, without brackets and display name.
    pub(super) fn contact(&self) -> Option<String> {
        let address = self.address("Contact");
        address.starts_with("sip:").then_some(address)
    }

    /// The address in Refer-To, without what the new call is to carry.
    pub(super) fn referred_to(&self) -> String {
        self.address("Refer-To")
    }

    fn address(&self, name: &str) -> String {
        let value = self.header(name);
        let address = value.split_once('<').map_or(value, |(_, rest)| rest);
        address.split(['>', ';', '?']).next().unwrap_or_default().trim().to_owned()
    }
}

/// A response to `request` (RFC 3261 §8.2.6): `tag` is added to a To that has none.
pub(super) fn response(request: &Message, status: &str, tag: &str, contact: &str, sdp: Option<&str>) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    for name in ["Via", "Record-Route", "From"] {
        request.all(name).for_each(|value| line(&mut text, name, value));
    }
    let to = request.header("To");
    line(&mut text, "To", &if to.contains(";tag=") { to.to_owned() } else { format!("{to};tag={tag}") });
    line(&mut text, "Call-ID", request.header("Call-ID"));
    line(&mut text, "CSeq", request.header("CSeq"));
    line(&mut text, "Contact", contact);
    finish(text, sdp)
}

/// What a request of a dialog repeats.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    /// Request-URI: the far end's address.
    pub(super) target: String,
    /// From, with our tag.
    pub(super) from: String,
    /// To, with the far end's tag once it is known.
    pub(super) to: String,
    /// Call-ID.
    pub(super) call_id: String,
    /// `host:port` of our socket.
    pub(super) local: String,
    /// Contact.
    pub(super) contact: String,
}

impl Identity {
    /// Tells the far end what has come of the call that it asked for (RFC 3515 §2.4.4), and that there is no more to tell.
    pub(super) fn notify(&self, cseq: u32, status: &str) -> String {
        let request = self.request("NOTIFY", cseq, None);
        let (head, _) = request.split_once("Content-Length:").unwrap_or((&request, ""));
        let mut text = head.to_owned();
        line(&mut text, "Event", "refer");
        line(&mut text, "Subscription-State", "terminated;reason=noresource");
        line(&mut text, "Content-Type", "message/sipfrag;version=2.0");
        let _ = write!(text, "Content-Length: {}\r\n\r\n{status}", status.len());
        text
    }

    /// A request. The branch is made of the CSeq, so that a repeated request repeats it (RFC 3261 §17.1.3).
    pub(super) fn request(&self, method: &str, cseq: u32, sdp: Option<&str>) -> String {
        let mut text = format!("{method} {} SIP/2.0\r\n", self.target);
        // The whole of it: a later telephone may have the same port.
        let call = self.call_id.replace('@', "-");
        // The ACK of a 2xx is a transaction of its own (§13.2.2.4).
        let branch = format!("z9hG4bK-{call}-{cseq}{}", if method == "ACK" { "-ack" } else { "" });
        line(&mut text, "Via", &format!("SIP/2.0/UDP {};rport;branch={branch}", self.local));
        line(&mut text, "Max-Forwards", "70");
        line(&mut text, "From", &self.from);
        line(&mut text, "To", &self.to);
        line(&mut text, "Call-ID", &self.call_id);
        line(&mut text, "CSeq", &format!("{cseq} {method}"));
        line(&mut text, "Contact", &self.contact);
        finish(text, sdp)
    }

    /// The ACK of a refusal belongs to the INVITE's transaction and repeats its branch (RFC 3261 §17.1.1.3).
    pub(super) fn ack_of_refusal(&self, cseq: u32) -> String {
        self.request("ACK", cseq, None).replace("-ack\r\n", "\r\n")
    }
}

fn line(text: &mut String, name: &str, value: &str) {
    let _ = write!(text, "{name}: {value}\r\n");
}

fn finish(mut text: String, sdp: Option<&str>) -> String {
    if sdp.is_some() {
        line(&mut text, "Content-Type", "application/sdp");
    }
    let body = sdp.unwrap_or_default();
    line(&mut text, "User-Agent", "Warmline test telephone");
    let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            target: "sip:support@127.0.0.1:5060".to_owned(),
            from: "<sip:caller@127.0.0.1:5070>;tag=a".to_owned(),
            to: "<sip:support@127.0.0.1:5060>".to_owned(),
            call_id: "c1@127.0.0.1".to_owned(),
            local: "127.0.0.1:5070".to_owned(),
            contact: "<sip:caller@127.0.0.1:5070>".to_owned(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let invite = Message::parse(identity().request("INVITE", 1, Some("v=0\r\n")).as_bytes()).unwrap();
        assert_eq!((invite.method(), invite.status(), invite.cseq()), (Some("INVITE"), None, (1, "INVITE")));
        assert_eq!(invite.contact().as_deref(), Some("sip:caller@127.0.0.1:5070"));
        assert_eq!(invite.body, b"v=0\r\n");
        let ringing = Message::parse(response(&invite, "180 Ringing", "b", "<sip:agent@127.0.0.1:5080>", None).as_bytes()).unwrap();
        assert_eq!((ringing.method(), ringing.status()), (None, Some(180)));
        assert_eq!(ringing.header("To"), "<sip:support@127.0.0.1:5060>;tag=b");
        assert_eq!(ringing.header("Via"), invite.header("Via"));
    }

    #[test]
    fn another_call_from_the_same_port_is_no_repetition() {
        let via = |call_id: &str| {
            let identity = Identity { call_id: call_id.to_owned(), ..identity() };
            Message::parse(identity.request("INVITE", 1, None).as_bytes()).unwrap().header("Via").to_owned()
        };
        assert_ne!(via("7-5060-0@1"), via("7-5060-0@2"));
        assert!(!via("7-5060-0@1").contains('@'));
    }

    #[test]
    fn only_the_ack_of_a_refusal_repeats_the_branch() {
        let via = |text: String| Message::parse(text.as_bytes()).unwrap().header("Via").to_owned();
        assert_eq!(via(identity().ack_of_refusal(1)), via(identity().request("INVITE", 1, None)));
        assert_ne!(via(identity().request("ACK", 1, None)), via(identity().request("INVITE", 1, None)));
    }
}
