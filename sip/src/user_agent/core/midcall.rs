//! Inside a call: BYE, re-INVITE, UPDATE, INFO, OPTIONS (RFC 3261 §12.2, §14, §15; RFC 3311; RFC 6086).

use std::net::SocketAddr;
use std::time::Instant;

use super::super::event::{EndedBy, Event, LegId, TransactionId};
use super::client::{Outcome, Purpose};
use super::leg::{Dialog, LegState};
use super::{Core, Hop, Timer, TxId};
use crate::dtmf::{Digit, info};
use crate::guard::{ACCEPT, SUPPORTED};
use crate::message::{Essentials, Method, Request, ResponseParts};

/// INFO bodies above this are cut off.
const MAX_INFO: usize = 4_096;

/// 2xx answers of one leg that may wait for their ACK at once.
const MAX_AWAITING: usize = 4;

/// Whether a request comes from the dialog's other side (RFC 3261 §12.2.2); our tag was compared already.
pub(super) fn is_peer(dialog: &Dialog, essentials: &Essentials) -> bool {
    dialog.call_id == essentials.call_id && dialog.remote_tag.as_deref() == Some(essentials.from.tag())
}

/// What stands in the way of a new offer from the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Nothing,
    /// Our own offer is out: 491 (RFC 3261 §14.2).
    Ours,
    /// Theirs is not answered: 500 with Retry-After (RFC 3261 §14.2, RFC 3311 §5.2).
    Theirs,
}

impl Core {
    /// A request with a To tag.
    pub(super) fn in_dialog(&mut self, now: Instant, request: Request, source: SocketAddr, hop: Hop) {
        let essentials = &request.essentials;
        let allowed = self.config.allows(source.ip());
        let found = self.tags.get(essentials.to.tag()).copied();
        let leg = found.and_then(|id| Some((id, self.legs.get_mut(&id)?)));
        // With an allow-list, even somebody who knows every tag must speak from a listed address or from the peer's own.
        let leg = leg.filter(|(_, leg)| allowed || leg.hop.address().ip() == source.ip());
        if let Some(fork) = leg.as_ref().and_then(|(_, leg)| leg.fork_of(essentials))
            && let Some(id) = found
        {
            return self.early_request(now, request, hop, id, fork);
        }
        let leg = leg.filter(|(_, leg)| is_peer(&leg.dialog, essentials));
        let Some((id, leg)) = leg else { return self.no_such_call(now, &request, source, hop) };
        // Numbers only rise (RFC 3261 §12.2.2); a replayed BYE with an old number must not end the call.
        if leg.dialog.remote_seq.is_some_and(|last| essentials.cseq <= last) {
            return self.stateless(&request, hop, 500, Vec::new());
        }
        leg.dialog.remote_seq = Some(essentials.cseq);
        leg.heard_over(hop);
        let tag = leg.dialog.local_tag.clone();
        let method = request.method().clone();
        leg.learn(&request.headers);
        match method {
            Method::Bye => self.bye_received(now, request, hop, id, &tag),
            Method::Invite | Method::Update => self.offer_received(now, request, hop, id, &tag),
            Method::Info => self.info_received(now, request, hop, id, &tag),
            Method::Options => {
                let extra = vec![("Allow", self.allow(id)), ("Accept", ACCEPT.to_owned()), ("Supported", SUPPORTED.to_owned())];
                self.answer_at_once(now, request, hop, &tag, 200, extra);
            }
            Method::Notify => self.notify_received(now, request, hop, id, &tag),
            Method::Prack => self.prack_received(now, request, hop, id, &tag),
            Method::Refer => self.refer_received(now, request, hop, id, &tag),
            Method::Subscribe => self.answer_at_once(now, request, hop, &tag, 489, Vec::new()),
            Method::Register | Method::Message | Method::Publish | Method::Other(_) | Method::Ack | Method::Cancel => {
                self.answer_at_once(now, request, hop, &tag, 405, vec![("Allow", self.allow(id))]);
            }
        }
    }

