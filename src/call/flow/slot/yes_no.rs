//! Yes and no.

use crate::call::{
    flow::{lexicon::Lexicon, text},
    language::lists::Words,
};

/// Is it yes or no? None if it is neither, or says more than that.
#[must_use]
pub fn read(words: &[String], lexicon: &Lexicon) -> Option<bool> {
    if text::is_made_of(words, &[&lexicon.no, &lexicon.thanks], &lexicon.fillers)
        && !text::is_made_of(words, &[&lexicon.thanks], &lexicon.fillers)
    {
        return Some(false);
    }
    let says_yes = lexicon.yes.iter().any(|phrase| text::find(words, phrase).is_some());
    if says_yes && text::is_made_of(words, &[&lexicon.yes, &lexicon.thanks], &lexicon.fillers) {
        return Some(true);
    }
    None
}

/// The same, but what follows the first word may be anything ("no, it's four nine").
#[must_use]
pub fn begins(words: &[String], lexicon: &Lexicon) -> Option<bool> {
    let first = words.iter().find(|word| !lexicon.fillers.contains(word))?.as_str();
    let says = |phrases: &Words| phrases.contains(first);
    read(words, lexicon).or_else(|| if says(&lexicon.no) { Some(false) } else { says(&lexicon.yes).then_some(true) })
}
