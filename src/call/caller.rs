//! Who calls, as the network tells it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::ids::AgentId;

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
    /// The code with which whoever gets the call finds it on a page; empty: one that is made of the call's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub claim_code: String,
    /// There is somebody who may know more of this number, and who is asked when the call begins.
    #[serde(default)]
    pub looked_up: bool,
    /// What they knew.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known: BTreeMap<String, String>,
    /// Milliseconds for which they have waited for a human already when this call arrives: a callback is owed to them. Once they have spoken with one: 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub waited_ms: u64,
}

/// Nobody comes so much earlier, whatever is said of them.
const MOST_AHEAD_S: u64 = 3_600;

fn is_zero(ms: &u64) -> bool {
    *ms == 0
}

impl Caller {
    /// What flows know of every call beside the name.
    pub const NETWORK: [&str; 5] = ["number", "asserted", "signed", "diverted_from", "trunk"];

    /// The values of [`Self::NETWORK`]; what nobody has said is empty.
    pub fn of_network(&self) -> impl Iterator<Item = (&str, &str)> {
        let asserted = Some(if self.asserted { "true" } else { "false" });
        let values = [Some(self.number.as_str()), asserted, self.signed.as_deref(), self.diverted_from.as_deref(), self.trunk.as_deref()];
        let names: [&str; 5] = Self::NETWORK;
        names.into_iter().zip(values.map(Option::unwrap_or_default))
    }

    /// A number that can be called back: at least three digits, after an optional plus.
    #[must_use]
    pub fn dialable(&self) -> Option<&str> {
        let digits = self.number.strip_prefix('+').unwrap_or(&self.number);
        (digits.len() >= 3 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(self.number.as_str())
    }

    /// What the company calls them, if it knows them.
    #[must_use]
    pub fn known_name(&self) -> Option<&str> {
        self.known.get("name").map(String::as_str).filter(|name| !name.trim().is_empty())
    }

    /// They are one of those who come sooner.
    #[must_use]
    pub fn is_vip(&self) -> bool {
        self.known.get("vip").is_some_and(|vip| ["true", "yes", "1"].contains(&vip.to_lowercase().as_str()))
    }

    /// They are served as if they had asked so many seconds earlier.
    #[must_use]
    pub fn ahead_s(&self) -> u64 {
        self.known.get("priority_s").and_then(|seconds| seconds.parse::<u64>().ok()).unwrap_or(0).min(MOST_AHEAD_S)
    }

    /// Who looks after them, and is asked first.
    #[must_use]
    pub fn own_agent(&self) -> Option<AgentId> {
        self.known.get("agent").filter(|agent| !agent.is_empty()).map(|agent| AgentId(agent.clone()))
    }
}
