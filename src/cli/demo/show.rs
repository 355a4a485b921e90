//! Prints the call while it goes on.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::clock;

/// A column of times, who, and what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Show {
    origin: Instant,
}

impl Show {
    /// Times count from `origin`.
    pub(crate) const fn new(origin: Instant) -> Self {
        Self { origin }
    }

    /// One line, at the present time.
    pub(crate) fn line(&self, who: &str, what: &str) {
        self.line_at(clock::now().duration_since(self.origin), who, what);
    }

    /// One line, at a time on the telephones' timeline.
    pub(crate) fn line_at(&self, at: Duration, who: &str, what: &str) {
        println!("{:>7.2} s  {who:<9} {what}", at.as_secs_f64());
    }

    /// A listener for the gateway's record: every entry that is worth a line, each fact once.
    pub(crate) fn listener(self, arrived: Duration) -> impl FnMut(&Value) + Send + 'static {
        let mut known = HashSet::new();
        move |entry| {
            let repeated = entry["what"] == "fact" && !known.insert(format!("{} {}", entry["fact"]["name"], entry["fact"]["value"]));
            if !repeated {
                self.entry(entry, arrived);
            }
        }
    }

    /// One entry of the gateway's record, if it is worth a line. `arrived` is when the call's own timeline began.
    fn entry(&self, entry: &Value, arrived: Duration) {
        let at = arrived + Duration::from_millis(entry["at"].as_u64().unwrap_or(0));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (who, what) = match entry["what"].as_str().unwrap_or_default() {
            "caller_turn" => {
                let intent = entry["understood"]["intent"].as_str().map(|intent| format!(" → {intent}")).unwrap_or_default();
                ("gateway", format!("understood: “{}”{intent}", text(&entry["text"])))
            }
            "bot_turn" => {
                let cut = if entry["interrupted"] == true { " (interrupted)" } else { "" };
                ("bot", format!("{}{cut}", text(&entry["text"])))
            }
            "notice" => ("gateway", format!("on record: the caller heard the notice {}", text(&entry["notice"]))),
            "fact" => {
                let fact = &entry["fact"];
                ("gateway", format!("knows: {} = {}", text(&fact["label"]), text(&fact["value"])))
            }
            "look_up" => (
                "gateway",
                format!(
                    "look-up {}: {} after {} ms",
                    text(&entry["name"]),
                    if entry["ok"] == true { "done" } else { "failed" },
                    entry["took_ms"]
                ),
            ),
            "decision" if entry["decision"]["escalate"] == true => ("gateway", format!("a human: {}", text(&entry["decision"]["why"]))),
            "handoff" => ("gateway", format!("handoff: {}", step(&entry["step"]))),
            "trouble" => ("gateway", format!("trouble: {}; {}", text(&entry["what_failed"]), text(&entry["then"]))),
            "ended" => ("gateway", format!("the call has ended: {}", text(&entry["outcome"]))),
            _ => return,
        };
        self.line_at(at, who, &what);
    }
}

fn step(step: &Value) -> String {
    let name = step["step"].as_str().unwrap_or_default().replace('_', " ");
    let detail = ["name", "text", "agent", "outcome", "queue", "position"].iter().find_map(|key| match &step[key] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    detail.map_or(name.clone(), |detail| format!("{name} ({detail})"))
}
