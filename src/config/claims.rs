//! Claim codes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::claims::Settings;

/// Codes with which somebody who gets a call finds it on the page `/claim`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimsConfig {
    /// Figures of a code, 6 to 12.
    pub figures: usize,
    /// So many minutes a code is good after the end of its call.
    pub minutes: u64,
    /// Whoever has a code sees its call, without an account; then codes have at least ten figures.
    pub without_account: bool,
}

impl Default for ClaimsConfig {
    fn default() -> Self {
        Self { figures: 6, minutes: 15, without_account: false }
    }
}

impl ClaimsConfig {
    /// As the gateway uses them.
    #[must_use]
    pub const fn settings(&self) -> Settings {
        Settings { figures: self.figures, after_call: Duration::from_secs(self.minutes * 60), open: self.without_account }
    }
}
