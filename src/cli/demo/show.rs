//! Prints the call while it goes on.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::clock;

/// A column of times, who, and what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Show {
    origin: Instant,
    quiet: bool,
}

impl Show {
    /// Times count from `origin`.
    pub(crate) const fn new(origin: Instant, quiet: bool) -> Self {
        Self { origin, quiet }
    }

    /// One line, at the present time.
    pub(crate) fn line(&self, who: &str, what: &str) {
        self.line_at(clock::now().duration_since(self.origin), who, what);
    }

    /// One line, at a time on the telephones' timeline.
    pub(crate) fn line_at(&self, at: Duration, who: &str, what: &str) {
        if !self.quiet {
            println!("{:>7.2} s  {who:<9} {what}", at.as_secs_f64());
        }
    }

    /// One entry of the gateway's record, if it is worth a line. `arrived` is when the call's own timeline began.
    pub(crate) fn entry(&self, entry: &Value, arrived: Duration) {
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
