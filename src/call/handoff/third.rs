//! A third person on the call: a colleague whom the agent consults in private while the caller is on hold, or somebody at a number outside who joins. They can
//! stay for a conference, or have the caller. How they go, and what follows when somebody is lost, is in `third_ends`.
//!
//! ```text
//! Finding ─→ Ringing ─→ Up, the agent alone hears them ─→ Up, all hear each other
//! ```
//! Their reservation lives in the `Offer` in here, as the agent's does in the stage: whoever takes it out gives it back.

use crate::call::{
    action::Action,
    base::{Base, node_of},
    clauses,
    event::{Agent, FarEndSign, TransferBy, TransferTo},
    flow::prompt::PromptKey,
    handoff::{
        Handoff, Leg, Offer, Stage, agent,
        queue::{FIND_MS, RING_GRACE_MS},
        supervisor::Watcher,
    },
    ids::{AgentId, LegId, RequestId},
    media::round::{Round, With},
    record::{HandoffStep, ThirdEnd, ThirdStep, What},
    then::Then,
    timer::Timer,
    turn::mouth::Mouth,
};

/// Somebody whom the agent has called in.
#[derive(Debug)]
pub(super) struct Third {
    pub(super) to: TransferTo,
    /// What the agent is told that they are called.
    pub(super) name: String,
    /// They join as soon as they answer and are no machine; else the caller is on hold meanwhile.
    pub(super) adds: bool,
    pub(super) place: Place,
}

/// How far they are in.
#[derive(Debug)]
pub(super) enum Place {
    /// The desk was asked for one of its agents.
    Finding { find: RequestId },
    /// Their phone is called.
    Ringing { offer: Offer },
    /// On the line. `suspected`: they sound like a machine, and do not join by themselves.
    Up { offer: Offer, joined: bool, suspected: bool },
}

impl Third {
    /// Their leg, if there is one.
    pub(super) fn leg(&self) -> Option<LegId> {
        match &self.place {
            Place::Finding { .. } => None,
            Place::Ringing { offer } | Place::Up { offer, .. } => Some(offer.leg),
        }
    }

    pub(super) fn who(&self) -> Option<&AgentId> {
        match &self.place {
            Place::Finding { .. } => None,
            Place::Ringing { offer } | Place::Up { offer, .. } => Some(&offer.agent.id),
        }
    }

    fn with(&self) -> Option<(LegId, With)> {
        match &self.place {
            Place::Finding { .. } | Place::Ringing { .. } => None,
            Place::Up { offer, joined, .. } => Some((offer.leg, if *joined { With::Everybody } else { With::Agent })),
        }
    }
}

impl Handoff {
    /// Who hears whom, if agent and caller are connected.
    pub(crate) fn round(&self) -> Option<Round> {
        let Stage::Bridged { offer, line, .. } = &self.stage else { return None };
        let third = self.third.as_ref();
        let rings = third.is_some_and(|third| !third.adds && matches!(third.place, Place::Ringing { .. }));
        Some(Round {
            agent: offer.leg,
            line: *line,
            third: third.and_then(Third::with),
            supervisor: self.watcher.as_ref().and_then(Watcher::follows),
            rings,
        })
    }

    /// The caller is on hold because the agent speaks, or is about to speak, with somebody else.
    pub(super) fn is_consulting(&self) -> bool {
        let alone = |third: &Third| !matches!(third.place, Place::Up { joined: true, .. });
        self.third.as_ref().is_some_and(|third| !third.adds && alone(third))
    }

