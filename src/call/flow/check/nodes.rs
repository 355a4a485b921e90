//! Nodes and look-ups, each on its own.

use std::collections::BTreeSet;

use crate::{
    call::{
        action::FieldRule,
        flow::{
            check::Checker,
            consult::ConsultDef,
            definition::{LookupDef, NodeDef},
        },
    },
    yaml::{self, Path},
};

/// Longest time that a look-up may take: the caller waits.
const LONGEST_LOOKUP_MS: u64 = 3_000;

/// Bounds of a node's patience.
const SHORTEST_PATIENCE: f32 = 0.5;
const LONGEST_PATIENCE: f32 = 4.0;

const MOST_RETRIES: u32 = 3;
/// Milliseconds that a letter takes to say.
const LETTER_MS: u64 = 65;

/// What a node can do, and the other keys that go with it.
const ACTIONS: [(&str, &[&str]); 9] = [
    ("say", &["next", "summary", "notice", "interruptible", "keys_interrupt", "in_doubt"]),
    ("ask", &["next", "interruptible", "keys_interrupt", "in_doubt", "patience"]),
    ("hours", &[]),
    ("lookup", &["found", "nothing", "failed"]),
    ("branch", &[]),
    ("goto", &[]),
    ("human", &["why"]),
    ("consult", &["next"]),
    ("end", &[]),
];

impl NodeDef {
    /// The actions that are given.
    pub(super) fn actions(&self) -> Vec<&'static str> {
        let given = [
            self.say.is_some(),
            self.ask.is_some(),
            self.hours.is_some(),
            self.lookup.is_some(),
            self.branch.is_some(),
            self.goto.is_some(),
            self.human.is_some(),
            self.consult.is_some(),
            self.end.is_some(),
        ];
        ACTIONS.iter().zip(given).filter(|(_, given)| *given).map(|((action, _), _)| *action).collect()
    }

    fn others(&self) -> Vec<&'static str> {
        let given = [
            ("next", self.next.is_some()),
            ("found", self.found.is_some()),
            ("nothing", self.nothing.is_some()),
            ("failed", self.failed.is_some()),
            ("why", self.why.is_some()),
            ("summary", self.summary.is_some()),
            ("notice", self.notice.is_some()),
            ("interruptible", self.interruptible.is_some()),
            ("keys_interrupt", self.keys_interrupt.is_some()),
            ("in_doubt", self.in_doubt.is_some()),
            ("patience", self.patience.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }

    /// Every node that this one names, with the key that names it; with a dot where that stands in another one.
    pub(super) fn targets(&self) -> Vec<(&'static str, Option<usize>, &str)> {
        let mut targets = Vec::new();
        for (key, target) in
            [("next", &self.next), ("found", &self.found), ("nothing", &self.nothing), ("failed", &self.failed), ("goto", &self.goto)]
        {
            targets.extend(target.as_deref().map(|target| (key, None, target)));
        }
        targets.extend(self.consult.iter().flat_map(ConsultDef::ways).map(|(key, target)| (key, None, target)));
        for (index, way) in self.branch.iter().flatten().enumerate() {
            targets.push(("branch", Some(index), way.go.as_str()));
        }
        targets
    }
}

