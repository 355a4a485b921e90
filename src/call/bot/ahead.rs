//! Thinking ahead: while the end-of-turn pause runs, the flow's answer is worked out on a copy, and its sound made ready.

use crate::call::{
    action::Action,
    base::Base,
    bot::{Bot, Mode, input_of},
    clauses,
    flow::{dialogue::Dialogue, prompt::PromptKey, step::Step},
    then::Then,
    turn::ear::Turn,
};

/// The flow's answer to a turn that is probably over.
#[derive(Debug)]
pub(super) struct Ahead {
    turn: Turn,
    dialogue: Dialogue,
    steps: Vec<Step>,
}

impl Ahead {
    /// It was worked out for exactly this turn.
    pub(super) fn is_for(&self, turn: &Turn) -> bool {
        self.turn == *turn
    }

    /// The flow after the turn, and its steps.
    pub(super) fn take(self) -> (Dialogue, Vec<Step>) {
        (self.dialogue, self.steps)
    }
}

impl Bot {
    /// Works out the answer to what was said so far.
    pub(crate) fn think_ahead(&mut self, base: &mut Base, turn: Turn) {
        if !matches!(self.mode, Mode::Listening) {
            return;
        }
        let (dialogue, steps) = self.think(base.io.now, &input_of(&turn));
        match self.would_call(base, &turn, &steps) {
            Some(label) => {
                let text = base.flow.prompt(PromptKey::CallingColleague, &[("because", ""), ("department", &label)]);
                base.io.act(Action::Prepare { clauses: clauses::split(&text) });
            }
            None => prepare(base, &steps),
        }
        self.ahead = Some(Ahead { turn, dialogue, steps });
    }
}

impl Bot {
    /// Whether the policy or the flow would call a human now, and whom; asked of copies.
    fn would_call(&mut self, base: &Base, turn: &Turn, steps: &[Step]) -> Option<String> {
        let before = self.escalation.clone();
        self.note_turn(turn, base.over_bot);
        let wish = self.note_steps(base, steps, (&turn.heard.text, turn.from, turn.to));
        let escalate = self.escalation.decide(base.io.now).escalate;
        let asked = std::mem::replace(&mut self.escalation, before);
        match wish {
            Some(Then::Human { to, .. }) => Some(to.label),
            Some(_) | None => escalate.then(|| asked.destination(self.intent()).label),
        }
    }
}

/// Has the sound of what these steps say made ready.
pub(super) fn prepare(base: &mut Base, steps: &[Step]) {
    let clauses: Vec<String> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Say { text, .. } => Some(clauses::split(text)),
            Step::Consult(_) => Some(clauses::split(&base.flow.prompt(PromptKey::AskingColleague, &[]))),
            Step::LookUp { filler, .. } => filler.as_ref().map(|filler| clauses::split(filler)),
            Step::Know(_)
            | Step::NotUnderstood
            | Step::Repeated
            | Step::Declined
            | Step::Slower
            | Step::Answered { .. }
            | Step::Human { .. }
            | Step::Listen
            | Step::End(_) => None,
        })
        .flatten()
        .collect();
    if !clauses.is_empty() {
        base.io.act(Action::Prepare { clauses });
    }
}
