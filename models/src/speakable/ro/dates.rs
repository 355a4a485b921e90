//! Dates.

use super::{
    Spoken, Word, is_digits,
    numbers::{Gender, cardinal},
    shapes,
};

const MONTHS: [&str; 12] =
    ["ianuarie", "februarie", "martie", "aprilie", "mai", "iunie", "iulie", "august", "septembrie", "octombrie", "noiembrie", "decembrie"];

/// "2026-11-22", "22.11.2026", "12 martie", "12 martie 2026".
pub(super) fn date(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    numeric(words[0].core).and_then(Spoken::one).or_else(|| written(words))
}

fn numeric(core: &str) -> Option<String> {
    let (day, month, year) = shapes::date(core, false)?;
    Some(format!("{} {} {}", self::day(day), MONTHS[month - 1], cardinal(year, Gender::Masculine)))
}

fn written(words: &[Word<'_>]) -> Option<Spoken> {
    let number: u64 = words[0].core.parse().ok().filter(|day| (1..=31).contains(day))?;
    let name = words.get(1).filter(|_| words[0].flows()).filter(|word| MONTHS.contains(&word.core.to_lowercase().as_str()))?;
    let year = words.get(2).filter(|_| name.flows()).map(|word| word.core).filter(|core| core.len() == 4 && is_digits(core));
    match year.and_then(|year| year.parse::<u64>().ok()) {
        Some(year) => Spoken::of(3, format!("{} {} {}", day(number), name.core, cardinal(year, Gender::Masculine))),
        None => Spoken::of(2, format!("{} {}", day(number), name.core)),
    }
}

/// The first of a month is "întâi"; the other days are plain numbers.
fn day(number: u64) -> String {
    if number == 1 { "întâi".to_owned() } else { cardinal(number, Gender::Masculine) }
}
