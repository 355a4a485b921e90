//! A callback that was promised: an agent is found and briefed first, then the caller is rung and hears who it is. From the bridge on it is a handoff like
//! every other one, and so it is when the agent is lost while the caller is on the line.

use serde::{Deserialize, Serialize};

use crate::call::{
    action::{Action, AgentAfter},
    base::Base,
    clauses,
    event::{Agent, DialFailure, FarEndSign},
    flow::{dialogue::Meanwhile, prompt::PromptKey},
    handoff::{Farewell, Handoff, Leg, Matter, Offer, Stage, agent, company::Company},
    ids::{CallId, LegId},
    measured::Measured,
    outcome::{HandoffOutcome, OfferOutcome, Outcome},
    record::{HandoffStep, NotReached, Owner, Summary, What},
    then::Then,
    timer::Timer,
    turn::mouth::Mouth,
};

/// How much longer than `ring_ms` we wait for the driver that watches the ringing.
const RING_GRACE_MS: u64 = 2_000;

/// The words to the caller before the bridge may take this long.
const HELLO_MS: u64 = 12_000;

/// Whoever is lost with the caller on the line is followed by others for at least this long.
const LEAST_WAIT_MS: u64 = 60_000;

/// What a call begins with that keeps a promise: an agent is reserved for it already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// The call in which it was given.
    pub of: CallId,
    /// The queue in which the caller waited.
    pub queue: String,
    /// Where the caller is rung.
    pub target: String,
    /// What the agent is told.
    pub summary: Summary,
    /// The agent who is reserved.
    pub agent: Agent,
    /// How long the caller has waited since they wanted a human: the next agent is asked for as if they had waited in the queue.
    pub waited_ms: u64,
}

/// What is left of a promise once the call has begun.
#[derive(Debug)]
pub(super) struct Due {
    target: String,
    pub(super) waited_ms: u64,
    /// The driver was asked to ring the caller, and has not said what came of it.
    rung: bool,
}

impl Handoff {
    /// Keeps a promise: the agent is offered the call.
    pub(crate) fn keep_promise(base: &mut Base, promise: Promise, nothing_open: Meanwhile) -> Self {
        let now = base.io.now;
        let Promise { of, queue, target, summary, agent, waited_ms } = promise;
        base.handoff = Measured { since: now, ..Measured::default() };
        base.io.record(What::CallsBack { of });
        base.io.record(What::Owner { owner: Owner::Queue { queue: queue.clone() } });
        base.io.record(What::Handoff { step: HandoffStep::Started { queue: queue.clone(), summary: summary.clone() } });
        let mut handoff = Self {
            to: base.flow.destination(&queue),
            matter: Matter::told(summary.clone()),
            summary,
            company: Company::new(nothing_open),
            since: now,
            stage: Stage::Over,
            asked: Vec::new(),
            lost: 0,
            told: now,
            // There is nobody's side yet.
            refers_nowhere: true,
            aside: None,
            closed: false,
            wanted: None,
            replaces: None,
            due: Some(Due { target, waited_ms, rung: false }),
            third: None,
            aside_mouth: None,
            introducing: false,
            watcher: None,
            inquiry: None,
        };
        handoff.offer_to(base, agent);
        handoff
    }

    /// Nobody is on the caller's side yet.
    pub(super) fn is_due(&self, base: &Base) -> bool {
        self.due.is_some() && !base.caller_up
    }

    /// The caller has answered, and is told who it is.
    pub(crate) fn greets_caller(&self) -> bool {
        self.due.is_some() && matches!(self.stage, Stage::Connecting { .. })
    }

    /// The agent has accepted: the caller is rung, and the agent hears it ring.
    pub(super) fn ring_caller(&mut self, base: &mut Base, offer: Offer) {
        let Some(due) = &mut self.due else { return };
        due.rung = true;
        let ring_ms = base.flow.handoff.callback_ring_ms;
        let mut mouth = Box::new(Mouth::new(offer.leg, Timer::AgentSpeech, base.io.now));
        let rings = agent::prompt(base, PromptKey::BriefingRingsCaller);
        mouth.say(&mut base.io, agent::line("rings_caller", rings));
        base.io.record(What::Handoff { step: HandoffStep::CallerRung });
        base.io.act(Action::CallBack { leg: LegId::CALLER, target: due.target.clone(), ring_ms });
        let hello = base.flow.prompt(PromptKey::CallbackHello, &[("name", &offer.agent.name)]);
        let not_reached = agent::prompt(base, PromptKey::BriefingNotReached);
        base.io.act(Action::Prepare { clauses: [clauses::split(&hello), not_reached].concat() });
        base.io.timers.set(Timer::CallerAnswer, base.io.now.plus(ring_ms + RING_GRACE_MS));
        self.stage = Stage::RingingCaller { offer, mouth };
    }

