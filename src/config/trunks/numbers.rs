//! How a trunk writes numbers.

use serde::{Deserialize, Serialize};

use crate::trunk::{BadRule, Rule};

/// Rules for numbers; the first that fits is used, and a number that none fits stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumbersConfig {
    /// For the caller's, the called and the forwarding number of calls that come in.
    pub inbound: Vec<RuleConfig>,
    /// For the numbers that are called through the trunk.
    pub outbound: Vec<RuleConfig>,
}

/// One rule: `match` or `regex`, and `replace`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleConfig {
    /// A whole number, in which `*` stands for anything.
    #[serde(default, rename = "match")]
    pub pattern: Option<String>,
    /// A regular expression for a whole number.
    #[serde(default)]
    pub regex: Option<String>,
    /// What it becomes: `*` stands for what the `*` of `match` stood for, `$1` for the first group of `regex`.
    pub replace: String,
}

impl RuleConfig {
    /// The rule, and the key that a mistake is about; none if it has neither `match` nor `regex`, or both.
    pub(in crate::config) fn rule(&self) -> Option<Result<Rule, (&'static str, BadRule)>> {
        let at = |key: &'static str| {
            move |bad: BadRule| (if matches!(bad, BadRule::TooManyStars | BadRule::NoGroup(_)) { "replace" } else { key }, bad)
        };
        match (&self.pattern, &self.regex) {
            (Some(pattern), None) => Some(Rule::pattern(pattern, &self.replace).map_err(at("match"))),
            (None, Some(regex)) => Some(Rule::regex(regex, &self.replace).map_err(at("regex"))),
            (None, None) | (Some(_), Some(_)) => None,
        }
    }
}
