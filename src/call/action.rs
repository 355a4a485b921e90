//! Everything that a call can ask of the world.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{
    ids::{AgentId, LegId, RequestId},
    media::{patch::Patch, playout::Loudness},
    outcome::Outcome,
    record::Entry,
    time::Time,
};

/// What the brain wants done. Requests carry an id that the answer repeats.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Take the caller's call (200 OK).
    Answer { leg: LegId },
    /// Refuse the caller's call with a SIP status.
    Reject { leg: LegId, status: u16 },
    /// Ring an agent, whose phone is told in one line why. `LegRinging`, `LegAnswered` or `LegFailed` follow; after `ring_ms` without an answer the driver cancels and reports `NoAnswer`.
    /// `replaces` names the call at that phone whose place this one takes.
    Dial { leg: LegId, agent: AgentId, target: String, ring_ms: u64, reason: String, replaces: Option<String> },
    /// Ring the caller at this number: a callback. `LegRinging`, `LegAnswered` or `LegFailed` follow; after `ring_ms` without an answer the driver cancels
    /// and reports `NoAnswer`.
    CallBack { leg: LegId, target: String, ring_ms: u64 },
    /// Ask the far end of a leg to call somebody by itself; with `replaces` in the place of that leg of ours. `TransferProgress` and then, once,
    /// `TransferEnded` follow. Both legs stay until somebody ends them.
    Transfer { id: RequestId, leg: LegId, target: String, replaces: Option<LegId>, reason: String },
    /// Answer to `TransferAsked`. A leg that was granted it is told by `TransferDone` how it went.
    AnswerTransfer { leg: LegId, granted: bool },
    /// Tell the agent who asked for a transfer whether the caller has somebody else now.
    TransferDone { leg: LegId, connected: bool },
    /// End a leg in whatever state it is (CANCEL, BYE). No report follows.
    HangUp { leg: LegId },

    /// Who hears whom, from the next frame on.
    Patch(Patch),
    /// Say these clauses to one leg, in order, after whatever it still has to hear. `SpeechStarted` and `SpeechEnded` follow, or `Failed`.
    Speak { id: RequestId, leg: LegId, clauses: Vec<String> },
    /// Make these clauses ready in the cache; they will probably be said next. No report follows.
    Prepare { clauses: Vec<String> },
    /// Stop a `Speak` at once (fade ≤ 10 ms). `SpeechEnded` follows.
    StopSpeaking { id: RequestId },
    /// Lower, hold or restore what is said to a leg, now and until the next such action: somebody perhaps interrupts. No report follows.
    Loudness { leg: LegId, loudness: Loudness },
    /// From now on speak to the caller at this share of the voice's own pace.
    Pace { percent: u32 },
    /// From now on hear, understand and speak this language; no other is listened for any more.
    HoldIn { language: String },

    /// What was said on this leg between two times? `Heard` follows, or `Failed`. With `digits`, so many are expected.
    Transcribe {
        id: RequestId,
        leg: LegId,
        from: Time,
        to: Time,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digits: Option<Digits>,
    },
    /// Write down what was said on this leg between two times to whoever is on the other one: nobody waits for it, and everything else goes first.
    /// `WrittenDown` follows, or `Failed`.
    WriteDown { id: RequestId, leg: LegId, from: Time, to: Time },
    /// Which value of the flow is this question of an agent after? `AsksFor` follows, or `Failed`. Nobody waits for it.
    AskedFor { id: RequestId, question: String },
    /// Forget a `Transcribe` or `Understand` whose answer is no longer wanted. No report follows.
    Forget { id: RequestId },
    /// What do these words mean? `Understood` follows, or `Failed`.
    Understand { id: RequestId, text: String },
    /// Ask a service. `LookedUp` follows, or `Failed`.
    LookUp { id: RequestId, request: LookUp },
    /// Ask what the company knows of this number. `LookedUp` follows, or `Failed`; nothing waits for it.
    LookUpCaller { id: RequestId, number: String },

    /// Reserve an agent: this one, whatever queues they serve, or one of the queue. `AgentReserved`, `Queued` or `NobodyToAsk` follow.
    /// `ahead_ms`: the call is served as if it had asked so much earlier. `caller`: the number, if it is known: whoever spoke with them last is preferred.
    /// `prefer`: goes before that, if they are free. `reads`: nobody whose page is closed.
    FindAgent {
        id: RequestId,
        queue: String,
        not: Vec<AgentId>,
        who: Option<AgentId>,
        #[serde(default)]
        ahead_ms: u64,
        #[serde(default)]
        caller: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        prefer: Option<AgentId>,
        #[serde(default)]
        reads: bool,
    },
    /// Leave the queue; the request has no further answers. An agent who was reserved for it, and whose report is still on its way, is free again.
    LeaveQueue { id: RequestId },
    /// This call no longer needs this agent. Said once for every `AgentReserved` that the call was told.
    ReleaseAgent { agent: AgentId, after: AgentAfter },

    /// From now on until it is taken back the caller gives something that nobody else may know: the recording has silence, and what is heard is not
    /// written down.
    Private { on: bool },
    /// What was said between these times is struck out: the recording has silence there, and no words of it are kept.
    Strike { from: Time, to: Time },
    /// The caller does not agree to be recorded: the recording ends, and what there is of it is removed. The call goes on.
    Unrecord,
    /// Write this down (record, live pages).
    Record(Entry),
    /// The call is over: every leg is gone or is being hung up. Nothing follows.
    End { outcome: Outcome },
}

