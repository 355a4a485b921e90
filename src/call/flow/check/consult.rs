//! Questions to humans.

use super::{
    Checker,
    times::{LONGEST_CONSULT_MS, SHORTEST_CONSULT_MS},
};
use crate::{
    call::flow::consult::{ConsultDef, OTHER},
    yaml::Path,
};

/// More answers than these are no choice at a glance.
const MOST_SUGGESTED: usize = 6;

/// A question is one line.
const LONGEST_QUESTION: usize = 300;

impl Checker<'_> {
    /// The texts, the names and the times of a question. Where it goes on is looked at with all nodes.
    pub(super) fn consult(&mut self, name: &str, path: &Path, consult: &ConsultDef) {
        self.queue(&path.clone().key("queue"), Some(&consult.queue).filter(|queue| *queue != "intent"));
        let at = path.clone().key("question");
        self.text(&at, &consult.question);
        self.template(&format!("nodes.{name}.question"), &consult.question, &at, &[]);
        if consult.question.chars().count() > LONGEST_QUESTION {
            self.wrong(&at, format!("longer than {LONGEST_QUESTION} letters"), Some("a colleague answers one line between two calls"));
        }
        for (answer, text) in &consult.suggest {
            let at = path.clone().key("suggest").key(answer);
            self.text(&at, text);
            self.template(&format!("nodes.{name}.suggest.{answer}"), text, &at, &[]);
            if answer == OTHER {
                self.wrong_key(&at, format!("`{OTHER}` is any answer that is not suggested"), Some("give it another name"));
            }
        }
        if consult.suggest.len() > MOST_SUGGESTED {
            self.wrong_key(&path.clone().key("suggest"), format!("more than {MOST_SUGGESTED} answers"), None);
        }
        if let Some(within_ms) = consult.within_ms {
            self.between(&path.clone().key("within_ms"), within_ms, (SHORTEST_CONSULT_MS, LONGEST_CONSULT_MS));
        }
        self.answer_name(name);
    }

    /// The node's name is what templates call the answer.
    fn answer_name(&mut self, name: &str) {
        let definition = self.definition;
        let path = Path::of(&["nodes", name]);
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if !name.chars().all(plain) || name.starts_with(|letter: char| letter.is_ascii_digit()) {
            let hint = format!("texts use the answer as `{{{{ {} }}}}`", "name.answer");
            self.wrong_key(&path, format!("`{name}` is no name for an answer: small letters, figures and `_`"), Some(&hint));
        }
        let taken = definition.slots.contains_key(name) || definition.variables.contains_key(name) || definition.lookups.contains_key(name);
        if taken || ["caller", "services", "queue", "queues"].contains(&name) {
            self.wrong_key(&path, format!("`{name}` is also a slot, a variable or a look-up"), Some("give the node another name"));
        }
    }
}
