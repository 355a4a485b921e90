//! Calls that we place (RFC 3261 §13.2).

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::super::command::DialRequest;
use super::super::event::{Event, FailWhy, LegId};
use super::super::locate::{self, Plan, Target};
use super::client::{Outcome, Purpose};
use super::inbound::clean_headers;
use super::leg::{Cancel, Dialog, Leg, LegState};
use super::redial::Redial;
use super::{Core, Hop, Output, Timer, TxId};
use crate::guard::{ACCEPT, ALLOW};
use crate::message::{Headers, Method, RequestParts, Response};
use crate::transport::Transport;

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
        let tag = self.token();
        let call_id = format!("{}{}", self.token(), self.token());
        let dialog = Dialog {
            call_id,
            local: String::new(),
            local_tag: tag,
            remote: format!("<{}>", request.target),
            remote_tag: None,
            local_seq: 0,
            remote_seq: None,
            target: request.target.to_string(),
            routes: Vec::new(),
        };
        let target = request.target.clone();
        let hop = Hop::to(Transport::Udp, SocketAddr::from(([0, 0, 0, 0], 0)));
        let refused = self.draining || request.sdp.is_empty();
        let redial = Redial::of(&request);
        self.add_leg(id, Leg { redial, ..Leg::new(LegState::Resolving { request, limit }, dialog, hop, true) });
        self.arm(limit, Timer::LegLimit(id));
        match locate::plan(&target) {
            _ if refused => self.fail(id, None, FailWhy::Unreachable),
            Plan::Known(target) => self.resolved(now, id, &[target]),
            Plan::Nowhere => self.fail(id, None, FailWhy::Unreachable),
            Plan::Addresses(_) | Plan::Service { .. } | Plan::Any { .. } => {
                self.outputs.push_back(Output::Resolve { leg: id, uri: target });
            }
        }
    }

    /// The look-up came to an end: the first target is tried, the others are kept (RFC 3263 §4.3).
    pub(crate) fn resolved(&mut self, now: Instant, id: LegId, targets: &[Target]) {
        let Some(Leg { state: LegState::Resolving { request, .. }, .. }) = self.legs.get(&id) else { return };
        let (sips, host) = (request.target.secure, request.target.host.to_string());
        let mut hops: VecDeque<Hop> =
            targets.iter().take(MAX_TARGETS).map(|to| Hop { sips, ..Hop::to(to.transport, to.address) }).collect();
        if hops.iter().any(|hop| hop.transport.is_secure()) {
            // The certificate must name the domain that was asked for, not what the look-up made of it (RFC 5922 §4).
            let peer = Some(self.keep_name(&host));
            hops.iter_mut().for_each(|hop| hop.peer = peer);
        }
        let Some(hop) = hops.pop_front() else { return self.fail(id, None, FailWhy::Unreachable) };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        let LegState::Resolving { request, limit } = std::mem::replace(&mut leg.state, LegState::Talking) else { return };
        leg.hop = hop;
        let tag = leg.dialog.local_tag.clone();
        let (_, own) = self.sent_by(hop);
        let name = request.display_name.as_deref().map(quoted).unwrap_or_default();
        let user: String = request.from.chars().filter(|c| c.is_ascii_alphanumeric() || "+-_.*#".contains(*c)).collect();
        let user = if user.is_empty() { self.config.contact_user.clone() } else { user };
        let mut extra = vec![("Contact".to_owned(), self.contact(hop)), ("Allow".to_owned(), ALLOW.to_owned())];
        extra.extend(clean_headers(&request.headers).map(|(name, value)| (name.to_owned(), value.to_owned())));
        let Some(leg) = self.legs.get_mut(&id) else { return };
        extra.extend(leg.session.proposal(&self.config.timers));
        leg.local_sdp = Some(request.sdp.clone());
        leg.dialog.local = format!("{name}<sip:{user}@{own}>;tag={tag}");
        let parts = leg.dialog.request(Method::Invite, extra);
        let tx = self.start_client(now, Purpose::Dial(id), parts, hop, Some((ACCEPT, &request.sdp)));
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.state = LegState::Dialing { tx, limit, cancel: Cancel::No, early: None };
        }
        self.keep_alternatives(now, tx, hops);
    }

    pub(super) fn dial_progress(&mut self, now: Instant, id: LegId, tx: TxId, response: &Response) {
        let Some(Leg { state: LegState::Dialing { cancel, .. }, told, .. }) = self.legs.get_mut(&id) else { return };
        if *cancel == Cancel::Wanted {
            *cancel = Cancel::Sent;
            let reason = self.legs.get_mut(&id).and_then(|leg| leg.cancel_reason.take());
            return self.send_cancel(now, tx, reason);
        }
        if *told || response.status == 100 || !self.take_provisional(now, id, response) {
            return;
        }
        let Some(Leg { state: LegState::Dialing { early, .. }, .. }) = self.legs.get_mut(&id) else { return };
        let sdp = response.sdp();
        if let Some(sdp) = &sdp {
            *early = Some((response.essentials.to.tag().to_owned(), sdp.clone()));
        }
        self.tell(id, Event::Progress { leg: id, status: response.status, sdp });
    }

    pub(super) fn dial_outcome(&mut self, now: Instant, id: LegId, tx: TxId, outcome: &Outcome<'_>) {
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
        let Some(leg) = self.legs.get_mut(&id) else { return self.end_fork(now, tx, response) };
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
        let Some((invite_hop, cseq)) = self.clients.get(&tx).map(|tx| (tx.hop, tx.parts.cseq)) else { return };
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if invite_hop.is_reliable() {
            leg.hop = invite_hop;
        }
        let hop = leg.next_hop(&self.config.allowed);
        let mut parts = RequestParts { cseq, ..leg.dialog.request(Method::Ack, Vec::new()) };
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
    pub(super) fn cancel(&mut self, now: Instant, id: LegId, why: FailWhy, reason: Option<String>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match &mut leg.state {
            LegState::Resolving { .. } => self.fail(id, None, why),
            LegState::Dialing { tx, cancel, .. } => {
                let tx = *tx;
                if *cancel == Cancel::No {
                    let heard = self.clients.get(&tx).is_some_and(|tx| tx.is_proceeding());
                    *cancel = if heard { Cancel::Sent } else { Cancel::Wanted };
                    if heard {
                        self.send_cancel(now, tx, reason);
                    } else {
                        leg.cancel_reason = reason;
                    }
                }
                self.tell_end(id, Event::Failed { leg: id, status: None, why, reason: None, retry_after: None });
            }
            LegState::Incoming { .. } | LegState::Talking | LegState::Leaving { .. } => {}
        }
    }

    fn fail(&mut self, id: LegId, status: Option<u16>, why: FailWhy) {
        self.tell_end(id, Event::Failed { leg: id, status, why, reason: None, retry_after: None });
        self.forget_leg(id);
    }

    /// A final status that ends the attempt, with what the peer says about it.
    fn refused(&mut self, id: LegId, response: &Response) {
        let (status, headers) = (response.status, &response.headers);
        let why = meaning(status);
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

/// What a final status tells a caller.
fn meaning(status: u16) -> FailWhy {
    match status {
        486 | 600 => FailWhy::Busy,
        603 | 607 | 608 => FailWhy::Declined,
        408 | 480 | 487 => FailWhy::NoAnswer,
        502..=504 => FailWhy::Unreachable,
        _ => FailWhy::Rejected,
    }
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
