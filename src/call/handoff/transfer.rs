//! Handing the caller on: their own telephone system is asked (REFER) to call the agent, in place of a bridge through us.
//!
//! Blind: nobody has rung the agent. Attended: the agent was rung, briefed and has accepted, and the new call takes the place of their leg.
//! Whatever comes of it but success, the caller is still ours: bridged with an agent who is on the line, or offered to the next one.

use crate::call::{
    action::{Action, AgentAfter},
    base::Base,
    event::TransferBy,
    flow::prompt::PromptKey,
    handoff::{Handoff, Leg, Offer, Stage, stop_agent_timers},
    ids::{LegId, RequestId},
    outcome::{HandoffOutcome, OfferOutcome, Outcome, TransferOutcome},
    record::{HandoffStep, Owner, What},
    then::Then,
    timer::Timer,
};

/// How much longer than `ring_ms` the caller's side may take to say what came of it.
const GRACE_MS: u64 = 5_000;

/// The announcement before a blind transfer may take this long.
const ANNOUNCE_MS: u64 = 10_000;

/// The agent's own leg in a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgentLeg {
    /// They were never rung.
    Never,
    /// On the line.
    Up,
    /// Over: the new call has taken its place, or they have hung up.
    Gone,
}

/// One request to the caller's side.
#[derive(Debug)]
pub(super) struct Referral {
    /// None as long as the caller is still being told.
    pub(super) request: Option<RequestId>,
    pub(super) agent: AgentLeg,
    /// The caller's side tries.
    pub(super) accepted: bool,
}

impl Referral {
    pub(super) const fn is_announced_only(&self) -> bool {
        self.request.is_none()
    }
}

impl Handoff {
    /// Is the caller to be handed on to this agent in that way? Not where their side has refused it once.
    pub(super) fn hands_on(&self, offer: &Offer, by: TransferBy) -> bool {
        offer.agent.transfer == by && !self.refers_nowhere && self.aside.is_none()
    }

    /// The caller is told with whom they are being connected; then their side is asked.
    pub(super) fn announce_transfer(&mut self, base: &mut Base, offer: Offer) {
        base.tell(PromptKey::Connecting, &[("name", &offer.agent.name)]);
        self.told_now(base);
        base.io.timers.set(Timer::Connect, base.io.now.plus(ANNOUNCE_MS));
        self.stage = Stage::Transferring { offer, referral: Referral { request: None, agent: AgentLeg::Never, accepted: false } };
    }

    /// Asks the caller's side.
    pub(super) fn refer(&mut self, base: &mut Base, offer: Offer, agent: AgentLeg) {
        stop_agent_timers(base);
        let id = base.io.request();
        base.io.record(What::Handoff { step: HandoffStep::Transferring { agent: offer.agent.id.clone() } });
        base.io.act(Action::Transfer {
            id,
            leg: LegId::CALLER,
            target: offer.agent.target.clone(),
            replaces: (agent == AgentLeg::Up).then_some(offer.leg),
            reason: self.summary.reason.clone(),
        });
        base.io.timers.set(Timer::Transfer, base.io.now.plus(base.flow.handoff.ring_ms + GRACE_MS));
        self.told_now(base);
        self.stage = Stage::Transferring { offer, referral: Referral { request: Some(id), agent, accepted: false } };
    }

    /// `TransferProgress`.
    pub(crate) fn transfer_goes_on(&mut self, id: RequestId) {
        if let Stage::Transferring { referral, .. } = &mut self.stage
            && referral.request == Some(id)
        {
            referral.accepted = true;
        }
    }

    /// `TransferEnded`.
    pub(crate) fn transfer_ended(&mut self, base: &mut Base, id: RequestId, outcome: TransferOutcome) -> Then {
        match self.take() {
            Stage::Transferring { offer, referral } if referral.request == Some(id) => {
                self.transfer_over(base, offer, referral.agent, outcome)
            }
            other => self.keep(other),
        }
    }

    /// Nothing was said of the outcome for too long. Should the caller be connected all the same, their leg ends by itself.
    pub(crate) fn transfer_late(&mut self, base: &mut Base) -> Then {
        match self.take() {
            Stage::Transferring { offer, referral } => self.transfer_over(base, offer, referral.agent, TransferOutcome::Unknown),
            other => self.keep(other),
        }
    }

    fn transfer_over(&mut self, base: &mut Base, offer: Offer, agent: AgentLeg, outcome: TransferOutcome) -> Then {
        base.io.timers.stop(Timer::Transfer);
        base.io.record(What::Handoff { step: HandoffStep::TransferEnded { agent: offer.agent.id.clone(), outcome } });
        self.refers_nowhere |= outcome == TransferOutcome::Refused;
        let ended = match outcome {
            TransferOutcome::Connected => return self.handed_on(base, offer, agent),
            TransferOutcome::Busy => OfferOutcome::Busy,
            TransferOutcome::NoAnswer => OfferOutcome::NoAnswer,
            TransferOutcome::Declined => OfferOutcome::Declined,
            TransferOutcome::Failed | TransferOutcome::Refused | TransferOutcome::Unknown => OfferOutcome::Unreachable,
        };
        match agent {
            // They have accepted and are on the line: the caller gets them all the same.
            AgentLeg::Up => self.bridge(base, offer),
            AgentLeg::Never if outcome == TransferOutcome::Refused => self.ring(base, offer),
            AgentLeg::Never | AgentLeg::Gone => return self.next_agent(base, offer, ended, Leg::Gone),
        }
        Then::Stay
    }

    /// The caller and the agent talk, and not through us.
    fn handed_on(&mut self, base: &mut Base, offer: Offer, agent: AgentLeg) -> Then {
        Self::write_down_transfer(base, &offer);
        if agent == AgentLeg::Up {
            base.io.act(Action::HangUp { leg: offer.leg });
        }
        Self::release(base, offer, AgentAfter::WrapUp);
        self.stage = Stage::Over;
        Then::End(Outcome::HandedOver)
    }

    fn write_down_transfer(base: &mut Base, offer: &Offer) {
        let agent = offer.agent.id.clone();
        base.io.record(What::Handoff { step: HandoffStep::OfferEnded { agent: agent.clone(), outcome: OfferOutcome::Accepted } });
        base.io.record(What::Owner { owner: Owner::Agent { agent, name: offer.agent.name.clone() } });
        Self::over(base, HandoffOutcome::Transferred);
    }

    /// The caller's leg has ended while their side was connecting them, and nobody of ours is on the line any more: some telephones end the old
    /// call as soon as they have taken the new one upon them (RFC 5589 §6.1 wants them to say first what came of it).
    pub(super) fn left_to_be_connected(&mut self, base: &mut Base) -> bool {
        let left = matches!(&self.stage, Stage::Transferring { referral, .. } if referral.accepted && referral.agent != AgentLeg::Up);
        if left && let Stage::Transferring { offer, .. } = self.take() {
            base.io.timers.stop(Timer::Transfer);
            let agent = offer.agent.id.clone();
            base.io.record(What::Handoff { step: HandoffStep::TransferEnded { agent, outcome: TransferOutcome::Unknown } });
            Self::end_offer(base, offer, OfferOutcome::CallerLeft, AgentAfter::WrapUp, Leg::Gone);
            Self::over(base, HandoffOutcome::Transferred);
        }
        left
    }
}
