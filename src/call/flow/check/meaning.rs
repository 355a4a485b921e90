//! Intents, knowledge, hours, slots and escalation.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    call::{
        clauses,
        flow::{
            check::Checker,
            definition::{HoursDef, ReadDef, SlotDef},
            hours::Hours,
            slot::Reader,
            text,
        },
        handoff::most_of_the_matter,
        language,
    },
    yaml::Path,
};

/// How often a value is asked for by voice, at most.
const MOST_TRIES: u32 = 2;

impl<'a> Checker<'a> {
    pub(super) fn intents(&mut self) {
        let definition = self.definition;
        let nodes: BTreeSet<&str> = definition.nodes.keys().map(String::as_str).collect();
        let mut seen = BTreeMap::new();
        for (name, intent) in &definition.intents {
            let path = Path::of(&["intents", name]);
            self.examples(&path.clone().key("examples"), name, &intent.examples, &mut seen);
            self.known(&path.clone().key("go"), "node", &intent.go, "nodes", &nodes);
            self.queue(&path.clone().key("queue"), intent.queue.as_ref());
            self.useful(&path.clone().key("useful"), &intent.useful);
            if let Some(summary) = &intent.summary {
                self.short_enough(&path.clone().key("summary"), summary);
            }
            if let Some(threshold) = intent.threshold {
                self.share(&path.key("threshold"), threshold);
            }
        }
        for (key, entry) in &definition.knowledge {
            self.examples(&Path::of(&["knowledge", key, "questions"]), key, &entry.questions, &mut seen);
        }
        if !definition.understanding.others.is_empty() {
            self.examples(&Path::of(&["understanding", "others"]), "others", &definition.understanding.others, &mut seen);
        }
        if definition.intents.is_empty() {
            self.wrong_key(&Path::of(&["intents"]), "there are no intents", Some("say what callers want"));
        }
    }

    /// The matter is the heart of the briefing, and leaves room for the rest of it.
    fn short_enough(&mut self, path: &Path, summary: &str) {
        let Some(language) = self.languages.of(&self.definition.language) else { return };
        let (letters, most) = (clauses::spoken_letters(summary), most_of_the_matter(self.definition.handoff.briefing_s, language));
        if letters > most {
            let message = format!("{letters} letters, and the agent's briefing has time for {most}");
            self.wrong(path, message, Some("say it shorter, or give `handoff.briefing_s` more seconds"));
        }
    }

    /// Example sentences: some, none empty, none twice.
    fn examples(&mut self, path: &Path, owner: &'a str, examples: &'a [String], seen: &mut BTreeMap<String, &'a str>) {
        if examples.is_empty() {
            self.wrong_key(path, "there are no examples", Some("10 to 20 sentences, as people say them"));
        }
        for (index, example) in examples.iter().enumerate() {
            let folded = text::folded(example);
            let path = path.clone().item(index);
            if folded.is_empty() {
                self.wrong(&path, "the example is empty", None);
            } else if let Some(first) = seen.get(&folded) {
                let message = if *first == owner {
                    format!("“{example}” is given twice")
                } else {
                    format!("“{example}” is also an example of `{first}`")
                };
                self.wrong(&path, message, Some("a sentence can only mean one thing: remove one of them"));
            } else {
                seen.insert(folded, owner);
            }
        }
    }

    pub(super) fn knowledge(&mut self) {
        let definition = self.definition;
        for (key, entry) in &definition.knowledge {
            let path = Path::of(&["knowledge", key]);
            self.text(&path.clone().key("answer"), &entry.answer);
            self.template(&format!("knowledge.{key}"), &entry.answer, &path.clone().key("answer"), &[]);
            self.queue(&path.clone().key("queue"), entry.queue.as_ref());
            if definition.intents.contains_key(key) {
                self.wrong_key(&path, format!("`{key}` is also an intent"), Some("give it another name"));
            }
        }
    }

    pub(super) fn hours(&mut self) -> Option<Hours> {
        let definition = self.definition;
        self.hours_at(&Path::of(&["hours"]), definition.hours.as_ref()?)
    }

    /// Opening hours: the flow's, or a queue's.
    pub(super) fn hours_at(&mut self, at: &Path, hours: &HoursDef) -> Option<Hours> {
        let lexicon = &self.languages.of(&self.definition.language).unwrap_or_else(language::english).lexicon;
        match Hours::new(hours, lexicon) {
            Ok(hours) => Some(hours),
            Err(bad) => {
                for bad in bad {
                    self.wrong(&at.clone().key(bad.part).key(&bad.key), bad.message, None);
                }
                None
            }
        }
    }

