//! What the demo call has shown, as a table for people and as JSON for scripts.

use std::{fmt::Write as _, path::PathBuf};

use serde::Serialize;
use serde_json::Value;

/// The report.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// True if everything in `checks` truly happened.
    pub(crate) ok: bool,
    /// What did not.
    pub(crate) failed: Vec<String>,
    /// Everything that was looked at.
    pub(crate) checks: Vec<Check>,
    /// The call's id.
    pub(crate) call: String,
    /// The address of the call's page.
    pub(crate) page: String,
    /// The greeting as the caller heard it.
    pub(crate) greeting: String,
    /// The caller's turns.
    pub(crate) turns: Vec<Turn>,
    /// What is known of the caller's matter.
    pub(crate) facts: Vec<Value>,
    /// Why a human was called.
    pub(crate) escalation: Escalation,
    /// How the call was handed over.
    pub(crate) handoff: Handoff,
    /// Both hear each other: what the caller heard of the agent, and the agent of the caller.
    pub(crate) bridge: Bridge,
    /// Measured on the wire, in milliseconds.
    pub(crate) measured: Measured,
    /// The stereo recording: the caller left, everything that the caller heard right.
    pub(crate) recording: Option<PathBuf>,
}

/// Something that had to happen.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// What.
    pub(crate) what: String,
    /// Did it?
    pub(crate) ok: bool,
    /// What was seen.
    pub(crate) seen: String,
}

/// One turn of the caller.
#[derive(Debug, Serialize)]
pub(crate) struct Turn {
    /// The words of the script.
    pub(crate) said: String,
    /// The gateway's transcript.
    pub(crate) heard: String,
    /// The gateway's answer.
    pub(crate) answer: String,
    /// The answer as it was recognised at the caller's telephone.
    pub(crate) answer_heard: String,
    /// From the caller's last sound on the wire to the answer's first.
    pub(crate) reply_latency_ms: Option<u64>,
}

/// Why a human was called.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Escalation {
    /// Strongest first.
    pub(crate) reasons: Vec<String>,
    /// The signals that counted, with quote, time and weight.
    pub(crate) evidence: Vec<Value>,
    /// The decision in one sentence.
    pub(crate) why: String,
    /// What would have changed it.
    pub(crate) would_change: String,
}

/// How the call was handed over.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Handoff {
    /// How it ended.
    pub(crate) outcome: String,
    /// The briefing as it arrived at the agent's telephone, recognised there.
    pub(crate) summary_spoken: String,
    /// The briefing as the gateway wrote it.
    pub(crate) summary_spoken_text: String,
    /// What the agent's page showed while the telephone rang.
    pub(crate) summary_shown: Value,
    /// From the decision to the bridge, as the gateway counts it.
    pub(crate) time_to_agent_ms: Option<u64>,
    /// The longest silence on the caller's line from the caller's wish to the agent's first word, measured there.
    pub(crate) longest_silence_ms: Option<u64>,
}

/// What both sides heard of each other.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Bridge {
    /// What the caller heard of the agent.
    pub(crate) caller_heard: String,
    /// What the agent heard of the caller.
    pub(crate) agent_heard: String,
}

/// Measured on the wire, in milliseconds.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Measured {
    /// From the start of the process until it was ready for calls.
    pub(crate) gateway_ready_ms: u64,
    /// From INVITE to 200.
    pub(crate) answered_ms: u64,
    /// From 200 to the greeting's first sound.
    pub(crate) greeting_ms: Option<u64>,
    /// Reply latencies, in order.
    pub(crate) reply_ms: Vec<u64>,
    /// From the caller's wish for a person to the ringing of the agent's telephone.
    pub(crate) wish_to_ring_ms: Option<u64>,
}

impl Report {
    /// Notes something that had to happen.
    pub(crate) fn check(&mut self, what: &str, ok: bool, seen: impl Into<String>) {
        self.checks.push(Check { what: what.to_owned(), ok, seen: seen.into() });
    }

