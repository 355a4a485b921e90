//! Which flow takes which call.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A flow for a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteConfig {
    /// The number or SIP user that is called; `*` stands for anything.
    pub called: String,
    /// The flow file.
    pub flow: PathBuf,
}

/// Does a pattern with `*` fit?
#[must_use]
pub fn matches(pattern: &str, called: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == called };
    let Some(mut left) = called.strip_prefix(head) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}
