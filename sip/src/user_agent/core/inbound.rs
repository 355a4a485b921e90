//! Calls that come in (RFC 3261 §13.3).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::super::event::{EndedBy, Event, Incoming, LegId};
use super::leg::{AckWait, Dialog, Leg, LegState, contact_uri};
use super::registrar::Caller;
use super::reliable::Reliable;
use super::{Core, Hop, Output, Timer, TxId, server};
use crate::guard::{ACCEPT, ALLOW, RefusalKind, SUPPORTED};
use crate::message::{Headers, Request, ResponseParts};

/// Headers that the application has no use for: they are the protocol's, or reported by themselves.
const OWN_HEADERS: [&str; 14] = [
    "Via",
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Contact",
    "Max-Forwards",
    "Content-Length",
    "Content-Type",
    "Record-Route",
    "Route",
    "Authorization",
    "Proxy-Authorization",
    "Allow",
];

/// An INVITE that nothing was said to for so long gets 100, so that it is not sent again; one that is answered sooner needs none (RFC 3261 §17.2.1).
const TRYING: Duration = Duration::from_millis(200);

impl Core {
    /// A new INVITE.
    pub(super) fn invite(&mut self, now: Instant, request: Request, source: SocketAddr, hop: Hop) {
        if self.merges.contains_key(server::merge_key(&request).as_str()) {
            return self.stateless(&request, hop, 482, Vec::new());
        }
        if let Some(min_se) = self.session_too_short(&request.headers) {
            return self.stateless(&request, hop, 422, vec![min_se]);
        }
        let authenticated = match self.caller(now, &request, source, hop) {
            Caller::Of(user) => user,
            Caller::Challenge { stale } => return self.challenge(now, &request, source, hop, 407, stale),
            Caller::Silence => return self.outputs.push_back(Output::Count(RefusalKind::Credentials)),
        };
        let replaces = match self.replaced(&request, source, authenticated.is_some()) {
            Ok(replaces) => replaces,
            Err(status) => return self.stateless(&request, hop, status, Vec::new()),
        };
        if self.draining || self.behind || self.calls >= self.config.limits.calls {
            return self.refuse_for_now(&request, hop);
        }
        self.next_id += 1;
        let id = LegId(self.next_id * 2 + 1);
        let essentials = &request.essentials;
        let tag = self.token();
        let dialog = Dialog {
            call_id: essentials.call_id.clone(),
            local: format!("{};tag={tag}", request.headers.get("To").unwrap_or_default()),
            local_tag: tag.clone(),
            remote: request.headers.get("From").unwrap_or_default().to_owned(),
            remote_tag: Some(essentials.from.tag().to_owned()),
            local_seq: 0,
            remote_seq: Some(essentials.cseq),
            target: contact_uri(&request.headers).unwrap_or_else(|| format!("sip:{source}")),
            routes: request.headers.values("Record-Route").take(16).map(str::to_owned).collect(),
        };
        let (reliable, pinned) = (Reliable::wanted_by(&request), authenticated.is_some());
        let incoming = Incoming { replaces, authenticated, ..incoming(id, &request, source, hop) };
        let mut leg = Leg { pinned, reliable, ..Leg::new(LegState::Talking, dialog, Self::flow(source, hop), false) };
        leg.learn(&request.headers);
        let tx = self.open_server(request, hop, Some(id), &tag);
        let limit = now + self.config.timers.unanswered;
        self.arm(limit, Timer::LegLimit(id));
        leg.state = LegState::Incoming { tx, limit };
        self.add_leg(id, leg);
        self.arm(now + TRYING, Timer::Trying(tx));
        self.tell(id, Event::Incoming(Box::new(incoming)));
    }

    /// The application takes its time.
    pub(super) fn trying(&mut self, now: Instant, tx: TxId) {
        if self.servers.get(&tx).is_some_and(|tx| tx.is_unanswered()) {
            self.respond(now, tx, ResponseParts { status: 100, ..ResponseParts::default() });
        }
    }

    /// Requests inside the dialog go back to where the packet came from, not to where its Via points.
    pub(super) fn flow(source: SocketAddr, hop: Hop) -> Hop {
        Hop { remote: source, ..hop }
    }

    /// 180, 183 and the like, with or without early media.
    pub(super) fn ring(&mut self, now: Instant, id: LegId, status: u16, sdp: Option<&[u8]>) {
        if !(101..200).contains(&status) {
            return;
        }
        let Some(Leg { state: LegState::Incoming { tx, .. }, hop, reliable, .. }) = self.legs.get(&id) else { return };
        // Without an offer in the INVITE ours may not travel in a response that can get lost (RFC 3261 §13.2.1): it comes with the 200.
        let sdp = sdp.filter(|_| reliable.has_offer());
        if reliable.is_wanted(sdp) {
            return self.ring_reliably(now, id, status, sdp);
        }
        let (tx, contact) = (*tx, self.contact(*hop));
        let extra = vec![("Contact", contact), ("Allow", ALLOW.to_owned())];
        self.respond(
            now,
            tx,
            ResponseParts { status, record_route: true, extra, body: sdp.map(|sdp| (ACCEPT, sdp)), ..ResponseParts::default() },
        );
    }