    /// Draws the conclusion.
    pub(crate) fn conclude(&mut self) {
        self.failed = self.checks.iter().filter(|check| !check.ok).map(|check| format!("{}: {}", check.what, check.seen)).collect();
        self.ok = self.failed.is_empty() && !self.checks.is_empty();
    }

    /// The report for people.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out).expect("writing to a string cannot fail");
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "\nTranscript")?;
        writeln!(out, "  bot     {}", self.greeting)?;
        for turn in &self.turns {
            writeln!(out, "  caller  {}", turn.said)?;
            if turn.heard != turn.said {
                writeln!(out, "  heard   {}", turn.heard)?;
            }
            writeln!(out, "  bot     {}{}", turn.answer, turn.reply_latency_ms.map(|ms| format!("   [{ms} ms]")).unwrap_or_default())?;
        }
        writeln!(out, "\nFacts")?;
        for fact in &self.facts {
            let confirmed = if fact["confirmed"] == true { "confirmed" } else { "not confirmed" };
            writeln!(
                out,
                "  {:<16} {}   ({confirmed})",
                fact["label"].as_str().unwrap_or_default(),
                fact["value"].as_str().unwrap_or_default()
            )?;
        }
        writeln!(out, "\nWhy a human: {}", self.escalation.reasons.join(", "))?;
        writeln!(out, "  {}", self.escalation.why)?;
        for evidence in &self.escalation.evidence {
            let kind = evidence["signal"]["kind"].as_str().unwrap_or_default();
            writeln!(
                out,
                "  {kind:<16} “{}”   weight {:.2}",
                evidence["quote"].as_str().unwrap_or_default(),
                evidence["weight"].as_f64().unwrap_or(0.0)
            )?;
        }
        writeln!(out, "  {}", self.escalation.would_change)?;
        writeln!(out, "\nHandoff: {}", self.handoff.outcome)?;
        writeln!(out, "  spoken to the agent   {}", self.handoff.summary_spoken_text)?;
        writeln!(out, "  heard by the agent    {}", self.handoff.summary_spoken)?;
        writeln!(out, "  shown to the agent    {}", self.handoff.summary_shown["reason"].as_str().unwrap_or_default())?;
        writeln!(out, "                        {}", self.handoff.summary_shown["why_now"].as_str().unwrap_or_default())?;
        writeln!(out, "  caller heard          {}", self.bridge.caller_heard)?;
        writeln!(out, "  agent heard           {}", self.bridge.agent_heard)?;
        self.write_measured(out)?;
        writeln!(out, "\nRecording   {}", self.recording.as_ref().map_or("none".to_owned(), |path| path.display().to_string()))?;
        writeln!(out, "Page        {}", self.page)?;
        if self.ok {
            writeln!(out, "\nOk: all {} things that had to happen did happen.", self.checks.len())
        } else {
            writeln!(out, "\nNOT ok:")?;
            self.failed.iter().try_for_each(|failed| writeln!(out, "  {failed}"))
        }
    }

    fn write_measured(&self, out: &mut String) -> std::fmt::Result {
        let or_none = |ms: Option<u64>| ms.map_or("–".to_owned(), |ms| format!("{ms} ms"));
        writeln!(out, "\nMeasured on the wire")?;
        writeln!(out, "  gateway ready                {} ms", self.measured.gateway_ready_ms)?;
        writeln!(out, "  INVITE to answer             {} ms", self.measured.answered_ms)?;
        writeln!(out, "  answer to greeting           {}", or_none(self.measured.greeting_ms))?;
        writeln!(
            out,
            "  last word to reply           {}",
            self.measured.reply_ms.iter().map(|ms| format!("{ms} ms")).collect::<Vec<_>>().join(", ")
        )?;
        writeln!(out, "  wish to ringing              {}", or_none(self.measured.wish_to_ring_ms))?;
        writeln!(out, "  wish to agent                {}", or_none(self.handoff.time_to_agent_ms))?;
        writeln!(out, "  longest silence meanwhile    {}", or_none(self.handoff.longest_silence_ms))
    }
}
