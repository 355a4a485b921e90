//! People who sign in.

use serde::{Deserialize, Serialize};

/// How accounts are kept, where `http.accounts` is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsConfig {
    /// Minutes after which a session that nobody uses ends.
    pub idle_min: u64,
    /// Hours after which every session ends.
    pub longest_h: u64,
    /// Wrong passwords that cost nothing.
    pub tries: u32,
    /// Seconds to wait after that; each further one doubles it.
    pub back_off_s: u64,
    /// The longest wait, seconds.
    pub longest_back_off_s: u64,
    /// Days that the audit log goes back; at least 30.
    pub audit_days: u64,
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self { idle_min: 60, longest_h: 12, tries: 5, back_off_s: 30, longest_back_off_s: 900, audit_days: 365 }
    }
}
