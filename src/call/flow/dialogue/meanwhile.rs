//! Questions that are still open, for a caller who waits for a human: what they answer is known to the human before the first word.

use std::collections::VecDeque;

use crate::call::{
    flow::{
        Flow,
        dialogue::{Asking, Dialogue, State, Turn},
        step::{Expect, Input, Interrupt, Step},
    },
    record::Fact,
    time::Time,
};

/// The open questions of one call. A conversation of their own, which begins with what the flow knows and is given back to it at the end.
#[derive(Debug)]
pub struct Meanwhile {
    dialogue: Dialogue,
    slots: VecDeque<String>,
}

/// What an answer came to.
#[derive(Debug, Default)]
pub struct Answered {
    /// What is said to the caller.
    pub says: Vec<(String, String)>,
    /// What is known now.
    pub facts: Vec<Fact>,
}

impl Flow {
    /// Slots that people with this intent, or of this queue, are glad to know: those of the intent first. Private ones are left out.
    fn useful(&self, intent: Option<&str>, queue: &str) -> Vec<String> {
        let of_intent = intent.and_then(|name| self.intents.get(name)).map(|intent| intent.useful.as_slice()).unwrap_or_default();
        let of_queue = self.queues.get(queue).map(|queue| queue.useful.as_slice()).unwrap_or_default();
        let mut useful: Vec<String> = Vec::new();
        for slot in of_intent.iter().chain(of_queue) {
            if !useful.contains(slot) && self.slots.get(slot).is_some_and(|slot| !slot.private) {
                useful.push(slot.clone());
            }
        }
        useful
    }
}

impl Dialogue {
    /// The questions that are still open for people of this queue.
    #[must_use]
    pub fn meanwhile(&self, queue: &str) -> Meanwhile {
        let slots = self.flow.useful(self.intent(), queue).into_iter().filter(|slot| !self.known.contains_key(slot)).collect();
        let mut dialogue = self.clone();
        dialogue.state = State::Open { follows_answer: false };
        dialogue.rest.clear();
        dialogue.later = None;
        dialogue.turn = Turn::default();
        Meanwhile { dialogue, slots }
    }

    /// What another call of this caller has found out.
    pub fn know_facts(&mut self, facts: &[Fact]) {
        for fact in facts.iter().filter(|fact| self.flow.slots.contains_key(&fact.name)) {
            self.known.insert(fact.name.clone(), fact.value.clone());
        }
        self.facts.extend_from_slice(facts);
    }

    /// The caller comes back: what was gathered meanwhile is known here too.
    pub fn know(&mut self, meanwhile: Meanwhile) {
        self.known = meanwhile.dialogue.known;
        self.facts = meanwhile.dialogue.facts;
    }
}

impl Meanwhile {
    /// Nothing is asked: everything was, in the call before.
    #[must_use]
    pub fn without_questions(mut self) -> Self {
        self.slots.clear();
        self
    }

    /// Is there a question that was not asked yet?
    #[must_use]
    pub fn has_more(&self) -> bool {
        !self.slots.is_empty()
    }

    /// The next question.
    pub fn ask(&mut self) -> Option<String> {
        let slot = self.slots.pop_front()?;
        let asking = Asking { slot, next: String::new(), tries: 0, so_far: String::new(), by: Interrupt::all(true), patience: 1.0 };
        let step = self.dialogue.question(&asking);
        self.dialogue.remember(std::slice::from_ref(&step));
        self.dialogue.state = State::Asking(asking);
        if let Step::Say { text, .. } = step { Some(text) } else { None }
    }

    /// A question was asked, and has no answer yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.dialogue.state, State::Asking(_) | State::Confirming { .. })
    }

    /// What the caller is expected to say.
    #[must_use]
    pub fn expects(&self) -> Expect {
        self.dialogue.expects()
    }

    /// The question that is open is not asked again.
    pub fn drop_question(&mut self) {
        self.dialogue.state = State::Open { follows_answer: false };
    }

    /// What the caller said or keyed to the open question. A question that comes to nothing is dropped: nobody is pressed who waits for somebody else.
    pub fn answer(&mut self, now: Time, input: &Input) -> Answered {
        if !self.is_open() {
            return Answered::default();
        }
        let steps = self.dialogue.handle(now, input);
        let mut answered = Answered::default();
        for step in steps {
            match step {
                Step::Say { node, text, .. } => answered.says.push((node, text)),
                Step::Know(fact) => answered.facts.push(fact),
                // "Goodbye" is for the human who is on the way.
                Step::End(_) => answered.says.clear(),
                Step::LookUp { .. }
                | Step::Slower
                | Step::NotUnderstood
                | Step::Repeated
                | Step::Declined
                | Step::Answered { .. }
                | Step::Human { .. }
                | Step::Consult(_)
                | Step::Listen => {}
            }
        }
        if !self.is_open() {
            self.drop_question();
            // What would follow in the flow is not for now ("anything else?").
            answered.says.clear();
        }
        answered
    }
}
