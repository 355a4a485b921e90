//! Days as people name them: "tomorrow", "on Saturday", "next Tuesday", "the third of May", "May 3rd", "3.5.".

use jiff::{ToSpan, civil::Date};

use crate::call::flow::{lexicon::Lexicon, slot::number, text};

/// The day named in a turn; a weekday is the next one that is not over (today counts).
#[must_use]
pub fn read(words: &[String], today: Date, lexicon: &Lexicon) -> Option<Date> {
    figures(words, today)
        .or_else(|| within(words, today, lexicon))
        .or_else(|| relative(words, today, lexicon))
        .or_else(|| of_month(words, today, lexicon))
        .or_else(|| weekdays(words, today, lexicon).into_iter().next())
        .or_else(|| day_alone(words, today, lexicon))
}

/// The words, with a date that is written in figures ("24.12.2026", "24/12", "2026-12-24") as year, month and day in one word.
#[must_use]
pub fn written(said: &str, words: &[String]) -> Vec<String> {
    let found = said.split_whitespace().find_map(|word| {
        let parts: Vec<&str> = word.trim_matches(|c: char| !c.is_ascii_digit()).split(['.', '/', '-']).collect();
        let figures = |part: &str| !part.is_empty() && part.len() <= 4 && part.chars().all(|c| c.is_ascii_digit());
        if !parts.iter().all(|part| figures(part)) {
            return None;
        }
        match parts.as_slice() {
            [year, month, day] if year.len() == 4 => Some(format!("{year}y{month}m{day}")),
            [day, month, year] if year.len() == 4 => Some(format!("{year}y{month}m{day}")),
            [day, month, year] if year.len() == 2 => Some(format!("20{year}y{month}m{day}")),
            [day, month] if day.len() <= 2 && month.len() <= 2 => Some(format!("0y{month}m{day}")),
            _ => None,
        }
    });
    found.map_or_else(|| words.to_vec(), |date| vec![date])
}

/// Keys: day and month, or day, month and year.
#[must_use]
pub fn keyed(keys: &str, today: Date) -> Option<Date> {
    let number = |from: usize, to: usize| keys.get(from..to)?.parse::<i16>().ok();
    let (day, month) = (i8::try_from(number(0, 2)?).ok()?, i8::try_from(number(2, 4)?).ok()?);
    match keys.len() {
        4 => coming(today, month, day),
        8 => Date::new(number(4, 8)?, month, day).ok(),
        _ => None,
    }
}

/// What [`written`] has made of figures; without a year it is the next such day.
fn figures(words: &[String], today: Date) -> Option<Date> {
    let [word] = words else { return None };
    let (year, rest) = word.split_once('y')?;
    let (month, day) = rest.split_once('m')?;
    let (year, month, day) = (year.parse::<i16>().ok()?, month.parse::<i8>().ok()?, day.parse::<i8>().ok()?);
    if year == 0 { coming(today, month, day) } else { Date::new(year, month, day).ok() }
}

/// "In three days", "in a week", "two weeks ago".
fn within(words: &[String], today: Date, lexicon: &Lexicon) -> Option<Date> {
    let values = &lexicon.values;
    (0..words.len()).find_map(|at| {
        let (count, used) = match number::read(&words[at..], lexicon) {
            Some(found) => found,
            None if lexicon.one.contains(&words[at]) => (1, 1),
            None => return None,
        };
        let rest = words.get(at + used..)?;
        let unit = values
            .spans
            .iter()
            .filter(|(unit, _)| text::find(rest, unit).is_some_and(|(at, _)| at == 0))
            .max_by_key(|(unit, _)| unit.len());
        let (_, days) = unit?;
        let forward = *days > 0;
        let said_so = at > 0 && values.within.contains(&words[at - 1]);
        if forward && !said_so {
            return None;
        }
        today.checked_add((i64::try_from(count).ok()? * days).days()).ok()
    })
}

