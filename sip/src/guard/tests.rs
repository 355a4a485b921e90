//! What passes the guard and what does not.

use std::net::SocketAddr;

use super::{Arrival, FrameError, Guard, MessageLimits, RefusalKind, Verdict};
use crate::message::{Message, Method, Request};

const INVITE: &str = "INVITE sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1;rport\r\nMax-Forwards: 70\r\n\
                      From: <sip:b@x>;tag=f\r\nTo: <sip:a@x>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n";

fn source() -> SocketAddr {
    "198.51.100.7:7000".parse().unwrap()
}

fn inspect(bytes: &[u8], arrival: Arrival) -> Verdict {
    Guard::new(MessageLimits::default()).inspect(bytes, source(), arrival)
}

fn pass(bytes: impl AsRef<[u8]>) -> Request {
    match inspect(bytes.as_ref(), Arrival::Datagram) {
        Verdict::Pass(Message::Request(request)) => *request,
        other => panic!("{other:?}"),
    }
}

/// The kind of the refusal and its status, 0 for silence.
fn refused(bytes: impl AsRef<[u8]>) -> (RefusalKind, u16) {
    match inspect(bytes.as_ref(), Arrival::Datagram) {
        Verdict::Refuse(refusal) => {
            let status = refusal.reply.map_or(0, |(_, bytes)| std::str::from_utf8(&bytes[8..11]).unwrap().parse().unwrap());
            (refusal.kind, status)
        }
        other => panic!("{other:?}: {}", String::from_utf8_lossy(bytes.as_ref())),
    }
}

#[test]
fn compact_names_folded_lines_and_odd_blanks_are_read() {
    let text = "\r\n\r\nINVITE sip:a@192.0.2.1 SIP/2.0\r\nv :  SIP / 2.0 / UDP\r\n 192.0.2.2 ; branch = z9hG4bK1, SIP/2.0/TCP second.example\r\n\
                f: \"Quoted, \\\"name\\\"\" <sip:b@x> ;\r\n\ttag=f\r\nt: sip:a@x\r\ni: c@d\r\ncseq: 0009\r\n  INVITE\r\nm: <sip:b@192.0.2.2>\r\nl: 0\r\n\r\n";
    let request = pass(text);
    let essentials = &request.essentials;
    assert_eq!((essentials.via.branch(), essentials.cseq, &essentials.method), ("z9hG4bK1", 9, &Method::Invite));
    assert_eq!((essentials.from.display.as_deref(), essentials.from.tag()), (Some("Quoted, \"name\""), "f"));
    assert_eq!(request.headers.values("Via").count(), 2);
    assert_eq!(request.headers.get("Contact"), Some("<sip:b@192.0.2.2>"));
    assert!(request.headers.get("Via").unwrap().contains("received=198.51.100.7"));
}

#[test]
fn a_line_in_latin_1_does_not_cost_the_others() {
    let mut bytes = INVITE.replace("<sip:b@x>", "J?rg <sip:b@x>").into_bytes();
    let at = bytes.iter().position(|&b| b == b'?').unwrap();
    bytes[at] = 0xf6;
    let request = pass(bytes);
    assert_eq!(request.essentials.from.display.as_deref(), Some("J\u{f6}rg"));
    assert_eq!(request.essentials.call_id, "c");
}

#[test]
fn the_body_of_a_datagram_is_as_long_as_it_says_or_as_it_is() {
    assert_eq!(pass(INVITE.replace("Content-Length: 0\r\n\r\n", "Content-Type: application/sdp\r\n\r\nv=0\r\n")).body, b"v=0\r\n");
    let short =
        INVITE.replace("Content-Length: 0\r\n\r\n", "Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\nREGISTER ...");
    assert_eq!(pass(short).body, b"v=0\r\n");
    assert_eq!(refused(INVITE.replace("Content-Length: 0", "Content-Length: 1")), (RefusalKind::ContentLength, 400));
    let Verdict::Refuse(refusal) = inspect(INVITE.replace("Content-Length: 0\r\n", "").as_bytes(), Arrival::Stream) else { panic!() };
    assert_eq!(refusal.kind, RefusalKind::ContentLength);
}