    pub(super) fn answer_at_once(&mut self, now: Instant, request: Request, hop: Hop, tag: &str, status: u16, extra: Vec<(&str, String)>) {
        let tx = self.open_server(request, hop, None, tag);
        self.respond(now, tx, ResponseParts { status, extra, ..ResponseParts::default() });
    }

    fn bye_received(&mut self, now: Instant, request: Request, hop: Hop, id: LegId, tag: &str) {
        let reason = request.headers.reason();
        self.answer_at_once(now, request, hop, tag, 200, Vec::new());
        let Some(leg) = self.legs.get(&id) else { return };
        // Requests of the call that are still open end with it (RFC 3261 §15.1.2).
        if let LegState::Incoming { tx, .. } = leg.state {
            self.respond(now, tx, ResponseParts { status: 487, ..ResponseParts::default() });
        }
        self.close_theirs(now, id);
        self.tell_end(id, Event::Ended { leg: id, by: EndedBy::Remote, reason });
        self.forget_leg(id);
    }

    /// Ends the peer's re-INVITE or UPDATE that the application did not answer, because the call is over.
    pub(super) fn close_theirs(&mut self, now: Instant, id: LegId) {
        if let Some(tx) = self.legs.get_mut(&id).and_then(|leg| leg.theirs.take()) {
            self.respond(now, tx, ResponseParts { status: 487, ..ResponseParts::default() });
        }
    }

    fn info_received(&mut self, now: Instant, request: Request, hop: Hop, id: LegId, tag: &str) {
        let content_type = request.headers.get("Content-Type").unwrap_or_default().to_owned();
        let body: Vec<u8> = request.body.iter().take(MAX_INFO).copied().collect();
        self.answer_at_once(now, request, hop, tag, 200, Vec::new());
        if !body.is_empty() {
            self.tell(id, Event::Info { leg: id, content_type, body });
        }
    }

