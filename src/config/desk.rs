//! Queues and the work of agents.

use serde::{Deserialize, Serialize};

/// How agents are asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskConfig {
    /// Calls that may wait in one queue; further ones hear that nobody can be had.
    pub queue_places: usize,
    /// Milliseconds of wrap-up after a conversation.
    pub wrap_up_ms: u64,
    /// Milliseconds without offers after one that an agent did not take.
    pub resting_ms: u64,
    /// What agents may give as the reason when they are away; empty: none is asked.
    pub away_reasons: Vec<String>,
    /// What agents may say that came of a conversation; empty: nothing is asked.
    pub dispositions: Vec<String>,
    /// Seconds within which callers who want a human are to have one: what the wall counts.
    pub service_level_s: u32,
}

impl Default for DeskConfig {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            queue_places: 50,
            wrap_up_ms: 10_000,
            resting_ms: 30_000,
            away_reasons: words(&["break", "lunch", "meeting", "training"]),
            dispositions: words(&["solved", "follow_up", "callback", "wrong_department", "no_result"]),
            service_level_s: 20,
        }
    }
}
