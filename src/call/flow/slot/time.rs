//! Times of the day: "half past nine", "ten to five in the afternoon", "17:30", "9 pm", "noon", "cinci fără un sfert".

use crate::call::{
    flow::{lexicon::Lexicon, slot::number, text},
    language::lists::Words,
};

const HOUR: u32 = 60;
const NOON: u32 = 12 * HOUR;
const DAY: u32 = 24 * HOUR;

/// Hours that nobody means in the night if they do not say so: "five" is in the afternoon.
const EARLY: std::ops::Range<u32> = HOUR..7 * HOUR;

/// "HH:MM", and how sure it is.
#[must_use]
pub fn read(said: &str, lexicon: &Lexicon) -> Option<(String, f32)> {
    let said = said.to_lowercase().replace("a.m.", "am").replace("p.m.", "pm").replace("a.m", "am").replace("p.m", "pm");
    // "I am" is not before noon.
    let said = text::folded(&said).replace("i am ", " ");
    let words: Vec<String> = text::words(&said).iter().flat_map(|word| apart(word)).collect();
    let values = &lexicon.values;
    let named = |phrases: &Words| phrases.iter().any(|phrase| text::find(&words, phrase).is_some());
    if let Some((_, minutes)) = values.moments.iter().find(|(phrase, _)| text::find(&words, phrase).is_some())
        && !(0..words.len()).any(|at| on_the_clock(&words[at..], lexicon).is_some_and(|found| found.sure))
    {
        return Some((clock(minutes.0), 0.95));
    }
    let found = (0..words.len()).filter_map(|at| on_the_clock(&words[at..], lexicon)).max_by_key(|found| (found.sure, found.used))?;
    let marked = found.sure || named(&values.am) || named(&values.pm) || named(&values.oclock) || words.len() <= found.used + 2;
    if !marked {
        return None;
    }
    let half_day = found.minutes < 12 * HOUR + HOUR && found.minutes >= HOUR;
    let (minutes, certainty) = if named(&values.pm) && half_day {
        (found.minutes % NOON + NOON, 0.95)
    } else if named(&values.am) && half_day {
        (found.minutes % NOON, 0.95)
    } else if found.written || !half_day || found.minutes >= NOON {
        (found.minutes, 0.95)
    } else if EARLY.contains(&found.minutes) {
        (found.minutes + NOON, 0.75)
    } else {
        (found.minutes, 0.8)
    };
    Some((clock(minutes % DAY), certainty))
}

struct OnTheClock {
    minutes: u32,
    used: usize,
    /// Minutes were said, so that it is a time whatever stands around it.
    sure: bool,
    /// It has a leading zero: a clock of 24 hours.
    written: bool,
}

/// "5pm" is "5", "pm".
fn apart(word: &str) -> Vec<String> {
    let digits = word.chars().take_while(char::is_ascii_digit).count();
    let tail = &word[digits..];
    if digits > 0 && matches!(tail, "am" | "pm" | "h") {
        vec![word[..digits].to_owned(), tail.to_owned()]
    } else if digits == 4 && digits == word.len() && word < "2400" && &word[2..] < "60" {
        vec![word[..2].to_owned(), word[2..].to_owned()]
    } else {
        vec![word.to_owned()]
    }
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / HOUR, minutes % HOUR)
}

