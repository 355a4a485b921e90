//! What templates can see, and what is known.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::call::{
    caller::Caller,
    flow::{dialogue::Dialogue, template::Values},
    record::{CONCEALED, Fact, FactSource},
    time::Time,
};

impl Dialogue {
    /// Fills a template whose text goes to a service: with private values.
    pub(super) fn fill_for_service(&self, template: &str) -> Result<String, String> {
        self.flow.templates.fill(template, &self.all_values())
    }

    /// Fills a template of the flow.
    pub(super) fn fill(&self, template: &str) -> Result<String, String> {
        self.flow.templates.fill(template, &self.values())
    }

    /// What may be said: private values are dots.
    pub(super) fn values(&self) -> Values {
        let mut all = self.all_values();
        let private = self.known.keys().filter(|slot| self.is_private_slot(slot));
        all.extend(private.map(|slot| (slot.clone(), Value::from(CONCEALED))));
        all
    }

    /// Constants, queues, services, the caller, slots, and what look-ups found.
    fn all_values(&self) -> Values {
        let mut all = Values::new();
        let open = |queue: &str| Value::from(Values::from([("open".to_owned(), Value::from(self.is_open(queue)))]));
        all.insert("queue".to_owned(), open(&self.flow.queue_for(self.intent()).queue));
        all.insert("queues".to_owned(), Value::from(self.flow.queues.keys().map(|queue| (queue.clone(), open(queue))).collect::<Values>()));
        all.extend(self.flow.variables.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))));
        // An address that the configuration gives is not escaped.
        let addresses = self.flow.services.iter().map(|name| {
            let address = self.flow.addresses.get(name).cloned().unwrap_or_else(|| format!("http://{name}.invalid"));
            (name.clone(), Value::from_safe_string(address))
        });
        all.insert("services".to_owned(), Value::from(addresses.collect::<Values>()));
        all.insert("caller".to_owned(), Value::from(self.caller_values()));
        all.extend(self.known.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
        for (lookup, fields) in &self.found {
            all.insert(
                lookup.clone(),
                Value::from(fields.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect::<Values>()),
            );
        }
        all
    }

    /// Somebody of a queue is there now.
    fn is_open(&self, queue: &str) -> bool {
        self.flow.closed(queue, self.wall_now()).is_none()
    }

    /// What is known of the caller, or what the flow says for callers of whom nothing is known.
    fn caller_values(&self) -> Values {
        let Self { caller, flow, .. } = self;
        let unknown = flow.caller.iter().map(|(name, unknown)| (name.as_str(), unknown.as_str()));
        let network = [("name", caller.name.as_deref().unwrap_or_default())].into_iter().filter(|(_, name)| !name.is_empty());
        let known = caller.known.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        // What comes later goes before what was there.
        let all = [("name", "")].into_iter().chain(unknown).chain(network).chain(known).chain(caller.of_network());
        all.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }

    /// It is known now who calls.
    pub(in crate::call) fn caller_is_known(&mut self, caller: &Caller) {
        self.caller.clone_from(caller);
    }

    /// Is the condition true now?
    pub(super) fn holds(&self, condition: &str) -> bool {
        self.flow.templates.holds(condition, &self.all_values()).unwrap_or_default()
    }

    /// Notes a fact; a better one takes the place of an older one of the same name.
    pub(super) fn learn(&mut self, fact: Fact) -> Fact {
        self.facts.retain(|old| old.name != fact.name);
        self.facts.push(fact.clone());
        fact
    }

    /// Notes a value that the caller gave.
    pub(super) fn learn_slot(
        &mut self,
        slot: &str,
        value: &str,
        (confidence, confirmed): (f32, bool),
        source: FactSource,
        span: Option<(Time, Time)>,
    ) -> Fact {
        self.known.insert(slot.to_owned(), value.to_owned());
        let label = self.flow.slots.get(slot).map(|slot| slot.label.clone()).unwrap_or_default();
        let value = if self.is_private_slot(slot) { CONCEALED } else { value };
        self.learn(Fact { name: slot.to_owned(), label, value: value.to_owned(), confidence, confirmed, source, span })
    }

    /// Notes what a service answered. It confirms the values that it was asked with.
    pub(super) fn learn_found(&mut self, lookup: &str, fields: &BTreeMap<String, String>) -> Vec<Fact> {
        let mut learnt = Vec::new();
        let uses = self.flow.lookups.get(lookup).map(|plan| plan.uses.clone()).unwrap_or_default();
        for slot in uses {
            if let Some(fact) = self.facts.iter().find(|fact| fact.name == slot && !fact.confirmed).cloned() {
                learnt.push(self.learn(Fact { confirmed: true, ..fact }));
            }
        }
        for (name, value) in fields {
            let label = format!("{} {}", lookup.replace('_', " "), name.replace('_', " "));
            let fact = Fact {
                name: format!("{lookup}.{name}"),
                label,
                value: value.clone(),
                confidence: 1.0,
                confirmed: true,
                source: FactSource::LookedUp,
                span: None,
            };
            learnt.push(self.learn(fact));
        }
        self.found.insert(lookup.to_owned(), fields.clone());
        learnt
    }
}
