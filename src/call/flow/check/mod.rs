//! Finds everything that is wrong with a flow, and makes a [`Flow`] of it if nothing is.

mod build;
mod consult;
mod graph;
mod meaning;
mod nodes;
mod texts;
mod times;

use std::collections::BTreeSet;

use crate::{
    call::{
        caller::Caller,
        flow::{Flow, definition::Definition, template::Templates},
        language::Languages,
    },
    yaml::{self, Mistake, Path, Read},
};

/// The notices that a greeting can give.
pub const NOTICES: [&str; 3] = ["automation", "recording", "tone_analysis"];

/// Checks what was read.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn check(read: Read<Definition>, languages: &Languages) -> Result<Flow, Vec<Mistake>> {
    let Some(definition) = &read.value else {
        let mut mistakes = read.mistakes;
        mistakes.sort_by_key(|mistake| mistake.place);
        return Err(mistakes);
    };
    let mut checker = Checker { read: &read, definition, languages, templates: Templates::default(), mistakes: read.mistakes.clone() };
    checker.head();
    checker.greeting();
    checker.queues();
    checker.intents();
    checker.knowledge();
    checker.slots();
    checker.lookups();
    checker.nodes();
    checker.graph();
    checker.prompts();
    checker.escalation();
    checker.times();
    let hours = checker.hours();
    let Checker { templates, mut mistakes, .. } = checker;
    if mistakes.is_empty() {
        return build::build(definition, hours, templates, languages)
            .ok_or_else(|| vec![read.tree.mistake(&Path::default(), "the flow could not be built", None)]);
    }
    mistakes.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
    mistakes.dedup();
    Err(mistakes)
}

struct Checker<'a> {
    read: &'a Read<Definition>,
    definition: &'a Definition,
    languages: &'a Languages,
    templates: Templates,
    mistakes: Vec<Mistake>,
}

