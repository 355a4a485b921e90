//! Who can be called to help.

use std::{collections::BTreeMap, path::PathBuf};

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
    /// How callers get to them: through us, or handed on by the telephone system that they came from.
    #[serde(default)]
    pub transfer: Transfer,
    /// Numbers that their telephone may hand callers on to; empty: none.
    #[serde(default)]
    pub may_call: Option<MayCallConfig>,
    /// The password of a telephone that registers; its user is the agent's id.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The environment variable that holds the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// The file that holds the password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The page of another system that their desk opens with a card: an address with holes like `{{ caller }}`.
    #[serde(default)]
    pub screen_pop: Option<String>,
    /// Queues that they serve.
    pub queues: Vec<String>,
    /// How good they are at a queue, from 1 to 5; not listed: 5.
    #[serde(default)]
    pub levels: BTreeMap<String, u8>,
    /// Languages that they speak ("en"); empty: every one.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Calls that they take at once: more than one where `target` is a queue of another telephone system.
    #[serde(default = "one")]
    pub capacity: usize,
    /// Available from the start on, without the page.
    #[serde(default = "yes")]
    pub signed_in: bool,
}

/// How callers get to an agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transfer {
    /// Both talk through us.
    #[default]
    Bridge,
    /// The agent is rung, briefed and accepts; then the caller's side is asked to call them (REFER with Replaces), and the call through us ends.
    Attended,
    /// The caller's side is asked to call them at once (REFER); nobody is briefed.
    Blind,
    /// A queue of a telephone system, or a number outside: we call it, with what the trunk's `headers` say of the call, and both talk as soon as it answers.
    Invite,
}

/// Where an agent's telephone may send callers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MayCallConfig {
    /// Numbers, in which `*` stands for anything.
    pub numbers: Vec<String>,
    /// The trunk that leads there.
    pub via: String,
}

impl AgentConfig {
    /// Does their telephone register with us?
    #[must_use]
    pub fn registers(&self) -> bool {
        self.target == REGISTERED
    }

    pub(super) fn password_keys(&mut self) -> PasswordKeys<'_> {
        let Self { password, password_env, password_file, .. } = self;
        PasswordKeys::of_password(password, password_env.as_ref(), password_file.as_ref())
    }
}

const fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}
