//! What the gateway wrote down of the call, beside what happened on the wire.

use std::time::Duration;

use serde_json::Value;

use super::{
    caller::Exchange,
    report::{Escalation, Turn},
};

/// Recognition of a turn's edges is not exact: this much on either side.
const SLACK_MS: u64 = 600;

/// The gateway's entries, and when its timeline began on the telephones' one.
pub(crate) struct Written<'a> {
    pub(crate) entries: &'a [Value],
    pub(crate) arrived: Duration,
}

impl Written<'_> {
    fn of<'b>(&'b self, what: &'b str) -> impl Iterator<Item = &'b Value> {
        self.entries.iter().filter(move |entry| entry["what"] == what)
    }

    fn ms(&self, at: Duration) -> u64 {
        at.saturating_sub(self.arrived).as_millis() as u64
    }

    /// The turn that belongs to something that was said: what the gateway heard meanwhile, and said before `next`.
    pub(crate) fn turn(&self, exchange: &Exchange, next: Option<Duration>) -> Turn {
        let (from, to) = (self.ms(exchange.span.start).saturating_sub(SLACK_MS), self.ms(exchange.span.end) + SLACK_MS);
        let next = next.map_or(u64::MAX, |next| self.ms(next));
        let overlaps = |entry: &&Value| number(entry, "from") < to && number(entry, "to") > from;
        let answers = |entry: &&Value| (to.saturating_sub(2 * SLACK_MS)..next).contains(&number(entry, "from"));
        Turn {
            said: exchange.said.clone(),
            heard: join(self.of("caller_turn").filter(overlaps)),
            answer: join(self.of("bot_turn").filter(answers)),
            answer_heard: exchange.answer_heard.clone(),
            reply_latency_ms: exchange.reply.map(|reply| reply.as_millis() as u64),
        }
    }

    /// Each fact once, as it was known last.
    pub(crate) fn facts(&self) -> Vec<Value> {
        let mut facts: Vec<Value> = Vec::new();
        for entry in self.of("fact") {
            facts.retain(|known| known["name"] != entry["fact"]["name"]);
            facts.push(entry["fact"].clone());
        }
        facts
    }

    /// The decision for a human, with the evidence that it names.
    pub(crate) fn escalation(&self) -> Escalation {
        let Some(decision) = self.of("decision").map(|entry| &entry["decision"]).find(|decision| decision["escalate"] == true) else {
            return Escalation::default();
        };
        let counted =
            |number: &Value| self.of("evidence").map(|entry| &entry["evidence"]).find(|evidence| evidence["number"] == *number).cloned();
        let text = |key: &str| decision[key].as_str().unwrap_or_default().to_owned();
        Escalation {
            reasons: list(&decision["reasons"]),
            evidence: decision["evidence"].as_array().into_iter().flatten().filter_map(counted).collect(),
            why: text("why"),
            would_change: text("would_change"),
        }
    }

    /// A step of the handoff.
    pub(crate) fn step(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|entry| is_step(entry, name)).map(|entry| &entry["step"])
    }

    /// Why the call ended.
    pub(crate) fn outcome(&self) -> String {
        self.of("ended").next().and_then(|entry| entry["outcome"].as_str()).unwrap_or("the call has not ended").to_owned()
    }
}

/// True if an entry is this step of the handoff.
pub(crate) fn is_step(entry: &Value, name: &str) -> bool {
    entry["what"] == "handoff" && entry["step"]["step"] == name
}

/// The strings of a JSON list.
pub(crate) fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn number(entry: &Value, key: &str) -> u64 {
    entry[key].as_u64().unwrap_or(0)
}

fn join<'a>(entries: impl Iterator<Item = &'a Value>) -> String {
    entries.filter_map(|entry| entry["text"].as_str()).collect::<Vec<_>>().join(" ")
}