    /// The agent wants somebody. One at a time, and not while the caller is being handed on.
    pub(super) fn call_in(&mut self, base: &mut Base, to: TransferTo, adds: bool) -> Then {
        let Stage::Bridged { offer, .. } = &self.stage else { return Then::Stay };
        let outside = matches!(to, TransferTo::Number { .. });
        if self.third.is_some() || self.aside.is_some() || !self.knows(base, &to) || (adds && !outside) {
            return Then::Stay;
        }
        let leg = offer.leg;
        let (agent, agent_name) = (offer.agent.id.clone(), offer.agent.name.clone());
        self.skip_introduction(base, leg);
        base.io.record(third_step(&agent, ThirdStep::Asked { to: to.name().to_owned(), adds }));
        if !adds {
            self.set_line(base, |line| line.held = true);
            base.tell(PromptKey::ConsultHold, &[("name", &agent_name)]);
        }
        let name = match &to {
            TransferTo::Queue { queue } => base.flow.queues.get(queue).map_or(queue, |known| &known.label),
            TransferTo::Agent { agent, .. } => &agent.0,
            TransferTo::Number { number, .. } => number,
        };
        let name = name.clone();
        if let TransferTo::Number { number, target, .. } = &to {
            let who = Agent {
                id: AgentId(number.clone()),
                name: name.clone(),
                target: target.clone(),
                transfer: TransferBy::Bridge,
                spoken_claim: false,
            };
            let offer = Offer { agent: who, leg: base.next_leg(), reserved: false, repeats: 0 };
            self.third = Some(self.ring_third(base, Third { to, name, adds, place: Place::Ringing { offer } }));
            return Then::Stay;
        }
        let find = base.io.request();
        let (queue, who) = match &to {
            TransferTo::Queue { queue } => (queue.clone(), None),
            TransferTo::Agent { agent, .. } => (self.to.queue.clone(), Some(agent.clone())),
            TransferTo::Number { .. } => (self.to.queue.clone(), None),
        };
        base.io.act(Action::FindAgent { id: find, queue, not: vec![agent], who, ahead_ms: 0, caller: None, prefer: None, reads: false });
        base.finds.insert(find);
        base.io.timers.set(Timer::Third, base.io.now.plus(FIND_MS));
        self.third = Some(Third { to, name, adds, place: Place::Finding { find } });
        Then::Stay
    }

    /// Does the third person's search wait for this answer?
    pub(super) fn third_waits_for(&self, id: RequestId) -> bool {
        matches!(&self.third, Some(Third { place: Place::Finding { find }, .. }) if *find == id)
    }

    /// `AgentReserved`: a colleague.
    pub(super) fn third_found(&mut self, base: &mut Base, agent: Agent) {
        let Some(third) = self.third.take() else { return };
        let offer = Offer { leg: base.next_leg(), reserved: true, repeats: 0, agent };
        let third = Third { name: offer.agent.name.clone(), place: Place::Ringing { offer }, ..third };
        self.third = Some(self.ring_third(base, third));
    }

    /// Rings whoever is in there.
    fn ring_third(&self, base: &mut Base, third: Third) -> Third {
        let (Place::Ringing { offer }, Stage::Bridged { offer: own, .. }) = (&third.place, &self.stage) else { return third };
        let ring_ms = base.flow.handoff.ring_ms;
        let who = offer.agent.id.clone();
        let step = ThirdStep::Offered { who: who.clone(), name: offer.agent.name.clone(), by: own.agent.name.clone() };
        base.io.record(third_step(&own.agent.id, step));
        base.io.act(Action::Dial {
            leg: offer.leg,
            agent: who,
            target: offer.agent.target.clone(),
            ring_ms,
            reason: self.summary.reason.clone(),
            replaces: None,
        });
        base.io.timers.set(Timer::Third, base.io.now.plus(ring_ms + RING_GRACE_MS));
        third
    }

