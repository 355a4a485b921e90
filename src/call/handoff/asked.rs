//! An agent hands the caller on, by telephone or on the page: to another queue, agent or number. The agent who asked stays on the line, unheard, until the caller
//! has somebody else; when nobody can be had, they have the caller back.

use crate::call::{
    action::{Action, AgentAfter},
    base::Base,
    event::{Agent, TransferBy, TransferTo},
    flow::{Destination, prompt::PromptKey},
    handoff::{Handoff, Offer, Stage},
    ids::{AgentId, LegId},
    measured::Measured,
    media::round::Line,
    record::{HandoffStep, Owner, What},
    then::Then,
    time::Time,
    timer::Timer,
};

/// The agent who has asked, and since when they had the caller.
#[derive(Debug)]
pub(super) struct Aside {
    pub(super) offer: Offer,
    since: Time,
    /// Their telephone has asked, and is told what came of it.
    by_phone: bool,
}

impl Handoff {
    /// `TransferAsked`: granted to the agent who has the caller, and to nobody else.
    pub(crate) fn transfer_asked(&mut self, base: &mut Base, leg: LegId, to: TransferTo) -> Then {
        let may = self.bridged_leg() == Some(leg) && self.may_hand_on(base, &to);
        base.io.act(Action::AnswerTransfer { leg, granted: may });
        if may { self.hand_on(base, to, true) } else { Then::Stay }
    }

    fn may_hand_on(&self, base: &Base, to: &TransferTo) -> bool {
        self.aside.is_none() && self.third.is_none() && self.knows(base, to)
    }

    /// The agent who has the caller hands them on.
    pub(super) fn hand_on(&mut self, base: &mut Base, to: TransferTo, by_phone: bool) -> Then {
        if !self.may_hand_on(base, &to) {
            return Then::Stay;
        }
        self.introduced(base, false);
        let (offer, since) = match self.take() {
            Stage::Bridged { offer, since, .. } => (offer, since),
            other => return self.keep(other),
        };
        base.io.record(What::Handoff { step: HandoffStep::TransferAsked { agent: offer.agent.id.clone(), to: to.name().to_owned() } });
        self.hush(base);
        self.asked = vec![offer.agent.id.clone()];
        self.aside = Some(Aside { offer, since, by_phone });
        if let TransferTo::Queue { queue } = &to
            && let Some(known) = base.flow.queues.get(queue)
        {
            self.to = Destination { queue: queue.clone(), label: known.label.clone() };
        }
        self.begin_again(base);
        match to {
            TransferTo::Queue { .. } => {
                base.tell(PromptKey::CallingColleague, &[("because", ""), ("department", &self.to.label)]);
                self.told_now(base);
                self.find(base);
            }
            TransferTo::Agent { agent, replaces } => {
                (self.wanted, self.replaces) = (Some(agent), replaces);
                self.find(base);
            }
            TransferTo::Number { number, target, replaces } => {
                self.replaces = replaces;
                self.call_number(base, number, target);
            }
        }
        Then::Stay
    }

    pub(super) fn knows(&self, base: &Base, to: &TransferTo) -> bool {
        match to {
            TransferTo::Queue { queue } => base.flow.queues.contains_key(queue),
            TransferTo::Agent { agent, .. } => !self.asked.contains(agent) || self.offer().is_none_or(|offer| offer.agent.id != *agent),
            TransferTo::Number { .. } => true,
        }
    }

    /// The caller waits for a human once more.
    pub(super) fn begin_again(&mut self, base: &mut Base) {
        base.silence.restart(base.io.now);
        self.since = base.io.now;
        base.handoff = Measured { since: base.io.now, ..Measured::default() };
        base.io.record(What::Owner { owner: Owner::Queue { queue: self.to.queue.clone() } });
        base.io.record(What::Handoff { step: HandoffStep::Started { queue: self.to.queue.clone(), summary: self.summary.clone() } });
        base.io.timers.set(Timer::QueueWait, base.io.now.plus(base.flow.wait_ms(&self.to.queue)));
    }

    /// A number outside: nobody at the desk, and nobody to be briefed.
    fn call_number(&mut self, base: &mut Base, number: String, target: String) {
        let agent = Agent { id: AgentId(number.clone()), name: number, target, transfer: TransferBy::Bridge, spoken_claim: false };
        let leg = base.next_leg();
        base.io.record(What::Handoff { step: HandoffStep::Offered { agent: agent.id.clone(), name: agent.name.clone() } });
        self.wanted = Some(agent.id.clone());
        self.ring(base, Offer { agent, leg, reserved: false, repeats: 0 });
        if let Stage::Ringing { accepted, .. } = &mut self.stage {
            *accepted = true;
        }
    }

    /// Nobody took the caller whom an agent wanted to hand on: that agent has them back. False if there is none any more.
    pub(super) fn back_to_who_asked(&mut self, base: &mut Base) -> bool {
        (self.wanted, self.replaces) = (None, None);
        let Some(Aside { offer, since, by_phone }) = self.aside.take() else { return false };
        if by_phone {
            base.io.act(Action::TransferDone { leg: offer.leg, connected: false });
        }
        self.stop_waiting(base);
        let agent = offer.agent.id.clone();
        base.io.record(What::Owner { owner: Owner::Agent { agent: agent.clone(), name: offer.agent.name.clone() } });
        base.io.record(What::Handoff { step: HandoffStep::BackToAgent { agent } });
        self.stage = Stage::Bridged { offer, since, line: Line::default() };
        true
    }

    /// The caller has somebody else: whoever asked for that is told, and is done.
    pub(super) fn release_who_asked(&mut self, base: &mut Base, connected: bool) {
        (self.wanted, self.replaces) = (None, None);
        if let Some(Aside { offer, by_phone, .. }) = self.aside.take() {
            if connected && by_phone {
                base.io.act(Action::TransferDone { leg: offer.leg, connected });
            }
            base.io.act(Action::HangUp { leg: offer.leg });
            Self::release(base, offer, AgentAfter::WrapUp);
        }
    }

    /// The leg of the agent who asked has ended: they do not wait for what comes of it. False if it is not their leg.
    pub(super) fn who_asked_left(&mut self, base: &mut Base, leg: LegId) -> bool {
        let Some(aside) = self.aside.take_if(|aside| aside.offer.leg == leg) else { return false };
        Self::release(base, aside.offer, AgentAfter::WrapUp);
        true
    }

    /// `LegTakenOver`: another telephone has taken the agent's place in the call.
    pub(crate) fn taken_over(&mut self, base: &mut Base, leg: LegId, agent: AgentId, name: String) {
        let Stage::Bridged { offer, .. } = &mut self.stage else { return };
        if offer.leg != leg {
            return;
        }
        base.scribe.meet(leg, agent.clone());
        base.io.record(What::Handoff { step: HandoffStep::TakenOver { agent: agent.clone(), name: name.clone() } });
        if offer.agent.id != agent {
            let now = Agent { id: agent.clone(), name: name.clone(), ..offer.agent.clone() };
            let before = std::mem::replace(&mut offer.agent, now);
            if std::mem::replace(&mut offer.reserved, false) {
                base.io.act(Action::ReleaseAgent { agent: before.id, after: AgentAfter::WrapUp });
            }
            base.io.record(What::Owner { owner: Owner::Agent { agent, name } });
        }
    }
}
