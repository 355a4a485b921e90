//! What is written down of what an agent does about a call that is offered to them.

use serde::{Deserialize, Serialize};

/// What an agent does about an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferChoice {
    /// They take the call.
    Accept,
    /// They pass it on.
    Decline,
    /// They want to hear the briefing again.
    Repeat,
    /// They want to hear more.
    More,
}

/// How they have said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// By a key of their telephone.
    Key,
    /// In words, on their telephone.
    Word,
    /// On their page.
    Page,
}
