//! Numbers in words. Romanian counts by gender ("doi lei", "două zile"), and puts "de" between larger numbers and what is counted.

use super::{Spoken, Word, codes, is_digits};

const SMALL: [&str; 20] = [
    "zero",
    "unu",
    "doi",
    "trei",
    "patru",
    "cinci",
    "șase",
    "șapte",
    "opt",
    "nouă",
    "zece",
    "unsprezece",
    "doisprezece",
    "treisprezece",
    "paisprezece",
    "cincisprezece",
    "șaisprezece",
    "șaptesprezece",
    "optsprezece",
    "nouăsprezece",
];
const TENS: [&str; 10] = ["", "", "douăzeci", "treizeci", "patruzeci", "cincizeci", "șaizeci", "șaptezeci", "optzeci", "nouăzeci"];
/// Each scale: from, one of it, many of it, gender.
const SCALES: [(u64, &str, &str, Gender); 3] = [
    (1_000_000_000, "un miliard", "miliarde", Gender::Feminine),
    (1_000_000, "un milion", "milioane", Gender::Feminine),
    (1_000, "o mie", "mii", Gender::Feminine),
];
/// What is counted in the feminine form; neuter nouns are feminine in the plural.
const FEMININE: [&str; 24] = [
    "zi",
    "zile",
    "oră",
    "ore",
    "minut",
    "minute",
    "secundă",
    "secunde",
    "săptămână",
    "săptămâni",
    "comandă",
    "comenzi",
    "colet",
    "colete",
    "produs",
    "produse",
    "locuri",
    "bucăți",
    "cifre",
    "persoane",
    "sute",
    "mii",
    "apeluri",
    "facturi",
];
/// These are counted with "o" when there is one of them; "un minut", "un colet" are not.
const FEMININE_ONE: [&str; 6] = ["zi", "oră", "secundă", "săptămână", "comandă", "persoană"];

/// How what is counted is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gender {
    Masculine,
    Feminine,
}

/// "o mie două sute cincizeci".
pub(super) fn cardinal(number: u64, gender: Gender) -> String {
    if let Some((scale, one, many, counted)) = SCALES.iter().find(|(scale, ..)| number >= *scale) {
        let head = match number / scale {
            1 => (*one).to_owned(),
            // Twenty-one thousand is said with the masculine one.
            count if count % 100 > 20 && count % 10 == 1 => counted_by(&cardinal(count, Gender::Masculine), count, many),
            count => counted_by(&cardinal(count, *counted), count, many),
        };
        return joined(&head, " ", number % scale, gender);
    }
    match (number, gender) {
        (1, Gender::Feminine) => "una".to_owned(),
        (2, Gender::Feminine) => "două".to_owned(),
        (12, Gender::Feminine) => "douăsprezece".to_owned(),
        (0..20, _) => SMALL[number as usize].to_owned(),
        (20..100, _) => joined(TENS[number as usize / 10], " și ", number % 10, gender),
        (100..200, _) => joined("o sută", " ", number % 100, gender),
        _ => joined(&format!("{} sute", cardinal(number / 100, Gender::Feminine)), " ", number % 100, gender),
    }
}

fn joined(head: &str, joint: &str, rest: u64, gender: Gender) -> String {
    if rest == 0 { head.to_owned() } else { format!("{head}{joint}{}", cardinal(rest, gender)) }
}

/// "doi lei", "douăzeci de lei": from twenty on, and for round hundreds, "de" stands in between.
pub(super) fn counted_by(number: &str, count: u64, noun: &str) -> String {
    let joint = if count >= 20 && !(1..20).contains(&(count % 100)) { " de " } else { " " };
    format!("{number}{joint}{noun}")
}

/// A written number: "1250", "1.250", "3,5"; none if it is anything else. Codes with a leading zero are no numbers.
pub(super) fn spoken(text: &str, gender: Gender) -> Option<String> {
    let (whole, fraction) = text.split_once(',').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let whole = whole_number(whole)?;
    match fraction {
        None => Some(cardinal(whole, gender)),
        Some(digits) if is_digits(digits) => {
            let read = match digits.parse::<u64>() {
                Ok(number) if !digits.starts_with('0') && digits.len() <= 2 => cardinal(number, Gender::Masculine),
                _ => codes::digit_by_digit(digits),
            };
            Some(format!("{} virgulă {read}", cardinal(whole, gender)))
        }
        Some(_) => None,
    }
}

/// Digits, perhaps in groups of three behind full stops.
pub(super) fn whole_number(text: &str) -> Option<u64> {
    let mut groups = text.split('.');
    let first = groups.next()?;
    let grouped = text.contains('.');
    let well_formed = is_digits(first) && (!grouped || first.len() <= 3) && groups.all(|group| group.len() == 3 && is_digits(group));
    if !well_formed || (first.len() > 1 && first.starts_with('0')) {
        return None;
    }
    text.replace('.', "").parse().ok().filter(|number| *number < 1_000_000_000_000)
}

/// Plain and negative numbers; what they count says the gender.
pub(super) fn number(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    if let Some(positive) = core.strip_prefix(['-', '\u{2212}']) {
        return Spoken::one(format!("minus {}", spoken(positive, Gender::Masculine)?));
    }
    let noun = counted(words);
    if core == "1"
        && let Some(noun) = noun
    {
        return Spoken::one(if FEMININE_ONE.contains(&noun) { "o" } else { "un" });
    }
    if let Some(text) = spoken(core, gender_of(noun)) {
        return Spoken::one(text);
    }
    // Whatever still holds digits ("1.2.3.4", "1e9") is read out sign by sign.
    core.contains(|character: char| character.is_ascii_digit()).then(|| codes::spelled(core)).and_then(Spoken::one)
}

/// The noun that the first word counts, as far as it is known to be feminine in the plural: "3 zile", "20 de zile".
pub(super) fn counted<'a>(words: &[Word<'a>]) -> Option<&'a str> {
    let rest = words.get(1..).filter(|_| words[0].flows())?;
    let noun = rest.iter().map(|word| word.core).find(|core| *core != "de")?;
    (FEMININE.contains(&noun) || FEMININE_ONE.contains(&noun)).then_some(noun)
}

pub(super) fn gender_of(noun: Option<&str>) -> Gender {
    if noun.is_some() { Gender::Feminine } else { Gender::Masculine }
}
