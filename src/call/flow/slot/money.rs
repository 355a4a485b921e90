//! Amounts: "twelve euros and fifty cents", "€12.50", "a hundred and twenty pounds", "twelve fifty".

use crate::call::flow::{lexicon::Lexicon, slot::number, text};

const SIGNS: [(char, &str); 3] = [('€', "EUR"), ('$', "USD"), ('£', "GBP")];

/// "12.50 EUR", or "12.50" if no currency was named; and how sure it is.
#[must_use]
pub fn read(said: &str, lexicon: &Lexicon) -> Option<(String, f32)> {
    let sign = SIGNS.iter().find(|(sign, _)| said.contains(*sign)).map(|(_, code)| *code);
    let said: String = said.chars().map(|c| if SIGNS.iter().any(|(sign, _)| *sign == c) { ' ' } else { c }).collect();
    if let Some((amount, rest)) = written(&said) {
        let code = sign.or_else(|| currency(&text::words(&rest), lexicon));
        return Some((shown(amount, code), if code.is_some() { 0.95 } else { 0.85 }));
    }
    let words = text::words(&said);
    (0..words.len()).find_map(|at| spoken(&words[at..], sign, lexicon))
}

/// Figures with a comma or a point and two more: in hundredths, and what follows.
fn written(said: &str) -> Option<(u64, String)> {
    let mut words = said.split_whitespace().enumerate();
    words.find_map(|(index, word)| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_digit());
        let at = bare.len().checked_sub(3)?;
        let point = bare.as_bytes()[at];
        (point == b'.' || point == b',').then_some(())?;
        let whole: String = bare[..at].chars().filter(char::is_ascii_digit).collect();
        let hundredths: u64 = bare[at + 1..].parse().ok()?;
        let rest =
            said.split_whitespace().skip(index).map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit() || ".,".contains(c)));
        Some((whole.parse::<u64>().ok()?.checked_mul(100)? + hundredths, rest.collect::<Vec<_>>().join(" ")))
    })
}

/// An amount at the start of the words.
fn spoken(words: &[String], sign: Option<&str>, lexicon: &Lexicon) -> Option<(String, f32)> {
    let values = &lexicon.values;
    let (whole, mut at) = number::read(words, lexicon)?;
    at += usize::from(words.get(at).is_some_and(|word| values.counted_by.contains(word)));
    if words.get(at).is_some_and(|word| values.cents.contains(word)) && currency(&words[at..], lexicon).is_none() {
        return Some((shown(whole, sign), 0.8));
    }
    let code = words.get(at).and_then(|word| currency(std::slice::from_ref(word), lexicon));
    at += usize::from(code.is_some());
    let joined = words.get(at).is_some_and(|word| lexicon.number_and.contains(word));
    let rest = words.get(at + usize::from(joined)..).unwrap_or_default();
    let point = rest.first().is_some_and(|word| lexicon.dot.contains(word));
    let rest = rest.get(usize::from(point)..).unwrap_or_default();
    let hundredths = if rest.is_empty() { None } else { number::read(rest, lexicon).filter(|(cents, _)| *cents < 100) };
    let late = hundredths.and_then(|(_, used)| currency(rest.get(used..)?.get(..1)?, lexicon));
    let code = code.or(late).or(sign);
    match hundredths {
        // "Three point five" has tenths.
        Some((cents, _)) if point && cents < 10 => Some((shown(whole * 100 + cents * 10, code), 0.8)),
        Some((cents, _)) if code.is_some() || point || cents >= 10 => {
            Some((shown(whole * 100 + cents, code), if code.is_some() { 0.9 } else { 0.6 }))
        }
        _ => Some((shown(whole * 100, code), if code.is_some() { 0.95 } else { 0.6 })),
    }
}

fn currency<'l>(words: &[String], lexicon: &'l Lexicon) -> Option<&'l str> {
    words.iter().find_map(|word| lexicon.values.currencies.of(word).map(String::as_str))
}

fn shown(hundredths: u64, code: Option<&str>) -> String {
    let amount = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    code.map_or_else(|| amount.clone(), |code| format!("{amount} {code}"))
}