/// How many digits are expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digits {
    /// Fewest.
    pub least: usize,
    /// Most.
    pub most: usize,
}

/// What an agent is after this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentAfter {
    /// Free for the next call.
    Free,
    /// Did not answer, was busy or unreachable: not to be asked for a while.
    Resting,
    /// Spoke with the caller: wrap-up.
    WrapUp,
}

/// A request to a service, with every template already filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUp {
    /// The look-up's name in the flow.
    pub name: String,
    /// GET or POST.
    pub method: Method,
    /// Absolute http(s) address.
    pub url: String,
    /// Form fields (POST).
    pub body: BTreeMap<String, String>,
    /// Which fields of the JSON answer are wanted: name → path of keys ("order.status").
    pub take: BTreeMap<String, String>,
    /// Milliseconds until it counts as failed.
    pub timeout_ms: u64,
    /// It carries a private value, and is not to be written down.
    #[serde(default)]
    pub private: bool,
    /// What the flow says about the answer and the caller.
    #[serde(default)]
    pub rules: LookUpRules,
}

/// What a flow says about a look-up besides the request itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUpRules {
    /// How often a GET that did not get through is tried again, within the time-out.
    pub retries: u32,
    /// What fields of the answer must be.
    pub answer: BTreeMap<String, FieldRule>,
    /// Who calls; none: the number is withheld.
    pub caller: Option<String>,
    /// How often the same caller may ask, over all calls; all whose numbers are withheld together.
    pub per_caller: Option<CallerCap>,
}

impl Default for LookUpRules {
    fn default() -> Self {
        Self { retries: 1, answer: BTreeMap::new(), caller: None, per_caller: None }
    }
}

/// How often one caller may ask, over all calls; all whose numbers are withheld count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerCap {
    /// Look-ups.
    pub most: u32,
    /// In so many minutes.
    pub minutes: u64,
}

/// What a field of an answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRule {
    /// Its kind.
    pub kind: FieldKind,
    /// It may be null or missing.
    pub optional: bool,
}

/// Kinds of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A whole number.
    Whole,
    /// True or false.
    Flag,
    /// A text that begins with a date ("2026-11-27").
    Date,
}

impl FieldRule {
    /// How rules are written: `text`, `number`, `whole`, `flag` or `date`, with a `?` behind what may be missing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, optional) = text.strip_suffix('?').map_or((text, false), |kind| (kind, true));
        let kind = match kind {
            "text" => FieldKind::Text,
            "number" => FieldKind::Number,
            "whole" => FieldKind::Whole,
            "flag" => FieldKind::Flag,
            "date" => FieldKind::Date,
            _ => return None,
        };
        Some(Self { kind, optional })
    }
}

/// The method of a look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Sends a form as JSON.
    Post,
}