    /// 200 with the session description: the answer, or an offer if the INVITE had none.
    pub(super) fn answer(&mut self, now: Instant, id: LegId, sdp: &[u8]) {
        let Some(Leg { state: LegState::Incoming { tx, .. }, .. }) = self.legs.get(&id) else { return };
        let tx = *tx;
        if let Some(leg) = self.legs.get_mut(&id) {
            if leg.reliable.hold_back(sdp) {
                return;
            }
            leg.state = LegState::Talking;
        }
        self.accept(now, id, tx, Some(sdp), true);
    }

    /// Sends a 2xx to INVITE and repeats it until the ACK comes (RFC 3261 §13.3.1.4).
    pub(super) fn accept(&mut self, now: Instant, id: LegId, tx: TxId, sdp: Option<&[u8]>, first: bool) {
        let Some(leg) = self.legs.get(&id) else { return };
        let mut extra = vec![("Contact", self.contact(leg.hop)), ("Allow", self.allow(id)), ("Supported", SUPPORTED.to_owned())];
        extra.extend(self.session_answer(now, id, tx));
        let request = self.servers.get(&tx).and_then(|tx| tx.request());
        let Some((cseq, wants_answer)) = request.map(|request| (request.essentials.cseq, request.sdp().is_none())) else { return };
        let body = sdp.map(|sdp| (ACCEPT, sdp));
        let parts = ResponseParts { status: 200, record_route: true, extra, body, ..ResponseParts::default() };
        let Some(bytes) = self.respond(now, tx, parts) else { return };
        let (interval, limit) = (self.config.timers.t1, now + self.config.timers.limit());
        let resend = now + interval;
        self.arm(resend, Timer::AckResend(id, cseq));
        self.arm(limit, Timer::AckLimit(id, cseq));
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.local_sdp = sdp.map(<[u8]>::to_vec).or(leg.local_sdp.take());
            leg.awaiting.push(AckWait { cseq, bytes, resend, interval, wants_answer, first });
        }
    }

    /// A final refusal; the leg is over.
    pub(super) fn reject(&mut self, now: Instant, id: LegId, status: u16, reason: Option<&str>, headers: &[(String, String)]) {
        let Some(Leg { state: LegState::Incoming { tx, .. }, .. }) = self.legs.get(&id) else { return };
        let (tx, status) = (*tx, refusal(status));
        let mut extra: Vec<(&str, String)> = clean_headers(headers).map(|(name, value)| (name, value.to_owned())).collect();
        if status == 503 && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Retry-After")) {
            extra.push(self.retry_after());
        }
        self.respond(now, tx, ResponseParts { status, reason, extra, ..ResponseParts::default() });
        self.close_theirs(now, id);
        self.tell_end(id, Event::Ended { leg: id, by: EndedBy::Local, reason: None });
        self.forget_leg(id);
    }

    /// Refuses a call of which nothing was made, as a server without memory does (RFC 3261 §8.2.7): once for each time that it is asked. Whoever sends
    /// INVITE in another's name has nothing sent there that was not asked for.
    pub(super) fn turn_away(&mut self, now: Instant, id: LegId, status: u16) {
        let Some(Leg { state: LegState::Incoming { tx, .. }, .. }) = self.legs.get(&id) else { return };
        let (tx, status) = (*tx, refusal(status));
        // A caller that has heard something does not ask again.
        if !self.servers.get(&tx).is_some_and(|tx| tx.is_unanswered()) {
            return self.reject(now, id, status, None, &[]);
        }
        if let Some((request, hop)) = self.forget_server(tx) {
            let extra = if status == 503 { vec![self.retry_after()] } else { Vec::new() };
            self.stateless(&request, hop, status, extra);
        }
        self.tell_end(id, Event::Ended { leg: id, by: EndedBy::Local, reason: None });
        self.forget_leg(id);
    }

    /// CANCEL ended the INVITE transaction; 487 was sent.
    pub(super) fn cancelled(&mut self, now: Instant, leg: Option<LegId>, tx: TxId, reason: Option<String>) {
        let Some(id) = leg else { return };
        match self.legs.get_mut(&id) {
            Some(Leg { state: LegState::Incoming { .. }, .. }) => {
                self.close_theirs(now, id);
                self.tell_end(id, Event::Cancelled { leg: id, reason });
                self.forget_leg(id);
            }
            Some(leg) if leg.theirs == Some(tx) => {
                leg.theirs = None;
                self.offer_if_free(now, id);
            }
            _ => {}
        }
    }

    /// ACK: of a refusal, of an answer, or of nothing we know, which is silently dropped (RFC 3261 §17.1.1.3, §13.2.2.4).
    pub(super) fn ack(&mut self, now: Instant, request: &Request) {
        if self.server_acked(now, request) {
            return;
        }
        let essentials = &request.essentials;
        let Some(&id) = self.tags.get(essentials.to.tag()) else { return };
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| super::midcall::is_peer(&leg.dialog, essentials)) else { return };
        let Some(at) = leg.awaiting.iter().position(|wait| wait.cseq == essentials.cseq) else { return };
        let wait = leg.awaiting.swap_remove(at);
        let answer = request.sdp().filter(|_| wait.wants_answer);
        if wait.first || answer.is_some() {
            self.tell(id, Event::Confirmed { leg: id, answer });
        }
        self.leave_if_acked(now, id);
        self.offer_if_free(now, id);
    }

    pub(super) fn ack_resend(&mut self, at: Instant, now: Instant, id: LegId, cseq: u32) {
        let t2 = self.config.timers.t2;
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let hop = leg.hop;
        let Some(wait) = leg.awaiting.iter_mut().find(|wait| wait.cseq == cseq && wait.resend == at) else { return };
        wait.interval = (wait.interval * 2).min(t2);
        wait.resend = now + wait.interval;
        let (next, bytes) = (wait.resend, wait.bytes.clone());
        self.outputs.push_back(Output::Send(hop, bytes));
        self.arm(next, Timer::AckResend(id, cseq));
    }

    /// No ACK within 64 T1: the session ends with a BYE (RFC 3261 §13.3.1.4).
    pub(super) fn ack_limit(&mut self, now: Instant, id: LegId, cseq: u32) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let before = leg.awaiting.len();
        leg.awaiting.retain(|wait| wait.cseq != cseq);
        if leg.awaiting.len() == before {
            return;
        }
        self.end(now, id, EndedBy::Timeout, None, Some("SIP;cause=408;text=\"No ACK\"".to_owned()));
        self.leave_if_acked(now, id);
    }

    /// An unanswered leg rang long enough.
    pub(super) fn leg_limit(&mut self, at: Instant, now: Instant, id: LegId) {
        match self.legs.get(&id).map(|leg| &leg.state) {
            Some(LegState::Incoming { tx, limit }) if *limit == at => {
                let tx = *tx;
                self.respond(now, tx, ResponseParts { status: 480, ..ResponseParts::default() });
                self.close_theirs(now, id);
                self.tell_end(id, Event::Ended { leg: id, by: EndedBy::Timeout, reason: None });
                self.forget_leg(id);
            }
            Some(LegState::Dialing { limit, .. } | LegState::Resolving { limit, .. }) if *limit == at => {
                // No answer from user (user alerted).
                self.cancel(now, id, super::super::event::FailWhy::NoAnswer, Some("Q.850;cause=19;text=\"No answer\""));
            }
            _ => {}
        }
    }
}

