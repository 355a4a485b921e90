//! One line asked of a human, for the bot to answer the caller itself: on their page, or by telephone. It goes the way of every handoff (find, read or
//! ring, tell), except that the bot keeps the caller, and that it ends with an answer in place of a bridge. A human who takes the call makes a
//! handoff of it.

use crate::call::{
    action::AgentAfter,
    base::Base,
    clauses,
    event::FarEndSign,
    flow::{
        dialogue::Meanwhile,
        prompt::PromptKey,
        step::{Consult, Consulted},
    },
    handoff::{
        Handoff, Leg, Matter, Offer, Stage, answer,
        summary::{fact_spoken, sentence},
    },
    measured::Measured,
    outcome::{InquiryOutcome, OfferOutcome},
    record::{AskBy, HandoffStep, InquiryStep, What, Whisper},
    then::Then,
    time::Time,
    timer::Timer,
    turn::{ear::Turn, words},
};

/// Facts that are said with the question.
const FACTS: usize = 3;

/// How often an agent is asked to say it again.
const MOST_AGAIN: u32 = 2;

/// More words than these confirm nothing: they are an answer.
const CONFIRMING_WORDS: usize = 3;

/// A question that has no answer yet.
#[derive(Debug)]
pub(super) struct Inquiry {
    ask: Consult,
    /// What the agent has said, and is to confirm.
    said: Option<String>,
    /// How often the agent who is asked was not understood.
    again: u32,
    /// What came of the last one who was asked.
    last: Option<OfferOutcome>,
}

impl Inquiry {
    pub(super) fn by(&self) -> AskBy {
        self.ask.by
    }

    /// What an agent's telephone shows.
    pub(super) fn question(&self) -> &str {
        &self.ask.question
    }

    pub(super) const fn waits_for_confirmation(&self) -> bool {
        self.said.is_some()
    }

    /// Somebody was asked, and this came of it: the next one begins anew.
    pub(super) fn offer_ended(&mut self, outcome: OfferOutcome) {
        self.last = Some(outcome);
        self.said = None;
        self.again = 0;
    }

    /// Why there is no answer, once nobody is left to be asked.
    fn outcome(&self) -> InquiryOutcome {
        match self.last {
            Some(OfferOutcome::Declined | OfferOutcome::DeclinedBusy | OfferOutcome::DeclinedSkill) => InquiryOutcome::Declined,
            Some(OfferOutcome::LeftInBriefing) => InquiryOutcome::Lost,
            Some(OfferOutcome::NeverChose) => InquiryOutcome::Late,
            Some(OfferOutcome::NotUnderstood) => InquiryOutcome::Unclear,
            Some(
                OfferOutcome::Accepted
                | OfferOutcome::Answered
                | OfferOutcome::Busy
                | OfferOutcome::NoAnswer
                | OfferOutcome::Unreachable
                | OfferOutcome::NoLine
                | OfferOutcome::Voicemail
                | OfferOutcome::CallerLeft
                | OfferOutcome::CallerNotReached
                | OfferOutcome::Withdrawn,
            )
            | None => InquiryOutcome::Nobody,
        }
    }
}

impl Handoff {
    /// The bot asks a human one line.
    pub(crate) fn ask_one_line(base: &mut Base, ask: Consult, matter: Matter, nothing_open: Meanwhile) -> Self {
        let now = base.io.now;
        let to = base.flow.destination(&ask.queue);
        let mut handoff = Self::new(base, to, matter, nothing_open);
        base.silence.restart(Time(now.0.saturating_sub(3_000)));
        base.handoff = Measured { since: now, ..Measured::default() };
        let Consult { node, queue, question, suggestions, by, within_ms } = ask.clone();
        let summary = Box::new(handoff.summary.clone());
        Self::note_inquiry(base, InquiryStep::Asked { node, queue, question, suggestions, by, within_ms, summary });
        handoff.inquiry = Some(Inquiry { ask, said: None, again: 0, last: None });
        if !handoff.closed {
            base.tell(PromptKey::AskingColleague, &[]);
            base.io.timers.set(Timer::QueueWait, now.plus(within_ms));
            handoff.told_now(base);
            handoff.find(base);
        }
        handoff
    }

    pub(super) fn note_inquiry(base: &mut Base, inquiry: InquiryStep) {
        base.io.record(What::Handoff { step: HandoffStep::Inquiry { inquiry } });
    }

    /// It is over: the entry on record. The question, if there was one.
    pub(super) fn end_inquiry(&mut self, base: &mut Base, outcome: InquiryOutcome) -> Option<Inquiry> {
        let inquiry = self.inquiry.take()?;
        for timer in [Timer::FindAgent, Timer::QueueWait, Timer::Update] {
            base.io.timers.stop(timer);
        }
        let Measured { since, offers, .. } = base.handoff;
        let (waited_ms, longest_silence_ms) = (base.io.now.since(since), base.silence.longest_ms(base.io.now));
        Self::note_inquiry(base, InquiryStep::Ended { outcome, waited_ms, longest_silence_ms, offers });
        Some(inquiry)
    }

