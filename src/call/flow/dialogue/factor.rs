//! The second factor: what a service found is kept back until the caller has given a value that the service has too.

use std::collections::BTreeMap;

use crate::call::flow::{
    dialogue::Dialogue,
    step::{Interrupt, Step},
    text,
};

/// Wrong answers after which it counts as not found.
const TRIES: u32 = 2;

/// How a second factor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Factor {
    /// Everything fits.
    Given,
    /// The caller is being asked.
    Asked,
    /// Too often wrong: nothing was found.
    Wrong,
}

impl Dialogue {
    /// Does this look-up need a second factor?
    pub(super) fn needs_factor(&self, lookup: &str) -> bool {
        self.flow.lookups.get(lookup).is_some_and(|plan| !plan.second_factor.is_empty())
    }

    /// Asks for what is missing, and compares what is there. `node` is where the flow comes back to with the answer.
    pub(super) fn factor(&mut self, node: &str, lookup: &str, steps: &mut Vec<Step>) -> Factor {
        let flow = std::sync::Arc::clone(&self.flow);
        let Some(plan) = flow.lookups.get(lookup) else { return Factor::Wrong };
        for (slot, field) in &plan.second_factor {
            if !self.known.contains_key(slot) && self.ask_node(slot, node, (Interrupt::all(true), 1.0), steps).is_none() {
                return Factor::Asked;
            }
            let wanted = self.held.get(lookup).and_then(|fields: &BTreeMap<String, String>| fields.get(field));
            let given = self.known.get(slot);
            if wanted.zip(given).is_some_and(|(wanted, given)| is_same(wanted, given)) {
                continue;
            }
            self.known.remove(slot);
            self.facts.retain(|fact| fact.name != *slot);
            let wrong = self.wrong_factors.entry(lookup.to_owned()).or_default();
            *wrong += 1;
            // What the service does not have cannot be given right: that must not show.
            if *wrong >= TRIES {
                self.held.remove(lookup);
                return Factor::Wrong;
            }
            self.turn.fresh = false;
            if self.ask_node(slot, node, (Interrupt::all(true), 1.0), steps).is_none() {
                return Factor::Asked;
            }
        }
        Factor::Given
    }
}

/// The same, however it is written: "SW1A 2AA" and "sw1a2aa".
fn is_same(wanted: &str, given: &str) -> bool {
    let bare = |value: &str| text::words(value).concat();
    !bare(wanted).is_empty() && bare(wanted) == bare(given)
}
