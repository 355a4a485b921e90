//! What an agent does about a call that is offered to them, and about one that they have: by key, by word, on the page.

use crate::call::{
    base::Base,
    event::{AgentChoice, DeclineReason},
    flow::step::Expect,
    handoff::{AgentVoice, Handoff, Leg, Offer, Stage, heard::CHOICE, inquiry::Inquiry},
    ids::{AgentId, LegId},
    outcome::OfferOutcome,
    record::{ChosenBy, HandoffStep, NotReached, OfferChoice, What, Whisper},
    then::Then,
    timer::Timer,
    turn::{
        ear::News,
        mouth::{Mouth, Told},
    },
};

/// How often a briefing is said again to the same agent: the caller waits.
const MOST_REPEATS: u32 = 4;

impl Handoff {
    /// A key of the agent, as soon as they hear the briefing, and not after the bridge.
    pub(crate) fn agent_key(&mut self, base: &mut Base, leg: LegId, digit: char) -> Then {
        self.skip_introduction(base, leg);
        if self.agent_leg().is_none_or(|(agent, _)| agent != leg) {
            return Then::Stay;
        }
        let choice = match digit {
            '1' if self.inquiry.as_ref().is_some_and(Inquiry::waits_for_confirmation) => return self.confirm_said(base),
            '1' => AgentChoice::Accept,
            '2' => AgentChoice::Repeat,
            '3' => AgentChoice::More,
            '9' => AgentChoice::Decline { reason: DeclineReason::Other },
            _ => return Then::Stay,
        };
        self.choose(base, &choice, (ChosenBy::Key, None))
    }

    /// A button on the agent's page.
    pub(crate) fn agent_chose(&mut self, base: &mut Base, agent: &AgentId, choice: AgentChoice) -> Then {
        if self.offer().is_none_or(|offer| offer.agent.id != *agent) {
            self.third_chose(base, agent, &choice);
            return Then::Stay;
        }
        if self.is_bridged() { self.with_the_caller(base, choice) } else { self.choose(base, &choice, (ChosenBy::Page, None)) }
    }

    /// `how`: with the words, where it was said.
    pub(super) fn choose(&mut self, base: &mut Base, choice: &AgentChoice, how: (ChosenBy, Option<&str>)) -> Then {
        self.note_choice(base, choice, how);
        match choice {
            AgentChoice::Accept => self.take_offer(base),
            AgentChoice::Decline { reason } => self.decline(base, *reason),
            // It has rung long enough for them.
            AgentChoice::HangUp if matches!(self.stage, Stage::RingingCaller { .. }) => self.not_reached(base, NotReached::NoAnswer),
            // Whoever hangs up on an offer does not want it.
            AgentChoice::HangUp => self.decline(base, DeclineReason::Other),
            AgentChoice::Repeat => self.brief_again(base, false),
            AgentChoice::More => self.brief_again(base, true),
            AgentChoice::Answer { text, suggestion } => self.written_answer(base, text, suggestion.as_deref()),
            // These are for whoever has the caller.
            AgentChoice::Hold
            | AgentChoice::Resume
            | AgentChoice::Mute
            | AgentChoice::Unmute
            | AgentChoice::Transfer { .. }
            | AgentChoice::Consult { .. }
            | AgentChoice::Add { .. }
            | AgentChoice::Conference
            | AgentChoice::Complete
            | AgentChoice::Part
            | AgentChoice::ToBot { .. } => Then::Stay,
        }
    }

    /// Writes it down, if it is for somebody to whom the call is offered.
    fn note_choice(&self, base: &mut Base, choice: &AgentChoice, (by, words): (ChosenBy, Option<&str>)) {
        let choice = match choice {
            AgentChoice::Accept => OfferChoice::Accept,
            AgentChoice::Decline { .. } | AgentChoice::HangUp => OfferChoice::Decline,
            AgentChoice::Repeat => OfferChoice::Repeat,
            AgentChoice::More => OfferChoice::More,
            AgentChoice::Answer { .. }
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
            | AgentChoice::ToBot { .. } => return,
        };
        let (Stage::Reading { offer }
        | Stage::Ringing { offer, accepted: false, .. }
        | Stage::Briefing { offer, .. }
        | Stage::Choosing { offer, .. }) = &self.stage
        else {
            return;
        };
        let words = words.map(|words| base.io.told(words));
        base.io.record(What::Handoff { step: HandoffStep::Chose { agent: offer.agent.id.clone(), choice, by, words } });
    }

    fn take_offer(&mut self, base: &mut Base) -> Then {
        self.inquiry_taken(base);
        match self.take() {
            // They have read it: their phone is rung, and nothing more is told them.
            Stage::Reading { offer } => {
                self.ring(base, offer);
                if let Stage::Ringing { accepted, .. } = &mut self.stage {
                    *accepted = true;
                }
            }
            Stage::Ringing { offer, rings, .. } => self.stage = Stage::Ringing { offer, rings, accepted: true },
            Stage::Briefing { offer, mut mouth, since, .. } => {
                mouth.silence(&mut base.io);
                Self::briefed(base, &offer, since);
                self.accept(base, offer);
            }
            Stage::Choosing { offer, mut mouth, .. } => {
                mouth.silence(&mut base.io);
                self.accept(base, offer);
            }
            other => self.stage = other,
        }
        Then::Stay
    }

