//! Our account with a trunk.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Peer;
use crate::config::{Secret, secret::PasswordKeys};

/// How we register, so that calls find us (RFC 3261 §10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationConfig {
    /// The registrar: an address or host name, with a port and a transport if it needs one.
    pub registrar: Peer,
    /// Our user there.
    pub user: String,
    /// The password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The environment variable that holds the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// The file that holds the password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Seconds that a registration is to last; it is renewed before.
    #[serde(default = "expires_s")]
    pub expires_s: u32,
    /// Where registrations are sent instead of to the registrar; empty: to the registrar.
    #[serde(default)]
    pub outbound_proxy: Option<Peer>,
}

const fn expires_s() -> u32 {
    600
}

/// What we answer to 401 and 407 of the trunk's peers, and of nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Our user there.
    pub user: String,
    /// The password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The environment variable that holds the password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// The file that holds the password.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The realm that may ask; empty: whatever realm the trunk's peers name.
    #[serde(default)]
    pub realm: Option<String>,
}

impl RegistrationConfig {
    pub(in crate::config) fn password_keys(&mut self) -> PasswordKeys<'_> {
        let Self { password, password_env, password_file, .. } = self;
        PasswordKeys::of_password(password, password_env.as_ref(), password_file.as_ref())
    }
}

impl AuthConfig {
    pub(in crate::config) fn password_keys(&mut self) -> PasswordKeys<'_> {
        let Self { password, password_env, password_file, .. } = self;
        PasswordKeys::of_password(password, password_env.as_ref(), password_file.as_ref())
    }
}
