//! Reliable provisional responses to callers (RFC 3262 §3): a ring or early media that may not get lost.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::Rng;

use super::super::event::{EndedBy, Event, LegId};
use super::leg::{Leg, LegState};
use super::{Core, Hop, Output, Timer};
use crate::guard::{ACCEPT, ALLOW, SUPPORTED};
use crate::message::{Request, ResponseParts};

/// Provisional responses that may wait for the PRACK of an earlier one.
const MAX_QUEUE: usize = 4;

/// What the caller says about reliable provisional responses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Wish {
    #[default]
    No,
    Supported,
    Required,
}

/// A response that waits for its PRACK.
#[derive(Debug)]
struct Pending {
    rseq: u32,
    bytes: Bytes,
    hop: Hop,
    with_sdp: bool,
    resend: Instant,
    interval: Duration,
    limit: Instant,
}

/// The provisional responses of one inbound leg.
#[derive(Debug, Default)]
pub(super) struct Reliable {
    wish: Wish,
    offered: bool,
    invite_seq: u32,
    /// The last RSeq used; the first one is drawn.
    rseq: u32,
    pending: Option<Pending>,
    queue: VecDeque<(u16, Option<Vec<u8>>)>,
    /// The application's answer, held back until a session description of ours is acknowledged.
    answer: Option<Vec<u8>>,
    settled: bool,
}

impl Reliable {
    /// What an INVITE asks for.
    pub(super) fn wanted_by(request: &Request) -> Self {
        let wish = match () {
            () if request.headers.lists("Require", "100rel") => Wish::Required,
            () if request.headers.lists("Supported", "100rel") => Wish::Supported,
            () => Wish::No,
        };
        Self { wish, offered: request.sdp().is_some(), invite_seq: request.essentials.cseq, ..Self::default() }
    }

    /// Whether the INVITE had an offer.
    pub(super) fn has_offer(&self) -> bool {
        self.offered
    }

    /// Whether a provisional response with this description has to arrive.
    pub(super) fn is_wanted(&self, sdp: Option<&[u8]>) -> bool {
        self.wish == Wish::Required || (self.wish == Wish::Supported && sdp.is_some())
    }

    /// Whether the caller's offer was answered, and the caller has that answer.
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Keeps the application's answer if it may not be sent yet (RFC 3262 §3).
    pub(super) fn hold_back(&mut self, sdp: &[u8]) -> bool {
        let held = self.pending.as_ref().is_some_and(|pending| pending.with_sdp);
        if held {
            self.answer = Some(sdp.to_vec());
        }
        held
    }

    /// Takes in a RAck (RFC 3262 §7.2); `false` if nothing waits for it.
    fn acknowledge(&mut self, rack: &str) -> bool {
        let mut parts = rack.split_whitespace();
        let mut number = || parts.next()?.parse::<u32>().ok();
        let (rseq, cseq) = (number(), number());
        let meant = cseq == Some(self.invite_seq) && parts.next() == Some("INVITE");
        let Some(pending) = self.pending.take_if(|pending| meant && Some(pending.rseq) == rseq) else { return false };
        self.settled |= pending.with_sdp;
        true
    }
}

impl Core {
    /// Sends a provisional response that is repeated until its PRACK comes, one at a time.
    pub(super) fn ring_reliably(&mut self, now: Instant, id: LegId, status: u16, sdp: Option<&[u8]>) {
        let first = self.rng.random_range(1..1 << 30);
        let Some(Leg { state: LegState::Incoming { tx, .. }, hop, reliable, .. }) = self.legs.get_mut(&id) else { return };
        if reliable.pending.is_some() || reliable.answer.is_some() {
            if reliable.answer.is_none() && reliable.queue.len() < MAX_QUEUE {
                reliable.queue.push_back((status, sdp.map(<[u8]>::to_vec)));
            }
            return;
        }
        let (tx, hop) = (*tx, *hop);
        reliable.rseq = if reliable.rseq == 0 { first } else { reliable.rseq + 1 };
        let rseq = reliable.rseq;
        let extra = vec![
            ("Contact", self.contact(hop)),
            ("Allow", ALLOW.to_owned()),
            ("Supported", SUPPORTED.to_owned()),
            ("Require", "100rel".to_owned()),
            ("RSeq", rseq.to_string()),
        ];
        let body = sdp.map(|sdp| (ACCEPT, sdp));
        let parts = ResponseParts { status, record_route: true, extra, body, ..ResponseParts::default() };
        let Some(bytes) = self.respond(now, tx, parts) else { return };
        let Some(hop) = self.servers.get(&tx).map(|tx| tx.hop) else { return };
        let (interval, limit) = (self.config.timers.t1, now + self.config.timers.limit());
        let resend = now + interval;
        self.arm(resend, Timer::Reliable(id));
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.reliable.pending = Some(Pending { rseq, bytes, hop, with_sdp: sdp.is_some(), resend, interval, limit });
        }
    }

    /// Repeats the response, over a stream too, and in the end gives the call up (RFC 3262 §3).
    pub(super) fn reliable_due(&mut self, at: Instant, now: Instant, id: LegId) {
        let Some(Leg { state: LegState::Incoming { tx, .. }, reliable, .. }) = self.legs.get_mut(&id) else { return };
        let Some(pending) = reliable.pending.as_mut().filter(|pending| pending.resend == at) else { return };
        if now >= pending.limit {
            let tx = *tx;
            self.respond(now, tx, ResponseParts { status: 504, ..ResponseParts::default() });
            self.close_theirs(now, id);
            self.tell_end(id, Event::Ended { leg: id, by: EndedBy::Timeout, reason: None });
            return self.forget_leg(id);
        }
        pending.interval *= 2;
        pending.resend = (now + pending.interval).min(pending.limit);
        let (next, hop, bytes) = (pending.resend, pending.hop, pending.bytes.clone());
        self.outputs.push_back(Output::Send(hop, bytes));
        self.arm(next, Timer::Reliable(id));
    }

    /// PRACK of the caller. An offer in it is refused: the call stays as it was, and the response counts as acknowledged.
    pub(super) fn prack_received(&mut self, now: Instant, request: Request, hop: Hop, id: LegId, tag: &str) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let known = request.headers.get("RAck").is_some_and(|rack| leg.reliable.acknowledge(rack));
        let status = match known {
            false => 481,
            true if request.sdp().is_some() => 488,
            true => 200,
        };
        self.answer_at_once(now, request, hop, tag, status, Vec::new());
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| known && matches!(leg.state, LegState::Incoming { .. })) else { return };
        if let Some(answer) = leg.reliable.answer.take() {
            return self.answer(now, id, &answer);
        }
        if let Some((status, sdp)) = leg.reliable.queue.pop_front() {
            self.ring_reliably(now, id, status, sdp.as_deref());
        }
    }
}
