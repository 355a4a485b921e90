//! What is written down of a question that the bot asks a human, to answer the caller itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{ids::AgentId, outcome::InquiryOutcome, record::Summary};

/// How a human is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskBy {
    /// On their page, where they write the answer or choose one.
    #[default]
    Screen,
    /// Their telephone rings, the bot says the question, and they say the answer.
    Ear,
}

/// An answer that is at hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// What conditions of the flow call it ("yes").
    pub name: String,
    /// The answer, as the caller hears it.
    pub text: String,
}

/// What happens with the question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum InquiryStep {
    /// A human is to be asked. `within_ms`: so long the caller waits for the answer.
    Asked { node: String, queue: String, question: String, suggestions: Vec<Suggestion>, by: AskBy, within_ms: u64, summary: Box<Summary> },
    /// What the agent has said was said back to them.
    SaidBack { agent: AgentId },
    /// What the agent has said was not understood.
    NotUnderstood { agent: AgentId },
    /// The agent has answered. `choice`: the suggestion that it is, or comes to.
    Answered { agent: AgentId, name: String, text: String, choice: Option<String>, by: AskBy },
    /// Nothing more is asked: how long the caller has waited, the longest silence that they heard, and how many humans were asked.
    Ended { outcome: InquiryOutcome, waited_ms: u64, longest_silence_ms: u64, offers: u32 },
}