    /// The caller has answered: they are told who it is, then both are bridged.
    pub(crate) fn caller_reached(&mut self, base: &mut Base) {
        self.caller_leg_settled();
        base.io.timers.stop(Timer::CallerAnswer);
        match self.take() {
            Stage::RingingCaller { offer, mut mouth } => {
                mouth.silence(&mut base.io);
                self.greet_caller(base, offer);
            }
            other => self.stage = other,
        }
    }

    fn greet_caller(&mut self, base: &mut Base, offer: Offer) {
        let now = base.io.now;
        base.caller_up = true;
        base.mouth = Mouth::new(LegId::CALLER, Timer::CallerSpeech, now);
        base.silence.restart(now);
        base.io.record(What::Answered);
        base.tell(PromptKey::CallbackHello, &[("name", &offer.agent.name)]);
        base.io.timers.set(Timer::Connect, now.plus(HELLO_MS));
        base.io.timers.set(Timer::QueueWait, now.plus(base.flow.wait_ms(&self.to.queue).max(LEAST_WAIT_MS)));
        self.stage = Stage::Connecting { offer };
    }

    /// `LegFailed` of the caller.
    pub(crate) fn caller_not_reached(&mut self, base: &mut Base, why: DialFailure) -> Then {
        // Said twice, or too late.
        if !self.due.as_mut().is_some_and(|due| std::mem::take(&mut due.rung)) {
            return Then::Stay;
        }
        let why = match why {
            DialFailure::Busy => NotReached::Busy,
            DialFailure::Declined => NotReached::Declined,
            DialFailure::NoAnswer => NotReached::NoAnswer,
            DialFailure::Unreachable | DialFailure::Rejected | DialFailure::NoLine => NotReached::Unreachable,
        };
        self.not_reached(base, why)
    }

    /// The caller's telephone rang for as long as it may, and the driver did not say so.
    pub(crate) fn caller_answer_late(&mut self, base: &mut Base) -> Then {
        self.not_reached(base, NotReached::NoAnswer)
    }

    /// Nobody is there, or only a machine: the agent is told, and the call ends. Whoever keeps the promises sees to it that it is tried again.
    pub(super) fn not_reached(&mut self, base: &mut Base, why: NotReached) -> Then {
        self.rings_no_more(base);
        let offer = match self.take() {
            Stage::RingingCaller { offer, mut mouth } => {
                mouth.silence(&mut base.io);
                offer
            }
            Stage::Connecting { offer } => offer,
            other => return self.keep(other),
        };
        base.io.record(What::Handoff { step: HandoffStep::CallerNotReached { why } });
        Self::over(base, HandoffOutcome::NotReached);
        Then::Part(Outcome::CallerNotReached, Box::new(Farewell::not_reached(base, offer)))
    }

    /// The caller's telephone is not to ring any more. Says nothing to it if it was answered, or has failed.
    pub(super) fn rings_no_more(&mut self, base: &mut Base) {
        base.io.timers.stop(Timer::CallerAnswer);
        if let Some(due) = &mut self.due
            && std::mem::take(&mut due.rung)
            && !base.caller_up
        {
            base.io.act(Action::HangUp { leg: LegId::CALLER });
        }
    }

    /// A machine has answered at the caller's, for certain: no agent is put through to it.
    pub(crate) fn caller_is_machine(&mut self, base: &mut Base, sign: FarEndSign) -> Then {
        let certain = matches!(sign, FarEndSign::Beep | FarEndSign::Fax | FarEndSign::NetworkTone);
        if !certain || !self.greets_caller() {
            return Then::Stay;
        }
        base.mouth.silence(&mut base.io);
        base.ear.discard(&mut base.io);
        base.caller_up = false;
        base.io.act(Action::HangUp { leg: LegId::CALLER });
        self.not_reached(base, NotReached::Machine)
    }

    /// The caller's leg says by itself what came of it.
    pub(crate) fn caller_leg_settled(&mut self) {
        if let Some(due) = &mut self.due {
            due.rung = false;
        }
    }

    /// The agent is gone while the caller's telephone rings.
    pub(super) fn agent_left_ringing(&mut self, base: &mut Base, offer: Offer, leg: Leg) -> Then {
        self.rings_no_more(base);
        base.io.record(What::Handoff { step: HandoffStep::CallerNotReached { why: NotReached::AgentLeft } });
        Self::over(base, HandoffOutcome::NotReached);
        Self::end_offer(base, offer, OfferOutcome::LeftInBriefing, AgentAfter::Free, leg);
        Then::End(Outcome::CallbackPutOff)
    }

    /// No agent takes it now: it is tried again later.
    pub(super) fn put_off(base: &mut Base) -> Then {
        Self::over(base, HandoffOutcome::PutOff);
        Then::End(Outcome::CallbackPutOff)
    }
}