/// A time at the start of the words.
fn on_the_clock(words: &[String], lexicon: &Lexicon) -> Option<OnTheClock> {
    let values = &lexicon.values;
    let is = |at: usize, phrases: &Words| words.get(at).is_some_and(|word| phrases.contains(word));
    if let Some(found) = toward(words, lexicon) {
        return Some(found);
    }
    // "ten past five", "a quarter to six".
    if let Some((minutes, used)) = minutes(words, lexicon) {
        let after = is(used, &values.past);
        if (after || is(used, &values.to))
            && let Some((hour, more)) = hour(words.get(used + 1..)?, lexicon)
        {
            let minutes = if after { hour * HOUR + minutes } else { (hour * HOUR + DAY - minutes) % DAY };
            let minutes = if minutes >= 12 * HOUR + HOUR && hour <= 12 { minutes % NOON } else { minutes };
            return Some(OnTheClock { minutes, used: used + 1 + more, sure: true, written: false });
        }
    }
    let (hour, used) = hour(words, lexicon)?;
    let written = words[0].len() == 2 && words[0].starts_with('0') || hour > 12;
    let less = is(used, &values.hour_less);
    if (less || is(used, &values.hour_and))
        && let Some((minutes, more)) = minutes(words.get(used + 1..)?, lexicon)
    {
        let minutes = if less { (hour * HOUR + DAY - minutes) % DAY } else { hour * HOUR + minutes };
        return Some(OnTheClock { minutes, used: used + 1 + more, sure: true, written });
    }
    let rest = words.get(used..).unwrap_or_default();
    // "nine thirty", "nine oh five", "seventeen hundred".
    if let Some(first) = rest.first() {
        if lexicon.scales.of(first) == Some(&100) && hour > 9 {
            return Some(OnTheClock { minutes: hour * HOUR, used: used + 1, sure: true, written: true });
        }
        let zero = lexicon.numbers.of(first) == Some(&0);
        let skip = usize::from(zero);
        if let Some((minutes, more)) = rest.get(skip..).filter(|rest| !rest.is_empty()).and_then(|rest| number::read(rest, lexicon))
            && minutes < 60
            && (zero || minutes >= 10 || first.len() == 2)
        {
            let minutes = hour * HOUR + u32::try_from(minutes).ok()?;
            return Some(OnTheClock { minutes, used: used + skip + more, sure: true, written });
        }
    }
    Some(OnTheClock { minutes: hour * HOUR, used, sure: false, written })
}

/// "Čtvrt na devět", "půl deváté": a part of the hour that ends at nine.
fn toward(words: &[String], lexicon: &Lexicon) -> Option<OnTheClock> {
    let values = &lexicon.values;
    let leads = values.toward.iter().filter(|(phrase, _)| text::find(words, phrase).is_some_and(|(at, _)| at == 0));
    let (phrase, minutes) = leads.max_by_key(|(phrase, _)| phrase.len())?;
    let used = phrase.split(' ').count();
    let rest = words.get(used..)?;
    let named = rest.first().and_then(|word| values.hour_names.of(word)).map(|hour| (*hour, 1));
    let (hour, more) = named.or_else(|| hour(rest, lexicon))?;
    let minutes = (hour * HOUR + DAY - HOUR + minutes) % DAY;
    Some(OnTheClock { minutes, used: used + more, sure: true, written: false })
}

fn minutes(words: &[String], lexicon: &Lexicon) -> Option<(u32, usize)> {
    let fraction = lexicon.values.fractions.iter().find(|(phrase, _)| text::find(words, phrase).is_some_and(|(at, _)| at == 0));
    if let Some((phrase, minutes)) = fraction {
        return Some((*minutes, phrase.split(' ').count()));
    }
    let (minutes, used) = number::read(words, lexicon).filter(|(minutes, _)| (1..60).contains(minutes))?;
    let used = used + usize::from(words.get(used).is_some_and(|word| lexicon.values.minutes.contains(word)));
    Some((u32::try_from(minutes).ok()?, used))
}

/// An hour alone: of "nine thirty" only the nine.
fn hour(words: &[String], lexicon: &Lexicon) -> Option<(u32, usize)> {
    // "oh eight hundred".
    let zero = words.first().is_some_and(|word| lexicon.numbers.of(word) == Some(&0)) && words.len() > 1;
    let from = usize::from(zero);
    let (hour, used) = (1..=2.min(words.len() - from)).rev().find_map(|count| {
        let (hour, used) = number::read(&words[from..from + count], lexicon)?;
        (used == count && hour < 25).then_some((hour, used))
    })?;
    Some((u32::try_from(hour % 24).ok()?, used + from))
}
