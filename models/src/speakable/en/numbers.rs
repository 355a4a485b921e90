//! Numbers in words.

use super::{Spoken, Word, codes::digit_by_digit, is_digits};

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [(u64, &str); 4] = [(1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand")];

/// "one thousand two hundred fifty".
pub(super) fn cardinal(number: u64) -> String {
    if let Some((scale, name)) = SCALES.iter().find(|(scale, _)| number >= *scale) {
        return joined(format!("{} {name}", cardinal(number / scale)), number % scale);
    }
    match number {
        0..20 => SMALL[number as usize].to_owned(),
        20..100 => joined(TENS[number as usize / 10].to_owned(), number % 10),
        _ => joined(format!("{} hundred", SMALL[number as usize / 100]), number % 100),
    }
}

fn joined(head: String, rest: u64) -> String {
    if rest == 0 { head } else { format!("{head} {}", cardinal(rest)) }
}

/// "twenty third".
pub(super) fn ordinal(number: u64) -> String {
    let words = cardinal(number);
    let (head, last) = words.rsplit_once(' ').map_or(("", words.as_str()), |(head, last)| (head, last));
    let last = match last {
        "one" => "first".into(),
        "two" => "second".into(),
        "three" => "third".into(),
        "five" => "fifth".into(),
        "eight" => "eighth".into(),
        "nine" => "ninth".into(),
        "twelve" => "twelfth".into(),
        tens if tens.ends_with('y') => format!("{}ieth", &tens[..tens.len() - 1]),
        other => format!("{other}th"),
    };
    if head.is_empty() { last } else { format!("{head} {last}") }
}

/// "nineteen ninety nine", "twenty twenty six", "two thousand five".
pub(super) fn year(number: u64) -> String {
    match (number / 100, number % 100) {
        (20, rest @ 0..10) => joined("two thousand".into(), rest),
        (century, 0) => format!("{} hundred", cardinal(century)),
        (century, rest @ 1..10) => format!("{} oh {}", cardinal(century), cardinal(rest)),
        (century, rest) => format!("{} {}", cardinal(century), cardinal(rest)),
    }
}

/// A written number: "1250", "1,250", "3.5"; none if it is anything else. Codes with a leading zero are no numbers.
pub(super) fn spoken(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let whole = whole_number(whole)?;
    match fraction {
        None => Some(cardinal(whole)),
        Some(digits) if is_digits(digits) => Some(format!("{} point {}", cardinal(whole), digit_by_digit(digits))),
        Some(_) => None,
    }
}

/// Digits, perhaps in groups of three behind commas.
pub(super) fn whole_number(text: &str) -> Option<u64> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let grouped = text.contains(',');
    let well_formed = is_digits(first) && (!grouped || first.len() <= 3) && groups.all(|group| group.len() == 3 && is_digits(group));
    if !well_formed || (first.len() > 1 && first.starts_with('0')) {
        return None;
    }
    text.replace(',', "").parse().ok()
}

/// Plain numbers, years where the word before says so, and negative numbers.
pub(super) fn number(words: &[Word<'_>], before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    if core.len() == 4 && matches!(core.get(..2), Some("19" | "20")) && is_digits(core) && before.is_some_and(announces_year) {
        return Spoken::one(year(core.parse().ok()?));
    }
    if let Some(positive) = core.strip_prefix(['-', '\u{2212}']) {
        return Spoken::one(format!("minus {}", spoken(positive)?));
    }
    if let Some(text) = spoken(core) {
        return Spoken::one(text);
    }
    // Whatever still holds digits ("1.2.3.4", "1e9") is read out sign by sign.
    core.contains(|character: char| character.is_ascii_digit()).then(|| super::codes::spelled(core)).and_then(Spoken::one)
}

fn announces_year(word: Word<'_>) -> bool {
    matches!(word.core.to_lowercase().as_str(), "in" | "since" | "of" | "year" | "until" | "from" | "by")
}
