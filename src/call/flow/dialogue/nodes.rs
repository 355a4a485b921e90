//! Running through the nodes until the caller is to be heard.

use std::collections::BTreeMap;

use crate::call::{
    action::{LookUp, LookUpRules, Method},
    event::{Failure, Found},
    flow::{
        Node,
        dialogue::{Asking, Dialogue, State, factor::Factor},
        prompt::PromptKey,
        slot::Reading,
        step::{Interrupt, Step},
    },
    record::FactSource,
};

/// Nodes run through without hearing the caller. The check finds loops; this is for what slips through.
const MOST_NODES: usize = 100;

impl Dialogue {
    /// Runs from a node until the caller, a service or a human is waited for.
    pub(super) fn run(&mut self, start: &str, steps: &mut Vec<Step>) {
        let flow = std::sync::Arc::clone(&self.flow);
        let mut name = start.to_owned();
        for _ in 0..MOST_NODES {
            let Some(node) = flow.nodes.get(&name) else { break };
            let next = match node {
                Node::Say { clauses, next, has_summary, notice, by } => {
                    let Ok(()) = self.say_node(&name, *clauses, notice.as_ref(), *by, steps) else {
                        return self.give_up("the flow failed", steps);
                    };
                    if *has_summary || next.is_none() {
                        self.note_answer(&name, *has_summary, steps);
                    }
                    next.clone()
                }
                Node::Ask { slot, next, by, patience } => match self.ask_node(slot, next, (*by, *patience), steps) {
                    Some(next) => Some(next),
                    None => return,
                },
                Node::Hours => {
                    self.say_hours(steps);
                    None
                }
                Node::Lookup { lookup, found, nothing, .. } if self.held.contains_key(lookup) => match self.factor(&name, lookup, steps) {
                    Factor::Asked => return,
                    Factor::Wrong => {
                        self.forget_uses(lookup);
                        Some(nothing.clone())
                    }
                    Factor::Given => {
                        let fields = self.held.remove(lookup).unwrap_or_default();
                        steps.extend(self.learn_found(lookup, &fields).into_iter().map(Step::Know));
                        Some(found.clone())
                    }
                },
                Node::Lookup { lookup, failed, .. } => return self.lookup_node(&name, lookup, failed, steps),
                Node::Branch { ways } => {
                    ways.iter().find(|(when, _)| when.as_ref().is_none_or(|when| self.holds(when))).map(|(_, go)| go.clone())
                }
                Node::Goto { next } => Some(next.clone()),
                Node::Human { queue, why } => return self.human(queue.as_deref(), why, steps),
                Node::Consult { plan, .. } => return self.consult_node(&name, plan, steps),
                Node::End { outcome } => {
                    self.state = State::Done;
                    return steps.push(Step::End(*outcome));
                }
            };
            match next {
                Some(next) => name = next,
                None => return self.listen_again(steps),
            }
        }
        self.give_up("the flow does not end", steps);
    }

    fn say_node(&self, name: &str, clauses: usize, notice: Option<&String>, by: Interrupt, steps: &mut Vec<Step>) -> Result<(), String> {
        for clause in 0..clauses {
            let text = self.fill(&format!("nodes.{name}.say.{clause}"))?;
            let notice = notice.filter(|_| clause + 1 == clauses).cloned();
            steps.push(Step::Say { node: name.to_owned(), text, by, notice });
        }
        Ok(())
    }

    /// An answer was given: a line for the summary, and a signal if it is the same one again.
    fn note_answer(&mut self, node: &str, has_summary: bool, steps: &mut Vec<Step>) {
        let said: Vec<String> = steps
            .iter()
            .filter_map(|step| if let Step::Say { text, node: by, .. } = step { (by == node).then(|| text.clone()) } else { None })
            .collect();
        let line = if has_summary { self.fill(&format!("nodes.{node}.summary")).unwrap_or_default() } else { said.join(" ") };
        self.answered(&said.join(" "), line, steps);
    }

    /// Keeps an answer.
    pub(super) fn answered(&mut self, answer: &str, line: String, steps: &mut Vec<Step>) {
        if self.answers.iter().any(|old| old == answer) && !steps.contains(&Step::Repeated) {
            steps.push(Step::Repeated);
        }
        self.answers.push(answer.to_owned());
        self.open_question = None;
        steps.push(Step::Answered { line });
    }

    pub(super) fn ask_anything_else(&self) -> Step {
        self.say_prompt(PromptKey::AnythingElse, &[])
    }

    /// The answer is given: what was asked for besides comes next, or the caller.
    pub(super) fn listen_again(&mut self, steps: &mut Vec<Step>) {
        if let Some(more) = self.serve_later() {
            return steps.extend(more);
        }
        self.state = State::Open { follows_answer: true };
        steps.extend([self.ask_anything_else(), Step::Listen]);
    }

