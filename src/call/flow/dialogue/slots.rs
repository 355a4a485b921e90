//! Asking for a value: reading, confirming, correcting; by voice, then by keys, then a human.

use minijinja::Value;

use crate::call::{
    flow::{
        Slot,
        dialogue::{
            Asking, Dialogue, State,
            control::{self, Control},
        },
        prompt::PromptKey,
        slot::{Reading, yes_no},
        step::Step,
        text,
    },
    record::FactSource,
    understanding::Understanding,
};

/// Parts of one value that are waited for before it counts as unreadable.
const MOST_PARTS: usize = 12;

impl Dialogue {
    /// The question for a slot, worded for the try it is.
    pub(super) fn question(&self, asking: &Asking) -> Step {
        let part = match self.flow.slots.get(&asking.slot) {
            Some(slot) if asking.tries >= slot.tries && slot.has_keys => "keys",
            Some(slot) if asking.tries > 0 && slot.has_retry => "retry",
            _ => "ask",
        };
        let text = self.fill(&format!("slots.{}.{part}", asking.slot)).unwrap_or_default();
        Step::Say { node: format!("slots.{}", asking.slot), text, by: asking.by, notice: None }
    }

    /// A spoken turn while a slot is asked for.
    pub(super) fn answer_slot(&mut self, mut asking: Asking, understanding: &Understanding) -> Vec<Step> {
        let flow = std::sync::Arc::clone(&self.flow);
        let Some(slot) = flow.slots.get(&asking.slot) else { return Vec::new() };
        // "One moment please" is no figure.
        if let Some(control @ (Control::Wait | Control::Slower | Control::Repeat)) = control::of(&self.turn.words, flow.lexicon())
            && let Some(steps) = self.control(control)
        {
            return steps;
        }
        let reading = slot.reader.read(&self.turn.text, &asking.so_far, self.today(), flow.lexicon());
        match reading {
            Reading::Value { value, certainty } if slot.reader.recognises_itself() || !self.changes_subject(understanding) => {
                let mut steps = Vec::new();
                self.misses = 0;
                if let Some(next) = self.take(asking, value, certainty * self.turn.confidence, FactSource::Said, &mut steps) {
                    self.run(&next, &mut steps);
                }
                steps
            }
            Reading::Part { value } if value.len() <= MOST_PARTS => {
                asking.so_far = value;
                // Nothing is read back that nobody else may hear.
                let heard = (!slot.private).then(|| self.say_prompt(PromptKey::PartHeard, &[("value", &spaced(&asking.so_far))]));
                let steps = heard.into_iter().chain([Step::Listen]).collect();
                self.state = State::Asking(asking);
                steps
            }
            Reading::Value { .. } | Reading::Part { .. } | Reading::Nothing => {
                if let Some(control) = control::of(&self.turn.words, flow.lexicon())
                    && let Some(steps) = self.control(control)
                {
                    return steps;
                }
                if text::is_made_of(&self.turn.words, &[&flow.lexicon().dont_have, &flow.lexicon().no], &flow.lexicon().fillers) {
                    let mut steps = Vec::new();
                    self.give_up(&format!("the caller does not have the {}", slot.label), &mut steps);
                    return steps;
                }
                self.another_subject(&asking, understanding).unwrap_or_else(|| self.not_read(asking, slot))
            }
        }
    }

    /// The turn could not be read as the value: ask again, by keys, or call a human.
    fn not_read(&mut self, mut asking: Asking, slot: &Slot) -> Vec<Step> {
        let mut steps = vec![Step::NotUnderstood];
        asking.tries += 1;
        let most = slot.tries + u32::from(slot.has_keys);
        if asking.tries >= most {
            self.give_up(&format!("the {} could not be understood", slot.label), &mut steps);
            return steps;
        }
        asking.so_far.clear();
        steps.extend([self.question(&asking), Step::Listen]);
        self.state = State::Asking(asking);
        steps
    }

    /// Takes a value, or reads it back first if it is not sure. Gives the node to go on with.
    pub(super) fn take(
        &mut self,
        asking: Asking,
        value: String,
        confidence: f32,
        source: FactSource,
        steps: &mut Vec<Step>,
    ) -> Option<String> {
        let slot = self.flow.slots.get(&asking.slot)?;
        if confidence < slot.confirm_below && !slot.private {
            steps.extend([self.read_back(&asking.slot, &value), Step::Listen]);
            self.state = State::Confirming { asking, value, confidence };
            return None;
        }
        let fact = self.learn_slot(&asking.slot, &value, (confidence, source == FactSource::Keyed), source, self.turn.span);
        steps.push(Step::Know(fact));
        Some(asking.next)
    }

