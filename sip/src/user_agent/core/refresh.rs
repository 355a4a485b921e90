//! Keeping a session alive, and noticing that it is not (RFC 4028 §7.4, §9, §10).

use std::time::{Duration, Instant};

use rand::Rng;

use super::super::event::{EndedBy, Event, LegId};
use super::client::{Outcome, Purpose};
use super::leg::LegState;
use super::outbound::retry_after;
use super::session_timer::Terms;
use super::{Core, Timer, TxId};
use crate::guard::ACCEPT;
use crate::message::{Headers, Method, Response};

/// The longest that an entry of a finished call stays in the heap of timers.
const STRIDE: Duration = Duration::from_secs(60);

impl Core {
    /// The Min-SE of the 422 that a request with too short an interval gets.
    pub(super) fn session_too_short(&self, headers: &Headers) -> Option<(&'static str, String)> {
        let least = self.config.timers.min_se;
        Terms::of(headers).is_below(least).then(|| ("Min-SE", least.as_secs().to_string()))
    }

    /// What our 2xx to a request of the peer says about the session timer, which starts anew with it.
    pub(super) fn session_answer(&mut self, now: Instant, id: LegId, tx: TxId) -> Vec<(&'static str, String)> {
        let terms = self.servers.get(&tx).and_then(|tx| tx.request()).map(|request| Terms::of(&request.headers));
        let leg = self.legs.get_mut(&id).filter(|leg| matches!(leg.state, LegState::Talking));
        let (Some(terms), Some(leg)) = (terms, leg) else { return Vec::new() };
        let headers = leg.session.decide(terms, &self.config.timers);
        self.restart_session(now, id);
        headers
    }

    /// The peer's 2xx to a request of ours starts the session timer anew.
    pub(super) fn session_answered(&mut self, now: Instant, id: LegId, response: &Response) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.session.settle(Terms::of(&response.headers), &self.config.timers);
        self.restart_session(now, id);
    }

    fn restart_session(&mut self, now: Instant, id: LegId) {
        let Some(due) = self.legs.get_mut(&id).and_then(|leg| leg.session.restart(now)) else { return };
        self.arm_session(now, id, due);
    }

    /// One entry per leg, never far ahead: a call that ends early leaves nothing behind for half an hour.
    fn arm_session(&mut self, now: Instant, id: LegId, due: Instant) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.session.due = Some(due);
        let next = due.min(now + STRIDE);
        if leg.session.armed.is_none_or(|armed| armed > next) {
            leg.session.armed = Some(next);
            self.arm(next, Timer::Session(id));
        }
    }

    pub(super) fn session_due(&mut self, at: Instant, now: Instant, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.session.armed == Some(at)) else { return };
        leg.session.armed = None;
        let Some(due) = leg.session.due else { return };
        if due > now {
            return self.arm_session(now, id, due);
        }
        leg.session.due = None;
        if leg.session.is_ours() {
            self.refresh(now, id);
        } else {
            self.end(now, id, EndedBy::Timeout, None, Some("SIP;cause=408;text=\"Session expired\"".to_owned()));
        }
    }

    /// UPDATE without an offer where the peer takes it, since nothing can go wrong with the media then; else the offer in force again.
    fn refresh(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.get(&id).filter(|leg| matches!(leg.state, LegState::Talking)) else { return };
        let busy = leg.ours.is_some() || leg.theirs.is_some() || leg.session.refreshing().is_some() || !leg.awaiting.is_empty();
        let offer = leg.local_sdp.clone().filter(|_| !leg.takes_update);
        if busy || (!leg.takes_update && offer.is_none()) {
            // What is being negotiated refreshes the session, if it succeeds.
            let pause = leg.session.pause();
            return self.arm_session(now, id, now + pause);
        }
        let (flow, hop) = (leg.hop, leg.next_hop(&self.config.allowed));
        let mut extra = vec![("Contact".to_owned(), self.contact(flow)), ("Allow".to_owned(), self.allow(id))];
        extra.extend(leg.session.proposal(&self.config.timers));
        let method = if offer.is_some() { Method::Invite } else { Method::Update };
        let Some(parts) = self.legs.get_mut(&id).map(|leg| leg.dialog.request(method, extra)) else { return };
        let tx = self.start_client(now, Purpose::Refresh(id), parts, hop, offer.as_deref().map(|offer| (ACCEPT, offer)));
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.session.refresh = Some(tx);
            leg.ours = offer.is_some().then_some(tx);
        }
    }

    pub(super) fn refresh_outcome(&mut self, now: Instant, id: LegId, tx: TxId, outcome: &Outcome<'_>) {
        let invite = self.clients.get(&tx).is_some_and(|tx| tx.parts.method == Method::Invite);
        let Some(leg) = self.legs.get_mut(&id) else {
            // The call ended meanwhile; a 2xx wants its ACK all the same.
            if let Outcome::Response(response) = outcome
                && response.status < 300
                && invite
            {
                self.end_fork(now, tx, response);
            }
            return;
        };
        leg.session.refresh = None;
        if leg.ours == Some(tx) {
            leg.ours = None;
        }
        match outcome {
            Outcome::Response(response) if response.status < 300 => self.refreshed(now, id, tx, response, invite),
            Outcome::Response(response) if !matches!(response.status, 408 | 481) => self.refresh_refused(now, id, response, invite),
            // The peer does not know the call, or is gone (RFC 3261 §12.2.1.2).
            Outcome::Response(_) | Outcome::Timeout | Outcome::Unreachable => self.end(now, id, EndedBy::Timeout, None, None),
        }
        self.offer_if_free(now, id);
    }

    fn refreshed(&mut self, now: Instant, id: LegId, tx: TxId, response: &Response, invite: bool) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.dialog.refresh_target(&response.headers);
        leg.learn(&response.headers);
        if invite {
            self.acknowledge(id, tx, response);
            if let Some(answer) = response.sdp() {
                self.tell(id, Event::Refreshed { leg: id, answer });
            }
        }
        self.session_answered(now, id, response);
    }

    /// The peer is there but does not want now: the call goes on, and is refreshed later.
    fn refresh_refused(&mut self, now: Instant, id: LegId, response: &Response, invite: bool) {
        // 491: the side that chose the Call-ID waits longer (RFC 3261 §14.1).
        let (owner, other) = (self.rng.random_range(2_100..4_000), self.rng.random_range(10..2_000));
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let pause = match response.status {
            422 if leg.session.raise(&response.headers) => Duration::ZERO,
            405 | 501 if !invite => {
                (leg.takes_update, leg.allows_update) = (false, false);
                Duration::ZERO
            }
            491 => Duration::from_millis(if leg.outbound { owner } else { other }),
            _ => {
                // The peer waits for a refresh that it takes: next time in the other form.
                leg.takes_update = !leg.takes_update && leg.allows_update;
                retry_after(&response.headers).unwrap_or_default().clamp(leg.session.pause(), leg.session.pause() * 2)
            }
        };
        self.arm_session(now, id, now + pause);
    }
}
