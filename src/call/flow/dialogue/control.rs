//! Turns that steer the conversation itself: "can you repeat that", "slower please", "one moment", "thanks", "goodbye".

use crate::call::{
    flow::{
        dialogue::{Dialogue, State},
        lexicon::Lexicon,
        prompt::PromptKey,
        step::Step,
        text,
    },
    language::lists::Words,
    outcome::Outcome,
};

/// What a turn asks of the conversation itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Repeat,
    Slower,
    Wait,
    Hello,
    Thanks,
    /// Goodbye, with or without thanks.
    Bye,
    Yes,
    No,
}

/// The turn as a whole, if it is one of these and nothing else.
pub(super) fn of(words: &[String], lexicon: &Lexicon) -> Option<Control> {
    let made_of = |phrases: &[&Words]| text::is_made_of(words, phrases, &lexicon.fillers);
    if words.is_empty() {
        return None;
    }
    if text::is_one_of(words, &lexicon.repeat, &lexicon.fillers) {
        return Some(Control::Repeat);
    }
    if text::is_one_of(words, &lexicon.slower, &lexicon.fillers) {
        return Some(Control::Slower);
    }
    let all: &[(&[&Words], Control)] = &[
        (&[&lexicon.wait], Control::Wait),
        (&[&lexicon.hello], Control::Hello),
        (&[&lexicon.thanks], Control::Thanks),
        (&[&lexicon.yes], Control::Yes),
        (&[&lexicon.no], Control::No),
        (&[&lexicon.thanks, &lexicon.yes], Control::Yes),
        (&[&lexicon.no, &lexicon.thanks], Control::No),
        (&[&lexicon.no, &lexicon.yes, &lexicon.thanks, &lexicon.bye], Control::Bye),
    ];
    all.iter().find(|(phrases, _)| made_of(phrases)).map(|(_, control)| *control)
}

impl Dialogue {
    /// Serves such a turn, where it has a meaning now.
    pub(super) fn control(&mut self, control: Control) -> Option<Vec<Step>> {
        let open = matches!(self.state, State::Open { .. });
        let follows_answer = self.state == State::Open { follows_answer: true };
        match control {
            Control::Repeat => {
                let mut steps = self.last_said.clone();
                steps.push(Step::Listen);
                Some(steps)
            }
            Control::Slower => {
                let mut steps = vec![Step::Slower];
                steps.extend(self.last_said.clone());
                steps.push(Step::Listen);
                Some(steps)
            }
            Control::Wait => {
                self.holds_on = true;
                Some(vec![self.say_prompt(PromptKey::TakeYourTime, &[]), Step::Listen])
            }
            Control::Hello => {
                let again = match &self.state {
                    State::Asking(asking) => self.question(asking),
                    State::Open { .. } | State::Offered | State::Confirming { .. } | State::LookingUp { .. } | State::Done => {
                        self.say_prompt(PromptKey::HowCanIHelp, &[])
                    }
                };
                (!matches!(self.state, State::Confirming { .. })).then(|| vec![again, Step::Listen])
            }
            Control::Bye => Some(self.goodbye()),
            Control::No if follows_answer => Some(self.goodbye()),
            Control::Yes if open => Some(vec![self.say_prompt(PromptKey::HowCanIHelp, &[]), Step::Listen]),
            Control::Thanks if open => {
                self.state = State::Open { follows_answer: true };
                Some(vec![self.say_prompt(PromptKey::Welcome, &[]), self.ask_anything_else(), Step::Listen])
            }
            Control::Yes | Control::No | Control::Thanks => None,
        }
    }

    /// Ends the call politely.
    pub(super) fn goodbye(&mut self) -> Vec<Step> {
        self.state = State::Done;
        let outcome = if self.answers.is_empty() { Outcome::Abandoned } else { Outcome::Contained };
        vec![self.say_prompt(PromptKey::Goodbye, &[]), Step::End(outcome)]
    }
}
