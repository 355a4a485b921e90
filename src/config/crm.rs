//! Who knows more of the number that calls.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Secret, secret::PasswordKeys};

/// A system with the company's customers, asked when a call begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrmConfig {
    /// Its address, with `{{ number }}` in it.
    pub url: String,
    /// Headers that are sent along.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The key that is sent as a bearer token.
    #[serde(default)]
    pub key: Option<Secret>,
    /// The environment variable that holds it.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The file that holds it.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Milliseconds for which an answer is waited for. No caller waits.
    #[serde(default = "two_seconds")]
    pub timeout_ms: u64,
    /// Failures in a row after which it is not asked for a while.
    #[serde(default = "five")]
    pub failures: u32,
    /// That while, in seconds.
    #[serde(default = "thirty")]
    pub pause_s: u64,
    /// What is taken of the answer: the name of each value, and where it stands.
    pub fields: BTreeMap<String, String>,
}

impl CrmConfig {
    pub(super) fn key_keys(&mut self) -> PasswordKeys<'_> {
        let Self { key, key_env, key_file, .. } = self;
        PasswordKeys::of_key(key, key_env.as_ref(), key_file.as_ref())
    }
}

fn two_seconds() -> u64 {
    2_000
}

fn five() -> u32 {
    5
}

fn thirty() -> u64 {
    30
}
