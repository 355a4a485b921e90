//! Who calls, as the network tells it.

use serde::{Deserialize, Serialize};

/// The calling party and the number that was dialled. Claims of the network: good enough to greet, never enough to prove who somebody is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The caller's number or SIP user, as it came; empty if withheld.
    pub number: String,
    /// The display name, if the network sent one.
    pub name: Option<String>,
    /// The number or SIP user that was called.
    pub called: String,
    /// The number is the word of a network that the configuration trusts, not only of the caller.
    #[serde(default)]
    pub asserted: bool,
    /// The number that the call was forwarded from, if a trusted network says so.
    #[serde(default)]
    pub diverted_from: Option<String>,
    /// What a trusted network has signed of the caller: `A`, `B`, `C`, or `failed`; none: nothing, or nobody asks.
    #[serde(default)]
    pub signed: Option<String>,
    /// The trunk that it came in on; none: a call without one.
    #[serde(default)]
    pub trunk: Option<String>,
}

impl Caller {
    /// A number that can be called back: at least three digits, after an optional plus.
    #[must_use]
    pub fn dialable(&self) -> Option<&str> {
        let digits = self.number.strip_prefix('+').unwrap_or(&self.number);
        (digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(self.number.as_str())
    }
}
