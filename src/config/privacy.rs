//! What nobody may read or hear later.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    call::redact::{Kind, Rules},
    privacy::Retention,
    view::Kept,
};

/// What is struck out of what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrivacyConfig {
    /// What is struck out of transcripts, events, event logs and recordings wherever it is said or keyed: `cards`, `passwords`, `cnp` (Romanian personal codes),
    /// `birth_numbers` (Czech and Slovak ones).
    pub redact: Vec<Kind>,
    /// Regular expressions of one's own, by the name that the record gives what they find. Capitals make no difference.
    pub patterns: BTreeMap<String, String>,
    /// Days after which things are deleted, by kind; 0: never.
    pub retention: RetentionConfig,
}

/// Days after which things are deleted, counted from the call; 0: never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionConfig {
    /// The sound.
    pub recordings: u64,
    /// What was said: turns, quotes, summaries, messages to webhooks that wait, event logs.
    pub transcripts: u64,
    /// Values that callers gave and services answered, summaries, and event logs.
    pub facts: u64,
    /// What agents wrote.
    pub notes: u64,
    /// What agents said that the bot should have done, with the words that it is about.
    pub corrections: u64,
    /// The whole call with all of these.
    pub calls: u64,
}

impl Default for PrivacyConfig {
    fn default() -> Self {
        let Rules { kinds, patterns } = Rules::default();
        Self { redact: kinds, patterns, retention: RetentionConfig::default() }
    }
}

impl PrivacyConfig {
    /// How long things are kept.
    #[must_use]
    pub fn retention(&self) -> Retention {
        let RetentionConfig { recordings, transcripts, facts, notes, corrections, calls } = self.retention;
        let days = [
            (Kept::Recordings, recordings),
            (Kept::Transcripts, transcripts),
            (Kept::Facts, facts),
            (Kept::Notes, notes),
            (Kept::Corrections, corrections),
            (Kept::Calls, calls),
        ];
        Retention(days.into_iter().filter(|(_, days)| *days > 0).collect())
    }

    /// What is struck out.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules { kinds: self.redact.clone(), patterns: self.patterns.clone() }
    }
}
