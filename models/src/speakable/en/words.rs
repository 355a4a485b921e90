//! Abbreviations, units, ranges and the few fixed forms.

use super::{
    Spoken, Word, is_digits,
    numbers::{cardinal, spoken},
};

/// Written, said; the full stop belongs to the abbreviation.
const ABBREVIATIONS: [(&str, &str); 16] = [
    ("mr", "Mister"),
    ("mrs", "Missis"),
    ("ms", "Miz"),
    ("dr", "Doctor"),
    ("e.g", "for example"),
    ("i.e", "that is"),
    ("etc", "et cetera"),
    ("approx", "approximately"),
    ("vs", "versus"),
    ("dept", "department"),
    ("ext", "extension"),
    ("max", "maximum"),
    ("min", "minimum"),
    ("tel", "telephone"),
    ("asap", "as soon as possible"),
    ("faq", "eff ay queue"),
];

/// Units behind a number: written, one, many.
const UNITS: [(&str, &str, &str); 14] = [
    ("kg", "kilogram", "kilograms"),
    ("g", "gram", "grams"),
    ("km", "kilometre", "kilometres"),
    ("m", "metre", "metres"),
    ("cm", "centimetre", "centimetres"),
    ("mm", "millimetre", "millimetres"),
    ("min", "minute", "minutes"),
    ("mins", "minute", "minutes"),
    ("hrs", "hour", "hours"),
    ("h", "hour", "hours"),
    ("GB", "gigabyte", "gigabytes"),
    ("MB", "megabyte", "megabytes"),
    ("Mbps", "megabit per second", "megabits per second"),
    ("°C", "degree Celsius", "degrees Celsius"),
];

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Abbreviations, "&", "No. 5", and units behind a number.
pub(super) fn abbreviation(words: &[Word<'_>], before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    if matches!(core, "&" | "+") {
        return Spoken::one(if core == "&" { "and" } else { "plus" });
    }
    if let Some(number) = before.filter(|word| word.flows() && spoken(word.core).is_some())
        && let Some((_, one, many)) = UNITS.iter().find(|(unit, ..)| *unit == core)
    {
        return Spoken::one(if number.core == "1" { *one } else { *many });
    }
    let next_is_number = words.get(1).is_some_and(|word| word.core.starts_with(|c: char| c.is_ascii_digit()));
    let lower = core.to_lowercase();
    let own_stop = words[0].tail.starts_with('.');
    if lower == "no" && own_stop && next_is_number {
        return Some(Spoken { words: 1, text: "number".into(), own_stop });
    }
    // "Sun" and "Sat" are words of their own without the full stop.
    if let Some(day) = weekday(core).filter(|_| core.len() == 3 && (own_stop || !matches!(core, "Sun" | "Sat"))) {
        return Some(Spoken { words: 1, text: day.into(), own_stop });
    }
    let (_, said) = ABBREVIATIONS.iter().find(|(written, _)| *written == lower)?;
    Some(Spoken { words: 1, text: (*said).into(), own_stop })
}

fn weekday(core: &str) -> Option<&'static str> {
    DAYS.iter().copied().find(|day| *day == core || core.len() == 3 && day.starts_with(core))
}

/// "2-3", "Mon-Fri", "10–15".
pub(super) fn range(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let (from, to) = words[0].core.split_once(['-', '\u{2013}'])?;
    if let (Some(from), Some(to)) = (weekday(from), weekday(to)) {
        return Spoken::one(format!("{from} to {to}"));
    }
    // Long numbers on both sides are a code.
    (from.len() <= 3 && to.len() <= 3).then_some(())?;
    Spoken::one(format!("{} to {}", spoken(from)?, spoken(to)?))
}

/// "24/7", "1/2".
pub(super) fn ratio(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    match core {
        "24/7" => return Spoken::one("twenty four seven"),
        "1/2" | "½" => return Spoken::one("one half"),
        "¼" | "1/4" => return Spoken::one("one quarter"),
        "¾" | "3/4" => return Spoken::one("three quarters"),
        _ => {}
    }
    let (a, b) = core.split_once('/').filter(|(a, b)| is_digits(a) && is_digits(b) && a.len() <= 2 && b.len() <= 2)?;
    Spoken::one(format!("{} out of {}", cardinal(a.parse().ok()?), cardinal(b.parse().ok()?)))
}
