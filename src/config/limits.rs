//! Bounds on what others can make us do.

use serde::{Deserialize, Serialize};

/// Bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Calls at once; the next one gets 503 with Retry-After.
    pub calls: usize,
    /// New SIP requests per second from one address; more are dropped.
    pub requests_per_second: u32,
    /// Calls at once from the pages of one address; the next one gets 429.
    pub web_calls_per_address: usize,
    /// Milliseconds that running calls get to finish when the gateway is stopped.
    pub drain_ms: u64,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { calls: 50, requests_per_second: 400, web_calls_per_address: 20, drain_ms: 30_000 }
    }
}
