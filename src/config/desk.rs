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
}

impl Default for DeskConfig {
    fn default() -> Self {
        Self { queue_places: 50, wrap_up_ms: 10_000, resting_ms: 30_000 }
    }
}
