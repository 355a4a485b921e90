//! Nobody can be had: a callback is offered, the number read back, and promised only after a clear yes.

use crate::call::{
    base::{Base, node_of},
    flow::prompt::PromptKey,
    handoff::{Handoff, Stage},
    outcome::{HandoffOutcome, Outcome},
    record::{Fact, HandoffStep, What},
    then::Then,
    time::Time,
};

/// How often the question is asked.
const MOST_ASKED: u32 = 2;

impl Handoff {
    /// Asks whether the caller wants to be called back; goodbye if no number is known.
    pub(super) fn offer_callback(&mut self, base: &mut Base) -> Then {
        let Some(number) = number_to_call(base) else { return Self::goodbye(base) };
        base.tell(PromptKey::OfferCallback, &[("number", &number)]);
        self.keep(Stage::Callback { number, asked: 1, heard_from: None })
    }

    /// Something began to be heard by the caller: perhaps the question.
    pub(crate) fn caller_hears(&mut self, base: &Base, at: Time) {
        if let Stage::Callback { heard_from, .. } = &mut self.stage
            && base.mouth.sounding_node() == Some(&node_of(PromptKey::OfferCallback))
        {
            heard_from.get_or_insert(at);
        }
    }

    /// The caller's answer, begun at `said`: yes, no, or something else; nothing was said if there is no such time. What was said before the question could be
    /// heard answers something else.
    pub(crate) fn callback_answer(&mut self, base: &mut Base, answer: Option<bool>, said: Option<Time>) -> Then {
        let too_early = |heard_from: Option<Time>| said.is_some_and(|said| heard_from.is_none_or(|heard_from| said < heard_from));
        match self.take() {
            Stage::Callback { number, asked, heard_from } if too_early(heard_from) => {
                self.keep(Stage::Callback { number, asked, heard_from })
            }
            Stage::Callback { number, .. } if answer == Some(true) => {
                let now = base.io.now;
                base.mouth.give_up(&mut base.io, now);
                base.io.record(What::Handoff { step: HandoffStep::CallbackPromised { number: number.clone() } });
                Self::over(base, HandoffOutcome::Callback);
                base.tell(PromptKey::CallbackPromised, &[("number", &number)]);
                Then::Close(Outcome::CallbackPromised)
            }
            Stage::Callback { number, asked, heard_from } if answer.is_none() && asked < MOST_ASKED => {
                base.tell(PromptKey::OfferCallback, &[("number", &number)]);
                self.keep(Stage::Callback { number, asked: asked + 1, heard_from })
            }
            Stage::Callback { .. } => Self::goodbye(base),
            other => self.keep(other),
        }
    }

    /// What should be said to the caller cannot be said. While they wait that is bearable, there is the calm sound; a question that nobody can hear is not.
    pub(crate) fn mute(&mut self, base: &mut Base) -> Then {
        match self.take() {
            Stage::Callback { .. } if base.mouth.is_idle() => Self::goodbye(base),
            other => self.keep(other),
        }
    }

    /// A key of the caller: 1 is yes, 2 is no.
    pub(crate) fn caller_key(&mut self, base: &mut Base, digit: char) -> Then {
        base.io.record(What::Key { digit });
        match (self.asks_caller(), digit) {
            (true, '1') => self.callback_answer(base, Some(true), Some(base.io.now)),
            (true, '2') => self.callback_answer(base, Some(false), Some(base.io.now)),
            _ => Then::Stay,
        }
    }
}

/// A number that the caller confirmed or keyed in this call, else the one the network shows.
fn number_to_call(base: &Base) -> Option<String> {
    let said = base.io.entries().iter().rev().find_map(|entry| match &entry.what {
        What::Fact { fact: Fact { name, value, confirmed: true, .. } } if name.contains("phone") || name.contains("callback") => {
            Some(value.clone())
        }
        _ => None,
    });
    said.or_else(|| base.caller.dialable().map(str::to_owned))
}