    /// `LegAnswered`. False if it is not their leg.
    pub(super) fn third_answered(&mut self, base: &mut Base, leg: LegId) -> bool {
        let Some(third) = self.third.take_if(|third| third.leg() == Some(leg)) else { return false };
        let place = match third.place {
            Place::Ringing { offer } => {
                base.io.timers.stop(Timer::Third);
                if third.adds {
                    base.io.timers.set(Timer::Third, base.io.now.plus(base.flow.handoff.vet_ms));
                }
                self.note(base, ThirdStep::Answered { who: offer.agent.id.clone() });
                Place::Up { offer, joined: false, suspected: false }
            }
            other @ (Place::Finding { .. } | Place::Up { .. }) => other,
        };
        self.third = Some(Third { place, ..third });
        true
    }

    /// `Timer::Third`.
    pub(crate) fn third_late(&mut self, base: &mut Base) {
        let Some(third) = &self.third else { return };
        match &third.place {
            Place::Finding { .. } => self.third_failed(base, ThirdEnd::NobodyFree, Leg::Up),
            Place::Ringing { .. } => self.third_failed(base, ThirdEnd::NoAnswer, Leg::Up),
            Place::Up { suspected: true, .. } | Place::Up { joined: true, .. } => {}
            Place::Up { .. } if third.adds => _ = self.join_third(base),
            Place::Up { .. } => {}
        }
    }

    /// All three hear each other from now on.
    pub(super) fn join_third(&mut self, base: &mut Base) -> Then {
        let Some(Third { place: Place::Up { offer, joined, .. }, .. }) = &mut self.third else { return Then::Stay };
        if std::mem::replace(joined, true) {
            return Then::Stay;
        }
        let who = offer.agent.id.clone();
        base.scribe.meet(offer.leg, who.clone());
        base.io.timers.stop(Timer::Third);
        base.mouth.silence(&mut base.io);
        self.set_line(base, |line| line.held = false);
        self.note(base, ThirdStep::Joined { who });
        Then::Stay
    }

    /// What their line says besides words: a machine never gets the caller by itself. False if it is not their leg.
    pub(super) fn third_machine(&mut self, base: &mut Base, leg: LegId, sign: FarEndSign) -> bool {
        let Some(third) = self.third.as_mut().filter(|third| third.leg() == Some(leg)) else { return false };
        match sign {
            FarEndSign::Beep | FarEndSign::Fax | FarEndSign::NetworkTone => self.third_failed(base, ThirdEnd::Machine, Leg::Up),
            FarEndSign::MachineSuspected => {
                let name = third.name.clone();
                if let Place::Up { offer, suspected, .. } = &mut third.place {
                    *suspected = true;
                    let who = offer.agent.id.clone();
                    self.note(base, ThirdStep::MachineSuspected { who });
                    self.tell_agent(base, PromptKey::ThirdMaybeMachine, &name);
                }
            }
        }
        true
    }

    /// Writes down something of the third person.
    pub(super) fn note(&self, base: &mut Base, third: ThirdStep) {
        if let Stage::Bridged { offer, .. } = &self.stage {
            base.io.record(third_step(&offer.agent.id, third));
        }
    }

    /// Tells the agent who has the caller something that nobody else hears.
    pub(super) fn tell_agent(&mut self, base: &mut Base, key: PromptKey, name: &str) {
        let Stage::Bridged { offer, .. } = &self.stage else { return };
        let text = base.flow.prompt(key, &[("name", name)]);
        let line = agent::line(&node_of(key), clauses::split(&text));
        let now = base.io.now;
        let mouth = self.aside_mouth.get_or_insert_with(|| Box::new(Mouth::new(offer.leg, Timer::AgentSpeech, now)));
        mouth.say(&mut base.io, line);
    }

    /// Nothing more is said to the agent beside the conversation.
    pub(super) fn hush(&mut self, base: &mut Base) {
        if let Some(mut mouth) = self.aside_mouth.take() {
            mouth.silence(&mut base.io);
            base.io.timers.stop(Timer::AgentSpeech);
        }
    }
}

pub(super) fn third_step(agent: &AgentId, third: ThirdStep) -> What {
    What::Handoff { step: HandoffStep::Third { agent: agent.clone(), third } }
}
