//! A human is asked one line: the question goes out, and the flow goes on with what came of it.

use std::{collections::BTreeMap, sync::Arc};

use crate::call::{
    flow::{
        Node,
        consult::{ConsultPlan, OTHER},
        dialogue::{Dialogue, State},
        prompt::PromptKey,
        step::{Consult, Consulted, Step},
    },
    record::{Fact, FactSource, Suggestion},
};

impl Dialogue {
    /// Asks. The caller is told so by whoever finds the human.
    pub(super) fn consult_node(&mut self, node: &str, plan: &ConsultPlan, steps: &mut Vec<Step>) {
        let Ok((question, suggestions)) = self.consult_texts(node, plan) else { return self.run(plan.otherwise(), steps) };
        let queue = plan.queue.as_deref().map_or_else(|| self.flow.queue_for(self.intent()), |queue| self.flow.destination(queue)).queue;
        self.state = State::Open { follows_answer: false };
        steps.push(Step::Consult(Box::new(Consult {
            node: node.to_owned(),
            queue,
            question,
            suggestions,
            by: plan.by,
            within_ms: plan.within_ms.unwrap_or(self.flow.handoff.consult_ms),
        })));
    }

    fn consult_texts(&self, node: &str, plan: &ConsultPlan) -> Result<(String, Vec<Suggestion>), String> {
        let question = self.fill(&format!("nodes.{node}.question"))?;
        let suggestion = |name: &String| {
            let text = self.fill(&format!("nodes.{node}.suggest.{name}"))?;
            Ok(Suggestion { name: name.clone(), text })
        };
        Ok((question, plan.suggest.iter().map(suggestion).collect::<Result<_, String>>()?))
    }

    /// Goes on with what a human has said, or without.
    pub(super) fn after_consult(&mut self, node: &str, result: &Consulted) -> Vec<Step> {
        let flow = Arc::clone(&self.flow);
        let Some(Node::Consult { plan, next }) = flow.nodes.get(node) else { return Vec::new() };
        let mut steps = Vec::new();
        self.turn.fresh = false;
        match result {
            Consulted::Answer { name, text, choice } => {
                let said = flow.prompt(PromptKey::ColleagueSays, &[("name", name), ("answer", text)]);
                steps.push(self.say(node, said.clone()));
                steps.push(Step::Know(self.learn_answer(node, (name, text, choice.as_deref().unwrap_or(OTHER)))));
                self.answered(&said, said.clone(), &mut steps);
                match next {
                    Some(next) => self.run(next, &mut steps),
                    None => self.listen_again(&mut steps),
                }
            }
            Consulted::Nothing(outcome) => match plan.way(*outcome) {
                Some(next) => self.run(next, &mut steps),
                None => steps.extend([self.say_prompt(PromptKey::BotAgain, &[]), Step::Listen]),
            },
        }
        steps
    }

    /// Notes what a human has said, for texts and conditions.
    fn learn_answer(&mut self, node: &str, (who, answer, choice): (&str, &str, &str)) -> Fact {
        let fields = [("answer", answer), ("choice", choice), ("who", who)];
        let fields: BTreeMap<String, String> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        self.found.insert(node.to_owned(), fields);
        self.learn(Fact {
            name: format!("{node}.answer"),
            label: node.replace('_', " "),
            value: answer.to_owned(),
            confidence: 1.0,
            confirmed: true,
            source: FactSource::Colleague,
            span: None,
        })
    }
}
