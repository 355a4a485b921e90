//! Sentences that the brain itself says, outside the flow's nodes. Every one has a default for each language and can be replaced in the flow (`prompts:`).

use serde::{Deserialize, Serialize};

/// Names of the prompts, and the variables that each may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptKey {
    /// Asked when nothing was heard.
    AreYouThere,
    /// Said before the bot ends a silent call.
    SilentGoodbye,
    /// Asked when a turn could not be used.
    NotUnderstood,
    /// Asked when the recogniser failed.
    HearingTrouble,
    /// Said when something on our side failed and a human is called.
    ServiceTrouble,
    /// Announces the handoff: `{{ department }}`.
    CallingColleague,
    /// Who is being rung: `{{ name }}`.
    RingingAgent,
    /// While it rings or the agent is briefed: `{{ name }}`.
    StillCalling,
    /// Queue: `{{ position }}`, `{{ estimate }}` (minutes, may be empty).
    InQueue,
    /// The agent could not take it, the next is asked.
    NextAgent,
    /// To the caller right before the bridge: `{{ name }}`.
    Connecting,
    /// Nobody can be had; asks whether a callback to `{{ number }}` is wanted.
    OfferCallback,
    /// The callback is promised: `{{ number }}`.
    CallbackPromised,
    /// The callback was not wanted, or no number is known: goodbye.
    NobodyGoodbye,
    /// Nobody can be had, the bot goes on.
    BackToBot,
    /// The agent's leg was lost after the bridge.
    AgentLost,
    /// To the agent, first words: `{{ name }}`.
    BriefingHello,
    /// To the agent, after the summary: press one or say accept, two to decline.
    BriefingChoice,
    /// To the agent: the caller has hung up.
    BriefingCallerLeft,
    /// Goodbye at the end of a contained call.
    Goodbye,
    /// The gateway shuts down.
    Drained,
}