#[test]
fn each_fault_has_its_answer() {
    use RefusalKind as K;
    let swap = |from: &str, to: &str| INVITE.replace(from, to);
    for (text, expected) in [
        (swap("SIP/2.0\r\nVia", "SIP/3.0\r\nVia"), (K::Version, 505)),
        (swap("sip:a@192.0.2.1 ", "tel:+4021 "), (K::Scheme, 416)),
        (swap("sip:a@192.0.2.1 ", "sip:a@192.0.2.1?Route=x "), (K::Uri, 400)),
        (swap("sip:a@192.0.2.1 ", "<sip:a@192.0.2.1> "), (K::Uri, 400)),
        (swap("INVITE sip", "INVITE  sip"), (K::StartLine, 400)),
        (swap("sip:a@192.0.2.1 ", &format!("sip:{}@x ", "a".repeat(3_000))), (K::UriTooLong, 414)),
        (swap("INVITE", "FETCH"), (K::Method, 405)),
        (swap("CSeq: 1 INVITE", "CSeq: 1 BYE"), (K::BadHeader, 400)),
        (swap("CSeq: 1 INVITE", "CSeq: INVITE"), (K::BadHeader, 400)),
        (swap("CSeq: 1 INVITE", "CSeq: 2147483648 INVITE"), (K::Number, 400)),
        (swap("Call-ID: c\r\n", ""), (K::MissingHeader, 400)),
        (swap("Call-ID: c", "Call-ID: c\r\nCall-ID: d"), (K::RepeatedHeader, 400)),
        (swap("Call-ID: c", "Call-ID: c\r\nno colon here"), (K::HeaderSyntax, 400)),
        (swap("Call-ID: c", "Call-ID: c\r\nX: a\0b"), (K::HeaderSyntax, 400)),
        (swap("<sip:b@x>;tag=f", "\"open <sip:b@x>;tag=f"), (K::BadHeader, 400)),
        (swap("Max-Forwards: 70", "Max-Forwards: 0"), (K::MaxForwards, 483)),
        (swap("Max-Forwards: 70", "Max-Forwards: 1000"), (K::Number, 400)),
        (swap("Max-Forwards: 70", "Require: norefersub"), (K::Extension, 420)),
        (swap("Max-Forwards: 70", "Accept: text/plain"), (K::NotAcceptable, 406)),
        (swap("Max-Forwards: 70", &format!("X: {}", "(".repeat(20_000))), (K::TooManyHeaders, 400)),
        (swap("Max-Forwards: 70", &["X: 1"; 200].join("\r\n")), (K::TooManyHeaders, 400)),
        (swap("Max-Forwards: 70", &format!("Via: {}", ["SIP/2.0/UDP h"; 80].join(","))), (K::TooManyHops, 400)),
        (swap("\r\n\r\n", "\r\n"), (K::Truncated, 400)),
        (swap("Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1;rport\r\n", ""), (K::MissingHeader, 0)),
        ("hello".to_owned(), (K::NotSip, 0)),
        ("SIP/2.0 999999 x\r\n\r\n".to_owned(), (K::BadResponse, 0)),
        ("SIP/2.0 200 OK\r\n\r\n".to_owned(), (K::BadResponse, 0)),
        ("x".repeat(65_000), (K::TooLarge, 0)),
    ] {
        assert_eq!(refused(&text), expected, "{}", text.chars().take(300).collect::<String>());
    }
}

#[test]
fn an_ack_is_never_answered() {
    let ack = INVITE.replace("INVITE", "ACK").replace("Max-Forwards: 70", "Max-Forwards: 1000");
    assert_eq!(refused(ack), (RefusalKind::Number, 0));
}

#[test]
fn blank_lines_are_keep_alives() {
    for blank in [&b"\r\n\r\n"[..], b"\r\n", b"", b"\0", b"\n\n\n"] {
        assert!(matches!(inspect(blank, Arrival::Datagram), Verdict::KeepAlive));
    }
}

#[test]
fn a_broken_stream_gets_a_last_word_with_what_was_readable() {
    let mut guard = Guard::default();
    let refusal = guard.refuse_stream(INVITE.as_bytes(), source(), FrameError::Length);
    let text = String::from_utf8(refusal.reply.unwrap().1.to_vec()).unwrap();
    assert!(text.starts_with("SIP/2.0 400 ") && text.contains("Call-ID: c\r\n"), "{text}");
    assert_eq!(guard.counts().of(RefusalKind::ContentLength), 1);
    assert!(guard.refuse_stream(b"\x16\x03\x01", source(), FrameError::EndlessHead).reply.is_none());
}

#[test]
fn the_echo_of_a_refusal_cannot_be_used_to_forge_a_header() {
    let Verdict::Refuse(refusal) = inspect(INVITE.replace("Call-ID: c", "Require: a\r\n b\r\nCall-ID: c").as_bytes(), Arrival::Datagram)
    else {
        panic!()
    };
    let text = String::from_utf8(refusal.reply.unwrap().1.to_vec()).unwrap();
    assert!(text.contains("\r\nUnsupported: a b\r\n"), "{text}");
}
