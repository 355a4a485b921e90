//! What callers say before something that nobody may read later: the part `privacy` of a language file.

use serde::Deserialize;

use crate::call::language::lists::Words;

/// The words of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrivacyWords {
    /// What follows is a password, up to the end of what is said.
    pub passwords: Words,
    /// Directly behind those, they say that it is none ("my password is not accepted").
    pub no_passwords: Words,
    /// Figures near these are of a payment card.
    pub cards: Words,
    /// Coarse words, which pages show by their first letter; with `*` behind it: all words that begin so.
    pub coarse: Vec<String>,
}
