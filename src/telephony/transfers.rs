//! Transfers: the caller's side is asked to call somebody, agents ask us to, and their other telephones take a call over.

use std::sync::Arc;

use warmline_sip::{
    sdp::{Direction, LocalMedia},
    uri::Uri,
    user_agent::{Incoming, LegId as WireLeg, ReferProgress, ReferRequest, TransactionId},
};

use super::{
    callee::Callee,
    causes::ELSEWHERE,
    lines::{Line, Outward},
    switchboard::{About, Leg, Link, Stage, Switchboard},
};
use crate::{
    call::{
        event::Event,
        ids::{AgentId, LegId, RequestId},
        outcome::TransferOutcome,
    },
    telephony::media::Command as MediaCommand,
};

/// Forbidden.
const FORBIDDEN: u16 = 403;
/// Not Acceptable Here.
const NOT_ACCEPTABLE: u16 = 488;
/// Decline.
const DECLINE: u16 = 603;
/// OK, and Temporarily Unavailable.
const DONE: (u16, u16) = (200, 480);

/// A transfer that is asked of the far end of a leg.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) id: RequestId,
    pub(super) target: String,
    pub(super) replaces: Option<WireLeg>,
    pub(super) about: About,
    pub(super) link: Arc<Link>,
}

/// What the progress of a transfer means; none: it goes on.
const fn outcome(progress: ReferProgress) -> Option<TransferOutcome> {
    Some(match progress {
        ReferProgress::Accepted | ReferProgress::Trying(_) => return None,
        ReferProgress::Succeeded(_) => TransferOutcome::Connected,
        ReferProgress::Failed(486 | 600) => TransferOutcome::Busy,
        ReferProgress::Failed(603 | 607 | 608) => TransferOutcome::Declined,
        ReferProgress::Failed(408 | 480 | 487) => TransferOutcome::NoAnswer,
        ReferProgress::Failed(_) => TransferOutcome::Failed,
        ReferProgress::Refused(_) => TransferOutcome::Refused,
        ReferProgress::Lost => TransferOutcome::Unknown,
    })
}

impl Switchboard {
    /// The leg that has this one's place now.
    pub(super) fn current(&self, wire: WireLeg) -> WireLeg {
        self.taken_over.get(&wire).copied().unwrap_or(wire)
    }

    /// Asks the far end to call somebody.
    pub(super) async fn transfer(&mut self, wire: WireLeg, wanted: Wanted) {
        let refused = Event::TransferEnded { id: wanted.id, outcome: TransferOutcome::Refused };
        let (refer_to, outward) = match Callee::of(&wanted.target) {
            Callee::At(target) => (Some(target.to_owned()), Outward::default()),
            Callee::Over { trunk, user } => {
                let outward = self.lines.outward.get(trunk).cloned().unwrap_or_default();
                (outward.at_peers(user).next().map(|uri| uri.to_string()), outward)
            }
            // Only we reach those.
            Callee::Page(_) | Callee::Registered(_) => (None, Outward::default()),
        };
        let page = self.browsers.is_page(wire);
        let (Some(refer_to), Some(leg), false) = (refer_to, self.legs.get_mut(&wire), page) else { return wanted.link.tell(refused) };
        leg.referring = Some(wanted.id);
        let headers = outward.headers(&wanted.about);
        let replaces = wanted.replaces.map(|other| self.current(other));
        let request = ReferRequest { refer_to, replaces, referred_by: None, carried: headers.clone(), headers };
        self.user_agent.refer(wire, request).await;
    }

    /// How it goes.
    pub(super) fn referred(&mut self, wire: WireLeg, progress: ReferProgress) {
        let Some(leg) = self.legs.get_mut(&wire) else { return };
        let event = match (outcome(progress), leg.referring) {
            (_, None) => return,
            (None, Some(id)) => Event::TransferProgress { id },
            (Some(outcome), Some(id)) => {
                leg.referring = None;
                metrics::counter!("warmline_transfers_total", "outcome" => word(outcome)).increment(1);
                Event::TransferEnded { id, outcome }
            }
        };
        leg.link.tell(event);
    }

