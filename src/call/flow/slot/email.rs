//! E-mail addresses, written ("jane.doe@example.com") or spoken ("jane dot doe at example dot com", "j, a, n, e at g mail dot com", "m as in mother").

use crate::call::flow::lexicon::Lexicon;

/// The address in a turn, and how sure it is.
#[must_use]
pub fn read(said: &str, lexicon: &Lexicon) -> Option<(String, f32)> {
    let tokens = tokens(said, lexicon);
    let at = tokens.iter().rposition(|token| token.contains('@'))?;
    let (before, after) = tokens[at].split_once('@')?;
    let (local, joined) = gather(before, tokens[..at].iter().rev(), true);
    let (domain, _) = gather(after, tokens[at + 1..].iter(), false);
    let address = format!("{local}@{domain}");
    is_address(&address).then_some((address, if joined { 0.75 } else { 0.9 }))
}

/// Words and signs of the turn: "at" is `@`, "dot" is `.`, "m as in mother" is `m`.
fn tokens(said: &str, lexicon: &Lexicon) -> Vec<String> {
    let words: Vec<String> = said
        .split_whitespace()
        .map(|word| word.to_lowercase().trim_matches(|c: char| !c.is_alphanumeric() && !"@_+-".contains(c)).to_owned())
        .filter(|word| !word.is_empty())
        .collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let word = words[at].as_str();
        let next = |ahead: usize| words.get(at + ahead).map(String::as_str);
        let letter = word.chars().count() == 1;
        let as_in = letter && at + 3 < words.len() && lexicon.as_in.iter().any(|[one, two]| next(1) == Some(one) && next(2) == Some(two));
        if as_in {
            tokens.push(word.chars().take(1).collect());
            at += 4;
            continue;
        }
        tokens.push(match lexicon.signs.iter().find(|(name, _)| *name == word) {
            Some((_, sign)) => sign.to_string(),
            None if lexicon.at.contains(&word) => "@".to_owned(),
            None if lexicon.dot.contains(&word) => ".".to_owned(),
            None => digit(word, lexicon).unwrap_or_else(|| word.to_owned()),
        });
        at += 1;
    }
    tokens
}

fn digit(word: &str, lexicon: &Lexicon) -> Option<String> {
    lexicon
        .numbers
        .iter()
        .find(|(name, value)| *name == word && *value < 10 && word.len() > 1 && word != "oh")
        .map(|(_, value)| value.to_string())
}

/// Joins what belongs to one side of the `@`, going away from it: single letters and digits, and whatever a sign joins. Says whether letters were joined.
fn gather<'a>(start: &str, tokens: impl Iterator<Item = &'a String>, backwards: bool) -> (String, bool) {
    let is_sign = |token: &str| token.len() == 1 && ".-_+".contains(token);
    let mut side = start.to_owned();
    let (mut open, mut joined) = (start.is_empty(), false);
    for token in tokens {
        let single = token.chars().count() == 1 && token.chars().all(char::is_alphanumeric);
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
