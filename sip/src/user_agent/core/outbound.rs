//! Calls that we place (RFC 3261 §13.2).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::super::command::{DialRequest, Target};
use super::super::event::{Event, FailWhy, LegId};
use super::super::locate::{self, Plan, Target as Place};
use super::causes::{meaning, why_refused};
use super::client::{Outcome, Purpose};
use super::credentials::credentials_of;
use super::inbound::clean_headers;
use super::leg::{Cancel, Dialog, Leg, LegState};
use super::peers::{Peers, is_about_the_peer};
use super::redial::Redial;
use super::ring_all::Share;
use super::transfer::Transfer;
use super::{Core, Hop, Output, Timer, TxId};
use crate::guard::ACCEPT;
use crate::message::{Headers, Method, RequestParts, Response};
use crate::transport::Transport;
use crate::uri::{Uri, parse_host_port};

/// Targets of one look-up that are tried.
const MAX_TARGETS: usize = 8;

/// More PRACKs than one early dialog ever needs.
const FORK_PRACKS: u32 = 10_000;

impl Core {
    /// Places a call, after a look-up if the target is a name.
    pub(super) fn dial(&mut self, now: Instant, request: Box<DialRequest>) {
        let id = request.leg;
        if self.legs.contains_key(&id) {
            return;
        }
        let limit = now + request.ring_timeout;
        let (uri, bells, peers) = match &request.target {
            Target::Uri(uri) => {
                let mut peers = self.in_order(uri, &request.way.peers);
                (peers.pop_front(), Vec::new(), Peers::of(&request, peers, limit))
            }
            Target::Registered(user) => (None, self.bells(user), None),
        };
        let target = uri.as_ref().map(Uri::to_string).or_else(|| bells.first().map(|bell| bell.uri.clone())).unwrap_or_default();
        let dialog = Dialog {
            call_id: format!("{}{}", self.token(), self.token()),
            local: String::new(),
            local_tag: self.token(),
            remote: format!("<{target}>"),
            remote_tag: None,
            local_seq: 0,
            remote_seq: None,
            target,
            routes: self.route_over(request.way.proxy.as_ref(), request.account.as_deref()),
        };
        // A call over a registered line first passes where its registrar says (RFC 3608 §6.1), but never out of TLS.
        let next = dialog.next_uri();
        let exposed = uri.as_ref().is_some_and(|uri| uri.secure) && next.as_ref().is_none_or(|next| !next.secure);
        let hop = Hop::to(Transport::Udp, SocketAddr::from(([0, 0, 0, 0], 0)));
        let refused = self.draining || exposed || request.offers.is_empty();
        let (redial, account, transfer) = (Redial::of(&request), request.account.clone(), Transfer::of(request.may_refer));
        let offers = request.offers.clone();
        let leg = Leg::new(LegState::Resolving { request, limit }, dialog, hop, true);
        self.add_leg(id, Leg { redial, account, peers, transfer, offers, ..leg });
        self.arm(limit, Timer::LegLimit(id));
        if refused {
            return self.fail(id, None, FailWhy::Unreachable);
        }
        if uri.is_none() {
            return self.ring_all(now, id, bells);
        }
        self.seek(now, id);
    }

    /// Looks up where the leg's next request goes, if it is a name.
    pub(super) fn seek(&mut self, now: Instant, id: LegId) {
        let Some(next) = self.legs.get(&id).and_then(|leg| leg.dialog.next_uri()) else { return self.not_there(now, id) };
        match locate::plan(&next) {
            Plan::Known(target) => self.resolved(now, id, &[target]),
            Plan::Nowhere => self.not_there(now, id),
            Plan::Addresses(_) | Plan::Service { .. } | Plan::Any { .. } => {
                self.outputs.push_back(Output::Resolve { leg: id, uri: next });
            }
        }
    }

    /// The look-up came to an end: the first target is tried, the others are kept (RFC 3263 §4.3).
    pub(crate) fn resolved(&mut self, now: Instant, id: LegId, targets: &[Place]) {
        let Some(leg) = self.legs.get(&id) else { return self.errand_resolved(now, id, targets) };
        let LegState::Resolving { .. } = leg.state else { return };
        let mut hops = leg.dialog.next_uri().map(|uri| self.hops_to(&uri, targets)).unwrap_or_default();
        hops.make_contiguous().sort_by_key(|hop| self.rests.holds(now, *hop));
        let Some(hop) = hops.pop_front() else { return self.not_there(now, id) };
        if self.rests.holds(now, hop) && self.put_off(now, id) {
            return;
        }
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let LegState::Resolving { request, limit } = std::mem::replace(&mut leg.state, LegState::Talking) else { return };
        if let Some(tx) = self.place(now, id, &request, limit, hop) {
            self.keep_alternatives(now, tx, hops);
        }
    }

