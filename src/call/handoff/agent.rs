//! One agent: ringing, and the briefing that only they hear. What they choose is in `choice`.

use crate::call::{
    action::{Action, AgentAfter},
    base::{Base, node_of},
    clauses,
    event::{DialFailure, FarEndSign, LegEnd},
    flow::prompt::PromptKey,
    handoff::{
        AgentVoice, Handoff, Leg, Offer, Stage,
        heard::{CHOICE, Heard},
        transfer::{AgentLeg, Referral},
    },
    ids::{AgentId, LegId},
    outcome::OfferOutcome,
    record::{HandoffStep, What, Whisper},
    then::Then,
    time::Time,
    timer::Timer,
    turn::{line::Line, mouth::Mouth},
};

/// An agent whose caller has left is told so for at most this long, then the leg is ended.
const FAREWELL_MS: u64 = 950;

/// An agent whose caller could not be reached is told so for at most this long.
const NOT_REACHED_MS: u64 = 5_000;

impl Handoff {
    /// `LegRinging` of the agent.
    pub(crate) fn ringing(&mut self, base: &mut Base, leg: LegId) {
        if let Stage::Ringing { offer, rings, .. } = &mut self.stage
            && offer.leg == leg
            && !*rings
        {
            *rings = true;
            base.io.record(What::Handoff { step: HandoffStep::Ringing { agent: offer.agent.id.clone() } });
        }
    }

    /// `LegAnswered` of the agent: the briefing begins, or the bridge if the call was taken on the page.
    pub(crate) fn answered(&mut self, base: &mut Base, leg: LegId) {
        if self.third_answered(base, leg) || self.supervisor_answered(base, leg) {
            return;
        }
        match self.take() {
            Stage::Ringing { offer, accepted, .. } if offer.leg == leg => {
                base.io.timers.stop(Timer::AgentAnswer);
                base.io.record(What::Handoff { step: HandoffStep::Briefing { agent: offer.agent.id.clone() } });
                if accepted {
                    return self.accept(base, offer);
                }
                self.tell_of_briefing(base, &offer);
                let mouth = Box::new(Mouth::new(leg, Timer::AgentSpeech, base.io.now));
                let briefing = self.briefing(base, &offer);
                let heard = Box::new(Heard::new(base, leg));
                self.brief(base, offer, (mouth, heard), (briefing, Whisper::Whole));
            }
            other => self.stage = other,
        }
    }

    /// The caller hears who has picked up, and what happens now: when the agent accepts, they talk at once. Nobody is interrupted in an answer.
    fn tell_of_briefing(&mut self, base: &mut Base, offer: &Offer) {
        if !self.asks_meanwhile() && !self.is_due(base) {
            // That it rings is no news any more.
            base.mouth.forget_queue();
            let answers = if self.inquiry.is_some() { PromptKey::AskedColleague } else { PromptKey::AgentAnswers };
            base.tell(answers, &[("name", &offer.agent.name)]);
            self.told_now(base);
        }
    }

    /// What the agent hears first.
    pub(super) fn briefing(&self, base: &Base, offer: &Offer) -> Vec<String> {
        if self.inquiry.is_some() {
            return self.inquiry_text(base, offer);
        }
        let hello = if self.is_due(base) { PromptKey::BriefingCallback } else { PromptKey::BriefingHello };
        let hello = base.flow.prompt(hello, &[("name", &offer.agent.name)]);
        let claim = offer.agent.spoken_claim.then(|| base.flow.prompt(PromptKey::BriefingClaim, &[("code", &base.claim)]));
        [clauses::split(&hello), self.summary.spoken.clone(), claim.as_deref().map(clauses::split).unwrap_or_default()].concat()
    }

    /// What the agent may do about it.
    fn choice_prompt(&self, base: &Base) -> PromptKey {
        let usual = if self.is_due(base) { PromptKey::BriefingCallbackChoice } else { PromptKey::BriefingChoice };
        self.inquiry_choice().unwrap_or(usual)
    }

    /// What the agent hears where the rest cannot be said.
    const fn short_prompt(&self) -> PromptKey {
        if self.inquiry.is_some() { PromptKey::InquiryShort } else { PromptKey::BriefingShort }
    }

    /// Has everything that the agent may hear made ready while the phone rings.
    pub(super) fn prepare_briefing(&self, base: &mut Base, offer: &Offer) {
        let fixed = [self.choice_prompt(base), PromptKey::BriefingCallerLeft, self.short_prompt()].map(|key| prompt(base, key));
        let clauses = [self.briefing(base, offer), fixed.concat()].concat();
        base.io.act(Action::Prepare { clauses });
    }

