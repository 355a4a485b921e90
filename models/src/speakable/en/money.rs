//! Amounts of money, percentages.

use super::{
    Spoken, Word,
    numbers::{cardinal, spoken, whole_number},
};

/// A currency: sign or code, one, many, one hundredth, many hundredths.
type Currency = (&'static [&'static str], &'static str, &'static str, &'static str, &'static str);

const CURRENCIES: [Currency; 6] = [
    (&["€", "EUR"], "euro", "euros", "cent", "cents"),
    (&["$", "USD"], "dollar", "dollars", "cent", "cents"),
    (&["£", "GBP"], "pound", "pounds", "penny", "pence"),
    (&["lei", "leu", "RON"], "leu", "lei", "ban", "bani"),
    (&["CZK", "Kč"], "crown", "crowns", "heller", "hellers"),
    (&["CHF"], "franc", "francs", "centime", "centimes"),
];

/// "€12.50", "12.50 EUR", "$2.5 million".
pub(super) fn amount(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    for currency in CURRENCIES {
        for sign in currency.0 {
            if let Some(number) = core.strip_prefix(sign).filter(|number| !number.is_empty()) {
                let scale = words.get(1).filter(|_| words[0].flows()).map(|word| word.core).filter(|word| is_scale(word));
                return match scale {
                    Some(scale) => Spoken::of(2, format!("{} {scale} {}", spoken(number)?, currency.2)),
                    None => Spoken::one(say(number, &currency)?),
                };
            }
            if let Some(number) = core.strip_suffix(sign).filter(|number| !number.is_empty()) {
                return Spoken::one(say(number, &currency)?);
            }
            if words[0].flows() && words.get(1).is_some_and(|word| word.core == *sign) {
                return Spoken::of(2, say(core, &currency)?);
            }
        }
    }
    None
}

fn is_scale(word: &str) -> bool {
    matches!(word, "thousand" | "million" | "billion" | "trillion")
}

fn say(number: &str, currency: &Currency) -> Option<String> {
    let (_, one, many, part, parts) = *currency;
    let (whole, cents) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole_number(whole)?;
    let name = |count: u64, one: &'static str, many: &'static str| if count == 1 { one } else { many };
    let units = format!("{} {}", cardinal(whole), name(whole, one, many));
    match cents.len() {
        0 => Some(units),
        // A service says "12.5" for 12.50.
        1 | 2 => match (whole, format!("{cents:0<2}").parse::<u64>().ok()?) {
            (_, 0) => Some(units),
            (0, cents) => Some(format!("{} {}", cardinal(cents), name(cents, part, parts))),
            (_, cents) => Some(format!("{units} and {} {}", cardinal(cents), name(cents, part, parts))),
        },
        _ => Some(format!("{} {many}", spoken(number)?)),
    }
}

/// "15%", "3.5 %".
pub(super) fn percent(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    if let Some(number) = words[0].core.strip_suffix('%') {
        return Spoken::one(format!("{} percent", spoken(number)?));
    }
    let sign = words.get(1).filter(|_| words[0].flows())?;
    if sign.core == "%" { Spoken::of(2, format!("{} percent", spoken(words[0].core)?)) } else { None }
}
