//! Who can be called to help.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Secret, secret::PasswordKeys};

/// What `target` is for a telephone that registers with us.
pub const REGISTERED: &str = "registered";

/// What `target` is for the agent's own page.
pub const BROWSER: &str = "browser";

/// One agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentConfig {
    /// The name that callers hear ("Maria").
    pub name: String,
    /// Where to ring: a SIP address; a number, if it is rung through a trunk; `registered`: wherever their telephone has registered; or
    /// `browser`: the agent's own page.
    pub target: String,
    /// The trunk to ring through; empty: straight.
    #[serde(default)]
    pub via: Option<String>,
    /// The password of a telephone that registers; its user is the agent's id.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The environment variable that holds the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// The file that holds the password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Queues that they serve.
    pub queues: Vec<String>,
    /// Languages that they speak ("en"); empty: every one.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Available from the start on, without the page.
    #[serde(default = "yes")]
    pub signed_in: bool,
}

impl AgentConfig {
    /// Does their telephone register with us?
    #[must_use]
    pub fn registers(&self) -> bool {
        self.target == REGISTERED
    }

    pub(super) fn password_keys(&mut self) -> PasswordKeys<'_> {
        let Self { password, password_env, password_file, .. } = self;
        PasswordKeys { password, env: password_env.as_ref(), file: password_file.as_ref() }
    }
}

fn yes() -> bool {
    true
}
