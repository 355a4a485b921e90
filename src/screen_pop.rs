//! Where the page of another system opens when a card appears: an address with holes, which only a call's own values fill, and always escaped.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::{
    call::flow::template::{Templates, Values},
    view::Card,
};

/// Names that an address may use; `facts.` and the name of a fact besides.
const NAMES: [&str; 8] = ["agent", "call_id", "called", "caller", "intent", "language", "name", "queue"];
/// What stands before a fact's name.
const FACTS: &str = "facts";

/// Where an address is taken from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PopFor {
    /// This agent's cards.
    Agent(String),
    /// Cards of calls of this queue.
    Queue(String),
}

/// All addresses. The agent's own one goes before the queue's.
#[derive(Debug, Clone, Default)]
pub struct ScreenPops {
    templates: Templates,
    names: BTreeMap<PopFor, String>,
}

impl ScreenPops {
    /// Adds an address.
    ///
    /// # Errors
    /// What is wrong with it, for a person to read.
    pub fn add(&mut self, whose: PopFor, address: &str) -> Result<(), String> {
        let rest = ["http://", "https://"].iter().find_map(|scheme| address.strip_prefix(scheme));
        if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with(['/', '{'])) {
            return Err("not an address that begins with http:// or https:// and a host".to_owned());
        }
        // Values are escaped in templates that are addresses.
        let name = format!("{}.url", self.names.len());
        self.templates.add(name.clone(), address.to_owned())?;
        let known = |used: &String| NAMES.contains(&used.as_str()) || used.split('.').next() == Some(FACTS);
        if let Some(unknown) = self.templates.names(&name).iter().find(|used| !known(used)) {
            return Err(format!("`{unknown}` is not known here; {} and `{FACTS}.…` are", NAMES.join(", ")));
        }
        self.names.insert(whose, name);
        Ok(())
    }

    /// The address for an agent's card. None if there is none, or a fact that it needs is not known.
    #[must_use]
    pub fn of(&self, agent: &str, card: &Card) -> Option<String> {
        let of_queue = || card.queue.as_ref().and_then(|queue| self.names.get(&PopFor::Queue(queue.clone())));
        let name = self.names.get(&PopFor::Agent(agent.to_owned())).or_else(of_queue)?;
        let call = &card.call;
        let said = [
            ("agent", agent),
            ("call_id", &call.id.0),
            ("called", &call.called),
            ("caller", &call.caller),
            ("intent", call.intent.as_deref().unwrap_or_default()),
            ("language", &call.language),
            ("name", call.caller_name.as_deref().unwrap_or_default()),
            ("queue", card.queue.as_deref().unwrap_or_default()),
        ];
        let mut values: Values = said.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        let facts: Values = card.summary.facts.iter().map(|fact| (fact.name.clone(), Value::from(fact.value.as_str()))).collect();
        values.insert(FACTS.to_owned(), Value::from(facts));
        self.templates.fill(name, &values).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        call::{caller::Caller, ids::CallId, record::Summary},
        view::{CallHead, CardStep, Stamp},
    };

    fn card(number: &str) -> Card {
        let caller = Caller { number: number.to_owned(), name: Some("A&B <b>".to_owned()), ..Caller::default() };
        let call = CallHead::new(CallId("one".to_owned()), Stamp(0), &caller, "support".to_owned(), "en".to_owned());
        Card {
            call: Arc::new(call),
            queue: Some("orders".to_owned()),
            summary: Arc::new(Summary::default()),
            reasons: Vec::new(),
            evidence: Vec::new(),
            step: CardStep::Ringing,
            outcome: None,
            consulted_by: None,
            inquiry: None,
            screen_pop: None,
        }
    }

    #[test]
    fn values_cannot_leave_their_place_in_an_address() {
        let mut pops = ScreenPops::default();
        pops.add(PopFor::Queue("orders".to_owned()), "https://crm.example/find?tel={{ caller }}&name={{ name }}#{{ call_id }}").unwrap();
        let filled = pops.of("maria", &card("+40721&x=1/../@evil")).unwrap();
        assert_eq!(filled, "https://crm.example/find?tel=%2B40721%26x%3D1%2F..%2F%40evil&name=A%26B%20%3Cb%3E#one");
        pops.add(PopFor::Agent("maria".to_owned()), "http://own.example/{{ queue }}").unwrap();
        assert_eq!(pops.of("maria", &card("1")).unwrap(), "http://own.example/orders");
        assert!(pops.of("ion", &card("1")).unwrap().starts_with("https://crm.example/"));
    }

    #[test]
    fn without_a_fact_that_it_needs_nothing_opens() {
        let mut pops = ScreenPops::default();
        pops.add(PopFor::Agent("maria".to_owned()), "https://crm.example/{{ facts.order_number }}").unwrap();
        assert_eq!((pops.of("maria", &card("1")), pops.of("ion", &card("1"))), (None, None));
    }

    #[test]
    fn addresses_that_are_none_are_refused() {
        for wrong in [
            "javascript:alert(1)",
            "ftp://a",
            "https://",
            "https:///x",
            "https://{{ caller }}/",
            "https://a/{{ nobody }}",
            "https://a/{{ caller",
        ] {
            assert!(ScreenPops::default().add(PopFor::Queue("orders".to_owned()), wrong).is_err(), "{wrong}");
        }
    }
}