impl Checker<'_> {
    pub(super) fn nodes(&mut self) {
        let definition = self.definition;
        let nodes: BTreeSet<&str> = definition.nodes.keys().map(String::as_str).collect();
        for (name, node) in &definition.nodes {
            let path = Path::of(&["nodes", name]);
            self.shape(&path, node);
            for (key, index, target) in node.targets() {
                let at = key.split('.').fold(path.clone(), |at, key| at.key(key));
                let at = index.map_or(at.clone(), |index| at.item(index).key("go"));
                self.known(&at, "node", target, "nodes", &nodes);
            }
            self.node_texts(name, &path, node);
            self.node_names(&path, node);
            if let Some(consult) = &node.consult {
                self.consult(name, &path.key("consult"), consult);
            }
        }
    }

    fn shape(&mut self, path: &Path, node: &NodeDef) {
        let actions = node.actions();
        let all: Vec<&str> = ACTIONS.iter().map(|(action, _)| *action).collect();
        let [action] = actions.as_slice() else {
            // An action that could not be read is complained of where it is.
            if !actions.is_empty() || !all.iter().any(|action| self.read.was_cut(&path.clone().key(action))) {
                let message = if actions.is_empty() {
                    "the node does nothing".to_owned()
                } else {
                    format!("the node does {} things at once: {}", actions.len(), actions.join(", "))
                };
                self.wrong_key(path, message, Some(&format!("give it exactly one of: {}", all.join(", "))));
            }
            return;
        };
        let allowed = ACTIONS.iter().find(|(name, _)| name == action).map(|(_, allowed)| *allowed).unwrap_or_default();
        for other in node.others() {
            if !allowed.contains(&other) {
                self.wrong_key(&path.clone().key(other), format!("`{other}` does not go with `{action}`"), None);
            }
        }
        let needed: &[&str] = match *action {
            "ask" => &["next"],
            "lookup" => &["found", "nothing", "failed"],
            _ => &[],
        };
        let given = node.others();
        for needed in needed.iter().filter(|needed| !given.contains(*needed)) {
            if !self.read.was_cut(&path.clone().key(needed)) {
                self.wrong_key(path, format!("`{needed}` is missing"), Some(&format!("add `{needed}:` with the node to go on with")));
            }
        }
        if node.patience.is_some_and(|patience| !(SHORTEST_PATIENCE..=LONGEST_PATIENCE).contains(&patience)) {
            self.wrong(&path.clone().key("patience"), format!("must be from {SHORTEST_PATIENCE} to {LONGEST_PATIENCE}"), None);
        }
        if node.hours == Some(false) {
            self.wrong(&path.clone().key("hours"), "must be `true`", None);
        }
        if node.hours.is_some() && self.definition.hours.is_none() && !self.read.was_cut(&Path::of(&["hours"])) {
            self.wrong_key(&path.clone().key("hours"), "the flow has no opening hours", Some("add `hours:` with `weekly:`"));
        }
    }

    fn node_texts(&mut self, name: &str, path: &Path, node: &NodeDef) {
        if let Some(say) = &node.say {
            let at = path.clone().key("say");
            if say.0.is_empty() {
                self.text(&at, "");
            }
            for (index, clause) in say.0.iter().enumerate() {
                self.text(&at, clause);
                self.template(&format!("nodes.{name}.say.{index}"), clause, &at, &[]);
            }
        }
        if let Some(summary) = &node.summary {
            self.template(&format!("nodes.{name}.summary"), summary, &path.clone().key("summary"), &[]);
        }
        if let Some(notice) = &node.notice {
            self.notice(&path.clone().key("notice"), notice);
        }
        let ways = node.branch.iter().flatten();
        let last = ways.clone().count();
        for (index, way) in ways.enumerate() {
            let at = path.clone().key("branch").item(index);
            match &way.when {
                Some(when) => self.condition(when, &at.clone().key("when")),
                None if index + 1 < last => {
                    self.wrong(&at, "the ways after this one are never taken", Some("only the last way has no `when`"));
                }
                None => {}
            }
            if index + 1 == last && way.when.is_some() {
                self.wrong(&at, "nothing says where to go when no condition is true", Some("add a last way without `when`"));
            }
        }
        if node.branch.as_ref().is_some_and(Vec::is_empty) {
            self.wrong_key(&path.clone().key("branch"), "there are no ways", None);
        }
    }

    fn node_names(&mut self, path: &Path, node: &NodeDef) {
        let definition = self.definition;
        let slots: BTreeSet<&str> = definition.slots.keys().map(String::as_str).collect();
        let lookups: BTreeSet<&str> = definition.lookups.keys().map(String::as_str).collect();
        if let Some(slot) = &node.ask {
            self.known(&path.clone().key("ask"), "slot", slot, "slots", &slots);
        }
        if let Some(lookup) = &node.lookup {
            self.known(&path.clone().key("lookup"), "look-up", lookup, "lookups", &lookups);
        }
        self.queue(&path.clone().key("human"), node.human.as_ref().filter(|queue| *queue != "intent"));
    }

    pub(super) fn lookups(&mut self) {
        let definition = self.definition;
        for (name, lookup) in &definition.lookups {
            let path = Path::of(&["lookups", name]);
            self.address(name, &path, lookup);
            for (field, text) in &lookup.body {
                self.template(&format!("lookups.{name}.body.{field}"), text, &path.clone().key("body").key(field), &[]);
            }
            if let Some(filler) = &lookup.filler {
                self.text(&path.clone().key("filler"), filler);
                self.template(&format!("lookups.{name}.filler"), filler, &path.clone().key("filler"), &[]);
            }
            if lookup.take.is_empty() {
                self.wrong_key(&path.clone().key("take"), "no field of the answer is taken", Some("name them: `status: status`"));
            }
            if lookup.timeout_ms == 0 || lookup.timeout_ms > LONGEST_LOOKUP_MS {
                self.wrong(
                    &path.clone().key("timeout_ms"),
                    format!("must be from 1 to {LONGEST_LOOKUP_MS}"),
                    Some("the caller waits while it lasts"),
                );
            }
            self.answer(&path, lookup);
            if definition.slots.contains_key(name) || definition.variables.contains_key(name) {
                self.wrong_key(&path, format!("`{name}` is also a slot or a variable"), Some("give it another name"));
            }
        }
    }

    /// What the answer must be, and what the caller must know of it.
    fn answer(&mut self, path: &Path, lookup: &LookupDef) {
        let fields: BTreeSet<&str> = lookup.take.keys().map(String::as_str).collect();
        for (field, kind) in &lookup.answer {
            let at = path.clone().key("answer").key(field);
            if !fields.contains(field.as_str()) {
                self.wrong_key(&at, format!("`take` has no field `{field}`"), yaml::did_you_mean(field, fields.iter().copied()).as_deref());
            }
            if FieldRule::parse(kind).is_none() {
                self.wrong(
                    &at,
                    format!("there is no kind `{kind}`"),
                    Some("text, number, whole, flag or date, with a `?` behind what may be missing"),
                );
            }
        }
        let slots: BTreeSet<&str> = self.definition.slots.keys().map(String::as_str).collect();
        for (slot, field) in &lookup.second_factor {
            let at = path.clone().key("second_factor").key(slot);
            self.known(&at, "slot", slot, "slots", &slots);
            if !fields.contains(field.as_str()) {
                self.wrong(&at, format!("`take` has no field `{field}`"), yaml::did_you_mean(field, fields.iter().copied()).as_deref());
            }
        }
        if lookup.retries > MOST_RETRIES {
            self.wrong(&path.clone().key("retries"), format!("must be from 0 to {MOST_RETRIES}"), Some("the caller waits while it lasts"));
        }
        if lookup.filler_after_ms > LONGEST_LOOKUP_MS {
            self.wrong(&path.clone().key("filler_after_ms"), format!("must be at most {LONGEST_LOOKUP_MS}"), None);
        }
        if let Some(filler) = &lookup.filler
            && filler.chars().count() as u64 * LETTER_MS > LONGEST_LOOKUP_MS
        {
            let message = format!("takes longer than {} seconds to say", LONGEST_LOOKUP_MS / 1_000);
            self.wrong(&path.clone().key("filler"), message, Some("a few words: the answer may be there before they are over"));
        }
    }

    fn address(&mut self, name: &str, path: &Path, lookup: &LookupDef) {
        let (key, address) = match (&lookup.get, &lookup.post) {
            (Some(address), None) => ("get", address),
            (None, Some(address)) => ("post", address),
            _ => {
                if !["get", "post"].iter().any(|key| self.read.was_cut(&path.clone().key(key))) {
                    self.wrong_key(path, "give it exactly one of `get` and `post`", None);
                }
                return;
            }
        };
        let at = path.clone().key(key);
        // The host is written in the flow or the configuration: nothing that a caller says may become a part of it.
        let fixed = ["http://", "https://"]
            .iter()
            .any(|scheme| address.strip_prefix(scheme).is_some_and(|rest| !rest.split('/').next().unwrap_or_default().contains("{{")));
        if !fixed && !address.trim_start().starts_with("{{ services.") {
            self.wrong(&at, "not an http address", Some("begin with `http://host/` or with `{{ services.name }}/`"));
        }
        if key == "get" && !lookup.body.is_empty() {
            self.wrong_key(&path.clone().key("body"), "`body` does not go with `get`", None);
        }
        self.template(&format!("lookups.{name}.url"), address, &at, &[]);
    }
}
