//! One agent: ringing, the briefing that only they hear, and their choice.

use crate::call::{
    action::{Action, AgentAfter},
    base::{Base, node_of},
    clauses,
    event::{AgentChoice, DialFailure, FarEndSign, LegEnd, SpeechEnd},
    flow::{prompt::PromptKey, step::Expect},
    handoff::{
        Handoff, Leg, Offer, Stage,
        transfer::{AgentLeg, Referral},
    },
    ids::{AgentId, LegId, RequestId},
    outcome::OfferOutcome,
    record::{HandoffStep, What},
    then::Then,
    time::Time,
    timer::Timer,
    turn::{
        ear::{AGENT_TIMERS, Ear, News},
        line::Line,
        mouth::Mouth,
        words,
    },
    understanding::Transcript,
};

/// An agent whose caller has left is told so for at most this long, then the leg is ended.
const FAREWELL_MS: u64 = 950;

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
        match self.take() {
            Stage::Ringing { offer, accepted, .. } if offer.leg == leg => {
                base.io.timers.stop(Timer::AgentAnswer);
                base.io.record(What::Handoff { step: HandoffStep::Briefing { agent: offer.agent.id.clone() } });
                if accepted {
                    return self.accept(base, offer);
                }
                let mut mouth = Box::new(Mouth::new(leg, Timer::AgentSpeech, base.io.now));
                let (briefing, choice) = (self.briefing(base, &offer), prompt(base, PromptKey::BriefingChoice));
                mouth.say(&mut base.io, line("briefing", briefing));
                mouth.say(&mut base.io, line("briefing_choice", choice));
                self.stage = Stage::Briefing { offer, mouth };
            }
            other => self.stage = other,
        }
    }

    /// What the agent hears first.
    fn briefing(&self, base: &Base, offer: &Offer) -> Vec<String> {
        let hello = base.flow.prompt(PromptKey::BriefingHello, &[("name", &offer.agent.name)]);
        let claim = offer.agent.spoken_claim.then(|| base.flow.prompt(PromptKey::BriefingClaim, &[("code", &base.claim)]));
        [clauses::split(&hello), self.summary.spoken.clone(), claim.as_deref().map(clauses::split).unwrap_or_default()].concat()
    }

    /// Has everything that the agent may hear made ready while the phone rings.
    pub(super) fn prepare_briefing(&self, base: &mut Base, offer: &Offer) {
        let choice = prompt(base, PromptKey::BriefingChoice);
        let left = prompt(base, PromptKey::BriefingCallerLeft);
        let clauses = [self.briefing(base, offer), choice, left].concat();
        base.io.act(Action::Prepare { clauses });
    }

    /// The agent was told everything.
    pub(super) fn let_choose(&mut self, base: &mut Base, offer: Offer, mouth: Box<Mouth>) {
        let policy = base.flow.turn.clone();
        let ear = Box::new(Ear::new(offer.leg, AGENT_TIMERS, policy, base.language, base.io.now));
        base.io.timers.set(Timer::AgentChoose, base.io.now.plus(base.flow.handoff.choose_ms));
        self.stage = Stage::Choosing { offer, mouth, ear };
    }

    /// The phone was not answered in time, and the driver did not say so.
    pub(crate) fn answer_late(&mut self, base: &mut Base) -> Then {
        match self.take() {
            Stage::Ringing { offer, .. } => self.next_agent(base, offer, OfferOutcome::NoAnswer, Leg::Up),
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
        match self.take() {
            Stage::Ringing { offer, .. } if offer.leg == leg => self.next_agent(base, offer, outcome, Leg::Gone),
            other => self.keep(other),
        }
    }

    /// `LegEnded` of the agent.
    pub(crate) fn agent_gone(&mut self, base: &mut Base, leg: LegId, why: LegEnd) -> Then {
        if self.who_asked_left(base, leg) || self.offer().is_none_or(|offer| offer.leg != leg) {
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
            Stage::Bridged { offer, since } => self.lost_or_done(base, offer, since, why),
            other @ (Stage::Finding { .. } | Stage::Queued { .. } | Stage::Callback { .. } | Stage::Voicemail { .. } | Stage::Over) => {
                self.keep(other)
            }
        }
    }

    /// The agent's telephone was answered by a machine. A greeting that only sounds like one may be a person's: they can still choose.
    pub(crate) fn machine(&mut self, base: &mut Base, leg: LegId, sign: FarEndSign) -> Then {
        let certain = matches!(sign, FarEndSign::Beep | FarEndSign::Fax | FarEndSign::NetworkTone);
        if !certain || self.offer().is_none_or(|offer| offer.leg != leg) {
            return Then::Stay;
        }
        match self.take() {
            Stage::Briefing { offer, .. } | Stage::Choosing { offer, .. } => self.next_agent(base, offer, OfferOutcome::Voicemail, Leg::Up),
            other => self.keep(other),
        }
    }

    /// A key of the agent: 1 takes the call, 2 passes it on. As soon as they hear the briefing, and not after the bridge.
    pub(crate) fn agent_key(&mut self, base: &mut Base, leg: LegId, digit: char) -> Then {
        if self.agent_leg().is_none_or(|(agent, _)| agent != leg) {
            return Then::Stay;
        }
        match digit {
            '1' => self.choose(base, true),
            '2' => self.choose(base, false),
            _ => Then::Stay,
        }
    }

    /// A button on the agent's page.
    pub(crate) fn agent_chose(&mut self, base: &mut Base, agent: &AgentId, choice: AgentChoice) -> Then {
        if self.offer().is_none_or(|offer| offer.agent.id != *agent) {
            return Then::Stay;
        }
        if self.is_bridged() {
            return match choice {
                AgentChoice::HangUp => self.agent_hangs_up(base),
                AgentChoice::Accept | AgentChoice::Decline => Then::Stay,
            };
        }
        self.choose(base, choice == AgentChoice::Accept)
    }

    fn choose(&mut self, base: &mut Base, accepts: bool) -> Then {
        match self.take() {
            Stage::Ringing { offer, rings, .. } if accepts => self.stage = Stage::Ringing { offer, rings, accepted: true },
            Stage::Briefing { offer, mut mouth } | Stage::Choosing { offer, mut mouth, .. } if accepts => {
                mouth.silence(&mut base.io);
                self.accept(base, offer);
            }
            // They have accepted before: once is enough, and a late key takes nothing back.
            stage @ (Stage::Connecting { .. } | Stage::Transferring { .. }) => self.stage = stage,
            Stage::Ringing { offer, .. } | Stage::Briefing { offer, .. } | Stage::Choosing { offer, .. } => {
                return self.next_agent(base, offer, OfferOutcome::Declined, Leg::Up);
            }
            other @ (Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over) => {
                self.stage = other;
            }
        }
        Then::Stay
    }

    /// Runs something on the agent's mouth or ear, if the leg is in use.
    pub(crate) fn agent_voice(&mut self, base: &mut Base, what: &AgentVoice) -> Then {
        let news = match &mut self.stage {
            Stage::Briefing { mouth, .. } => {
                what.reach_mouth(base, mouth);
                return Then::Stay;
            }
            Stage::Choosing { mouth, ear, .. } => {
                what.reach_mouth(base, mouth);
                what.reach_ear(base, ear)
            }
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Ringing { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => return Then::Stay,
        };
        self.agent_news(base, &news)
    }

    fn agent_news(&mut self, base: &mut Base, news: &News) -> Then {
        let Stage::Choosing { ear, .. } = &mut self.stage else { return Then::Stay };
        match news {
            News::Words => {
                // Never asked what it means: what agents say is not analysed.
                let choice = ear.words().and_then(|heard| words::accepts(&heard.text, base.language));
                ear.discard(&mut base.io);
                choice.map_or(Then::Stay, |accepts| self.choose(base, accepts))
            }
            // A recogniser that fails here leaves the keys and the page.
            News::Nothing | News::Began { .. } | News::Paused { .. } | News::Meaning | News::Turn(_) | News::Deaf | News::NoMeaning => {
                Then::Stay
            }
        }
    }

    pub(super) fn keep(&mut self, stage: Stage) -> Then {
        self.stage = stage;
        Then::Stay
    }
}

/// What happens to the agent's mouth and ear.
#[derive(Debug, Clone)]
pub(crate) enum AgentVoice {
    Started { id: RequestId, at: Time },
    Ended { id: RequestId, why: SpeechEnd, clauses: usize, fraction: f32 },
    SpeechLate,
    VoiceStarted { at: Time },
    VoiceStopped { at: Time },
    Heard { id: RequestId, heard: Transcript },
    Failed { id: RequestId },
    PauseOver,
    RecogniserLate,
    TooLong,
}

impl AgentVoice {
    fn reach_mouth(&self, base: &mut Base, mouth: &mut Mouth) {
        let io = &mut base.io;
        match *self {
            Self::Started { id, at } => _ = mouth.started(io, id, at),
            Self::Ended { id, why, clauses, fraction } => _ = mouth.ended(io, id, why, clauses, fraction),
            Self::SpeechLate => _ = mouth.late(io),
            Self::Failed { id } => _ = mouth.failed(io, id),
            Self::VoiceStarted { .. }
            | Self::VoiceStopped { .. }
            | Self::Heard { .. }
            | Self::PauseOver
            | Self::RecogniserLate
            | Self::TooLong => {}
        }
    }

    fn reach_ear(&self, base: &mut Base, ear: &mut Ear) -> News {
        let io = &mut base.io;
        match *self {
            Self::VoiceStarted { at } => ear.voice_started(io, at, Expect::YesNo),
            Self::VoiceStopped { at } => ear.voice_stopped(io, at, Expect::YesNo),
            Self::Heard { id, ref heard } => ear.heard(io, id, heard.clone(), Expect::YesNo),
            Self::Failed { id } => ear.failed(io, id),
            Self::PauseOver => ear.pause_over(io),
            Self::RecogniserLate => ear.late(io),
            Self::TooLong => ear.too_long(io, Expect::YesNo),
            Self::Started { .. } | Self::Ended { .. } | Self::SpeechLate => News::Nothing,
        }
    }
}

fn prompt(base: &Base, key: PromptKey) -> Vec<String> {
    clauses::split(&base.flow.prompt(key, &[]))
}

fn line(node: &str, clauses: Vec<String>) -> Line {
    Line {
        node: node.to_owned(),
        clauses,
        interruptible: false,
        keys_interrupt: false,
        notice: None,
        answers: None,
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
}

impl Farewell {
    /// Tells the agent.
    pub(super) fn say(base: &mut Base, offer: Offer) -> Self {
        super::stop_agent_timers(base);
        let mut mouth = Mouth::new(offer.leg, Timer::AgentSpeech, base.io.now);
        let clauses = prompt(base, PromptKey::BriefingCallerLeft);
        mouth.say(&mut base.io, line(&node_of(PromptKey::BriefingCallerLeft), clauses));
        base.io.timers.set(Timer::Farewell, base.io.now.plus(FAREWELL_MS));
        Self { offer, mouth }
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
        Handoff::end_offer(base, self.offer, OfferOutcome::CallerLeft, AgentAfter::Free, leg);
    }
}