    /// Tells the agent, or tells them again.
    pub(super) fn brief(
        &mut self,
        base: &mut Base,
        offer: Offer,
        (mut mouth, heard): (Box<Mouth>, Box<Heard>),
        (text, whisper): (Vec<String>, Whisper),
    ) {
        let choice = prompt(base, self.choice_prompt(base));
        mouth.say(&mut base.io, line("briefing", text));
        mouth.say(&mut base.io, line(CHOICE, choice));
        self.stage = Stage::Briefing { offer, mouth, heard, whisper, since: base.io.now };
    }

    /// The briefing cannot be spoken: a shorter one that is kept ready, else a bell. The card is on the page, and the keys work, whatever is said.
    pub(super) fn briefing_failed(&mut self, base: &mut Base) {
        match self.take() {
            Stage::Briefing { offer, mut mouth, heard, whisper, since } if whisper != Whisper::Bell => {
                let instead = if whisper == Whisper::Whole { Whisper::Short } else { Whisper::Bell };
                base.io.record(What::Handoff { step: HandoffStep::BriefingFailed { agent: offer.agent.id.clone(), instead } });
                mouth.silence(&mut base.io);
                if instead == Whisper::Short {
                    let short = prompt(base, self.short_prompt());
                    return self.brief(base, offer, (mouth, heard), (short, instead));
                }
                self.stage = Stage::Briefing { offer, mouth, heard, whisper: instead, since };
            }
            other => self.stage = other,
        }
    }

    /// The agent was told everything.
    pub(super) fn let_choose(&mut self, base: &mut Base, offer: Offer, (mouth, mut heard): (Box<Mouth>, Box<Heard>), whisper: Whisper) {
        heard.were_asked(base.io.now);
        base.io.timers.set(Timer::AgentChoose, base.io.now.plus(base.flow.handoff.choose_ms));
        self.stage = Stage::Choosing { offer, mouth, heard, whisper };
    }

    /// The phone was not answered in time, and the driver did not say so.
    pub(crate) fn answer_late(&mut self, base: &mut Base) -> Then {
        match self.take() {
            Stage::Ringing { offer, .. } => self.next_agent(base, offer, OfferOutcome::NoAnswer, Leg::Up),
            Stage::Reading { offer } => self.next_agent(base, offer, OfferOutcome::NoAnswer, Leg::Gone),
            other => self.keep(other),
        }
    }

    /// The agent who was to read has closed their page: the next one, or the flow's path.
    pub(crate) fn page_closed(&mut self, base: &mut Base, agent: &AgentId) -> Then {
        match self.take() {
            Stage::Reading { offer } if offer.agent.id == *agent => self.next_agent(base, offer, OfferOutcome::Unreachable, Leg::Gone),
            other => self.keep(other),
        }
    }

    /// The agent never chose: a voicemail, an empty chair.
    pub(crate) fn choice_late(&mut self, base: &mut Base) -> Then {
        match self.take() {
            Stage::Choosing { offer, .. } => self.next_agent(base, offer, OfferOutcome::NeverChose, Leg::Up),
            other => self.keep(other),
        }
    }

    /// `LegFailed` of the agent.
    pub(crate) fn dial_failed(&mut self, base: &mut Base, leg: LegId, why: DialFailure) -> Then {
        let outcome = match why {
            DialFailure::Busy => OfferOutcome::Busy,
            DialFailure::Declined => OfferOutcome::Declined,
            DialFailure::NoAnswer => OfferOutcome::NoAnswer,
            DialFailure::Unreachable | DialFailure::Rejected => OfferOutcome::Unreachable,
            DialFailure::NoLine => OfferOutcome::NoLine,
        };
        if self.third_dial_failed(base, leg, why) || self.supervisor_gone(base, leg) {
            return Then::Stay;
        }
        match self.take() {
            Stage::Ringing { offer, .. } if offer.leg == leg => self.next_agent(base, offer, outcome, Leg::Gone),
            other => self.keep(other),
        }
    }