/// "The twenty fourth": of this month, or of the next if it is over.
fn day_alone(words: &[String], today: Date, lexicon: &Lexicon) -> Option<Date> {
    let at = words.iter().position(|word| is_ordinal(word, lexicon))?;
    let from = at.saturating_sub(usize::from(at > 0 && matches!(lexicon.numbers.of(&words[at - 1]), Some(20 | 30))));
    let day = i8::try_from(day_number(&words[from..], lexicon)?).ok()?;
    let this_month = Date::new(today.year(), today.month(), day).ok().filter(|date| *date >= today);
    this_month.or_else(|| {
        let next = today.first_of_month().checked_add(1.month()).ok()?;
        Date::new(next.year(), next.month(), day).ok()
    })
}

fn is_ordinal(word: &str, lexicon: &Lexicon) -> bool {
    let ending = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let figures = ending.len() < word.len() && lexicon.ordinal_endings.contains(ending);
    figures || (lexicon.ordinals.of(word).is_some() && !lexicon.not_a_day.contains(word))
}

/// The next such day of a year.
fn coming(today: Date, month: i8, day: i8) -> Option<Date> {
    let this_year = Date::new(today.year(), month, day).ok()?;
    if this_year >= today { Some(this_year) } else { Date::new(today.year() + 1, month, day).ok() }
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
            let at = words.iter().position(|word| names.contains(word))?;
            let around = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|beside| words.get(beside));
            let next = around.into_iter().any(|word| lexicon.next.contains(word));
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
        .find_map(|(at, word)| lexicon.months.iter().position(|names| names.contains(word)).map(|month| (at, month + 1)))?;
    // The day stands right before ("third of May") or right after ("May the third").
    let before = (month_at.saturating_sub(3 + usize::from(!lexicon.tens_and.is_empty()))..month_at)
        .find_map(|at| day_number(&words[at..month_at], lexicon));
    let after = (month_at + 1..words.len().min(month_at + 3)).find_map(|at| day_number(&words[at..], lexicon));
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(before.or(after)?).ok()?);
    match year(&words[month_at..], lexicon) {
        Some(year) => Date::new(year, month, day).ok(),
        None => coming(today, month, day),
    }
}

/// A year behind a month: "2026", "twenty twenty six", "nineteen eighty four", "two thousand and one".
fn year(words: &[String], lexicon: &Lexicon) -> Option<i16> {
    (1..words.len()).find_map(|at| {
        let rest = &words[at..];
        let (first, used) = number::read(rest, lexicon)?;
        let year = match first {
            1900..=2100 => first,
            19 | 20 => {
                first * 100
                    + rest
                        .get(used..)
                        .filter(|rest| !rest.is_empty())
                        .and_then(|rest| number::read(rest, lexicon))
                        .filter(|(more, _)| (10..100).contains(more))?
                        .0
            }
            _ => return None,
        };
        i16::try_from(year).ok()
    })
}

/// A day of a month at the start of the words: "3", "3rd", "third", "twenty fifth", "twenty five".
fn day_number(words: &[String], lexicon: &Lexicon) -> Option<u32> {
    let cardinal = |word: &str| lexicon.numbers.of(word).copied();
    let ordinal = |word: &str| lexicon.ordinals.of(word).copied();
    let first = words.first()?.as_str();
    let digits: String = first.chars().take_while(char::is_ascii_digit).collect();
    let ending = &first[digits.len()..];
    Some(if !digits.is_empty() && (ending.is_empty() || lexicon.ordinal_endings.contains(ending)) {
        digits.parse().ok()?
    } else if let Some(tens) = cardinal(first).or_else(|| ordinal(first)).filter(|tens| matches!(tens, 20 | 30)) {
        let skip = usize::from(words.get(1).is_some_and(|word| lexicon.tens_and.contains(word)));
        tens + words.get(1 + skip).and_then(|unit| ordinal(unit).or_else(|| cardinal(unit))).filter(|unit| *unit < 10).unwrap_or_default()
    } else {
        ordinal(first).or_else(|| cardinal(first))?
    })
}
