//! Abbreviations, units and ranges.

use super::{
    Spoken, Word,
    numbers::{Gender, counted, counted_by, gender_of, spoken, whole_number},
};

/// Written, said; the full stop belongs to the abbreviation.
const ABBREVIATIONS: [(&str, &str); 14] = [
    ("dl", "domnul"),
    ("dna", "doamna"),
    ("dvs", "dumneavoastră"),
    ("str", "strada"),
    ("bd", "bulevardul"),
    ("nr", "numărul"),
    ("ap", "apartamentul"),
    ("bl", "blocul"),
    ("et", "etajul"),
    ("tel", "telefon"),
    ("etc", "et cetera"),
    ("ex", "exemplu"),
    ("max", "maxim"),
    ("min", "minim"),
];

/// Units behind a number: written, one, many, how they are counted.
const UNITS: [(&str, &str, &str, Gender); 12] = [
    ("kg", "kilogram", "kilograme", Gender::Feminine),
    ("g", "gram", "grame", Gender::Feminine),
    ("km", "kilometru", "kilometri", Gender::Masculine),
    ("m", "metru", "metri", Gender::Masculine),
    ("cm", "centimetru", "centimetri", Gender::Masculine),
    ("mm", "milimetru", "milimetri", Gender::Masculine),
    ("min", "minut", "minute", Gender::Feminine),
    ("h", "oră", "ore", Gender::Feminine),
    ("l", "litru", "litri", Gender::Masculine),
    ("GB", "gigabait", "gigabaiți", Gender::Masculine),
    ("MB", "megabait", "megabaiți", Gender::Masculine),
    ("°C", "grad Celsius", "grade Celsius", Gender::Feminine),
];

/// Numbers with their unit, "&", "str.", "nr."
pub(super) fn abbreviation(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let core = words[0].core;
    if matches!(core, "&" | "+") {
        return Spoken::one(if core == "&" { "și" } else { "plus" });
    }
    let own_stop = words[0].tail.starts_with('.');
    let lower = core.to_lowercase();
    let (_, said) = ABBREVIATIONS.iter().find(|(written, _)| *written == lower).filter(|_| own_stop || lower == "dvs")?;
    Some(Spoken { words: 1, text: (*said).into(), own_stop })
}

/// "20 kg", "3,5 kg".
pub(super) fn measure(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let unit = words.get(1).filter(|_| words[0].flows())?.core;
    let (_, one, many, gender) = UNITS.iter().find(|(written, ..)| *written == unit)?;
    let number = words[0].core;
    if number == "1" {
        return Spoken::of(2, format!("{} {one}", if *one == "oră" { "o" } else { "un" }));
    }
    let said = spoken(number, *gender)?;
    Spoken::of(2, whole_number(number).map_or_else(|| format!("{said} {many}"), |count| counted_by(&said, count, many)))
}

/// "2-3", "10–15".
pub(super) fn range(words: &[Word<'_>], _before: Option<Word<'_>>) -> Option<Spoken> {
    let (from, to) = words[0].core.split_once(['-', '\u{2013}'])?;
    // Long numbers on both sides are a code.
    (from.len() <= 3 && to.len() <= 3).then_some(())?;
    let gender = gender_of(counted(words));
    Spoken::one(format!("{} până la {}", spoken(from, gender)?, spoken(to, gender)?))
}
