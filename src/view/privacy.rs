//! What is shown of erasing, of holds and of what is deleted by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{call::ids::CallId, view::Stamp};

/// What was erased at somebody's wish. It says nothing of whom it was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// Its id.
    pub id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Stamp,
    /// The account that did it; none: the command line, or a gateway without accounts.
    pub by: Option<String>,
    /// How many of each kind: `calls`, `recordings`, `event_logs`, and the tables of the record.
    pub erased: BTreeMap<String, u64>,
    /// Calls that a legal hold has kept.
    pub kept: u64,
    /// SHA-256 over a line for each erased call, recording and event log with the SHA-256 of what it was. Who has a copy can show with it that this was erased.
    pub digest: String,
}

/// A call under a legal hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hold {
    /// The call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub placed: Stamp,
    /// Who placed it.
    pub by: Option<String>,
    /// Why, in the words of whoever placed it.
    pub why: String,
}

/// Kinds of what is kept, each with a time of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// The sound.
    Recordings,
    /// What was said, in every form: turns, quotes, summaries, messages to webhooks, event logs.
    Transcripts,
    /// Values that callers gave and services answered, and the event logs that have them.
    Facts,
    /// What agents wrote.
    Notes,
    /// What agents said that the bot should have done.
    Corrections,
    /// The whole call.
    Calls,
}

impl Kept {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Recordings, Self::Transcripts, Self::Facts, Self::Notes, Self::Corrections, Self::Calls];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recordings => "recordings",
            Self::Transcripts => "transcripts",
            Self::Facts => "facts",
            Self::Notes => "notes",
            Self::Corrections => "corrections",
            Self::Calls => "calls",
        }
    }
}