    /// Tells the peer a key, where it takes INFO requests.
    pub(super) fn key(&mut self, now: Instant, id: LegId, digit: Digit) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if !leg.allows_info || !matches!(leg.state, LegState::Talking) {
            return self.tell(id, Event::KeyNotTaken { leg: id, digit });
        }
        let (hop, parts) = (leg.next_hop(&self.config.allowed), leg.dialog.request(Method::Info, Vec::new()));
        self.start_client(now, Purpose::Key(id, digit), parts, hop, Some((info::RELAY, info::relay(digit).as_bytes())));
    }

    /// Whoever refuses one key is told none any more; one of which nothing is heard may have been taken.
    pub(super) fn key_outcome(&mut self, id: LegId, digit: Digit, outcome: &Outcome<'_>) {
        if let Outcome::Response(response) = outcome
            && response.status >= 300
            && let Some(leg) = self.legs.get_mut(&id)
        {
            leg.allows_info = false;
            self.tell(id, Event::KeyNotTaken { leg: id, digit });
        }
    }

    /// re-INVITE or UPDATE.
    fn offer_received(&mut self, now: Instant, request: Request, hop: Hop, id: LegId, tag: &str) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let pending = match leg.state {
            LegState::Talking if leg.theirs.is_some() || leg.awaiting.len() >= MAX_AWAITING => Pending::Theirs,
            LegState::Talking if leg.ours.is_some() || leg.awaiting.iter().any(|wait| wait.wants_answer) => Pending::Ours,
            LegState::Talking => Pending::Nothing,
            // Before the answer only UPDATE, and only once the first offer was answered reliably (RFC 3311 §5.2).
            LegState::Incoming { .. } if leg.theirs.is_none() && leg.reliable.is_settled() && *request.method() == Method::Update => {
                Pending::Nothing
            }
            LegState::Incoming { .. } => Pending::Theirs,
            LegState::Resolving { .. } | LegState::Dialing { .. } => Pending::Ours,
            LegState::Leaving { .. } => return self.answer_at_once(now, request, hop, tag, 481, Vec::new()),
        };
        let (update, offer) = (*request.method() == Method::Update, request.sdp());
        if let Some(min_se) = self.session_too_short(&request.headers) {
            return self.answer_at_once(now, request, hop, tag, 422, vec![min_se]);
        }
        match pending {
            // UPDATE without an offer only refreshes (RFC 3311 §5.2).
            Pending::Nothing | Pending::Ours | Pending::Theirs if update && offer.is_none() => {
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.dialog.refresh_target(&request.headers);
                }
                let mut extra = vec![("Contact", self.contact(hop)), ("Allow", self.allow(id)), ("Supported", SUPPORTED.to_owned())];
                let tx = self.open_server(request, hop, Some(id), tag);
                extra.extend(self.session_answer(now, id, tx));
                self.respond(now, tx, ResponseParts { status: 200, extra, ..ResponseParts::default() });
            }
            Pending::Ours => self.answer_at_once(now, request, hop, tag, 491, Vec::new()),
            Pending::Theirs => self.answer_at_once(now, request, hop, tag, 500, vec![("Retry-After", "2".to_owned())]),
            Pending::Nothing => {
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.dialog.refresh_target(&request.headers);
                }
                let tx = self.open_server(request, hop, Some(id), tag);
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.theirs = Some(tx);
                }
                if !update {
                    self.respond(now, tx, ResponseParts { status: 100, ..ResponseParts::default() });
                }
                let limit = now + self.config.timers.reoffer;
                self.arm(limit, Timer::ReofferLimit(id, tx));
                self.tell(id, Event::Reoffer { leg: id, transaction: TransactionId(tx.0), offer });
            }
        }
    }

    /// The application's answer to a re-INVITE or UPDATE. A refusal leaves the call as it was (RFC 3261 §14.2).
    pub(super) fn answer_reinvite(&mut self, now: Instant, id: LegId, tx: TxId, answer: Result<Vec<u8>, u16>) {
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.theirs == Some(tx)) else { return };
        leg.theirs = None;
        let contact = ("Contact", self.legs.get(&id).map(|leg| self.contact(leg.hop)).unwrap_or_default());
        let mut extra = vec![contact, ("Allow", self.allow(id)), ("Supported", SUPPORTED.to_owned())];
        let update = self.servers.get(&tx).and_then(|tx| tx.request()).is_some_and(|request| *request.method() == Method::Update);
        match answer {
            Ok(sdp) if update => {
                extra.extend(self.session_answer(now, id, tx));
                self.respond(now, tx, ResponseParts { status: 200, extra, body: Some((ACCEPT, &sdp)), ..ResponseParts::default() });
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.local_sdp = Some(sdp);
                }
            }
            Ok(sdp) => self.accept(now, id, tx, Some(&sdp), false),
            Err(status) => {
                let status = if (300..700).contains(&status) { status } else { 488 };
                self.respond(now, tx, ResponseParts { status, ..ResponseParts::default() });
            }
        }
        self.offer_if_free(now, id);
    }

    pub(super) fn reoffer_limit(&mut self, now: Instant, id: LegId, tx: TxId) {
        self.answer_reinvite(now, id, tx, Err(500));
        // Where the leg is gone, the request still wants an answer.
        self.respond(now, tx, ResponseParts { status: 500, ..ResponseParts::default() });
    }

    /// Offers the peer another session description, once nothing else is being negotiated.
    pub(super) fn reinvite(&mut self, now: Instant, id: LegId, sdp: Vec<u8>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        // A refresh of our own does not count: the offer waits for its end.
        let negotiating = leg.ours.is_some() && leg.ours != leg.session.refreshing();
        if !matches!(leg.state, LegState::Talking) || negotiating || leg.next_offer.is_some() {
            return self.tell(id, Event::Reanswered { leg: id, result: Err(491) });
        }
        leg.next_offer = Some(sdp);
        self.offer_if_free(now, id);
    }

    /// Sends the offer that waits, if nothing stands in its way any more.
    pub(super) fn offer_if_free(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if !matches!(leg.state, LegState::Talking) || leg.theirs.is_some() || leg.ours.is_some() || !leg.awaiting.is_empty() {
            return;
        }
        let Some(sdp) = leg.next_offer.take() else { return };
        let (flow, hop) = (leg.hop, leg.next_hop(&self.config.allowed));
        let proposal = leg.session.proposal(&self.config.timers);
        let mut extra = vec![("Contact".to_owned(), self.contact(flow)), ("Allow".to_owned(), self.allow(id))];
        extra.extend(proposal);
        let Some(parts) = self.legs.get_mut(&id).map(|leg| leg.dialog.request(Method::Invite, extra)) else { return };
        let tx = self.start_client(now, Purpose::Reinvite(id), parts, hop, Some((ACCEPT, &sdp)));
        if let Some(leg) = self.legs.get_mut(&id) {
            (leg.ours, leg.offered) = (Some(tx), Some(sdp));
        }
    }

    pub(super) fn reinvite_outcome(&mut self, now: Instant, id: LegId, tx: TxId, outcome: &Outcome<'_>) {
        let Some(leg) = self.legs.get_mut(&id) else {
            // The call ended meanwhile; a 2xx wants its ACK all the same.
            if let Outcome::Response(response) = outcome
                && response.status < 300
            {
                self.end_fork(now, tx, response);
            }
            return;
        };
        leg.ours = None;
        let offered = leg.offered.take();
        match outcome {
            Outcome::Response(response) if response.status < 300 => {
                leg.dialog.refresh_target(&response.headers);
                leg.learn(&response.headers);
                leg.local_sdp = offered.or(leg.local_sdp.take());
                self.acknowledge(id, tx, response);
                self.session_answered(now, id, response);
                self.tell(id, Event::Reanswered { leg: id, result: Ok(response.sdp()) });
            }
            // The interval was too short for somebody: the same offer again with a longer one (RFC 4028 §7.3).
            Outcome::Response(response) if response.status == 422 && leg.session.raise(&response.headers) => {
                leg.next_offer = leg.next_offer.take().or(offered);
                self.offer_if_free(now, id);
            }
            // The peer does not know the call, or is gone (RFC 3261 §12.2.1.2).
            Outcome::Response(response) if !matches!(response.status, 408 | 481) => {
                self.tell(id, Event::Reanswered { leg: id, result: Err(response.status) });
            }
            Outcome::Response(_) | Outcome::Timeout | Outcome::Unreachable => {
                self.end(now, id, EndedBy::Timeout, None, None);
            }
        }
    }

    /// Ends an answered call.
    pub(super) fn bye(&mut self, now: Instant, id: LegId, reason: Option<String>) {
        self.end(now, id, EndedBy::Local, None, reason);
    }

    /// Ends an answered call: the application is told at once, BYE goes out as soon as the standard allows.
    pub(super) fn end(&mut self, now: Instant, id: LegId, by: EndedBy, told: Option<String>, reason: Option<String>) {
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| matches!(leg.state, LegState::Talking)) else { return };
        leg.state = LegState::Leaving { bye: Some(reason) };
        self.close_theirs(now, id);
        self.tell_end(id, Event::Ended { leg: id, by, reason: told });
        self.leave_if_acked(now, id);
    }

    /// A server side may not send BYE before the ACK of its 2xx, or its time limit (RFC 3261 §15).
    pub(super) fn leave_if_acked(&mut self, now: Instant, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let first_waits = leg.awaiting.iter().any(|wait| wait.first);
        if let LegState::Leaving { bye } = &mut leg.state
            && !first_waits
            && let Some(reason) = bye.take()
        {
            self.send_bye(now, id, reason);
        }
    }

    pub(super) fn send_bye(&mut self, now: Instant, id: LegId, reason: Option<String>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        leg.state = LegState::Leaving { bye: None };
        let extra = reason.into_iter().map(|reason| ("Reason".to_owned(), reason)).collect();
        let (hop, parts) = (leg.next_hop(&self.config.allowed), leg.dialog.request(Method::Bye, extra));
        self.start_client(now, Purpose::Bye(id), parts, hop, None);
    }
}
