//! Amounts of money, percentages.

use super::{
    Spoken, Word,
    numbers::{Gender, cardinal, counted_by, spoken, whole_number},
};

/// A currency: signs, codes and names; one, many; one hundredth, many hundredths.
type Currency = (&'static [&'static str], &'static str, &'static str, &'static str, &'static str);

/// All of these are masculine or counted like it, but for the pound and the crown.
const CURRENCIES: [Currency; 5] = [
    (&["lei", "leu", "RON"], "leu", "lei", "ban", "bani"),
    (&["€", "EUR", "euro"], "euro", "euro", "cent", "cenți"),
    (&["$", "USD", "dolari"], "dolar", "dolari", "cent", "cenți"),
    (&["CHF"], "franc elvețian", "franci elvețieni", "rappen", "rappeni"),
    (&["MDL"], "leu moldovenesc", "lei moldovenești", "ban", "bani"),
];

/// "12,50 lei", "€12", "20 RON".
pub(super) fn amount(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    for currency in CURRENCIES {
        for sign in currency.0 {
            let attached = core.strip_prefix(sign).or_else(|| core.strip_suffix(sign)).filter(|number| !number.is_empty());
            if let Some(number) = attached {
                return Spoken::one(say(number, &currency)?);
            }
            if !words[0].flows() {
                continue;
            }
            // "20 lei" and "20 de lei".
            let skip = usize::from(words.get(1).is_some_and(|word| word.core == "de"));
            if words.get(1 + skip).is_some_and(|word| word.core == *sign) {
                return Spoken::of(2 + skip, say(core, &currency)?);
            }
        }
    }
    None
}

fn say(number: &str, currency: &Currency) -> Option<String> {
    let (_, one, many, part, parts) = *currency;
    // A service writes "12.50", or "12.5"; groups of thousands are longer.
    let by_service = || number.split_once('.').filter(|(_, cents)| cents.len() <= 2);
    let (whole, cents) = number.split_once(',').or_else(by_service).unwrap_or((number, ""));
    let whole = whole_number(whole)?;
    let units = count(whole, one, many);
    match cents.len() {
        0 => Some(units),
        1 | 2 => match (whole, format!("{cents:0<2}").parse::<u64>().ok()?) {
            (_, 0) => Some(units),
            (0, cents) => Some(count(cents, part, parts)),
            (_, cents) => Some(format!("{units} și {}", count(cents, part, parts))),
        },
        _ => Some(format!("{} {many}", spoken(number, Gender::Masculine)?)),
    }
}

fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("un {one}") } else { counted_by(&cardinal(number, Gender::Masculine), number, many) }
}

/// "15%", "3,5 %".
pub(super) fn percent(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let read = |number: &str| Some(format!("{} la sută", spoken(number, Gender::Masculine)?));
    if let Some(number) = words[0].core.strip_suffix('%') {
        return Spoken::one(read(number)?);
    }
    let sign = words.get(1).filter(|_| words[0].flows())?;
    if sign.core == "%" { Spoken::of(2, read(words[0].core)?) } else { None }
}
