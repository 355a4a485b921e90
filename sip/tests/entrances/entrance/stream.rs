//! Streams: the first byte says how they are cut. Where the network cuts changes nothing, and the parser agrees with the framing.

use warmline_sip::guard::{Arrival, Frame, Framer, Guard, RefusalKind, Verdict};
use warmline_sip::message::Message;

use super::guard::{passed, refused, source};

/// The longest message of these streams.
const LIMIT: usize = 4_096;

pub(crate) fn stream(bytes: &[u8]) {
    let Some((&cut, bytes)) = bytes.split_first() else { return };
    let whole = frames(bytes, bytes.len().max(1));
    let cut = frames(bytes, usize::from(cut % 64) + 1);
    assert_eq!(whole, cut, "where the network cuts must not matter");
    for message in whole.0 {
        inspect(&message);
    }
}

/// The messages of a stream that comes in chunks, and whether it could be followed to its end.
fn frames(bytes: &[u8], chunk: usize) -> (Vec<Vec<u8>>, bool) {
    let (mut framer, mut messages) = (Framer::new(LIMIT), Vec::new());
    for chunk in bytes.chunks(chunk) {
        framer.push(chunk);
        loop {
            match framer.next() {
                Ok(Some(Frame::Message(message))) => {
                    assert!(message.len() <= LIMIT);
                    messages.push(message);
                }
                Ok(Some(Frame::Ping)) => {}
                Ok(None) => break,
                Err(error) => {
                    let refusal = Guard::default().refuse_stream(framer.partial(), source(), error);
                    refused(&refusal, framer.partial().len());
                    return (messages, false);
                }
            }
        }
        assert!(framer.partial().len() <= LIMIT, "held {} bytes", framer.partial().len());
    }
    (messages, true)
}

fn inspect(frame: &[u8]) {
    match Guard::default().inspect(frame, source(), Arrival::Stream) {
        Verdict::Pass(message) => {
            passed(&message, frame.len());
            let body = match &message {
                Message::Request(request) => &request.body,
                Message::Response(response) => &response.body,
            };
            // Else there is a second message in it for somebody who counts otherwise.
            assert!(frame.ends_with(body) && frame[..frame.len() - body.len()].ends_with(b"\r\n\r\n"));
        }
        Verdict::Refuse(refusal) => {
            assert!(refusal.kind != RefusalKind::TooLarge);
            refused(&refusal, frame.len());
        }
        Verdict::KeepAlive => panic!("a message is no keep-alive"),
    }
}
