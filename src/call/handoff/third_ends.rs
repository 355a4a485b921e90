//! How a third person goes, and what follows when somebody of the three does: the other two go on, and nobody is left alone.

use crate::call::{
    action::{Action, AgentAfter},
    base::Base,
    event::{AgentChoice, DialFailure, LegEnd},
    flow::{Destination, prompt::PromptKey},
    handoff::{
        Handoff, Leg, Offer, Stage,
        queue::{FIND_MS, RING_GRACE_MS},
        third::{Place, Third, third_step},
    },
    ids::{AgentId, LegId},
    media::round::Line,
    record::{HandoffStep, Owner, ThirdEnd, ThirdStep, What},
    then::Then,
    time::Time,
    timer::Timer,
};

impl Handoff {
    /// The agent is done with them: agent and caller are alone again.
    pub(super) fn part(&mut self, base: &mut Base) -> Then {
        self.drop_third(base, ThirdEnd::Parted);
        Then::Stay
    }

    /// Agent and caller part: nobody else is left on the line, and nothing more is said on it.
    pub(super) fn leave_bridge(&mut self, base: &mut Base, why: ThirdEnd) {
        self.introduced(base, false);
        self.hush(base);
        self.drop_third(base, why);
        self.end_watch(base, Leg::Up);
    }

    /// They go, whatever they were doing.
    pub(super) fn drop_third(&mut self, base: &mut Base, why: ThirdEnd) {
        self.end_third(base, why, Leg::Up);
    }

    /// They go, and the agent is told why.
    pub(super) fn third_failed(&mut self, base: &mut Base, why: ThirdEnd, leg: Leg) {
        let Some(name) = self.third.as_ref().map(|third| third.name.clone()) else { return };
        self.end_third(base, why, leg);
        let key = match why {
            ThirdEnd::Declined => PromptKey::ThirdDeclined,
            ThirdEnd::Busy | ThirdEnd::NobodyFree => PromptKey::ThirdBusy,
            ThirdEnd::NoAnswer => PromptKey::ThirdNoAnswer,
            ThirdEnd::Unreachable | ThirdEnd::NoLine => PromptKey::ThirdUnreachable,
            ThirdEnd::Machine => PromptKey::ThirdMachine,
            ThirdEnd::HungUp | ThirdEnd::Lost => PromptKey::ThirdLeft,
            ThirdEnd::Parted | ThirdEnd::CallEnded => return,
        };
        self.tell_agent(base, key, &name);
    }

    /// Gives back all that is theirs. Whom the agent only consulted leaves a caller who is off hold.
    fn end_third(&mut self, base: &mut Base, why: ThirdEnd, leg: Leg) {
        let consulting = self.is_consulting();
        let Some(third) = self.third.take() else { return };
        base.io.timers.stop(Timer::Third);
        let (offer, talked) = match third.place {
            Place::Finding { find } => {
                if leg == Leg::Up {
                    base.io.act(Action::LeaveQueue { id: find });
                }
                (None, false)
            }
            Place::Ringing { offer } => (Some(offer), false),
            Place::Up { offer, .. } => (Some(offer), true),
        };
        self.note(base, ThirdStep::Ended { who: offer.as_ref().map(|offer| offer.agent.id.clone()), why });
        if let Some(offer) = offer {
            if leg == Leg::Up {
                base.io.act(Action::HangUp { leg: offer.leg });
            }
            Self::release(base, offer, after(why, talked));
        }
        if consulting {
            base.mouth.silence(&mut base.io);
            self.set_line(base, |line| line.held = false);
        }
    }

    /// `LegFailed`. False if it is not their leg.
    pub(super) fn third_dial_failed(&mut self, base: &mut Base, leg: LegId, why: DialFailure) -> bool {
        let theirs = matches!(&self.third, Some(Third { place: Place::Ringing { offer }, .. }) if offer.leg == leg);
        if theirs {
            let why = match why {
                DialFailure::Busy => ThirdEnd::Busy,
                DialFailure::Declined => ThirdEnd::Declined,
                DialFailure::NoAnswer => ThirdEnd::NoAnswer,
                DialFailure::Unreachable | DialFailure::Rejected => ThirdEnd::Unreachable,
                DialFailure::NoLine => ThirdEnd::NoLine,
            };
            self.third_failed(base, why, Leg::Gone);
        }
        theirs
    }

    /// `LegEnded`. False if it is not their leg.
    pub(super) fn third_gone(&mut self, base: &mut Base, leg: LegId, why: LegEnd) -> bool {
        let theirs = self.third.as_ref().is_some_and(|third| third.leg() == Some(leg));
        if theirs {
            let why = match why {
                LegEnd::HungUp => ThirdEnd::HungUp,
                LegEnd::MediaLost | LegEnd::SignallingLost => ThirdEnd::Lost,
            };
            self.third_failed(base, why, Leg::Gone);
        }
        theirs
    }

    /// A button on the colleague's own page: they decline, or leave.
    pub(super) fn third_chose(&mut self, base: &mut Base, agent: &AgentId, choice: &AgentChoice) {
        let Some(third) = self.third.as_ref().filter(|third| third.who() == Some(agent)) else { return };
        let goes = match choice {
            AgentChoice::HangUp | AgentChoice::Decline { .. } => true,
            AgentChoice::Accept
            | AgentChoice::Repeat
            | AgentChoice::More
            | AgentChoice::Hold
            | AgentChoice::Resume
            | AgentChoice::Mute
            | AgentChoice::Unmute
            | AgentChoice::Transfer { .. }
            | AgentChoice::Consult { .. }
            | AgentChoice::Add { .. }
            | AgentChoice::Conference
            | AgentChoice::Complete
            | AgentChoice::Part
            | AgentChoice::Answer { .. }
            | AgentChoice::ToBot { .. } => false,
        };
        if goes {
            let why = if matches!(third.place, Place::Up { .. }) { ThirdEnd::HungUp } else { ThirdEnd::Declined };
            self.third_failed(base, why, Leg::Up);
        }
    }

