//! What is heard of an agent to whom a call is offered, while they are briefed and behind it: their words choose as a key does. Who says something else is
//! a person who picks up a telephone, or a machine that does, and neither has chosen anything:
//!
//! - Only a sentence that is made of nothing but such words takes a call. A "yes" in a longer one is none.
//! - What people say who only listen ("yes", "okay", "right") counts as soon as they were told what they may say, and not before: nor does it in a greeting.
//! - What may be an answering machine, by the length of its greeting or by its words, takes no call in words, and is told so. Keys and the page do.
//! - What the bot is just saying itself is its echo.

use crate::call::{
    base::Base,
    event::{AgentChoice, FarEndSign},
    flow::prompt::PromptKey,
    handoff::{
        Handoff, Stage,
        agent::{line, prompt},
    },
    ids::LegId,
    record::{ChosenBy, Party, What},
    then::Then,
    time::Time,
    turn::{
        ear::{AGENT_TIMERS, Ear, News, Turn},
        words,
    },
};

/// The line that tells an agent what they may say.
pub(super) const CHOICE: &str = "briefing_choice";

/// Nobody is told more often.
const MOST_SENT: u32 = 2;

/// A "no" of so few words may go on with its reason.
const BARE_NO: usize = 2;

/// The ear towards an agent to whom a call is offered.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) ear: Ear,
    /// When they were first told what they may say.
    asked: Option<Time>,
    /// How often they were told that only keys count.
    sent_to_keys: u32,
}

impl Heard {
    pub(super) fn new(base: &Base, leg: LegId) -> Self {
        Self { ear: Ear::new(leg, AGENT_TIMERS, base.flow.turn.clone(), base.language, base.io.now), asked: None, sent_to_keys: 0 }
    }

    /// They are told, or were, what they may say.
    pub(super) fn were_asked(&mut self, now: Time) {
        self.asked.get_or_insert(now);
    }
}

impl Handoff {
    /// What an agent says to an offer counts when they have said it to its end: behind "yes" may come the rest of a greeting.
    pub(super) fn choice_heard(&mut self, base: &mut Base, news: &News) -> Then {
        let (Stage::Briefing { heard, .. } | Stage::Choosing { heard, .. }) = &mut self.stage else { return Then::Stay };
        match news {
            News::Words => {
                let said = heard.ear.words().map(|heard| heard.text.clone()).unwrap_or_default();
                // Never asked what it means: what agents say is not analysed.
                let pause = match words::chooses(&said, base.language) {
                    Some(AgentChoice::Decline { .. }) if said.split_whitespace().count() <= BARE_NO => {
                        Some(base.flow.turn.pause_incomplete_ms)
                    }
                    Some(AgentChoice::Accept | AgentChoice::Repeat | AgentChoice::More) => Some(base.flow.turn.pause_yes_no_ms),
                    _ => None,
                };
                if let Some(pause) = pause {
                    heard.ear.ends_behind(&mut base.io, pause);
                }
                let news = heard.ear.words_are_enough(&mut base.io);
                self.choice_heard(base, &news)
            }
            News::Turn(turn) => self.chosen_in_words(base, turn),
            // A recogniser that fails here leaves the keys and the page.
            News::Nothing | News::Began { .. } | News::Paused { .. } | News::Meaning | News::Slow | News::Deaf | News::NoMeaning => {
                Then::Stay
            }
        }
    }

    fn chosen_in_words(&mut self, base: &mut Base, turn: &Turn) -> Then {
        let (Stage::Briefing { offer, mouth, heard, .. } | Stage::Choosing { offer, mouth, heard, .. }) = &self.stage else {
            return Then::Stay;
        };
        let (text, language, leg) = (turn.heard.text.trim(), base.language, offer.leg);
        if text.is_empty() || words::is_echo(text, &mouth.text(), words::AGENTS_ECHO) {
            return Then::Stay;
        }
        if words::greets_for_a_machine(text, language) && base.signs.insert((leg, FarEndSign::MachineSuspected)) {
            base.io.record(What::FarEnd { who: Party::of(leg), sign: FarEndSign::MachineSuspected });
        }
        let suspected = base.signs.contains(&(leg, FarEndSign::MachineSuspected));
        let was_asked = heard.asked.is_some_and(|asked| turn.to > asked);
        match words::chooses(text, language) {
            Some(AgentChoice::Accept) if !was_asked && words::only_listens(text, language) => Then::Stay,
            Some(AgentChoice::Accept) if suspected => self.send_to_keys(base),
            // A machine may well pass it on: that is what becomes of it.
            Some(choice) if suspected && !matches!(choice, AgentChoice::Decline { .. }) => Then::Stay,
            Some(choice) => self.choose(base, &choice, (ChosenBy::Word, Some(text))),
            None => Then::Stay,
        }
    }

    /// Who is a person after all is told how they take the call.
    fn send_to_keys(&mut self, base: &mut Base) -> Then {
        if let Stage::Briefing { mouth, heard, .. } | Stage::Choosing { mouth, heard, .. } = &mut self.stage
            && heard.sent_to_keys < MOST_SENT
        {
            heard.sent_to_keys += 1;
            let clauses = prompt(base, PromptKey::BriefingKeys);
            mouth.say(&mut base.io, line("briefing_keys", clauses));
        }
        Then::Stay
    }
}
