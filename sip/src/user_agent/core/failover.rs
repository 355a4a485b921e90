//! Other ways for the same request: the next target of a look-up (RFC 3263 §4.3), a stream for what is too large for a datagram
//! (RFC 3261 §18.1.1).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::causes::is_about_the_callee;
use super::client::{Outcome, Purpose};
use super::leg::{Cancel, Leg, LegState};
use super::outbound::retry_after;
use super::{Core, Hop, Timer, TxId};
use crate::guard::ACCEPT;
use crate::message::{RequestParts, Response};
use crate::transport::Transport;

/// A request above this goes by a stream, as the path's MTU is not known (RFC 3261 §18.1.1).
const DATAGRAM: usize = 1_300;

/// What a datagram can carry at all.
const LARGEST_DATAGRAM: usize = 65_000;

/// Addresses that take no streams, and how long that is remembered: where packets vanish, each try costs the time of a connection.
const MOST_STREAMLESS: usize = 1_024;
const STREAMLESS: Duration = Duration::from_secs(600);

/// A body with its type.
pub(super) type Body = Option<(String, Bytes)>;

pub(super) fn borrowed(body: &Body) -> Option<(&str, &[u8])> {
    body.as_ref().map(|(kind, bytes)| (kind.as_str(), bytes.as_ref()))
}

/// A request that can be tried elsewhere.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) purpose: Purpose,
    pub(super) parts: RequestParts,
    pub(super) hop: Hop,
    /// Targets after that one.
    pub(super) rest: VecDeque<Hop>,
}

/// Whether an outcome says something about the target alone, so that another one may do better.
pub(super) fn is_about_the_target(outcome: &Outcome<'_>, unheard: bool) -> bool {
    match outcome {
        Outcome::Response(response) => response.status == 503 && !is_about_the_callee(response),
        Outcome::Timeout | Outcome::Unreachable => unheard,
    }
}

impl Core {
    /// The way for a request of that size, and the datagram way if a stream turns out not to be had.
    pub(super) fn fitting(&self, now: Instant, hop: Hop, length: usize) -> (Hop, Option<Hop>) {
        let known = length < LARGEST_DATAGRAM && self.streamless.get(&hop.remote).is_some_and(|until| now < *until);
        if hop.transport != Transport::Udp || length <= DATAGRAM || known {
            return (hop, None);
        }
        let stream = Hop { local: None, ..Hop { transport: Transport::Tcp, ..hop } };
        (stream, Some(hop).filter(|_| length < LARGEST_DATAGRAM))
    }

    /// An address takes no streams: large requests are not held up by it again for a while.
    pub(super) fn note_streamless(&mut self, now: Instant, address: SocketAddr) {
        if self.streamless.len() >= MOST_STREAMLESS {
            self.streamless.retain(|_, until| now < *until);
        }
        if self.streamless.len() < MOST_STREAMLESS {
            self.streamless.insert(address, now + STREAMLESS);
        }
    }

    /// Sends an INVITE to the next target with a new branch, inside the same leg.
    pub(super) fn try_next(&mut self, now: Instant, attempt: Attempt) -> bool {
        let Attempt { purpose: Purpose::Dial(id), mut parts, hop, rest } = attempt else { return false };
        let dialing = |leg: &&Leg| matches!(leg.state, LegState::Dialing { cancel: Cancel::No, .. }) && !leg.told;
        let Some(offer) = self.legs.get(&id).filter(dialing).map(|leg| leg.offers.towards(hop.remote).to_vec()) else { return false };
        let contact = self.contact(hop);
        parts.extra.iter_mut().filter(|(name, _)| name == "Contact").for_each(|(_, value)| value.clone_from(&contact));
        parts.via = self.new_via(hop);
        let next = self.send_client(now, Purpose::Dial(id), parts, hop, Some((ACCEPT, &offer)));
        self.keep_alternatives(now, next, rest);
        if let Some(Leg { state: LegState::Dialing { tx, early, .. }, hop: way, forks, .. }) = self.legs.get_mut(&id) {
            (*tx, *early, *way) = (next, None, hop);
            forks.clear();
        }
        true
    }

    /// A server may ask that no further calls come for a while. Telephones that registered speak for themselves alone.
    pub(super) fn note_rest(&mut self, now: Instant, purpose: Purpose, server: Hop, response: &Response) {
        let Purpose::Dial(id) = purpose else { return };
        let telephone = self.legs.get(&id).is_none_or(|leg| leg.pinned);
        if telephone || !matches!(response.status, 500 | 503) || is_about_the_callee(response) {
            return;
        }
        if let Some(time) = retry_after(&response.headers) {
            self.rests.note(now, server, time);
        }
    }