    fn decline(&mut self, base: &mut Base, reason: DeclineReason) -> Then {
        let outcome = match reason {
            DeclineReason::Busy => OfferOutcome::DeclinedBusy,
            DeclineReason::NotMySkill => OfferOutcome::DeclinedSkill,
            DeclineReason::Other => OfferOutcome::Declined,
        };
        match self.take() {
            Stage::Ringing { offer, .. } | Stage::Briefing { offer, .. } | Stage::Choosing { offer, .. } => {
                self.next_agent(base, offer, outcome, Leg::Up)
            }
            Stage::Reading { offer } => self.next_agent(base, offer, outcome, Leg::Gone),
            // They have accepted before: a late key takes nothing back.
            other => self.keep(other),
        }
    }

    /// The agent wants to hear it again, or more than it.
    fn brief_again(&mut self, base: &mut Base, more: bool) -> Then {
        let (mut offer, mut mouth, mut heard) = match self.take() {
            Stage::Briefing { offer, mouth, heard, .. } | Stage::Choosing { offer, mouth, heard, .. } if offer.repeats < MOST_REPEATS => {
                (offer, mouth, heard)
            }
            other => return self.keep(other),
        };
        mouth.silence(&mut base.io);
        heard.ear.discard(&mut base.io);
        base.io.timers.stop(Timer::AgentChoose);
        offer.repeats += 1;
        base.handoff.repeats += 1;
        let text = if more && self.inquiry.is_none() { self.summary.more.clone() } else { self.briefing(base, &offer) };
        self.brief(base, offer, (mouth, heard), (text, Whisper::Whole));
        Then::Stay
    }

    /// Writes down that the agent has had the briefing.
    pub(super) fn briefed(base: &mut Base, offer: &Offer, since: crate::call::time::Time) {
        let (took_ms, repeats) = (base.io.now.since(since), offer.repeats);
        base.io.record(What::Handoff { step: HandoffStep::Briefed { agent: offer.agent.id.clone(), took_ms, repeats } });
    }

    /// Runs something on the agent's mouth or ear, if the leg is in use.
    pub(crate) fn agent_voice(&mut self, base: &mut Base, what: &AgentVoice) -> Then {
        let told = self.agent_mouth(base, what);
        if told == Told::Failed {
            self.briefing_failed(base);
        }
        if self.inquiry.is_some() {
            let Stage::Choosing { heard, .. } = &mut self.stage else { return Then::Stay };
            let news = what.reach_ear(base, &mut heard.ear, Expect::Sentence);
            return self.answer_heard(base, news);
        }
        let (Stage::Briefing { mouth, heard, .. } | Stage::Choosing { mouth, heard, .. }) = &mut self.stage else { return Then::Stay };
        if told == Told::Started && mouth.sounding_node() == Some(CHOICE) {
            heard.were_asked(base.io.now);
        }
        let news = what.reach_ear(base, &mut heard.ear, Expect::YesNo);
        self.choice_heard(base, &news)
    }

    /// What is heard of an agent who is asked one line: the whole turn counts, and its words alone.
    fn answer_heard(&mut self, base: &mut Base, news: News) -> Then {
        let Stage::Choosing { heard, .. } = &mut self.stage else { return Then::Stay };
        let ear = &mut heard.ear;
        match news {
            // Whoever speaks is not late.
            News::Began { .. } => base.io.timers.stop(Timer::AgentChoose),
            News::Words if ear.words().is_none_or(|heard| heard.text.trim().is_empty()) => {
                ear.discard(&mut base.io);
                base.io.timers.set(Timer::AgentChoose, base.io.now.plus(base.flow.handoff.choose_ms));
            }
            News::Words => {
                let news = ear.words_are_enough(&mut base.io);
                return self.answer_heard(base, news);
            }
            News::Turn(turn) => return self.spoken_answer(base, &turn),
            News::Deaf => return self.not_understood(base),
            News::Nothing | News::Paused { .. } | News::Meaning | News::Slow | News::NoMeaning => {}
        }
        Then::Stay
    }

    fn agent_mouth(&mut self, base: &mut Base, what: &AgentVoice) -> Told {
        let mouth: &mut Mouth = match &mut self.stage {
            Stage::Briefing { mouth, .. } | Stage::Choosing { mouth, .. } | Stage::RingingCaller { mouth, .. } => mouth,
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::Reading { .. }
            | Stage::Ringing { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => return Told::Nothing,
            Stage::Bridged { .. } => match &mut self.aside_mouth {
                Some(mouth) => mouth,
                None => return Told::Nothing,
            },
        };
        what.reach_mouth(base, mouth)
    }
}
