//! One callee at several peers of a line: when a peer is not there, the next one is tried inside the same leg.

use std::collections::VecDeque;
use std::time::Instant;

use super::super::command::{DialRequest, Target};
use super::super::event::{FailWhy, LegId};
use super::Core;
use super::causes::is_about_the_callee;
use super::client::Outcome;
use super::leg::{Cancel, LegState};
use super::redial::Redial;
use super::registration::loose;
use crate::uri::Uri;

/// Peers of one call that are tried.
const MOST_PEERS: usize = 8;

/// What is left to try, and with what.
#[derive(Debug)]
pub(super) struct Peers {
    request: Box<DialRequest>,
    rest: VecDeque<Uri>,
    /// Those that asked for no calls for a while: they come before those that are not there at all.
    put_off: VecDeque<Uri>,
    limit: Instant,
}

impl Peers {
    pub(super) fn of(request: &DialRequest, rest: VecDeque<Uri>, limit: Instant) -> Option<Box<Self>> {
        (!rest.is_empty()).then(|| Box::new(Self { request: Box::new(request.clone()), rest, put_off: VecDeque::new(), limit }))
    }
}

/// Whether an outcome says something about the peer and nothing about the callee (RFC 3261 §21.5).
pub(super) fn is_about_the_peer(outcome: &Outcome<'_>) -> bool {
    match outcome {
        Outcome::Response(response) => matches!(response.status, 500 | 502..=504) && !is_about_the_callee(response),
        Outcome::Timeout | Outcome::Unreachable => true,
    }
}

impl Core {
    /// The target and the further peers, those last that leave our questions unanswered: they may be back.
    pub(super) fn in_order(&self, target: &Uri, peers: &[Uri]) -> VecDeque<Uri> {
        let all = || [target].into_iter().chain(peers).take(MOST_PEERS);
        let there = all().filter(|uri| !self.is_gone(uri));
        there.chain(all().filter(|uri| self.is_gone(uri))).cloned().collect()
    }

    /// The route of a call that is placed: our proxy, then what the registrar said.
    pub(super) fn route_over(&self, proxy: Option<&Uri>, account: Option<&str>) -> Vec<String> {
        let mut routes = self.route_of(account);
        if let Some(proxy) = proxy.map(loose).filter(|proxy| routes.first() != Some(proxy)) {
            routes.insert(0, proxy);
        }
        routes
    }

    pub(super) fn has_more_peers(&self, id: LegId) -> bool {
        self.legs.get(&id).and_then(|leg| leg.peers.as_ref()).is_some_and(|peers| !(peers.rest.is_empty() && peers.put_off.is_empty()))
    }

    /// The place that was to be called cannot be found.
    pub(super) fn not_there(&mut self, now: Instant, id: LegId) {
        if !self.next_peer(now, id) {
            self.fail(id, None, FailWhy::Unreachable);
        }
    }

    /// The peer that was to be called asked for no calls for a while: another one is called first, if one is there. Behind a proxy there is none, as
    /// it is the proxy that asked.
    pub(super) fn put_off(&mut self, now: Instant, id: LegId) -> bool {
        if !self.is_another_there(id) {
            return false;
        }
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.dialog.routes.is_empty()) else { return false };
        let (Some(peers), Ok(uri)) = (leg.peers.as_mut(), leg.dialog.target.parse()) else { return false };
        peers.put_off.push_back(uri);
        self.next_peer(now, id)
    }

    /// Whether the next peer is there, as far as is known.
    fn is_another_there(&self, id: LegId) -> bool {
        let next = self.legs.get(&id).and_then(|leg| leg.peers.as_ref()?.rest.front());
        next.is_some_and(|uri| !self.is_gone(uri))
    }

    /// Calls the same callee at the next peer; the time that it may ring in all stays the same.
    pub(super) fn next_peer(&mut self, now: Instant, id: LegId) -> bool {
        let there = self.is_another_there(id);
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| !leg.told) else { return false };
        if !matches!(leg.state, LegState::Resolving { .. } | LegState::Dialing { cancel: Cancel::No, .. }) {
            return false;
        }
        let Some(peers) = leg.peers.as_mut() else { return false };
        let from = if there || peers.put_off.is_empty() { &mut peers.rest } else { &mut peers.put_off };
        let Some(next) = from.pop_front() else { return false };
        let request = Box::new(DialRequest { target: Target::Uri(next.clone()), ..(*peers.request).clone() });
        let limit = peers.limit;
        let routes = self.route_over(request.way.proxy.as_ref(), request.account.as_deref());
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        (leg.dialog.target, leg.dialog.remote, leg.dialog.routes) = (next.to_string(), format!("<{next}>"), routes);
        (leg.redial, leg.forks) = (Redial::of(&request), Vec::new());
        leg.state = LegState::Resolving { request, limit };
        self.seek(now, id);
        true
    }
}