    fn read_back(&self, slot: &str, value: &str) -> Step {
        let label = self.flow.slots.get(slot).map(|slot| slot.label.as_str()).unwrap_or_default();
        let shown = if value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'+') { spaced(value) } else { value.to_owned() };
        let own = self.flow.slots.get(slot).is_some_and(|slot| slot.has_confirm);
        let text = if own {
            let mut values = self.values();
            values.extend([("value".to_owned(), Value::from(shown)), ("label".to_owned(), Value::from(label))]);
            self.flow.templates.fill(&format!("slots.{slot}.confirm"), &values).unwrap_or_default()
        } else {
            self.flow.prompt(PromptKey::Confirm, &[("value", &shown), ("label", label)])
        };
        self.say(&format!("slots.{slot}"), text)
    }

    /// A spoken turn after a value was read back.
    pub(super) fn answer_read_back(&mut self, asking: Asking, value: &str, confidence: f32, understanding: &Understanding) -> Vec<Step> {
        let flow = std::sync::Arc::clone(&self.flow);
        let Some(slot) = flow.slots.get(&asking.slot) else { return Vec::new() };
        let begins = yes_no::begins(&self.turn.words, flow.lexicon());
        let mut steps = Vec::new();
        // "No, it is four five seven …": the new value matters more than the no.
        let said_again = match slot.reader.read(&self.turn.text, "", self.today(), flow.lexicon()) {
            Reading::Value { value, .. } if slot.reader.recognises_itself() => Some(value),
            Reading::Value { .. } | Reading::Part { .. } | Reading::Nothing => slot.reader.correct(value, &self.turn.text, flow.lexicon()),
        };
        match (said_again, begins) {
            (Some(new), _) if new != value => {
                steps.extend([self.read_back(&asking.slot, &new), Step::Listen]);
                self.state = State::Confirming { asking, value: new, confidence: confidence.max(0.5) };
            }
            (Some(_), yes) if yes != Some(false) => self.confirmed(&asking, value, &mut steps),
            (None, Some(true)) => self.confirmed(&asking, value, &mut steps),
            (_, Some(false)) => return self.taken_back(asking, slot),
            (_, _) => {
                if let Some(control) = control::of(&self.turn.words, flow.lexicon())
                    && let Some(steps) = self.control(control)
                {
                    return steps;
                }
                if let Some(steps) = self.another_subject(&asking, understanding) {
                    return steps;
                }
                self.misses += 1;
                steps.push(Step::NotUnderstood);
                if self.misses >= flow.understanding.tries {
                    self.give_up(&format!("the {} could not be confirmed", slot.label), &mut steps);
                } else {
                    steps.extend([self.read_back(&asking.slot, value), Step::Listen]);
                }
            }
        }
        steps
    }

    fn confirmed(&mut self, asking: &Asking, value: &str, steps: &mut Vec<Step>) {
        self.misses = 0;
        let fact = self.learn_slot(&asking.slot, value, (1.0, true), FactSource::Said, self.turn.span);
        steps.push(Step::Know(fact));
        self.turn.fresh = false;
        self.run(&asking.next, steps);
    }

    /// "No": the value was wrong.
    fn taken_back(&mut self, mut asking: Asking, slot: &Slot) -> Vec<Step> {
        asking.tries += 1;
        asking.so_far.clear();
        if asking.tries >= slot.tries + u32::from(slot.has_keys) {
            return self.not_read(asking, slot);
        }
        let question = if asking.tries >= slot.tries && slot.has_keys {
            self.question(&asking)
        } else {
            self.say_prompt(PromptKey::AgainPlease, &[("label", &slot.label)])
        };
        self.state = State::Asking(asking);
        vec![question, Step::Listen]
    }

    /// Keys.
    pub(super) fn keyed(&mut self, keys: &str) -> Vec<Step> {
        let flow = std::sync::Arc::clone(&self.flow);
        let mut steps = Vec::new();
        match self.state.clone() {
            State::Asking(asking) => {
                let Some(slot) = flow.slots.get(&asking.slot) else { return steps };
                match slot.reader.read_keys(keys, self.today(), flow.lexicon()) {
                    Reading::Value { value, .. } => {
                        self.misses = 0;
                        if let Some(next) = self.take(asking, value, 1.0, FactSource::Keyed, &mut steps) {
                            self.turn.fresh = false;
                            self.run(&next, &mut steps);
                        }
                    }
                    Reading::Part { .. } | Reading::Nothing if keys == "0" => self.give_up("the caller pressed 0", &mut steps),
                    Reading::Part { .. } | Reading::Nothing => return self.not_read(asking, slot),
                }
            }
            State::Confirming { asking, value, .. } => match keys {
                "1" => self.confirmed(&asking, &value, &mut steps),
                "0" => self.give_up("the caller pressed 0", &mut steps),
                _ => {
                    let Some(slot) = flow.slots.get(&asking.slot) else { return steps };
                    return self.taken_back(asking, slot);
                }
            },
            State::Open { .. } | State::Offered if keys == "0" => self.give_up("the caller pressed 0", &mut steps),
            State::Open { .. } | State::Offered => return self.not_understood(PromptKey::NotUnderstood),
            State::LookingUp { .. } | State::Done => {}
        }
        steps
    }
}

/// "457129" → "4 5 7 1 2 9": read back digit by digit.
fn spaced(digits: &str) -> String {
    digits.chars().map(String::from).collect::<Vec<_>>().join(" ")
}