    /// There is no answer: the flow goes on as it says.
    pub(super) fn unanswered(&mut self, base: &mut Base, outcome: InquiryOutcome) -> Then {
        self.consulted(base, outcome, Consulted::Nothing(outcome))
    }

    fn consulted(&mut self, base: &mut Base, outcome: InquiryOutcome, result: Consulted) -> Then {
        let Some(inquiry) = self.end_inquiry(base, outcome) else { return Then::Stay };
        self.stage = Stage::Over;
        base.mouth.forget_queue();
        Then::Asked { node: inquiry.ask.node, result }
    }

    /// Nobody is left to be asked; none if no question is open.
    pub(super) fn nobody_answers(&mut self, base: &mut Base) -> Option<Then> {
        let outcome = self.inquiry.as_ref()?.outcome();
        Some(self.unanswered(base, outcome))
    }

    /// The caller has waited for as long as the flow allows; none if no question is open.
    pub(super) fn inquiry_late(&mut self, base: &mut Base) -> Option<Then> {
        self.inquiry.as_ref()?;
        let was_asked = !self.asked.is_empty();
        let outcome = if was_asked { InquiryOutcome::Late } else { InquiryOutcome::Nobody };
        if let Some(offer) = self.call_off(base, OfferOutcome::NeverChose) {
            Self::end_offer(base, offer, OfferOutcome::NeverChose, AgentAfter::Free, Leg::Up);
        }
        Some(self.unanswered(base, outcome))
    }

    /// The caller does not want to wait for it any more; none if no question is open.
    pub(super) fn inquiry_called_off(&mut self, base: &mut Base) -> Option<Then> {
        self.inquiry.as_ref()?;
        if let Some(offer) = self.call_off(base, OfferOutcome::Withdrawn) {
            Self::end_offer(base, offer, OfferOutcome::Withdrawn, AgentAfter::Free, Leg::Up);
        }
        Some(self.unanswered(base, InquiryOutcome::CalledOff))
    }

    /// The human takes the call: from here on it is a handoff like every other one, with an agent who has read or heard what it is about.
    pub(super) fn inquiry_taken(&mut self, base: &mut Base) {
        let Some(name) = self.offer().map(|offer| offer.agent.name.clone()) else { return };
        if self.end_inquiry(base, InquiryOutcome::Taken).is_none() {
            return;
        }
        self.renew_summary(base);
        self.begin_again(base);
        base.handoff.offers = 1;
        // Whoever is on the line already is heard at once.
        if matches!(self.stage, Stage::Reading { .. } | Stage::Ringing { .. }) {
            base.mouth.forget_queue();
            base.tell(PromptKey::ColleagueTakes, &[("name", &name)]);
            self.told_now(base);
        }
    }

    /// An answer of the agent who is asked: written, chosen, or said and confirmed.
    pub(super) fn answered_with(&mut self, base: &mut Base, (text, choice): (String, Option<String>), by: AskBy) -> Then {
        if self.inquiry.is_none() {
            return Then::Stay;
        }
        let (offer, leg) = match self.take() {
            Stage::Reading { offer } => (offer, Leg::Gone),
            Stage::Ringing { offer, .. } => (offer, Leg::Up),
            Stage::Briefing { offer, mut mouth, .. } | Stage::Choosing { offer, mut mouth, .. } => {
                mouth.silence(&mut base.io);
                (offer, Leg::Up)
            }
            other => return self.keep(other),
        };
        let (agent, name) = (offer.agent.id.clone(), offer.agent.name.clone());
        Self::end_offer(base, offer, OfferOutcome::Answered, AgentAfter::Free, leg);
        let step = InquiryStep::Answered { agent, name: name.clone(), text: text.clone(), choice: choice.clone(), by };
        Self::note_inquiry(base, step);
        self.consulted(base, InquiryOutcome::Answered, Consulted::Answer { name, text, choice })
    }

    /// The agent has written something, or chosen one of the suggestions.
    pub(super) fn written_answer(&mut self, base: &mut Base, text: &str, suggestion: Option<&str>) -> Then {
        let Some(inquiry) = &self.inquiry else { return Then::Stay };
        let answer = answer::of_page(text, suggestion, &inquiry.ask.suggestions, base.language);
        match answer {
            Some(answer) => self.answered_with(base, answer, AskBy::Screen),
            None => Then::Stay,
        }
    }

    /// Key 1 after the answer was said back.
    pub(super) fn confirm_said(&mut self, base: &mut Base) -> Then {
        let Some(inquiry) = &self.inquiry else { return Then::Stay };
        let Some(said) = inquiry.said.clone() else { return Then::Stay };
        let choice = answer::choice(&said, &inquiry.ask.suggestions, base.language);
        self.answered_with(base, (said, choice), AskBy::Ear)
    }