    /// The ways to a URI that was looked up.
    pub(super) fn hops_to(&mut self, uri: &Uri, targets: &[Place]) -> VecDeque<Hop> {
        let sips = uri.secure;
        let mut hops: VecDeque<Hop> =
            targets.iter().take(MAX_TARGETS).map(|to| Hop { sips, ..Hop::to(to.transport, to.address) }).collect();
        if hops.iter().any(|hop| hop.transport.is_secure()) {
            // The certificate must name the domain that was asked for, not what the look-up made of it (RFC 5922 §4).
            let peer = Some(self.keep_name(&uri.host.to_string()));
            hops.iter_mut().for_each(|hop| hop.peer = peer);
        }
        hops
    }

    /// Sends the INVITE.
    pub(super) fn place(&mut self, now: Instant, id: LegId, request: &DialRequest, limit: Instant, hop: Hop) -> Option<TxId> {
        let leg = self.legs.get_mut(&id)?;
        leg.hop = hop;
        let tag = leg.dialog.local_tag.clone();
        let (_, own) = self.sent_by(hop);
        let name = request.display_name.as_deref().map(quoted).unwrap_or_default();
        let user: String = request.from.chars().filter(|c| c.is_ascii_alphanumeric() || "+-_.*#".contains(*c)).collect();
        let user = if user.is_empty() { self.config.contact_user.clone() } else { user };
        let mut extra = vec![("Contact".to_owned(), self.contact(hop)), ("Allow".to_owned(), self.allow(id))];
        extra.extend(clean_headers(&request.headers).map(|(name, value)| (name.to_owned(), value.to_owned())));
        let leg = self.legs.get_mut(&id)?;
        extra.extend(leg.session.proposal(&self.config.timers));
        let host =
            request.way.from_host.as_deref().filter(|host| parse_host_port(host).is_ok()).map_or_else(|| own.to_string(), str::to_owned);
        leg.dialog.local = format!("{name}<sip:{user}@{host}>;tag={tag}");
        let parts = leg.dialog.request(Method::Invite, extra);
        let tx = self.start_client(now, Purpose::Dial(id), parts, hop, Some((ACCEPT, request.offers.towards(hop.remote))));
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = LegState::Dialing { tx, limit, cancel: Cancel::No, early: None };
        }
        Some(tx)
    }

    pub(super) fn dial_progress(&mut self, now: Instant, id: LegId, tx: TxId, response: &Response) {
        if self.cancel_surplus(now, id, tx) {
            return;
        }
        let Some(Leg { state: LegState::Dialing { cancel, .. }, told, .. }) = self.legs.get_mut(&id) else { return };
        if *cancel != Cancel::No {
            *cancel = Cancel::Sent;
            let reason = self.legs.get_mut(&id).and_then(|leg| leg.cancel_reason.take());
            return self.send_cancel(now, tx, reason);
        }
        if *told || response.status == 100 || !self.take_provisional(now, id, response) {
            return;
        }
        let Some(Leg { state: LegState::Dialing { early, .. }, branches, .. }) = self.legs.get_mut(&id) else { return };
        let sdp = response.sdp();
        if let Some(sdp) = &sdp {
            *early = Some((response.essentials.to.tag().to_owned(), sdp.clone()));
        }
        let sdp = sdp.filter(|_| branches.is_empty());
        self.tell(id, Event::Progress { leg: id, status: response.status, sdp });
    }

    pub(super) fn dial_outcome(&mut self, now: Instant, id: LegId, tx: TxId, outcome: &Outcome<'_>) {
        match self.share(now, id, tx, outcome) {
            Share::Whole => {}
            Share::Refused(status) => return self.fail(id, Some(status), meaning(status)),
            Share::Dealt => return,
        }
        if is_about_the_peer(outcome) && self.next_peer(now, id) {
            return;
        }
        let response = match outcome {
            Outcome::Timeout => return self.fail(id, None, FailWhy::Timeout),
            Outcome::Unreachable => return self.fail(id, None, FailWhy::Unreachable),
            Outcome::Response(response) => *response,
        };
        if response.status >= 300 {
            if !self.dial_again(now, id, tx, response) {
                self.refused(id, response);
            }
            return;
        }
        let callee = self.clients.get(&tx).map(|client| client.hop.remote);
        let Some(leg) = self.legs.get_mut(&id) else { return self.end_fork(now, tx, response) };
        leg.local_sdp = callee.map(|callee| leg.offers.towards(callee).to_vec());
        let LegState::Dialing { early, .. } = std::mem::replace(&mut leg.state, LegState::Talking) else { return };
        // A peer that gave its answer with early media need not repeat it (RFC 3261 §13.2.1).
        let early = early.filter(|(tag, _)| tag == response.essentials.to.tag()).map(|(_, sdp)| sdp);
        let sdp = response.sdp().or(early);
        establish(&mut leg.dialog, response);
        leg.leave_early();
        leg.learn(&response.headers);
        self.acknowledge(id, tx, response);
        let told = self.legs.get(&id).is_some_and(|leg| leg.told);
        if told {
            // The answer and our CANCEL crossed (RFC 3261 §9.1).
            self.send_bye(now, id, None);
        } else {
            self.session_answered(now, id, response);
            self.tell(id, Event::Answered { leg: id, sdp });
        }
    }

    /// ACKs a 2xx inside the leg's dialog (RFC 3261 §13.2.2.4).
    pub(super) fn acknowledge(&mut self, id: LegId, tx: TxId, response: &Response) {
        let Some(client) = self.clients.get(&tx) else { return };
        let (invite_hop, cseq, credentials) = (client.hop, client.parts.cseq, credentials_of(&client.parts));
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if invite_hop.is_reliable() {
            leg.hop = invite_hop;
        }
        let hop = leg.next_hop(&self.config.allowed);
        // The ACK goes with what let the INVITE pass (RFC 3261 §22.1), but not to another address.
        let credentials = if hop.address() == invite_hop.address() { credentials } else { Vec::new() };
        let mut parts = RequestParts { cseq, ..leg.dialog.request(Method::Ack, credentials) };
        parts.via = self.new_via(hop);
        parts.extra.push(("User-Agent".to_owned(), self.config.user_agent.clone()));
        self.keep_ack(tx, response.essentials.to.tag(), hop, parts.write(None));
    }

    /// Another fork answered, or nobody wants the call any more: ACK and BYE (RFC 3261 §13.2.2.4).
    pub(super) fn end_fork(&mut self, now: Instant, tx: TxId, response: &Response) {
        let Some(client) = self.clients.get(&tx) else { return };
        let parts = &client.parts;
        let mut dialog = Dialog {
            call_id: parts.call_id.clone(),
            local: parts.from.clone(),
            local_tag: String::new(),
            remote: String::new(),
            remote_tag: None,
            local_seq: parts.cseq,
            remote_seq: None,
            target: parts.uri.clone(),
            routes: Vec::new(),
        };
        establish(&mut dialog, response);
        let leg = Leg::new(LegState::Talking, dialog, client.hop, true);
        let (hop, mut dialog) = (leg.next_hop(&self.config.allowed), leg.dialog);
        let mut ack = dialog.request(Method::Ack, Vec::new());
        ack.via = self.new_via(hop);
        self.keep_ack(tx, response.essentials.to.tag(), hop, ack.write(None));
        // Above the number of every PRACK that went into this fork.
        dialog.local_seq += FORK_PRACKS;
        let bye = dialog.request(Method::Bye, Vec::new());
        self.start_client(now, Purpose::Nothing, bye, hop, None);
    }

    /// Gives an unanswered outbound call up. The application hears of it at once; what the peer still says is dealt with here.
    pub(super) fn cancel(&mut self, now: Instant, id: LegId, why: FailWhy, reason: Option<&str>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match &mut leg.state {
            LegState::Resolving { .. } => self.fail(id, None, why),
            LegState::Dialing { tx, cancel, .. } => {
                let (tx, others, reason) = (*tx, leg.branches.clone(), reason.map(str::to_owned));
                if *cancel == Cancel::No {
                    let heard = self.clients.get(&tx).is_some_and(|tx| tx.is_proceeding());
                    *cancel = if heard { Cancel::Sent } else { Cancel::Wanted };
                    if heard {
                        self.send_cancel(now, tx, reason.clone());
                    } else {
                        leg.cancel_reason.clone_from(&reason);
                    }
                }
                others.into_iter().for_each(|other| self.send_cancel(now, other, reason.clone()));
                self.tell_end(id, Event::Failed { leg: id, status: None, why, reason: None, retry_after: None });
            }
            // It was answered, and the application does not know yet.
            LegState::Talking if leg.outbound => self.bye(now, id, reason.map(str::to_owned)),
            LegState::Incoming { .. } | LegState::Talking | LegState::Leaving { .. } => {}
        }
    }

    pub(super) fn fail(&mut self, id: LegId, status: Option<u16>, why: FailWhy) {
        self.tell_end(id, Event::Failed { leg: id, status, why, reason: None, retry_after: None });
        self.forget_leg(id);
    }

    /// A final status that ends the attempt, with what the peer says about it.
    fn refused(&mut self, id: LegId, response: &Response) {
        let (status, headers) = (response.status, &response.headers);
        let why = why_refused(response);
        let event = Event::Failed { leg: id, status: Some(status), why, reason: headers.reason(), retry_after: retry_after(headers) };
        self.tell_end(id, event);
        self.forget_leg(id);
    }
}

/// The seconds in Retry-After, without its comment and parameters (RFC 3261 §20.33).
pub(super) fn retry_after(headers: &Headers) -> Option<Duration> {
    let digits = headers.get("Retry-After")?.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse::<u32>().ok().map(|seconds| Duration::from_secs(seconds.into()))
}

/// Fills in what a response says about the peer (RFC 3261 §12.1.2).
pub(super) fn establish(dialog: &mut Dialog, response: &Response) {
    dialog.remote = response.headers.get("To").unwrap_or_default().to_owned();
    dialog.remote_tag = Some(response.essentials.to.tag().to_owned());
    dialog.refresh_target(&response.headers);
    dialog.routes = response.headers.values("Record-Route").take(16).map(str::to_owned).collect();
    dialog.routes.reverse();
}

/// A display name as a quoted string (RFC 3261 §25.1), with a blank after it.
fn quoted(name: &str) -> String {
    let mut out = String::from("\"");
    for c in name.chars().filter(|c| !c.is_control()).take(128) {
        if c == '"' || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out + "\" "
}
