//! Calling a registered user: all contacts ring at once, as behind a forking proxy (RFC 3261 §16.7). Every contact gets an INVITE of the same
//! call; the first answer has it and the others are cancelled.

use std::time::Instant;

use super::super::event::{FailWhy, LegId};
use super::client::{Outcome, Purpose};
use super::leg::{Leg, LegState};
use super::{Core, Hop, TxId};
use crate::guard::ACCEPT;
use crate::message::RequestParts;

/// What an outcome of one contact means for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// It is the call's outcome.
    Whole,
    /// It was the last one, but what another said is more to the point.
    Refused(u16),
    /// Others go on ringing, or it came too late: nothing to be done any more.
    Dealt,
}

/// A contact to be rung.
#[derive(Debug)]
pub(super) struct Bell {
    pub(super) uri: String,
    pub(super) flow: Hop,
    pub(super) path: Vec<String>,
}

impl Leg {
    /// Whether the outcome of that INVITE still matters for an unanswered call.
    pub(super) fn rings_at(&self, tx: TxId) -> bool {
        matches!(self.state, LegState::Dialing { tx: main, .. } if main == tx || self.branches.contains(&tx))
    }
}

impl Core {
    /// The contacts of a user, the newest first.
    pub(super) fn bells(&self, user: &str) -> Vec<Bell> {
        let bell =
            |binding: &super::bindings::Binding| Bell { uri: binding.uri.to_string(), flow: binding.flow, path: binding.path.clone() };
        self.bindings.of(user).map(|(_, binding)| bell(binding)).collect()
    }

    /// Rings every contact.
    pub(super) fn ring_all(&mut self, now: Instant, id: LegId, bells: Vec<Bell>) {
        let mut bells = bells.into_iter();
        let Some(first) = bells.next() else { return self.fail(id, None, FailWhy::Unreachable) };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let LegState::Resolving { request, limit } = std::mem::replace(&mut leg.state, LegState::Talking) else { return };
        // Behind a NAT the Contact leads nowhere: the call keeps to the way of the registration.
        leg.pinned = true;
        (leg.dialog.target, leg.dialog.routes) = (first.uri, first.path);
        // A large INVITE goes that way as well: there is no stream through a NAT.
        bells.as_slice().iter().map(|bell| bell.flow).chain([first.flow]).for_each(|flow| self.note_streamless(now, flow.remote));
        self.place(now, id, &request, limit, first.flow);
        let Some(Leg { state: LegState::Dialing { tx, .. }, .. }) = self.legs.get(&id) else { return };
        let Some(model) = self.clients.get(tx).map(|tx| tx.parts.clone()) else { return };
        for bell in bells {
            let mut parts = RequestParts { uri: bell.uri, routes: bell.path, ..model.clone() };
            parts.extra.retain(|(name, _)| name != "User-Agent" && name != "Contact");
            parts.extra.push(("Contact".to_owned(), self.contact(bell.flow)));
            let branch =
                self.start_client(now, Purpose::Dial(id), parts, bell.flow, Some((ACCEPT, request.offers.towards(bell.flow.remote))));
            if let Some(leg) = self.legs.get_mut(&id) {
                leg.branches.push(branch);
            }
        }
    }

    /// Whether a provisional response is of a contact that nobody wants any more; it is cancelled then.
    pub(super) fn cancel_surplus(&mut self, now: Instant, id: LegId, tx: TxId) -> bool {
        let surplus = !self.legs.get(&id).is_some_and(|leg| leg.rings_at(tx));
        if surplus {
            self.send_cancel(now, tx, None);
        } else if let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.pinned)
            && let Some(client) = self.clients.get(&tx)
        {
            // What has to be said in an early dialog goes the way of its contact.
            leg.hop = client.hop;
        }
        surplus
    }

    /// Takes in the outcome of one contact.
    pub(super) fn share(&mut self, now: Instant, id: LegId, tx: TxId, outcome: &Outcome<'_>) -> Share {
        let Some(leg) = self.legs.get_mut(&id) else { return Share::Whole };
        let answered = matches!(outcome, Outcome::Response(response) if response.status < 300);
        let LegState::Dialing { tx: main, .. } = &mut leg.state else {
            // Another contact has the call.
            if let Outcome::Response(response) = outcome
                && answered
            {
                self.end_fork(now, tx, response);
            }
            return Share::Dealt;
        };
        let mut others = std::mem::take(&mut leg.branches);
        if *main != tx {
            others.retain(|other| *other != tx);
            others.push(std::mem::replace(main, tx));
        }
        // 6xx is said for the user, not for one telephone (RFC 3261 §21.6).
        let final_for_all = answered || matches!(outcome, Outcome::Response(response) if response.status >= 600);
        if final_for_all {
            self.choose(now, id, tx, &others, answered);
            return Share::Whole;
        }
        let status = if let Outcome::Response(response) = outcome { Some(response.status) } else { None };
        leg.refusal = better(leg.refusal, status);
        let best = leg.refusal;
        let alive = |other: &TxId| self.clients.get(other).is_some_and(|client| !client.is_silent(self.config.timers.t1 * 8));
        if others.iter().any(alive)
            && let Some(leg) = self.legs.get_mut(&id)
            && let LegState::Dialing { tx: main, .. } = &mut leg.state
            && let Some(next) = others.pop()
        {
            (*main, leg.branches) = (next, others);
            return Share::Dealt;
        }
        best.filter(|best| status != Some(*best)).map_or(Share::Whole, Share::Refused)
    }

    /// One contact has the call: the others are cancelled now, or as soon as they are heard of (RFC 3261 §9.1).
    fn choose(&mut self, now: Instant, id: LegId, tx: TxId, others: &[TxId], answered: bool) {
        // Telephones do not list such a call as missed (RFC 3326 §3.1).
        let elsewhere = "SIP;cause=200;text=\"Call completed elsewhere\"".to_owned();
        others.iter().for_each(|&other| self.send_cancel(now, other, answered.then(|| elsewhere.clone())));
        let Some(client) = self.clients.get(&tx) else { return };
        if let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.pinned) {
            leg.hop = client.hop;
            leg.dialog.target.clone_from(&client.parts.uri);
        }
    }
}

/// The more telling one of two refusals: busy or declined, then whatever was said, then nothing (RFC 3261 §16.7, step 6).
fn better(one: Option<u16>, other: Option<u16>) -> Option<u16> {
    let rank = |status: &u16| match status {
        486 | 600 | 603 => 0,
        408 | 482 | 487 | 503 => 2,
        _ => 1,
    };
    [one, other].into_iter().flatten().min_by_key(rank)
}
