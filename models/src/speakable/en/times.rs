//! Times of day.

use super::{Spoken, Word, is_digits, numbers::cardinal};

/// "9:30", "17:00", "9:30 am", "5 pm", "8a.m.", "9:00-17:00".
pub(super) fn clock(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    if let Some((from, to)) = core.split_once(['-', '\u{2013}']).filter(|_| core.contains(':')) {
        return Spoken::one(format!("{} to {}", one(from, None)?, one(to, None)?));
    }
    let (number, attached) = core.split_at(core.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(core.len()));
    if !attached.is_empty() {
        return Some(Spoken { words: 1, text: one(number, Some(half(attached)?))?, own_stop: goes_on(words, 1) });
    }
    let next = words.get(1).filter(|_| words[0].flows()).and_then(|word| half(word.core));
    match next {
        Some(half) => Some(Spoken { words: 2, text: one(number, Some(half))?, own_stop: goes_on(words, 2) }),
        // A bare number is no time without its half of the day.
        None if number.contains(':') => Spoken::one(one(number, None)?),
        None => None,
    }
}

/// Whether the sentence goes on after the first `used` words, so that a full stop there is the one of "a.m.".
fn goes_on(words: &[Word<'_>], used: usize) -> bool {
    let dotted = words[used - 1].core.contains('.');
    dotted && words.get(used).is_some_and(|word| !word.core.starts_with(char::is_uppercase))
}

/// Half of the day.
#[derive(Clone, Copy)]
enum Half {
    Morning,
    Afternoon,
}

fn half(text: &str) -> Option<Half> {
    match text.to_lowercase().replace('.', "").as_str() {
        "am" => Some(Half::Morning),
        "pm" => Some(Half::Afternoon),
        _ => None,
    }
}

/// One time, such as "9:30" or "17".
fn one(text: &str, half: Option<Half>) -> Option<String> {
    let mut parts = text.split(':');
    let (hour, minute) = (parts.next()?, parts.next().unwrap_or("00"));
    // Seconds are not said.
    let well_formed = is_digits(hour) && hour.len() <= 2 && is_digits(minute) && minute.len() == 2;
    if !well_formed || parts.any(|second| !is_digits(second)) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u64>().ok()?, minute.parse::<u64>().ok()?);
    if hour > 24 || minute > 59 {
        return None;
    }
    let afternoon = match half {
        Some(Half::Morning) => Some(" ay em"),
        Some(Half::Afternoon) => Some(" pee em"),
        None if hour == 0 || hour == 24 => Some(" ay em"),
        None if hour > 12 => Some(" pee em"),
        None => None,
    };
    if minute == 0 && matches!(hour, 0 | 24) {
        return Some("midnight".into());
    }
    let hour = cardinal(if hour % 12 == 0 { 12 } else { hour % 12 });
    let minute = match minute {
        0 if afternoon.is_none() => " o'clock".into(),
        0 => String::new(),
        1..10 => format!(" oh {}", cardinal(minute)),
        _ => format!(" {}", cardinal(minute)),
    };
    Some(format!("{hour}{minute}{}", afternoon.unwrap_or_default()))
}
