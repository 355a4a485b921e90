//! Days as people name them: "tomorrow", "on Saturday", "next Tuesday", "the third of May", "May 3rd", "3.5.".

use jiff::{ToSpan, civil::Date};

use crate::call::flow::{lexicon::Lexicon, text};

/// The day named in a turn; a weekday is the next one that is not over (today counts).
#[must_use]
pub fn read(words: &[String], today: Date, lexicon: &Lexicon) -> Option<Date> {
    relative(words, today, lexicon)
        .or_else(|| of_month(words, today, lexicon))
        .or_else(|| weekdays(words, today, lexicon).into_iter().next())
}

/// "today", "the day after tomorrow".
#[must_use]
pub fn relative(words: &[String], today: Date, lexicon: &Lexicon) -> Option<Date> {
    let (_, days) = lexicon.relative_days.iter().find(|(phrase, _)| text::find(words, phrase).is_some())?;
    today.checked_add(days.days()).ok()
}

/// Every weekday that is named, in the order of the week from today on.
#[must_use]
pub fn weekdays(words: &[String], today: Date, lexicon: &Lexicon) -> Vec<Date> {
    let monday_based = i64::from(today.weekday().to_monday_zero_offset());
    let mut days: Vec<Date> = lexicon
        .weekdays
        .iter()
        .zip(0_i64..)
        .filter_map(|(names, weekday)| {
            let at = words.iter().position(|word| names.contains(&word.as_str()))?;
            let around = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|beside| words.get(beside));
            let next = around.into_iter().any(|word| lexicon.next.contains(&word.as_str()));
            let ahead = (weekday - monday_based).rem_euclid(7);
            // "next Tuesday" said on a Tuesday is not today.
            today.checked_add(if next && ahead == 0 { 7 } else { ahead }.days()).ok()
        })
        .collect();
    days.sort_unstable();
    days
}

/// "the third of May", "May 3rd", "December twenty fifth": the next such day.
#[must_use]
pub fn of_month(words: &[String], today: Date, lexicon: &Lexicon) -> Option<Date> {
    let (month_at, month) = words
        .iter()
        .enumerate()
        .find_map(|(at, word)| lexicon.months.iter().position(|names| names.contains(&word.as_str())).map(|month| (at, month + 1)))?;
    // The day stands right before ("third of May") or right after ("May the third").
    let before =
        (month_at.saturating_sub(3 + lexicon.tens_and.len().min(1))..month_at).find_map(|at| day_number(&words[at..month_at], lexicon));
    let after = (month_at + 1..words.len().min(month_at + 3)).find_map(|at| day_number(&words[at..], lexicon));
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(before.or(after)?).ok()?);
    let this_year = Date::new(today.year(), month, day).ok()?;
    if this_year >= today { Some(this_year) } else { Date::new(today.year() + 1, month, day).ok() }
}

/// A day of a month at the start of the words: "3", "3rd", "third", "twenty fifth", "twenty five".
fn day_number(words: &[String], lexicon: &Lexicon) -> Option<u32> {
    let cardinal = |word: &str| lexicon.numbers.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    let ordinal = |word: &str| lexicon.ordinals.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    let first = words.first()?.as_str();
    let digits: String = first.chars().take_while(char::is_ascii_digit).collect();
    let ending = &first[digits.len()..];
    Some(if !digits.is_empty() && matches!(ending, "" | "st" | "nd" | "rd" | "th") {
        digits.parse().ok()?
    } else if let Some(tens) = cardinal(first).filter(|tens| matches!(tens, 20 | 30)) {
        let skip = usize::from(words.get(1).is_some_and(|word| lexicon.tens_and.contains(&word.as_str())));
        tens + words.get(1 + skip).and_then(|unit| ordinal(unit).or_else(|| cardinal(unit))).filter(|unit| *unit < 10).unwrap_or_default()
    } else {
        ordinal(first).or_else(|| cardinal(first))?
    })
}
