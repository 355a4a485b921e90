//! Times of day: by the 24 hours of the clock, as they are announced.

use super::{
    Spoken, Word, is_digits,
    numbers::{Gender, cardinal},
};

/// "9:30", "17:00", "9:00-17:00".
pub(super) fn clock(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    if let Some((from, to)) = core.split_once(['-', '\u{2013}']).filter(|_| core.contains(':')) {
        return Spoken::one(format!("{} până la {}", one(from)?, one(to)?));
    }
    if core.contains(':') { Spoken::one(one(core)?) } else { None }
}

/// One time. Hours are feminine but for those that end in one: "două", "douăzeci și unu".
fn one(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once(':').unwrap_or((text, "00"));
    if !(is_digits(hour) && hour.len() <= 2 && is_digits(minute) && minute.len() == 2) {
        return None;
    }
    let (hour, minute) = (hour.parse::<u64>().ok()?, minute.parse::<u64>().ok()?);
    if hour > 24 || minute > 59 {
        return None;
    }
    let gender = if hour % 10 == 1 { Gender::Masculine } else { Gender::Feminine };
    let hour = cardinal(hour, gender);
    Some(if minute == 0 { hour } else { format!("{hour} și {}", cardinal(minute, Gender::Masculine)) })
}
