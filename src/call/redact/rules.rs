//! What is struck out: kinds that are known, and an operator's own patterns.

use std::collections::BTreeMap;

use regex::Regex;
use serde::{Deserialize, Serialize};

/// Kinds that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers of payment cards, and what is said near them.
    Cards,
    /// What is said behind "my password is".
    Passwords,
    /// Romanian personal codes (CNP).
    Cnp,
    /// Czech and Slovak birth numbers (rodné číslo).
    BirthNumbers,
}

impl Kind {
    /// Its word on records and pages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cards => "cards",
            Self::Passwords => "passwords",
            Self::Cnp => "cnp",
            Self::BirthNumbers => "birth_numbers",
        }
    }
}

/// What is struck out of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// Kinds that are known.
    pub kinds: Vec<Kind>,
    /// Regular expressions of one's own, by the name that the record gives what they find. Capitals make no difference.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub patterns: BTreeMap<String, String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { kinds: vec![Kind::Cards, Kind::Passwords], patterns: BTreeMap::new() }
    }
}

impl Rules {
    /// Nothing is struck out.
    #[must_use]
    pub const fn none() -> Self {
        Self { kinds: Vec::new(), patterns: BTreeMap::new() }
    }

    /// Is this kind struck out?
    #[must_use]
    pub fn strikes(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// The words of the kinds, and the names of the patterns.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.kinds.iter().map(|kind| kind.word().to_owned()).chain(self.patterns.keys().cloned()).collect()
    }

    /// Is nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.patterns.is_empty()
    }

    /// A pattern as it is matched.
    ///
    /// # Errors
    /// It is no regular expression, or matches where nothing is.
    pub fn pattern(text: &str) -> Result<Regex, String> {
        let pattern = Regex::new(&format!("(?i){text}")).map_err(|error| format!("no regular expression: {error}").replace('\n', " "))?;
        if pattern.is_match("") { Err("it matches an empty text".to_owned()) } else { Ok(pattern) }
    }

    /// Those that are sound; the configuration has checked them.
    pub(super) fn patterns(&self) -> Vec<(String, Regex)> {
        self.patterns.iter().filter_map(|(name, text)| Some((name.clone(), Self::pattern(text).ok()?))).collect()
    }
}