    /// Asks for a slot, unless it is known or stands in the turn that is being served.
    pub(super) fn ask_node(&mut self, slot: &str, next: &str, (by, patience): (Interrupt, f32), steps: &mut Vec<Step>) -> Option<String> {
        // "Where is my other order?": what is known is of another one.
        if self.turn.fresh && self.turn.words.iter().any(|word| self.flow.lexicon().other.contains(word)) {
            self.known.remove(slot);
        }
        if self.known.contains_key(slot) {
            return Some(next.to_owned());
        }
        let asking = Asking { slot: slot.to_owned(), next: next.to_owned(), tries: 0, so_far: String::new(), by, patience };
        let reader = &self.flow.slots.get(slot)?.reader;
        // A private value is taken only while it is asked for: then nobody writes it down.
        let private = self.is_private_slot(slot);
        if std::mem::take(&mut self.turn.fresh)
            && !private
            && reader.recognises_itself()
            && let Reading::Value { value, certainty } = reader.read(&self.turn.text, "", self.today(), self.flow.lexicon())
        {
            return self.take(asking, value, certainty * self.turn.confidence, FactSource::Said, steps);
        }
        steps.extend([self.question(&asking), Step::Listen]);
        self.state = State::Asking(asking);
        None
    }

    fn lookup_node(&mut self, node: &str, lookup: &str, failed: &str, steps: &mut Vec<Step>) {
        if self.lookups >= self.flow.lookups_per_call {
            return self.give_up("too many look-ups in one call", steps);
        }
        self.lookups += 1;
        let Ok(request) = self.request(lookup) else { return self.run(failed, steps) };
        let plan = self.flow.lookups.get(lookup);
        let filler = plan.filter(|plan| plan.has_filler).and_then(|_| self.fill(&format!("lookups.{lookup}.filler")).ok());
        let filler_after_ms = plan.map(|plan| plan.filler_after_ms).unwrap_or_default();
        self.state = State::LookingUp { node: node.to_owned() };
        steps.push(Step::LookUp { request, filler, filler_after_ms });
    }

    fn request(&self, lookup: &str) -> Result<LookUp, String> {
        let plan = self.flow.lookups.get(lookup).ok_or("no such look-up")?;
        let mut body = BTreeMap::new();
        for field in &plan.body {
            body.insert(field.clone(), self.fill_for_service(&format!("lookups.{lookup}.body.{field}"))?);
        }
        Ok(LookUp {
            name: lookup.to_owned(),
            method: if plan.post { Method::Post } else { Method::Get },
            url: self.fill_for_service(&format!("lookups.{lookup}.url"))?,
            body,
            take: plan.take.clone(),
            timeout_ms: plan.timeout_ms,
            private: plan.uses.iter().any(|slot| self.is_private_slot(slot)),
            rules: LookUpRules {
                retries: plan.retries,
                answer: plan.answer.clone(),
                caller: Some(self.caller.number.clone()).filter(|number| !number.is_empty()),
                per_caller: self.flow.lookups_per_caller,
            },
        })
    }

    /// Goes on with what a service answered.
    pub(super) fn after_lookup(&mut self, node: &str, name: &str, result: &Result<Found, Failure>) -> Vec<Step> {
        let flow = std::sync::Arc::clone(&self.flow);
        let Some(Node::Lookup { lookup, found, nothing, failed }) = flow.nodes.get(node) else { return Vec::new() };
        if lookup != name {
            return Vec::new();
        }
        let mut steps = Vec::new();
        self.turn.fresh = false;
        match result {
            // Who guesses numbers must not hear which of them exist: the second factor is asked for in any case.
            Ok(found) if self.needs_factor(name) => {
                let fields = if let Found::Fields { fields } = found { fields.clone() } else { BTreeMap::new() };
                self.held.insert(name.to_owned(), fields);
                self.run(node, &mut steps);
            }
            Ok(Found::Fields { fields }) => {
                steps.extend(self.learn_found(name, fields).into_iter().map(Step::Know));
                self.run(found, &mut steps);
            }
            Ok(Found::Nothing) => {
                self.forget_uses(name);
                self.run(nothing, &mut steps);
            }
            Err(_) => self.run(failed, &mut steps),
        }
        steps
    }

    /// A value that nothing was found for may be wrong: it is asked for again the next time.
    fn forget_uses(&mut self, lookup: &str) {
        let flow = std::sync::Arc::clone(&self.flow);
        for slot in flow.lookups.get(lookup).iter().flat_map(|plan| &plan.uses) {
            self.known.remove(slot);
        }
    }

    /// Calls a human of a queue; of the queue of what the caller wants if none is named.
    pub(super) fn human(&mut self, queue: Option<&str>, why: &str, steps: &mut Vec<Step>) {
        self.state = State::Open { follows_answer: false };
        let queue = queue.map_or_else(|| self.flow.queue_for(self.intent()), |queue| self.flow.destination(queue)).queue;
        steps.push(Step::Human { queue, why: why.to_owned() });
    }

    /// The flow cannot help any further.
    pub(super) fn give_up(&mut self, why: &str, steps: &mut Vec<Step>) {
        self.human(None, why, steps);
    }

    pub(super) fn say_hours(&mut self, steps: &mut Vec<Step>) {
        let flow = std::sync::Arc::clone(&self.flow);
        let Some(hours) = &flow.hours else { return };
        let sentences: Vec<String> = hours
            .answer(&self.turn.words, self.wall_now(), flow.lexicon())
            .into_iter()
            .map(|(key, values)| flow.prompt(key, &values.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()))
            .collect();
        let text = sentences.join(" ");
        steps.push(self.say("hours", text.clone()));
        self.answered(&text, text.clone(), steps);
    }
}
