//! People who sign in.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Secret, secret::PasswordKeys};
use crate::accounts::Role;

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
    /// An OpenID Connect provider where people sign in, too.
    pub openid: Option<OpenIdConfig>,
}

/// A provider, and what its claims mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenIdConfig {
    /// Its address, as it names itself.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// Our secret there; none: it asks for none.
    #[serde(default)]
    pub key: Option<Secret>,
    /// The environment variable that holds it.
    #[serde(default)]
    pub key_env: Option<String>,
    /// The file that holds it.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// What people call it.
    #[serde(default = "label")]
    pub label: String,
    /// The claim with the name of the account.
    #[serde(default = "name_claim")]
    pub name_claim: String,
    /// The claim whose words say the role.
    #[serde(default = "role_claim")]
    pub role_claim: String,
    /// The role of each word.
    pub roles: BTreeMap<String, Role>,
    /// The claim with the agent that somebody works as.
    #[serde(default)]
    pub agent_claim: Option<String>,
}

impl OpenIdConfig {
    pub(super) fn key_keys(&mut self) -> PasswordKeys<'_> {
        let Self { key, key_env, key_file, .. } = self;
        PasswordKeys::of_key(key, key_env.as_ref(), key_file.as_ref())
    }
}

fn label() -> String {
    "OpenID Connect".to_owned()
}

fn name_claim() -> String {
    "preferred_username".to_owned()
}

fn role_claim() -> String {
    "groups".to_owned()
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self { idle_min: 60, longest_h: 12, tries: 5, back_off_s: 30, longest_back_off_s: 900, audit_days: 365, openid: None }
    }
}