impl Checker<'_> {
    fn wrong(&mut self, path: &Path, message: impl Into<String>, hint: Option<&str>) {
        // A stand-in for what could not be read.
        if self.read.was_cut(path) {
            return;
        }
        self.mistakes.push(self.read.tree.mistake(path, message, hint.map(str::to_owned)));
    }

    fn wrong_key(&mut self, path: &Path, message: impl Into<String>, hint: Option<&str>) {
        self.mistakes.push(self.read.tree.mistake_at_key(path, message, hint.map(str::to_owned)));
    }

    /// A name at `path` that must be one of `known`, which are declared under `section`.
    fn known(&mut self, path: &Path, what: &str, name: &str, section: &str, known: &BTreeSet<&str>) {
        // What was declared, but could not be read, is complained of where it is declared.
        let cut = self.read.was_cut(&Path::of(&[section, name])) || self.read.was_cut(&Path::of(&[section]));
        if !known.contains(name) && !cut {
            let hint = yaml::did_you_mean(name, known.iter().copied());
            self.wrong(path, format!("there is no {what} `{name}`"), hint.as_deref());
        }
    }

    /// A text that must say something.
    fn text(&mut self, path: &Path, text: &str) {
        if text.trim().is_empty() {
            self.wrong(path, "the text is empty", Some("write what is to be said"));
        }
    }

    fn head(&mut self) {
        let definition = self.definition;
        self.text(&Path::of(&["name"]), &definition.name);
        if self.languages.of(&definition.language).is_none() {
            let message = format!("no lexicon for the language `{}`", definition.language);
            self.wrong(&Path::of(&["language"]), message, Some(&format!("known here: {}", self.languages.codes().join(", "))));
        }
        if super::zone(&definition.zone).is_none() {
            let message = format!("`{}` is no time zone", definition.zone);
            self.wrong(&Path::of(&["zone"]), message, Some("write a zone like `Europe/Bucharest` or an offset like \"+02:00\""));
        }
        for (what, value) in [
            ("intent", definition.understanding.intent),
            ("change_of_subject", definition.understanding.change_of_subject),
            ("knowledge", definition.understanding.knowledge),
            ("hearing", definition.understanding.hearing),
        ] {
            self.share(&Path::of(&["understanding", what]), value);
        }
        for (word, spoken) in &definition.pronounce {
            let path = Path::of(&["pronounce", word]);
            self.text(&path, spoken);
            if word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '\'') {
                self.wrong_key(&path, format!("`{word}` is not one word"), Some("give each word its own line"));
            }
        }
        for name in definition.caller.keys().filter(|name| Caller::NETWORK.contains(&name.as_str())) {
            self.wrong_key(
                &Path::of(&["caller", name]),
                format!("the network tells `caller.{name}`"),
                Some("leave it out: it is always there"),
            );
        }
        for (index, name) in definition.vocabulary.iter().enumerate() {
            self.text(&Path::of(&["vocabulary"]).item(index), name);
        }
        if definition.understanding.tries == 0 {
            self.wrong(&Path::of(&["understanding", "tries"]), "must be at least 1", None);
        }
    }

    /// A number from 0 to 1.
    fn share(&mut self, path: &Path, value: f32) {
        if !(0.0..=1.0).contains(&value) {
            self.wrong(path, format!("{value} is not between 0 and 1"), None);
        }
    }

    fn greeting(&mut self) {
        let definition = self.definition;
        let at = Path::of(&["greeting"]);
        for (index, greeting) in definition.greeting.iter().enumerate() {
            let path = at.clone().item(index);
            self.text(&path.clone().key("say"), &greeting.say);
            self.template(&format!("greeting.{index}"), &greeting.say, &path.clone().key("say"), &[]);
            if let Some(notice) = &greeting.notice {
                self.notice(&path.key("notice"), notice);
            }
        }
        let meant: Vec<&str> = definition.greeting.iter().filter_map(|it| yaml::nearest(it.notice.as_deref()?, NOTICES)).collect();
        let gives = |notice: &str| meant.contains(&notice);
        if !gives("automation") {
            let hint = "callers must be told that they speak with a machine: mark the sentence that says so with `notice: automation`";
            self.wrong_key(&at, "no sentence of the greeting gives the notice `automation`", Some(hint));
        }
        if let Some(begin) = &definition.begin {
            let nodes: BTreeSet<&str> = definition.nodes.keys().map(String::as_str).collect();
            self.known(&Path::of(&["begin"]), "node", begin, "nodes", &nodes);
        }
        if definition.escalation.tone && !gives("tone_analysis") {
            let hint = "tell callers that the tone of their words is looked at (`notice: tone_analysis`), or set `escalation.tone: false`";
            self.wrong_key(&at, "no sentence of the greeting gives the notice `tone_analysis`", Some(hint));
        }
    }

    fn notice(&mut self, path: &Path, notice: &str) {
        if !NOTICES.contains(&notice) {
            let hint = yaml::did_you_mean(notice, NOTICES);
            self.wrong(path, format!("there is no notice `{notice}`"), hint.as_deref());
        }
    }

    fn queues(&mut self) {
        let definition = self.definition;
        let defaults = definition.queues.values().filter(|queue| queue.default).count();
        if defaults != 1 {
            let message = format!("{defaults} queues are the default one");
            self.wrong_key(&Path::of(&["queues"]), message, Some("mark exactly one queue with `default: true`"));
        }
        for (name, queue) in &definition.queues {
            self.text(&Path::of(&["queues", name, "label"]), &queue.label);
            self.useful(&Path::of(&["queues", name, "useful"]), &queue.useful);
            if let Some(hours) = &queue.hours {
                self.hours_at(&Path::of(&["queues", name, "hours"]), hours);
            } else if queue.outside.is_some() {
                let path = Path::of(&["queues", name, "outside"]);
                self.wrong_key(&path, "the queue has no hours", Some("add `hours:` with `weekly:`"));
            }
            if let Some(wait_ms) = queue.wait_ms {
                self.longest_wait(&Path::of(&["queues", name, "wait_ms"]), wait_ms);
            }
        }
    }

    /// Slots that are asked for while the caller waits. A private one is asked for by nobody but the step that needs it.
    fn useful(&mut self, path: &Path, slots: &[String]) {
        let known: BTreeSet<&str> = self.definition.slots.keys().map(String::as_str).collect();
        for (index, slot) in slots.iter().enumerate() {
            let path = path.clone().item(index);
            self.known(&path, "slot", slot, "slots", &known);
            if self.definition.slots.get(slot).is_some_and(|slot| slot.private) {
                self.wrong(&path, format!("`{slot}` is private"), Some("a private value is not asked for while the caller waits"));
            }
        }
    }

    fn queue(&mut self, path: &Path, queue: Option<&String>) {
        let known: BTreeSet<&str> = self.definition.queues.keys().map(String::as_str).collect();
        if let Some(queue) = queue {
            self.known(path, "queue", queue, "queues", &known);
        }
    }
}
