//! Who can be called to help.

use serde::{Deserialize, Serialize};

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// The name that callers hear ("Maria").
    pub name: String,
    /// Where to ring: a SIP address, or `browser` for the agent's own page.
    pub target: String,
    /// Queues that they serve.
    pub queues: Vec<String>,
    /// Languages that they speak ("en"); empty: every one.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Available from the start on, without the page.
    #[serde(default = "yes")]
    pub signed_in: bool,
}

fn yes() -> bool {
    true
}