    pub(super) fn slots(&mut self) {
        let definition = self.definition;
        for (name, slot) in &definition.slots {
            let path = Path::of(&["slots", name]);
            self.text(&path.clone().key("label"), &slot.label);
            self.text(&path.clone().key("ask"), &slot.ask);
            let texts = [
                ("ask", Some(&slot.ask)),
                ("retry", slot.retry.as_ref()),
                ("keys", slot.keys.as_ref()),
                ("confirm", slot.confirm.as_ref()),
            ];
            for (part, text) in texts {
                let own: &[&str] = if part == "confirm" { &["value", "label"] } else { &[] };
                if let Some(text) = text {
                    self.template(&format!("slots.{name}.{part}"), text, &path.clone().key(part), own);
                }
            }
            self.share(&path.clone().key("confirm_below"), slot.confirm_below);
            self.reader(&path, slot);
        }
    }

    fn reader(&mut self, path: &Path, slot: &SlotDef) {
        if let Some(pattern) = &slot.pattern
            && let Err(error) = regex::Regex::new(pattern)
        {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            self.wrong(
                &path.clone().key("pattern"),
                format!("not a regular expression: {reason}"),
                Some("digits are `[0-9]`, exactly six of them `[0-9]{6}`"),
            );
        }
        if slot.private && slot.confirm.is_some() {
            self.wrong_key(&path.clone().key("confirm"), "a private value is never read back", Some("leave `confirm` out"));
        }
        if slot.consent.is_some() && (slot.private || !matches!(slot.read, ReadDef::YesNo)) {
            self.wrong_key(
                &path.clone().key("consent"),
                "a consent is yes or no, and no secret",
                Some("write `read: yes_no`, and leave `private` out"),
            );
        }
        if !(1..=MOST_TRIES).contains(&slot.tries) {
            let hint = "nobody is asked a third time by voice: then come keys, and then a human";
            self.wrong(&path.clone().key("tries"), format!("must be 1 or {MOST_TRIES}"), Some(hint));
        }
        if slot.keys.is_some() && !Reader::new(slot.read.clone(), None).takes_keys() {
            self.wrong_key(&path.clone().key("keys"), "such a value cannot be keyed", Some("leave `keys` out"));
        }
        match &slot.read {
            ReadDef::Digits(count) if count.least == 0 || count.least > count.most => {
                self.wrong(&path.clone().key("read").key("digits"), "`least` must be from 1 to `most`", None);
            }
            ReadDef::Choice(choices) if choices.is_empty() => {
                self.wrong(&path.clone().key("read").key("choice"), "there are no choices", None);
            }
            ReadDef::Digits(_)
            | ReadDef::Choice(_)
            | ReadDef::Email
            | ReadDef::Phone
            | ReadDef::Date
            | ReadDef::Time
            | ReadDef::Money
            | ReadDef::Name
            | ReadDef::Postcode
            | ReadDef::YesNo
            | ReadDef::Text => {}
        }
    }

    pub(super) fn escalation(&mut self) {
        let definition = self.definition;
        let intents: BTreeSet<&str> = definition.intents.keys().map(String::as_str).collect();
        let at = Path::of(&["escalation"]);
        if definition.escalation.threshold <= 0.0 {
            self.wrong(&at.clone().key("threshold"), "must be above 0", None);
        }
        self.share(&at.clone().key("hold"), definition.escalation.hold);
        self.share(&at.clone().key("rise"), definition.escalation.rise);
        self.share(&at.clone().key("closed_rise"), definition.escalation.closed_rise);
        self.share(&at.clone().key("low_confidence_below"), definition.escalation.low_confidence_below);
        self.share(&at.clone().key("raised_voice_above"), definition.escalation.raised_voice_above);
        self.share(&at.clone().key("human_meaning_above"), definition.escalation.human_meaning_above);
        for (class, rule) in &definition.escalation.critical {
            let path = at.clone().key("critical").key(class);
            self.queue(&path.clone().key("queue"), rule.queue.as_ref());
            self.share(&path.clone().key("intent_above"), rule.intent_above);
            self.share(&path.clone().key("meaning_above"), rule.meaning_above);
            for (index, intent) in rule.intents.iter().enumerate() {
                self.known(&path.clone().key("intents").item(index), "intent", intent, "intents", &intents);
            }
            if rule.phrases.is_empty() && rule.intents.is_empty() {
                self.wrong_key(&path, "nothing can match: no phrases and no intents", Some("add `phrases:` or `intents:`"));
            }
            for (part, phrases) in [("phrases", &rule.phrases), ("except", &rule.except)] {
                for (index, phrase) in phrases.iter().enumerate() {
                    self.phrase(&path.clone().key(part).item(index), phrase);
                }
            }
        }
    }

    /// Words, or a regular expression between slashes.
    fn phrase(&mut self, path: &Path, phrase: &str) {
        if let Some(pattern) = phrase.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            if let Err(error) = regex::Regex::new(pattern) {
                let reason = error.to_string();
                self.wrong(
                    path,
                    format!("not a regular expression: {}", reason.lines().last().unwrap_or_default().trim_start_matches("error: ")),
                    None,
                );
            }
        } else if text::folded(phrase).is_empty() {
            self.wrong(path, "the phrase is empty", None);
        }
    }
}