    /// `LegEnded` of the agent.
    pub(crate) fn agent_gone(&mut self, base: &mut Base, leg: LegId, why: LegEnd) -> Then {
        let other = self.who_asked_left(base, leg) || self.third_gone(base, leg, why) || self.supervisor_gone(base, leg);
        if other || self.offer().is_none_or(|offer| offer.leg != leg) {
            return Then::Stay;
        }
        match self.take() {
            Stage::Ringing { offer, .. } => self.next_agent(base, offer, OfferOutcome::Unreachable, Leg::Gone),
            // The new call has taken its place, or they have had enough: what the caller's side says will tell.
            Stage::Transferring { offer, referral } => {
                self.keep(Stage::Transferring { offer, referral: Referral { agent: AgentLeg::Gone, ..referral } })
            }
            Stage::Briefing { offer, .. } | Stage::Choosing { offer, .. } | Stage::Connecting { offer } => {
                self.next_agent(base, offer, OfferOutcome::LeftInBriefing, Leg::Gone)
            }
            Stage::RingingCaller { offer, mut mouth } => {
                mouth.silence(&mut base.io);
                self.agent_left_ringing(base, offer, Leg::Gone)
            }
            Stage::Bridged { offer, since, .. } => self.agent_left_third(base, offer, since, why),
            other @ (Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over) => self.keep(other),
        }
    }

    /// The agent's telephone was answered by a machine. A greeting that only sounds like one may be a person's: they can still choose.
    pub(crate) fn machine(&mut self, base: &mut Base, leg: LegId, sign: FarEndSign) -> Then {
        if self.third_machine(base, leg, sign) || self.supervisor_machine(base, leg, sign) {
            return Then::Stay;
        }
        if let Some(then) = self.invited_machine(base, leg, sign) {
            return then;
        }
        let certain = matches!(sign, FarEndSign::Beep | FarEndSign::Fax | FarEndSign::NetworkTone);
        if !certain || self.offer().is_none_or(|offer| offer.leg != leg) {
            return Then::Stay;
        }
        match self.take() {
            Stage::Briefing { offer, .. } | Stage::Choosing { offer, .. } => self.next_agent(base, offer, OfferOutcome::Voicemail, Leg::Up),
            other => self.keep(other),
        }
    }

    pub(super) fn keep(&mut self, stage: Stage) -> Then {
        self.stage = stage;
        Then::Stay
    }
}

pub(super) fn prompt(base: &Base, key: PromptKey) -> Vec<String> {
    clauses::split(&base.flow.prompt(key, &[]))
}

pub(super) fn line(node: &str, clauses: Vec<String>) -> Line {
    Line {
        node: node.to_owned(),
        clauses,
        interruptible: false,
        keys_interrupt: false,
        in_doubt: None,
        notice: None,
        answers: None,
        late: false,
        at: Time::ZERO,
        turn: 0,
        after: None,
    }
}

/// An agent on the line whose caller has left: a word, then the leg ends and they are free.
#[derive(Debug)]
pub(crate) struct Farewell {
    offer: Offer,
    mouth: Mouth,
    outcome: OfferOutcome,
}

impl Farewell {
    /// Tells the agent.
    pub(super) fn say(base: &mut Base, offer: Offer) -> Self {
        Self::with(base, offer, (PromptKey::BriefingCallerLeft, OfferOutcome::CallerLeft), FAREWELL_MS)
    }

    /// Tells the agent that the caller could not be called back.
    pub(super) fn not_reached(base: &mut Base, offer: Offer) -> Self {
        Self::with(base, offer, (PromptKey::BriefingNotReached, OfferOutcome::CallerNotReached), NOT_REACHED_MS)
    }

    fn with(base: &mut Base, offer: Offer, (key, outcome): (PromptKey, OfferOutcome), most_ms: u64) -> Self {
        super::stop_agent_timers(base);
        let mut mouth = Mouth::new(offer.leg, Timer::AgentSpeech, base.io.now);
        let clauses = prompt(base, key);
        mouth.say(&mut base.io, line(&node_of(key), clauses));
        base.io.timers.set(Timer::Farewell, base.io.now.plus(most_ms));
        Self { offer, mouth, outcome }
    }

    /// The leg of the agent who is being told.
    pub(crate) const fn leg(&self) -> LegId {
        self.offer.leg
    }

    /// What happens to the agent's mouth.
    pub(crate) fn voice(&mut self, base: &mut Base, what: &AgentVoice) {
        what.reach_mouth(base, &mut self.mouth);
    }

    /// The agent has heard it.
    pub(crate) fn is_said(&self) -> bool {
        self.mouth.is_idle()
    }

    /// Ends the agent's part. `up`: the leg has not ended by itself.
    pub(crate) fn end(self, base: &mut Base, up: bool) {
        base.io.timers.stop(Timer::Farewell);
        let leg = if up { Leg::Up } else { Leg::Gone };
        Handoff::end_offer(base, self.offer, self.outcome, AgentAfter::Free, leg);
    }
}
