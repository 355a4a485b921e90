//! E-mail addresses, written ("jane.doe@example.com") or spoken ("jane dot doe at example dot com", "j, a, n, e at g mail dot com", "m as in mother").

use crate::call::flow::{lexicon::Lexicon, slot::number, text};

/// Words before the "at" that are taken for one ("jane smith at example dot com").
const MOST_JOINED: usize = 3;

/// The address in a turn, and how sure it is.
#[must_use]
pub fn read(said: &str, lexicon: &Lexicon) -> Option<(String, f32)> {
    let tokens = tokens(said, lexicon);
    // "I am at work, it is jane at example dot com": the last one that makes an address.
    let ats: Vec<usize> = (0..tokens.len()).rev().filter(|at| tokens[*at].contains('@')).collect();
    ats.into_iter().find_map(|at| around(&tokens, at, lexicon))
}

/// The address around an "at".
fn around(tokens: &[String], at: usize, lexicon: &Lexicon) -> Option<(String, f32)> {
    let (before, after) = tokens[at].split_once('@')?;
    let (mut local, joined) = gather(before, tokens[..at].iter().rev(), true);
    let (domain, _) = gather(after, tokens[at + 1..].iter(), false);
    let mut certainty = if joined { 0.75 } else { 0.9 };
    let figures = local.chars().all(|c| c.is_ascii_digit());
    let plain = local.chars().all(char::is_alphabetic) && local.chars().count() > 1;
    if before.is_empty() && !local.is_empty() && (figures || (plain && !joined)) {
        let stops = |word: &&String| lexicon.values.address_stops.contains(word) || lexicon.fillers.contains(word);
        let more: Vec<&String> =
            tokens[..at - 1].iter().rev().take_while(|word| !stops(word) && word.chars().all(char::is_alphabetic)).collect();
        if !more.is_empty() && more.len() < MOST_JOINED {
            local = more.into_iter().rev().map(String::as_str).chain([local.as_str()]).collect();
            certainty = 0.6;
        }
    }
    let address = format!("{local}@{domain}");
    is_address(&address).then_some((address, certainty))
}

/// Words and signs of the turn: "at" is `@`, "dot" is `.`, "m as in mother" is `m`.
fn tokens(said: &str, lexicon: &Lexicon) -> Vec<String> {
    let words: Vec<String> = said
        .split_whitespace()
        .map(|word| text::plain_letters(word).trim_matches(|c: char| !c.is_alphanumeric() && !"@_+-".contains(c)).to_owned())
        .flat_map(|word| letter_by_letter(&word))
        .filter(|word| !word.is_empty() && !lexicon.values.address_noise.contains(word))
        .collect();
    let mut tokens: Vec<String> = Vec::new();
    let mut times = 1;
    let mut at = 0;
    while at < words.len() {
        let word = words[at].as_str();
        if let Some(count) = lexicon.repeats.of(word)
            && words.get(at + 1).is_some_and(|next| next.chars().count() == 1 || digit(next, lexicon).is_some())
        {
            (times, at) = (*count, at + 1);
            continue;
        }
        let next = |ahead: usize| words.get(at + ahead).map(String::as_str);
        let letter = word.chars().count() == 1;
        let as_in = letter
            && at + 3 < words.len()
            && lexicon.as_in.iter().any(|joint| joint.split(' ').eq([next(1), next(2)].into_iter().flatten()));
        if as_in {
            tokens.push(word.chars().take(1).collect());
            at += 4;
            continue;
        }
        // "Seventy two" is 72.
        if let Some((value, used)) = number::read(&words[at..], lexicon).filter(|(value, _)| (10..100).contains(value))
            && !word.chars().any(|c| c.is_ascii_digit())
        {
            tokens.push(value.to_string());
            at += used;
            continue;
        }
        let token = match lexicon.signs.of(word) {
            Some(sign) => sign.to_string(),
            None if lexicon.at.contains(word) => "@".to_owned(),
            None if lexicon.dot.contains(word) => ".".to_owned(),
            None => digit(word, lexicon).unwrap_or_else(|| word.to_owned()),
        };
        tokens.extend(std::iter::repeat_n(token, std::mem::replace(&mut times, 1)));
        at += 1;
    }
    tokens
}

/// "J-A-N-E", as recognisers write what is spelled, is four words; "mail-house" is one.
fn letter_by_letter(word: &str) -> Vec<String> {
    let parts: Vec<&str> = word.split(['-', '.']).collect();
    if parts.len() > 1 && parts.iter().all(|part| part.chars().count() == 1) {
        parts.into_iter().map(str::to_owned).collect()
    } else {
        vec![word.to_owned()]
    }
}

fn digit(word: &str, lexicon: &Lexicon) -> Option<String> {
    let value = lexicon.numbers.of(word).filter(|value| **value < 10 && word.len() > 1 && !lexicon.doubtful_digits.contains(word));
    value.map(ToString::to_string)
}

/// Joins what belongs to one side of the `@`, going away from it: single letters and digits, and whatever a sign joins. Says whether letters were joined.
fn gather<'a>(start: &str, tokens: impl Iterator<Item = &'a String>, backwards: bool) -> (String, bool) {
    let is_sign = |token: &str| token.len() == 1 && ".-_+".contains(token);
    let mut side = start.to_owned();
    let (mut open, mut joined) = (start.is_empty(), false);
    for token in tokens {
        let figures = token.chars().all(|c| c.is_ascii_digit());
        let single = figures || (token.chars().count() == 1 && token.chars().all(char::is_alphanumeric));
        let was_single = side.chars().count() == 1 || joined;
        if is_sign(token) {
            open = true;
        } else if open || (single && !side.is_empty()) || (was_single && single) || (!backwards && joined && !side.contains('.')) {
            joined |= single;
            open = false;
        } else {
            break;
        }
        side = if backwards { format!("{token}{side}") } else { format!("{side}{token}") };
    }
    (side, joined)
}

fn is_address(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    let labels: Vec<&str> = domain.split('.').collect();
    !local.is_empty()
        && local.chars().all(plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && labels.len() >= 2
        && labels.iter().all(|label| !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        && labels.last().is_some_and(|top| top.len() >= 2 && top.chars().all(|c| c.is_ascii_alphabetic()))
}
