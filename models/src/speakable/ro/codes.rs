//! What is read out sign by sign: order numbers, telephone numbers, mail and web addresses.

use super::{
    Spoken, Word, groups, is_digits, run,
    shapes::{self, Code},
};

const DIGITS: [&str; 10] = ["zero", "unu", "doi", "trei", "patru", "cinci", "șase", "șapte", "opt", "nouă"];
/// "patru cinci șapte".
pub(super) fn digit_by_digit(digits: &str) -> String {
    let names: Vec<&str> = digits.bytes().filter(u8::is_ascii_digit).map(|digit| DIGITS[usize::from(digit - b'0')]).collect();
    names.join(" ")
}

/// Digits in groups as people read them out; a comma makes the pause.
fn grouped(digits: &str) -> String {
    groups(digits).into_iter().map(digit_by_digit).collect::<Vec<_>>().join(", ")
}

/// Every sign by its name; signs that nobody says are left out. The voice knows the names of single letters.
pub(super) fn spelled(text: &str) -> String {
    let name = |character: char| match character {
        '0'..='9' => Some(digit_by_digit(&character.to_string())),
        '.' => Some("punct".into()),
        ',' => Some("virgulă".into()),
        ':' => Some("două puncte".into()),
        '/' => Some("bară".into()),
        '%' => Some("la sută".into()),
        other => other.is_alphabetic().then(|| other.to_string()),
    };
    text.chars().filter_map(name).collect::<Vec<_>>().join(" ")
}

/// Order numbers and the like: five digits or more, digits behind a leading zero, letters and digits mixed.
pub(super) fn code(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let part = |part: &str| if is_digits(part) { grouped(part) } else { spelled(part) };
    match shapes::code(words[0].core)? {
        Code::Number(digits) => Spoken::one(grouped(digits)),
        Code::Mixed(parts) => Spoken::one(parts.into_iter().map(part).collect::<Vec<_>>().join(", ")),
    }
}

/// Telephone numbers: a plus sign, or several groups of digits with seven digits or more in all.
pub(super) fn phone(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let plus = words[0].core.starts_with('+');
    let mut groups: Vec<&str> = Vec::new();
    let mut used = 0;
    for (index, core) in run(words, 6).into_iter().enumerate() {
        let core = if index == 0 { core.strip_prefix('+').unwrap_or(core) } else { core };
        let parts: Vec<&str> = core.split(['-', '.', '/']).collect();
        if !parts.iter().all(|part| is_digits(part)) {
            break;
        }
        groups.extend(parts);
        used = index + 1;
    }
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    let enough = digits >= 7 && (plus || (groups.len() >= 2 && groups.iter().all(|group| group.len() <= 5) && groups[0].starts_with('0')));
    if used == 0 || !enough || digits > 15 {
        return None;
    }
    let said: Vec<String> = groups.iter().map(|group| grouped(group)).collect();
    Spoken::of(used, format!("{}{}", if plus { "plus " } else { "" }, said.join(", ")))
}

/// Mail and web addresses.
pub(super) fn address(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let web = shapes::address(words[0].core)?;
    let mut said = String::new();
    for character in web.chars() {
        let name = match character {
            '.' => "punct",
            '@' => "arond",
            '_' => "linie jos",
            '-' => "liniuță",
            '/' => "bară",
            '+' => "plus",
            '0'..='9' => DIGITS[character as usize - '0' as usize],
            other => {
                said.push(other);
                continue;
            }
        };
        said = format!("{} {name} ", said.trim_end());
    }
    Spoken::one(said.trim().to_owned())
}
