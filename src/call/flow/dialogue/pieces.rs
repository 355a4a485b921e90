//! Long answers are told in pieces, with a question in between: "shall I go on?"

use crate::call::{
    clauses,
    flow::{
        dialogue::{Dialogue, State, control::Control},
        prompt::PromptKey,
        step::{Interrupt, Step},
    },
};

/// A rest shorter than this, in letters, is said at once: the question would take as long.
const SHORTEST_REST: usize = 80;

impl Dialogue {
    /// Keeps back what goes beyond the flow's longest answer, and asks whether it is wanted.
    pub(super) fn in_pieces(&mut self, steps: Vec<Step>) -> Vec<Step> {
        self.rest.clear();
        let longest = self.flow.longest_answer;
        let letters: usize = steps.iter().filter_map(answer).map(|text| text.chars().count()).sum();
        if longest == 0 || letters <= longest + SHORTEST_REST || self.state != (State::Open { follows_answer: true }) {
            return steps;
        }
        let (mut now, mut said) = (Vec::new(), 0);
        for step in steps {
            match answer(&step) {
                Some(text) => {
                    let (first, rest) = cut(text, longest.saturating_sub(said), said == 0);
                    said += text.chars().count();
                    for (part, to) in [(first, &mut now), (rest, &mut self.rest)] {
                        if !part.is_empty() {
                            to.push(saying(&step, part));
                        }
                    }
                }
                None if matches!(step, Step::Say { .. } | Step::Listen) && !self.rest.is_empty() => self.rest.push(step),
                None => now.push(step),
            }
        }
        now.extend([self.say_prompt(PromptKey::GoOn, &[]), Step::Listen]);
        now
    }

    /// The rest of the answer, if the caller wants it; its end, if not.
    pub(super) fn go_on(&mut self, control: Option<Control>) -> Option<Vec<Step>> {
        if self.rest.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.rest);
        match control {
            Some(Control::Yes) => Some(self.in_pieces(rest)),
            Some(Control::No | Control::Thanks) => Some(vec![self.ask_anything_else(), Step::Listen]),
            Some(Control::Repeat | Control::Slower | Control::Wait | Control::Hello) => {
                self.rest = rest;
                None
            }
            Some(Control::Bye) | None => None,
        }
    }
}

/// The text of an answer: notices, and what may not be interrupted, are said whole.
fn answer(step: &Step) -> Option<&str> {
    match step {
        Step::Say { node, text, by: Interrupt { voice: true, .. }, notice: None } if *node != format!("{:?}", PromptKey::AnythingElse) => {
            Some(text)
        }
        Step::Say { .. }
        | Step::Know(_)
        | Step::LookUp { .. }
        | Step::NotUnderstood
        | Step::Repeated
        | Step::Slower
        | Step::Declined
        | Step::Answered { .. }
        | Step::Human { .. }
        | Step::Consult(_)
        | Step::Listen
        | Step::End(_) => None,
    }
}

fn saying(step: &Step, part: String) -> Step {
    let node = if let Step::Say { node, .. } = step { node.clone() } else { String::new() };
    Step::Say { node, text: part, by: Interrupt::all(true), notice: None }
}

/// Whole sentences that take at most `room` letters, at least one if it is the `first` text; and the others.
fn cut(text: &str, room: usize, first: bool) -> (String, String) {
    let (mut now, mut rest): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    let mut sentence = String::new();
    for clause in clauses::split(text) {
        if !sentence.is_empty() {
            sentence.push(' ');
        }
        sentence.push_str(&clause);
        if sentence.ends_with(['.', '!', '?', '…']) {
            let whole = std::mem::take(&mut sentence);
            let taken: usize = now.iter().map(|sentence| sentence.chars().count() + 1).sum();
            let fits = taken + whole.chars().count() <= room || (first && now.is_empty());
            if rest.is_empty() && fits { now.push(whole) } else { rest.push(whole) }
        }
    }
    if !sentence.is_empty() {
        if rest.is_empty() && room > 0 { now.push(sentence) } else { rest.push(sentence) }
    }
    (now.join(" "), rest.join(" "))
}
