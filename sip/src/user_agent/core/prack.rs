//! Reliable provisional responses from those we call (RFC 3262 §4), and what they may ask for before they answer (RFC 3311).

use std::time::Instant;

use super::super::event::{Event, LegId, TransactionId};
use super::client::Purpose;
use super::leg::{Dialog, Leg, LegState};
use super::outbound::establish;
use super::{Core, Hop, Timer};
use crate::guard::{ALLOW, SUPPORTED};
use crate::message::{Essentials, Method, Request, Response, ResponseParts};

/// Early dialogs of one INVITE that are followed.
const MAX_FORKS: usize = 8;

/// One early dialog (RFC 3261 §12.1): a fork of our INVITE that sends reliable provisional responses.
#[derive(Debug)]
pub(super) struct Fork {
    tag: String,
    /// The last RSeq that was acknowledged.
    rseq: u32,
    dialog: Dialog,
    /// Whether our offer was answered here.
    settled: bool,
}

impl Leg {
    /// The place of the early dialog that a request belongs to; our own tag was compared already.
    pub(super) fn fork_of(&self, essentials: &Essentials) -> Option<usize> {
        let early = matches!(self.state, LegState::Dialing { .. }) && self.dialog.call_id == essentials.call_id;
        self.forks.iter().position(|fork| early && fork.tag == essentials.from.tag())
    }

    /// Numbers of early dialogs go on above this one: a request in one of them had to be sent again.
    pub(super) fn raise_forks(&mut self, cseq: u32) {
        self.forks.iter_mut().for_each(|fork| fork.dialog.local_seq = fork.dialog.local_seq.max(cseq));
    }

    /// Whether somebody who rings for us has this tag (RFC 3891 §3).
    pub(super) fn has_fork(&self, tag: &str) -> bool {
        matches!(self.state, LegState::Dialing { .. }) && self.forks.iter().any(|fork| fork.tag == tag)
    }

    /// The early dialog that was answered becomes the call's: its numbers go on.
    pub(super) fn leave_early(&mut self) {
        let forks = std::mem::take(&mut self.forks);
        if let Some(fork) = forks.into_iter().find(|fork| self.dialog.remote_tag.as_ref() == Some(&fork.tag)) {
            self.dialog.local_seq = self.dialog.local_seq.max(fork.dialog.local_seq);
            self.dialog.remote_seq = fork.dialog.remote_seq;
        }
    }
}

/// The RSeq of a response that has to be acknowledged.
fn rseq_of(response: &Response) -> Option<u32> {
    let rseq = response.headers.get("RSeq")?.trim().parse().ok().filter(|&rseq| rseq > 0)?;
    response.headers.lists("Require", "100rel").then_some(rseq)
}

impl Core {
    /// Takes in a provisional response to our INVITE, and acknowledges it where it asks for that; `false` if it is a repetition, or if an
    /// earlier one is missing.
    pub(super) fn take_provisional(&mut self, now: Instant, id: LegId, response: &Response) -> bool {
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        leg.learn(&response.headers);
        let (tag, Some(rseq)) = (response.essentials.to.tag(), rseq_of(response)) else { return true };
        let known = leg.forks.iter().position(|fork| fork.tag == tag);
        let at = match known {
            Some(at) if leg.forks[at].rseq.checked_add(1) == Some(rseq) => at,
            None if !tag.is_empty() && leg.forks.len() < MAX_FORKS => {
                let mut dialog = leg.dialog.clone();
                establish(&mut dialog, response);
                leg.forks.push(Fork { tag: tag.to_owned(), rseq, dialog, settled: false });
                leg.forks.len() - 1
            }
            Some(_) | None => return false,
        };
        let fork = &mut leg.forks[at];
        fork.rseq = rseq;
        fork.settled |= response.sdp().is_some();
        fork.dialog.refresh_target(&response.headers);
        let rack = format!("{rseq} {} INVITE", response.essentials.cseq);
        let parts = fork.dialog.request(Method::Prack, vec![("RAck".to_owned(), rack)]);
        let leg = Leg { pinned: leg.pinned, ..Leg::new(LegState::Talking, fork.dialog.clone(), leg.hop, true) };
        let hop = leg.next_hop(&self.config.allowed);
        self.start_client(now, Purpose::Nothing, parts, hop, None);
        true
    }

    /// A request in an early dialog. Only UPDATE has a place there; an offer in it only once ours was answered (RFC 3311 §5.2).
    pub(super) fn early_request(&mut self, now: Instant, request: Request, hop: Hop, id: LegId, fork: usize) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let (told, theirs, tag) = (leg.told, leg.theirs.is_some(), leg.dialog.local_tag.clone());
        let Some(fork) = leg.forks.get_mut(fork) else { return };
        if fork.dialog.remote_seq.is_some_and(|last| request.essentials.cseq <= last) {
            return self.stateless(&request, hop, 500, Vec::new());
        }
        fork.dialog.remote_seq = Some(request.essentials.cseq);
        if *request.method() != Method::Update || told {
            return self.answer_at_once(now, request, hop, &tag, 481, Vec::new());
        }
        match request.sdp() {
            Some(_) if theirs => self.answer_at_once(now, request, hop, &tag, 500, vec![("Retry-After", "2".to_owned())]),
            Some(_) if !fork.settled => self.answer_at_once(now, request, hop, &tag, 491, Vec::new()),
            offer => {
                fork.dialog.refresh_target(&request.headers);
                let tx = self.open_server(request, hop, Some(id), &tag);
                let Some(offer) = offer else {
                    let extra = vec![("Contact", self.contact(hop)), ("Allow", ALLOW.to_owned()), ("Supported", SUPPORTED.to_owned())];
                    self.respond(now, tx, ResponseParts { status: 200, extra, ..ResponseParts::default() });
                    return;
                };
                if let Some(leg) = self.legs.get_mut(&id) {
                    leg.theirs = Some(tx);
                }
                self.arm(now + self.config.timers.reoffer, Timer::ReofferLimit(id, tx));
                self.tell(id, Event::Reoffer { leg: id, transaction: TransactionId(tx.0), offer: Some(offer) });
            }
        }
    }
}
