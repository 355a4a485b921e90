//! One of several named choices.

use std::collections::BTreeMap;

use crate::call::flow::text;

/// The one choice that is named in the turn; none if none or more than one is.
#[must_use]
pub fn read(words: &[String], choices: &BTreeMap<String, Vec<String>>) -> Option<(String, f32)> {
    let mut named = choices.iter().filter(|(name, phrases)| {
        std::iter::once(*name).chain(phrases.iter()).any(|phrase| text::find(words, &text::folded(phrase)).is_some())
    });
    let (name, _) = named.next()?;
    named.next().is_none().then(|| (name.clone(), 0.9))
}
