//! Datagrams at the message guard. What passes can be answered, and the answer is clean; what is refused costs its sender more than us.

use std::net::SocketAddr;

use warmline_sip::guard::{Arrival, Guard, Refusal, Verdict};
use warmline_sip::message::{Message, Request, ResponseParts};
use warmline_sip::uri::{NameAddr, Uri};

/// What an answer may have beyond twice the request.
const ROOM: usize = 512;
/// A request that is longer than this may have an answer above the limits of a message.
const ECHOED: usize = 4_096;

pub(super) fn source() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 9], 5060))
}

pub(crate) fn guard(bytes: &[u8]) {
    match Guard::default().inspect(bytes, source(), Arrival::Datagram) {
        Verdict::Pass(message) => passed(&message, bytes.len()),
        Verdict::KeepAlive => assert!(bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0))),
        Verdict::Refuse(refusal) => refused(&refusal, bytes.len()),
    }
}

/// Checks what the guard let pass.
pub(super) fn passed(message: &Message, length: usize) {
    let (essentials, headers) = match message {
        Message::Request(request) => (&request.essentials, &request.headers),
        Message::Response(response) => (&response.essentials, &response.headers),
    };
    assert!(!essentials.call_id.is_empty() && essentials.cseq < 1 << 31);
    let via = essentials.via.to_string();
    assert_eq!(via.parse().as_ref(), Ok(&essentials.via), "{via}");
    for name in ["Contact", "Record-Route", "Route", "P-Asserted-Identity", "Refer-To"] {
        for value in headers.values(name).filter_map(|value| value.parse::<NameAddr>().ok()) {
            let _ = value.uri.parse::<Uri>();
        }
    }
    match message {
        Message::Request(request) => {
            let uri = request.uri.to_string();
            assert_eq!(uri.parse().as_ref(), Ok(&request.uri), "{uri}");
            let _ = request.sdp();
            if length < ECHOED {
                answered(request, length);
            }
        }
        Message::Response(response) => {
            assert!((100..700).contains(&response.status));
            let _ = response.sdp();
        }
    }
}

/// Our answer to a clean request is a clean response to that request, and says nothing else.
fn answered(request: &Request, length: usize) {
    let parts = ResponseParts { status: 200, to_tag: Some("ours"), record_route: true, ..ResponseParts::default() };
    let bytes = parts.write(&request.headers);
    assert!(bytes.len() <= 2 * length + ROOM, "{} bytes for {length}", bytes.len());
    let text = String::from_utf8_lossy(&bytes);
    let Verdict::Pass(Message::Response(response)) = Guard::default().inspect(&bytes, source(), Arrival::Stream) else {
        panic!("our own answer is refused:\n{text}");
    };
    let (asked, told) = (&request.essentials, &response.essentials);
    assert_eq!((&told.call_id, told.cseq, &told.method), (&asked.call_id, asked.cseq, &asked.method), "{text}");
    assert_eq!((told.via.branch(), told.from.tag()), (asked.via.branch(), asked.from.tag()), "{text}");
    let tag = if asked.to.params.get("tag").is_some() { asked.to.tag() } else { "ours" };
    assert_eq!(told.to.tag(), tag, "{text}");
    assert!(response.body.is_empty());
}

/// Checks a refusal: it goes to whoever asked, has the status of its kind, and is no use for amplifying.
pub(super) fn refused(refusal: &Refusal, length: usize) {
    let Some((to, reply)) = &refusal.reply else { return };
    let status = refusal.kind.status().expect("what is silent has no reply");
    assert!(reply.starts_with(format!("SIP/2.0 {status} ").as_bytes()));
    assert_eq!(to.ip(), source().ip());
    assert!(reply.len() <= 2 * length + ROOM, "{} bytes for {length}", reply.len());
}