    /// Gives a request other targets. A target that says nothing is then left sooner than the standard's 64 T1.
    pub(super) fn keep_alternatives(&mut self, now: Instant, id: TxId, rest: VecDeque<Hop>) {
        let at = now + self.config.timers.failover;
        let more = self.clients.get(&id).is_some_and(|tx| matches!(tx.purpose, Purpose::Dial(leg) if self.has_more_peers(leg)));
        let Some(tx) = self.clients.get_mut(&id).filter(|_| more || !rest.is_empty()) else { return };
        tx.offer(rest, at);
        self.arm(at, Timer::ClientLeave(id));
    }

    /// A target has said nothing for long enough. Should it wake up later, it is told that nobody wants the call any more.
    pub(super) fn client_leave(&mut self, at: Instant, now: Instant, id: TxId) {
        let Some(tx) = self.clients.get_mut(&id).filter(|tx| tx.is_due(at)) else { return };
        let (purpose, attempt) = (tx.purpose, tx.next_attempt(&Outcome::Timeout));
        let left = match (attempt, purpose) {
            (Some(attempt), _) => self.try_next(now, attempt),
            (None, Purpose::Dial(leg)) => self.next_peer(now, leg),
            (None, _) => false,
        };
        if left && let Some(tx) = self.clients.get_mut(&id) {
            tx.abandon(false);
        }
    }

    /// A target that was left wakes up.
    pub(super) fn cancel_abandoned(&mut self, now: Instant, id: TxId) {
        if let Some(tx) = self.clients.get_mut(&id) {
            tx.abandon(true);
        }
        self.send_cancel(now, id, None);
    }

    /// The late outcome of an INVITE that was left: an answer is acknowledged and ended.
    pub(super) fn end_abandoned(&mut self, now: Instant, id: TxId, outcome: &Outcome<'_>) {
        if let Outcome::Response(response) = outcome
            && response.status < 300
        {
            self.end_fork(now, id, response);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::command::{Command, DialRequest, Offers};
    use super::super::super::event::{Event, LegId};
    use super::super::super::locate::Target;
    use super::super::Output;
    use super::super::tests::{DEAD, Story, dial_to};
    use super::*;

    fn peer() -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 2], 5060))
    }

    #[test]
    fn a_target_that_says_nothing_is_left_for_the_next_within_seconds() {
        let mut story = Story::new();
        let (now, leg) = (story.now, LegId(2));
        story.core.command(now, dial_to(leg, "pbx.example", false));
        assert!(matches!(story.core.poll_output(), Some(Output::Resolve { .. })));
        story.core.resolved(now, leg, &[DEAD, peer()].map(|address| Target { transport: Transport::Udp, address }));
        story.drain();
        story.passes(100);
        // Timer A at the first one until it is left after 4 s, then at the last one until timer B.
        let second = [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500].map(|at| 4_000 + at);
        assert_eq!(story.times_of("INVITE"), [&[0, 500, 1_500, 3_500][..], &second].concat());
        assert!(matches!(story.events[..], [Event::Failed { status: None, .. }]));
        let stats = story.core.stats();
        assert_eq!((stats.legs, stats.transactions, story.core.next_deadline()), (0, 0, None));
    }

    #[test]
    fn each_target_gets_the_offer_of_its_family() {
        let mut story = Story::new();
        let (now, leg, six) = (story.now, LegId(2), "[2001:db8::2]:5060".parse().unwrap());
        let Command::Dial(request) = dial_to(leg, "pbx.example", false) else { unreachable!() };
        let offers = Offers { v4: Some(b"v=0\r\nc=IN IP4 192.0.2.1\r\n".to_vec()), v6: Some(b"v=0\r\nc=IN IP6 2001:db8::1\r\n".to_vec()) };
        story.core.command(now, Command::Dial(Box::new(DialRequest { offers, ..*request })));
        assert!(matches!(story.core.poll_output(), Some(Output::Resolve { .. })));
        story.core.resolved(now, leg, &[DEAD, six].map(|address| Target { transport: Transport::Udp, address }));
        story.drain();
        story.passes(5);
        let offered = |n: usize| story.sent.iter().filter(|(_, text)| text.starts_with("INVITE")).nth(n).unwrap().1.clone();
        assert!(offered(0).ends_with("c=IN IP4 192.0.2.1\r\n"), "{}", offered(0));
        assert!(offered(4).ends_with("c=IN IP6 2001:db8::1\r\n"), "{}", offered(4));
        assert!(offered(4).contains("Content-Length: 27\r\n"), "{}", offered(4));
    }
}
