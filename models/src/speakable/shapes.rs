//! What is written alike in every language: codes, addresses, dates of figures.

use super::is_digits;

/// From so many digits on a number is read digit by digit.
const CODE_DIGITS: usize = 5;

/// An order number or the like.
pub(super) enum Code<'a> {
    /// Digits alone: many, behind a leading zero, or behind a number sign.
    Number(&'a str),
    /// Capital letters and digits, in parts.
    Mixed(Vec<&'a str>),
}

/// The code that a word is.
pub(super) fn code(word: &str) -> Option<Code<'_>> {
    let core = word.strip_prefix('#').unwrap_or(word);
    if is_digits(core) {
        let is_code = core.len() >= CODE_DIGITS || (core.len() > 1 && core.starts_with('0')) || core.len() < word.len();
        return is_code.then_some(Code::Number(core));
    }
    let parts: Vec<&str> = core.split(['-', '/', '_']).collect();
    let signs = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let digits = core.bytes().filter(u8::is_ascii_digit).count();
    let letters = core.bytes().filter(u8::is_ascii_uppercase).count();
    (digits >= 2 && letters > 0 && parts.iter().all(|part| signs(part))).then_some(Code::Mixed(parts))
}

/// What is said of a mail or web address.
pub(super) fn address(core: &str) -> Option<&str> {
    let bare = ["https://", "http://"].iter().find_map(|scheme| core.strip_prefix(scheme));
    let web = bare.unwrap_or(core);
    let web = web.strip_prefix("www.").unwrap_or(web);
    let is_mail = core.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    (is_mail || bare.is_some() || web != core).then_some(web.trim_end_matches('/'))
}

/// Day, month and year of "2026-11-22", "22.11.2026" or "22/11/2026"; with slashes the month comes first, if it can be one, where `month_first` says so.
pub(super) fn date(core: &str, month_first: bool) -> Option<(u64, usize, u64)> {
    let separator = core.chars().find(|character| matches!(character, '-' | '.' | '/'))?;
    let parts: Vec<&str> = core.split(separator).collect();
    let [a, b, c] = parts[..] else { return None };
    if ![a, b, c].iter().all(|part| is_digits(part) && part.len() <= 4) {
        return None;
    }
    let [first, second, third] = [a, b, c].map(|part| part.parse::<u64>().ok());
    let (day, month, year) = match (separator, a.len(), c.len()) {
        ('-', 4, _) => (third?, second?, first?),
        ('/', _, 4) if month_first && first? <= 12 => (second?, first?, third?),
        (_, 1..=2, 4) => (first?, second?, third?),
        _ => return None,
    };
    let is_day = (1..=31).contains(&day) && (1..=12).contains(&month);
    is_day.then_some((day, usize::try_from(month).ok()?, year))
}
