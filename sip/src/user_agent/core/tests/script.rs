//! What the scripted peer of a story says, on either side of a call.

use super::{Config, Event, LegId, SDP, Story, address, dial};
use crate::user_agent::command::Command;

/// A message with this body; empty for none.
fn with_body(head: &str, body: &str) -> String {
    let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!("{head}{content}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A request of the peer that called us; its branch is made of method and number.
pub(super) fn caller(method: &str, cseq: u32, to_tag: &str, extra: &str, body: &str) -> String {
    let head = format!(
        "{method} sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK{method}{cseq}\r\nFrom: <sip:b@x>;tag=f\r\n\
         To: <sip:a@x>{to_tag}\r\nCall-ID: c\r\nCSeq: {cseq} {method}\r\nContact: <sip:b@192.0.2.2>\r\n{extra}"
    );
    with_body(&head, body)
}

/// A response to a request of ours.
pub(super) fn reply(request: &str, status: &str, tag: &str, extra: &str, body: &str) -> String {
    let mut head = format!("SIP/2.0 {status}\r\n");
    for line in request.lines().take_while(|line| !line.is_empty()) {
        match line.split(':').next().unwrap_or_default() {
            "To" if !line.contains(";tag=") => head += &format!("{line};tag={tag}\r\n"),
            "Via" | "From" | "To" | "Call-ID" | "CSeq" => head += &format!("{line}\r\n"),
            _ => {}
        }
    }
    with_body(&format!("{head}Contact: <sip:b@192.0.2.2>\r\n{extra}"), body)
}

/// The value of a header, empty if there is none.
pub(super) fn value<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find(|line| line.split(':').next() == Some(name));
    line.and_then(|line| line.split_once(": ")).map_or("", |(_, value)| value)
}

impl Story {
    pub(super) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut story = Self::new();
        change(&mut story.core.config);
        story
    }

    /// The last message of ours that starts like this.
    pub(super) fn last(&self, start: &str) -> String {
        let found = self.sent.iter().rev().find(|(_, text)| text.starts_with(start));
        found.unwrap_or_else(|| panic!("no {start} in {:?}", self.sent)).1.clone()
    }

    pub(super) fn count(&self, start: &str) -> usize {
        self.times_of(start).len()
    }

    /// The tag that we gave the caller, as a parameter.
    pub(super) fn tag(&self, leg: LegId) -> String {
        format!(";tag={}", self.core.legs[&leg].dialog.local_tag)
    }

    /// An INVITE with an offer comes in.
    pub(super) fn called(&mut self, extra: &str) -> LegId {
        self.hears(&caller("INVITE", 1, "", extra, "v=0\r\n"));
        match self.events.last() {
            Some(Event::Incoming(call)) => call.leg,
            other => panic!("{other:?}"),
        }
    }

    /// An INVITE comes in, is answered and acknowledged.
    pub(super) fn talking(&mut self, extra: &str) -> LegId {
        let leg = self.called(extra);
        self.told(Command::Answer { leg, sdp: SDP.to_vec() });
        self.caller_says(leg, "ACK", 1, "", "");
        leg
    }

    /// A request of the caller inside the call.
    pub(super) fn caller_says(&mut self, leg: LegId, method: &str, cseq: u32, extra: &str, body: &str) {
        let tag = self.tag(leg);
        self.hears(&caller(method, cseq, &tag, extra, body));
    }

    /// The peer answers the last request of ours that starts like this.
    pub(super) fn replies(&mut self, start: &str, status: &str, extra: &str) {
        let request = self.last(start);
        self.hears(&reply(&request, status, "t", extra, ""));
    }

    /// The last INVITE of ours is answered with a session description.
    pub(super) fn picks_up(&mut self, extra: &str) {
        let request = self.last("INVITE");
        self.hears(&reply(&request, "200 OK", "t", extra, "v=0\r\n"));
    }

    /// We call, and the peer answers.
    pub(super) fn dialled(&mut self, extra: &str) -> LegId {
        self.told(dial(LegId(2), false));
        self.picks_up(extra);
        LegId(2)
    }

    /// A request of the peer that we called, inside the call or the early dialog with this tag.
    pub(super) fn callee_says(&mut self, tag: &str, method: &str, cseq: u32, extra: &str, body: &str) {
        let invite = self.last("INVITE");
        let head = format!(
            "{method} sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK{tag}{method}{cseq}\r\nFrom: <sip:b@192.0.2.2>;tag={tag}\r\n\
             To: {}\r\nCall-ID: {}\r\nCSeq: {cseq} {method}\r\nContact: <sip:b@192.0.2.2>\r\n{extra}",
            address(2),
            value(&invite, "From"),
            value(&invite, "Call-ID"),
        );
        self.hears(&with_body(&head, body));
    }

    pub(super) fn last_event(&self) -> &Event {
        self.events.last().expect("an event")
    }
}
