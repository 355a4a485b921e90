//! Telephones that register with us.

use serde::{Deserialize, Serialize};

/// How agents' telephones register: those whose `target` is `registered`, with the agent's id as their user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrarConfig {
    /// The realm that telephones are asked for a password in, and the domain of their addresses.
    pub realm: String,
    /// Seconds that a registration lasts at least; a telephone that asks for less is told so.
    pub min_expires_s: u32,
    /// Seconds that a registration lasts at most.
    pub max_expires_s: u32,
    /// Telephones at once for one agent; all of them ring.
    pub contacts: usize,
    /// Digests that telephones are offered, the preferred one first. Some older ones give up when they see one that they do not know: offer
    /// those `[md5]`.
    pub algorithms: Vec<DigestName>,
}

/// A digest (RFC 8760).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestName {
    /// SHA-256.
    Sha256,
    /// MD5, the only one of RFC 3261.
    Md5,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        Self {
            realm: "warmline".to_owned(),
            min_expires_s: 60,
            max_expires_s: 3_600,
            contacts: 4,
            algorithms: vec![DigestName::Sha256, DigestName::Md5],
        }
    }
}