    /// The agent has said something: it is said back. What may be an answering machine confirms nothing with words.
    pub(super) fn spoken_answer(&mut self, base: &mut Base, turn: &Turn) -> Then {
        let text = answer::clean(&turn.heard.text);
        let suspected = self.offer().is_some_and(|offer| base.signs.contains(&(offer.leg, FarEndSign::MachineSuspected)));
        let Some(inquiry) = &mut self.inquiry else { return Then::Stay };
        if text.is_empty() || turn.heard.confidence < base.flow.understanding.hearing {
            return self.not_understood(base);
        }
        let confirms = words::yes_or_no(&text, base.language).filter(|_| text.split_whitespace().count() <= CONFIRMING_WORDS);
        if inquiry.said.is_some() && confirms == Some(true) {
            return if suspected { Then::Stay } else { self.confirm_said(base) };
        }
        inquiry.said = Some(text);
        self.tell_again(base, InquiryHeard::SaidBack)
    }

    /// What the agent said was not heard, or makes no words.
    pub(super) fn not_understood(&mut self, base: &mut Base) -> Then {
        let Some(agent) = self.offer().map(|offer| offer.agent.id.clone()) else { return Then::Stay };
        let Some(inquiry) = &mut self.inquiry else { return Then::Stay };
        inquiry.said = None;
        inquiry.again += 1;
        Self::note_inquiry(base, InquiryStep::NotUnderstood { agent });
        if inquiry.again <= MOST_AGAIN {
            return self.tell_again(base, InquiryHeard::NotUnderstood);
        }
        match self.take() {
            Stage::Choosing { offer, mut mouth, .. } => {
                mouth.silence(&mut base.io);
                Self::end_offer(base, offer, OfferOutcome::NotUnderstood, AgentAfter::Free, Leg::Up);
                self.unanswered(base, InquiryOutcome::Unclear)
            }
            other => self.keep(other),
        }
    }

    /// The agent hears what became of their words.
    fn tell_again(&mut self, base: &mut Base, what: InquiryHeard) -> Then {
        let (offer, mut mouth, mut heard) = match self.take() {
            Stage::Choosing { offer, mouth, heard, .. } => (offer, mouth, heard),
            other => return self.keep(other),
        };
        mouth.silence(&mut base.io);
        heard.ear.discard(&mut base.io);
        base.io.timers.stop(Timer::AgentChoose);
        let text = match what {
            InquiryHeard::SaidBack => {
                Self::note_inquiry(base, InquiryStep::SaidBack { agent: offer.agent.id.clone() });
                self.inquiry_text(base, &offer)
            }
            InquiryHeard::NotUnderstood => super::agent::prompt(base, PromptKey::InquiryAgain),
        };
        self.brief(base, offer, (mouth, heard), (text, Whisper::Whole));
        Then::Stay
    }

    /// What the agent hears: the question with what is known; once they have answered, their answer.
    pub(super) fn inquiry_text(&self, base: &Base, offer: &Offer) -> Vec<String> {
        let Some(Inquiry { ask, said, .. }) = &self.inquiry else { return Vec::new() };
        if let Some(said) = said {
            return clauses::split(&base.flow.prompt(PromptKey::InquirySaidBack, &[("answer", said)]));
        }
        let hello = base.flow.prompt(PromptKey::InquiryHello, &[("name", &offer.agent.name)]);
        let phrases = &base.flow.words().handoff;
        let facts: Vec<String> = self.summary.facts.iter().take(FACTS).map(|fact| fact_spoken(fact, phrases)).collect();
        let facts = if facts.is_empty() { String::new() } else { sentence(&facts.join(", ")) };
        [hello, facts, ask.question.clone()].iter().flat_map(|text| clauses::split(text)).collect()
    }

    /// What the agent may do about it.
    pub(super) fn inquiry_choice(&self) -> Option<PromptKey> {
        let inquiry = self.inquiry.as_ref()?;
        Some(if inquiry.waits_for_confirmation() { PromptKey::InquiryConfirm } else { PromptKey::InquiryChoice })
    }

    /// The caller hears how it stands with the question.
    pub(super) fn tell_of_inquiry(&self, base: &mut Base) {
        match &self.stage {
            Stage::Ringing { offer, .. } => base.tell(PromptKey::RingingAgent, &[("name", &offer.agent.name)]),
            Stage::Reading { offer } | Stage::Briefing { offer, .. } | Stage::Choosing { offer, .. } => {
                base.tell(PromptKey::StillAsking, &[("name", &offer.agent.name)]);
            }
            Stage::Finding { .. }
            | Stage::Queued { .. }
            | Stage::RingingCaller { .. }
            | Stage::Connecting { .. }
            | Stage::Transferring { .. }
            | Stage::Bridged { .. }
            | Stage::Callback { .. }
            | Stage::Voicemail { .. }
            | Stage::Over => base.tell(PromptKey::StillAsking, &[("name", "")]),
        }
    }
}

/// What became of what an agent said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InquiryHeard {
    SaidBack,
    NotUnderstood,
}
