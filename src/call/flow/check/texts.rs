//! Templates: their form, and the names that they use.

use crate::{
    call::{
        caller::Caller,
        flow::{check::Checker, consult::ANSWER_FIELDS},
    },
    yaml::{self, Path},
};

impl Checker<'_> {
    /// Adds a template and checks its form and names. `own` are names that only this text may use.
    pub(super) fn template(&mut self, name: &str, text: &str, path: &Path, own: &[&str]) {
        match self.templates.add(name.to_owned(), text.to_owned()) {
            Ok(()) => {
                for used in self.templates.names(name) {
                    self.variable(&used, path, own);
                }
            }
            Err(message) => self.wrong(path, format!("the template is not right: {message}"), Some("holes are written `{{ name }}`")),
        }
    }

    /// A condition of a branch.
    pub(super) fn condition(&mut self, text: &str, path: &Path) {
        match self.templates.names_in_condition(text) {
            Ok(names) => {
                for used in names {
                    self.variable(&used, path, &[]);
                }
            }
            Err(message) => {
                self.wrong(
                    path,
                    format!("the condition is not right: {message}"),
                    Some("write it like `order.status == \"shipped\" and order.eta`"),
                );
            }
        }
    }

    /// A name that a text uses.
    fn variable(&mut self, used: &str, path: &Path, own: &[&str]) {
        let definition = self.definition;
        let (base, field) = used.split_once('.').map_or((used, None), |(base, field)| (base, Some(field)));
        if field.is_none() && (own.contains(&base) || definition.variables.contains_key(base) || definition.slots.contains_key(base)) {
            return;
        }
        let (message, hint) = match (base, field) {
            ("services", Some(service)) => {
                if definition.services.iter().any(|known| known == service) {
                    return;
                }
                let hint = yaml::did_you_mean(service, definition.services.iter().map(String::as_str));
                (format!("there is no service `{service}`"), hint.or_else(|| Some(format!("name it under `services: [{service}]`"))))
            }
            ("caller", Some("name")) => return,
            ("caller", Some(field)) if Caller::NETWORK.contains(&field) => return,
            ("caller", Some(field)) => {
                if definition.caller.contains_key(field) {
                    return;
                }
                let hint = yaml::did_you_mean(field, definition.caller.keys().map(String::as_str).chain(["name"]).chain(Caller::NETWORK));
                (format!("nothing tells `caller.{field}`"), hint.or_else(|| Some(format!("name it under `caller: {{ {field}: \"…\" }}`"))))
            }
            ("queue", Some("open")) if !definition.lookups.contains_key("queue") => return,
            ("queues", Some(field)) if !definition.lookups.contains_key("queues") => {
                let (queue, field) = field.split_once('.').unwrap_or((field, ""));
                if definition.queues.contains_key(queue) && field == "open" {
                    return;
                }
                if definition.queues.contains_key(queue) {
                    (format!("nothing tells `{used}`"), Some(format!("write `queues.{queue}.open`")))
                } else {
                    (format!("there is no queue `{queue}`"), yaml::did_you_mean(queue, definition.queues.keys().map(String::as_str)))
                }
            }
            (node, Some(field)) if definition.nodes.get(node).is_some_and(|node| node.consult.is_some()) => {
                if ANSWER_FIELDS.contains(&field) {
                    return;
                }
                let message = format!("the answer to `{node}` has no field `{field}`");
                (message, yaml::did_you_mean(field, ANSWER_FIELDS.iter().copied()))
            }
            (lookup, field) if definition.lookups.contains_key(lookup) => {
                let take = &definition.lookups[lookup].take;
                let Some(field) = field else { return };
                if take.contains_key(field) {
                    return;
                }
                let hint = yaml::did_you_mean(field, take.keys().map(String::as_str));
                (format!("the look-up `{lookup}` takes no field `{field}`"), hint)
            }
            (base, _) => {
                let cut = ["slots", "lookups", "variables"]
                    .iter()
                    .any(|section| self.read.was_cut(&Path::of(&[section, base])) || self.read.was_cut(&Path::of(&[section])));
                if cut {
                    return;
                }
                let known: Vec<&str> = own
                    .iter()
                    .copied()
                    .chain(definition.variables.keys().chain(definition.slots.keys()).chain(definition.lookups.keys()).map(String::as_str))
                    .collect();
                (format!("there is no variable, slot or look-up `{base}`"), yaml::did_you_mean(base, known))
            }
        };
        self.wrong(path, message, hint.as_deref());
    }

    pub(super) fn prompts(&mut self) {
        let definition = self.definition;
        for (key, text) in &definition.prompts {
            let name = serde_name(*key);
            let path = Path::of(&["prompts", &name]);
            self.text(&path, text);
            self.template(&super::super::prompt_name(*key), text, &path, key.variables());
        }
    }
}

/// The name of a prompt as the file has it.
fn serde_name(key: crate::call::flow::prompt::PromptKey) -> String {
    let mut name = String::new();
    for letter in format!("{key:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}
