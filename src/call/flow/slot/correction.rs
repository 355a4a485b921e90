//! Corrections in the middle of a turn: "Monday, no, Tuesday", "twelve, I mean twenty euros".

use crate::call::flow::{lexicon::Lexicon, text};

/// What is said after the last correction, as it was written; none if there is no correction, or nothing before or after it.
#[must_use]
pub(super) fn after<'s>(said: &'s str, lexicon: &Lexicon) -> Option<&'s str> {
    let words: Vec<(usize, &str)> = said.split_whitespace().map(|word| (word.as_ptr() as usize - said.as_ptr() as usize, word)).collect();
    let is_correction = |word: &str| lexicon.corrections.contains(&text::folded(word));
    let at = words.iter().rposition(|(_, word)| is_correction(word)).filter(|at| *at > 0)?;
    words.get(at + 1).map(|(from, _)| &said[*from..])
}