    /// An agent's telephone wants to hand the caller on. Whom we do not know is refused here; the rest the call decides.
    pub(super) async fn transfer_asked(
        &mut self,
        wire: WireLeg,
        transaction: TransactionId,
        (refer_to, replaces): (&str, Option<String>),
        replaced: Option<WireLeg>,
    ) {
        let user = refer_to.parse::<Uri>().ok().and_then(|uri| uri.user).unwrap_or_default();
        let Some(leg) = self.legs.get_mut(&wire) else { return };
        // Two calls of ours cannot be made one.
        let to = leg.agent.as_ref().filter(|_| replaced.is_none()).and_then(|by| self.people.meant(by, &user, replaces, &self.trunks));
        if let Some(to) = to {
            leg.asked = Some(transaction);
            leg.link.tell(Event::TransferAsked { leg: leg.id, to });
        } else {
            metrics::counter!("warmline_transfers_refused_total").increment(1);
            tracing::info!("an agent's telephone was refused a transfer: not to that address");
            self.user_agent.answer_transfer(wire, transaction, Err(DECLINE)).await;
        }
    }

    /// The call has decided.
    pub(super) async fn answer_transfer(&mut self, wire: WireLeg, granted: bool) {
        if let Some(transaction) = self.legs.get_mut(&wire).and_then(|leg| leg.asked.take()) {
            let answer = if granted { Ok(()) } else { Err(DECLINE) };
            self.user_agent.answer_transfer(wire, transaction, answer).await;
        }
    }

    /// The agent who asked is told how it went.
    pub(super) async fn transfer_done(&mut self, wire: WireLeg, connected: bool) {
        self.user_agent.transfer_progress(wire, if connected { DONE.0 } else { DONE.1 }).await;
    }

    /// Another telephone takes an agent's place in a call (RFC 3891). The user agent has checked who it is by its registration or password.
    pub(super) async fn take_over(&mut self, incoming: Incoming, replaced: WireLeg) {
        let agent = incoming.authenticated.filter(|user| self.people.agents.contains_key(user));
        let old = self.legs.get(&replaced).filter(|leg| leg.id != LegId::CALLER && leg.agent.is_some() && matches!(leg.stage, Stage::Up));
        let (Some(agent), Some(id)) = (agent, old.map(|leg| leg.id)) else {
            return self.user_agent.turn_away(incoming.leg, FORBIDDEN).await;
        };
        let line = Line::default();
        let mut sdp = self.session_on(&line, 9);
        let (sockets, answer) = (self.media.reserve(), incoming.offer.as_deref());
        let (Ok(sockets), Some(offer)) = (sockets, answer) else {
            return self.user_agent.turn_away(incoming.leg, NOT_ACCEPTABLE).await;
        };
        sdp.set_local(LocalMedia { rtp_port: sockets.rtp_port(), ..*sdp.local() });
        let (body, negotiated) = match sdp.answer(offer, Direction::SendRecv) {
            Ok(agreed) => agreed,
            Err(error) => return self.user_agent.turn_away(incoming.leg, error.status_code()).await,
        };
        let old = self.drop_leg(replaced).expect("it was there a moment ago");
        old.link.tell(Event::LegTakenOver { leg: id, agent: AgentId(agent.clone()), name: self.people.agents[&agent].name.clone() });
        old.link.media(MediaCommand::RemoveLeg { leg: id });
        let mut leg = Leg::new(id, old.link, sdp, Stage::Answered, line.listening(true));
        leg.agent = Some(agent);
        leg.start(sockets, &negotiated);
        self.legs.insert(incoming.leg, leg);
        self.taken_over.values_mut().filter(|now| **now == replaced).for_each(|now| *now = incoming.leg);
        self.taken_over.insert(replaced, incoming.leg);
        self.user_agent.authorise(incoming.leg).await;
        self.user_agent.answer(incoming.leg, body.into_bytes()).await;
        self.user_agent.bye(replaced, Some(ELSEWHERE.to_owned())).await;
    }
}

const fn word(outcome: TransferOutcome) -> &'static str {
    match outcome {
        TransferOutcome::Connected => "connected",
        TransferOutcome::Busy => "busy",
        TransferOutcome::NoAnswer => "no_answer",
        TransferOutcome::Declined => "declined",
        TransferOutcome::Failed => "failed",
        TransferOutcome::Refused => "refused",
        TransferOutcome::Unknown => "unknown",
    }
}
