//! Dates and ordinals.

use super::{
    Spoken, Word, is_digits,
    numbers::{ordinal as in_order, year},
    shapes,
};

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// "2026-11-22", "22.11.2026", "11/22/2026", "March 12, 2026", "12 March".
pub(super) fn date(words: &[Word<'_>], before: Option<Word<'_>>) -> Option<Spoken> {
    numeric(words[0].core).and_then(Spoken::one).or_else(|| month_first(words)).or_else(|| day_first(words, before))
}

/// With slashes the month comes first in American English, unless it cannot be one.
fn numeric(core: &str) -> Option<String> {
    let (day, month, year) = shapes::date(core, true)?;
    Some(format!("{} {}, {}", MONTHS[month - 1], in_order(day), self::year(year)))
}

/// The full name of a month, from its name or a three-letter form with or without a full stop.
fn month(core: &str) -> Option<&'static str> {
    let wanted = core.strip_suffix('.').unwrap_or(core);
    MONTHS
        .iter()
        .copied()
        .find(|name| *name == wanted || (wanted.len() == 3 && name.starts_with(wanted)) || wanted == "Sept" && *name == "September")
}

/// A day of a month: "12", "12th".
fn day(core: &str) -> Option<u64> {
    let digits = core.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let suffix = &core[digits.len()..];
    if !(suffix.is_empty() || is_suffix(suffix)) || digits.len() > 2 {
        return None;
    }
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn is_suffix(text: &str) -> bool {
    matches!(text, "st" | "nd" | "rd" | "th")
}

fn year_word(word: Option<&Word<'_>>) -> Option<String> {
    let core = word?.core;
    (core.len() == 4 && is_digits(core) && matches!(&core[..2], "18" | "19" | "20" | "21")).then(|| core.parse().ok().map(year)).flatten()
}

fn month_first(words: &[Word<'_>]) -> Option<Spoken> {
    let name = month(words[0].core).filter(|_| matches!(words[0].tail, "" | "."))?;
    let day = in_order(day(words.get(1)?.core)?);
    match year_word(words.get(2)).filter(|_| matches!(words[1].tail, "" | ",")) {
        Some(year) => Spoken::of(3, format!("{name} {day}, {year}")),
        None => Spoken::of(2, format!("{name} {day}")),
    }
}

fn day_first(words: &[Word<'_>], before: Option<Word<'_>>) -> Option<Spoken> {
    let day = in_order(day(words[0].core)?);
    let name = month(words.get(1).filter(|_| words[0].flows())?.core)?;
    let article = if before.is_some_and(|word| word.core.eq_ignore_ascii_case("the")) { "" } else { "the " };
    match year_word(words.get(2)).filter(|_| words[1].tail.is_empty()) {
        Some(year) => Spoken::of(3, format!("{article}{day} of {name}, {year}")),
        None => Spoken::of(2, format!("{article}{day} of {name}")),
    }
}

/// "1st", "23rd".
pub(super) fn ordinal(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    let digits = core.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    if !is_digits(digits) || !is_suffix(&core[digits.len()..]) {
        return None;
    }
    Spoken::one(in_order(digits.parse().ok()?))
}
