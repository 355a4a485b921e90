//! What is read out sign by sign: order numbers, telephone numbers, mail and web addresses.

use super::{
    Spoken, Word, groups, is_digits, run,
    shapes::{self, Code},
};

const DIGITS: [&str; 10] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
/// Names of letters as the voice pronounces them best; the others are said as they are.
const LETTERS: [(char, &str); 10] = [
    ('a', "ay"),
    ('e', "ee"),
    ('i', "eye"),
    ('l', "ell"),
    ('m', "em"),
    ('n', "en"),
    ('o', "oh"),
    ('p', "pee"),
    ('w', "double-u"),
    ('u', "you"),
];
/// "four five seven".
pub(super) fn digit_by_digit(digits: &str) -> String {
    let names: Vec<&str> = digits.bytes().filter(u8::is_ascii_digit).map(|digit| DIGITS[usize::from(digit - b'0')]).collect();
    names.join(" ")
}

/// Digits in groups as people read them out; a comma makes the pause.
pub(super) fn grouped(digits: &str) -> String {
    groups(digits).into_iter().map(digit_by_digit).collect::<Vec<_>>().join(", ")
}

fn letter(character: char) -> String {
    let lower = character.to_ascii_lowercase();
    LETTERS.iter().find(|(known, _)| *known == lower).map_or_else(|| character.to_string(), |(_, name)| (*name).to_owned())
}

/// Every sign by its name; signs that nobody says are left out.
pub(super) fn spelled(text: &str) -> String {
    let mut names = Vec::new();
    for character in text.chars() {
        match character {
            '0'..='9' => names.push(digit_by_digit(&character.to_string())),
            '.' => names.push("point".into()),
            ':' => names.push("colon".into()),
            '/' => names.push("slash".into()),
            '%' => names.push("percent".into()),
            other if other.is_alphabetic() => names.push(letter(other)),
            _ => {}
        }
    }
    names.join(" ")
}

/// Order numbers and the like: five digits or more, digits behind a leading zero, letters and digits mixed.
pub(super) fn code(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    match shapes::code(words[0].core)? {
        Code::Number(digits) => Spoken::one(grouped(digits)),
        Code::Mixed(parts) => Spoken::one(parts.into_iter().map(mixed).collect::<Vec<_>>().join(", ")),
    }
}

/// A part of a code; a zero between digits of a short code is "oh", as people say it.
fn mixed(part: &str) -> String {
    if is_digits(part) {
        let said = if part.len() > 5 { grouped(part) } else { digit_by_digit(part) };
        return said.replace("zero", "oh");
    }
    spelled(part)
}

/// Telephone numbers: a plus sign, or several groups of digits with seven digits or more in all.
pub(super) fn phone(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let first = words[0].core;
    let (plus, _) = (first.starts_with('+'), first);
    let group = |core: &str| core.split('-').map(|part| part.trim_matches(['(', ')'])).map(str::to_owned).collect::<Vec<_>>();
    let mut groups: Vec<String> = Vec::new();
    let mut used = 0;
    for (index, core) in run(words, 6).into_iter().enumerate() {
        let parts = group(if index == 0 { core.strip_prefix('+').unwrap_or(core) } else { core });
        if !parts.iter().all(|part| is_digits(part)) {
            break;
        }
        groups.extend(parts);
        used = index + 1;
    }
    let digits: usize = groups.iter().map(String::len).sum();
    let enough = if plus { digits >= 7 } else { digits >= 7 && groups.len() >= 2 && groups.iter().all(|group| group.len() <= 5) };
    if used == 0 || !enough || digits > 15 {
        return None;
    }
    let said: Vec<String> = groups.iter().map(|group| grouped(group)).collect();
    Spoken::of(used, format!("{}{}", if plus { "plus " } else { "" }, said.join(", ")))
}

/// Mail and web addresses.
pub(super) fn address(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let web = shapes::address(words[0].core)?;
    let mut said: Vec<String> = Vec::new();
    let mut word = String::new();
    for character in web.chars() {
        let name = match character {
            '.' => "dot",
            '@' => "at",
            '_' => "underscore",
            '-' => "dash",
            '/' => "slash",
            '+' => "plus",
            '0'..='9' => DIGITS[character as usize - '0' as usize],
            other if other.is_alphanumeric() => {
                word.push(other);
                continue;
            }
            _ => continue,
        };
        if !word.is_empty() {
            said.push(std::mem::take(&mut word));
        }
        said.push(name.to_owned());
    }
    said.push(word);
    Spoken::one(said.join(" ").trim().to_owned())
}