    /// The agent leaves the caller to them.
    pub(super) fn leave_to_third(&mut self, base: &mut Base) -> Then {
        if !matches!(&self.third, Some(Third { place: Place::Up { .. }, .. })) {
            return Then::Stay;
        }
        match self.take() {
            Stage::Bridged { offer, .. } => self.give_to_third(base, offer, Leg::Up),
            other => self.stage = other,
        }
        Then::Stay
    }

    fn give_to_third(&mut self, base: &mut Base, first: Offer, leg: Leg) {
        self.hush(base);
        base.io.timers.stop(Timer::Third);
        base.mouth.silence(&mut base.io);
        let Some(Third { place: Place::Up { offer, .. }, .. }) = self.third.take() else { return };
        let (who, name) = (offer.agent.id.clone(), offer.agent.name.clone());
        base.scribe.meet(offer.leg, who.clone());
        base.io.record(third_step(&first.agent.id, ThirdStep::HasCaller { who: who.clone(), name: name.clone() }));
        base.io.record(What::Owner { owner: Owner::Agent { agent: who, name } });
        if leg == Leg::Up {
            base.io.act(Action::HangUp { leg: first.leg });
        }
        Self::release(base, first, AgentAfter::WrapUp);
        self.stage = Stage::Bridged { offer, since: base.io.now, line: Line::default() };
    }

    /// The agent's leg has ended. Whoever speaks with them has the caller now; a caller who was put on hold for somebody who is still being found or rung waits
    /// for them; else it is as without a third person.
    pub(super) fn agent_left_third(&mut self, base: &mut Base, offer: Offer, since: Time, why: LegEnd) -> Then {
        self.introduced(base, false);
        self.hush(base);
        let place = self.third.as_ref().map(|third| (&third.place, third.adds));
        match place {
            Some((Place::Up { suspected: false, .. }, _)) => self.give_to_third(base, offer, Leg::Gone),
            Some((Place::Finding { .. } | Place::Ringing { .. }, false)) => self.wait_for_third(base, offer),
            Some(_) | None => {
                if let Some(agent) = self.third.is_some().then(|| offer.agent.id.clone()) {
                    let who = self.third.as_ref().and_then(Third::who).cloned();
                    base.io.record(third_step(&agent, ThirdStep::Ended { who, why: ThirdEnd::CallEnded }));
                }
                self.drop_third(base, ThirdEnd::CallEnded);
                return self.lost_or_done(base, offer, since, why);
            }
        }
        Then::Stay
    }

    /// As if the agent had handed the caller on, and left.
    fn wait_for_third(&mut self, base: &mut Base, first: Offer) {
        let Some(third) = self.third.take() else { return };
        base.io.timers.stop(Timer::Third);
        base.mouth.silence(&mut base.io);
        let agent = first.agent.id.clone();
        base.io.record(What::Handoff { step: HandoffStep::TransferAsked { agent: agent.clone(), to: third.to.name().to_owned() } });
        Self::release(base, first, AgentAfter::WrapUp);
        self.asked = vec![agent];
        if let crate::call::event::TransferTo::Queue { queue } = &third.to
            && let Some(known) = base.flow.queues.get(queue)
        {
            self.to = Destination { queue: queue.clone(), label: known.label.clone() };
        }
        if let crate::call::event::TransferTo::Agent { agent, .. } = &third.to {
            self.wanted = Some(agent.clone());
        }
        self.begin_again(base);
        match third.place {
            Place::Finding { find } => {
                base.io.timers.set(Timer::FindAgent, base.io.now.plus(FIND_MS));
                base.tell(PromptKey::StillCalling, &[("name", &third.name)]);
                self.stage = Stage::Finding { find };
            }
            Place::Ringing { offer } | Place::Up { offer, .. } => {
                self.asked.push(offer.agent.id.clone());
                base.handoff.offers += 1;
                let step = HandoffStep::Offered { agent: offer.agent.id.clone(), name: offer.agent.name.clone() };
                base.io.record(What::Handoff { step });
                let ring_ms = base.flow.handoff.ring_ms;
                base.io.timers.set(Timer::AgentAnswer, base.io.now.plus(ring_ms + RING_GRACE_MS));
                base.tell(PromptKey::RingingAgent, &[("name", &third.name)]);
                self.prepare_briefing(base, &offer);
                // Nobody at a number outside can be briefed.
                let accepted = !offer.reserved;
                self.stage = Stage::Ringing { offer, rings: false, accepted };
            }
        }
        self.told_now(base);
    }
}

/// What a colleague is after this: who spoke has something to write down, who did not come is left alone for a while.
fn after(why: ThirdEnd, talked: bool) -> AgentAfter {
    match why {
        _ if talked => AgentAfter::WrapUp,
        ThirdEnd::Declined | ThirdEnd::NoLine | ThirdEnd::Parted | ThirdEnd::CallEnded | ThirdEnd::NobodyFree => AgentAfter::Free,
        ThirdEnd::Busy | ThirdEnd::NoAnswer | ThirdEnd::Unreachable | ThirdEnd::Machine | ThirdEnd::HungUp | ThirdEnd::Lost => {
            AgentAfter::Resting
        }
    }
}
