//! Who is told what happens to calls.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Secret, secret::PasswordKeys};

/// One address that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where events are posted.
    pub url: String,
    /// What messages are signed with: `whsec_` and 24 to 64 bytes in Base64, as Standard Webhooks has it.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// The environment variable that holds the secret.
    #[serde(default)]
    pub secret_env: Option<String>,
    /// The file that holds the secret.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// Kinds of events; empty: all.
    #[serde(default)]
    pub events: Vec<String>,
    /// Milliseconds for which an answer is waited for.
    #[serde(default = "five_seconds")]
    pub timeout_ms: u64,
    /// How often an event is sent before it is given up.
    #[serde(default = "ten")]
    pub attempts: u32,
    /// Milliseconds until the second attempt; each further one waits twice as long.
    #[serde(default = "five_seconds")]
    pub first_retry_ms: u64,
    /// The longest wait, milliseconds.
    #[serde(default = "one_hour")]
    pub longest_retry_ms: u64,
    /// Events that may wait; further ones push the oldest out to those that were given up.
    #[serde(default = "ten_thousand")]
    pub queue: u32,
}

impl WebhookConfig {
    pub(super) fn secret_keys(&mut self) -> PasswordKeys<'_> {
        let Self { secret, secret_env, secret_file, .. } = self;
        PasswordKeys::of_secret(secret, secret_env.as_ref(), secret_file.as_ref())
    }
}

fn five_seconds() -> u64 {
    5_000
}

fn one_hour() -> u64 {
    3_600_000
}

fn ten() -> u32 {
    10
}

fn ten_thousand() -> u32 {
    10_000
}