/// Further headers that only we write.
const WRITTEN_HEADERS: [&str; 13] = [
    "Supported",
    "Require",
    "Proxy-Require",
    "Session-Expires",
    "Min-SE",
    "RSeq",
    "RAck",
    "Refer-To",
    "Referred-By",
    "Event",
    "Subscription-State",
    "User-Agent",
    "Server",
];

/// Header fields that an application may add: no line breaks in names, nothing that belongs to the protocol.
pub(super) fn clean_headers(headers: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    let token = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    headers
        .iter()
        .filter(move |(name, _)| token(name) && !OWN_HEADERS.iter().chain(&WRITTEN_HEADERS).any(|own| own.eq_ignore_ascii_case(name)))
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

/// A status that refuses.
fn refusal(status: u16) -> u16 {
    if (300..700).contains(&status) { status } else { 500 }
}

fn incoming(leg: LegId, request: &Request, source: SocketAddr, hop: Hop) -> Incoming {
    let essentials = &request.essentials;
    Incoming {
        leg,
        from: essentials.from.uri.clone(),
        display_name: essentials.from.display.clone(),
        to: essentials.to.uri.clone(),
        request_uri: request.uri.to_string(),
        call_id: essentials.call_id.clone(),
        offer: request.sdp(),
        source,
        transport: hop.transport,
        replaces: None,
        authenticated: None,
        headers: shown_headers(&request.headers),
    }
}

/// What the application sees of the headers: at most 64 fields and 8 kB.
fn shown_headers(headers: &Headers) -> Vec<(String, String)> {
    let mut room = 8_192_usize;
    let mut shown = Vec::new();
    for (name, value) in headers.iter().filter(|(name, _)| !OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name))) {
        let Some(left) = room.checked_sub(name.len() + value.len()).filter(|_| shown.len() < 64) else { break };
        room = left;
        shown.push((name.to_owned(), value.to_owned()));
    }
    shown
}
