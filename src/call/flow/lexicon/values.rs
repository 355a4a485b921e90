//! Words of the values that callers give: times, amounts, letters, names.

use serde::Deserialize;

use crate::call::language::lists::{ClockTime, Pairs, Words};

/// What a language has for the readers of values.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// Words that may come before a number that was asked for ("my", "number", "is").
    pub number_leads: Words,
    /// Between a number and what it counts: "douăzeci de lei".
    pub counted_by: Words,
    /// Letters by their names, and words that recognisers write for them ("bee", "see").
    pub letters: Pairs<char>,
    /// Between a letter and the word that begins with it: "m as in mother".
    pub as_in: Words,
    /// Words that stand for their first letter by themselves ("alpha", "bravo").
    pub alphabet: Words,
    /// Everything at once: "noon".
    pub moments: Pairs<ClockTime>,
    /// "half", "quarter" in minutes.
    pub fractions: Pairs<u32>,
    /// Minutes come first, and are after the hour: "ten past five".
    pub past: Words,
    /// Minutes come first, and are before the hour: "ten to five".
    pub to: Words,
    /// Minutes come last, and are after the hour: "cinci și zece".
    pub hour_and: Words,
    /// Minutes come last, and are before the hour: "cinci fără zece".
    pub hour_less: Words,
    /// Before an hour that is still to come, in minutes behind the hour before it: "halb neun", "čtvrt na devět".
    pub toward: Pairs<u32>,
    /// Hours by other words than the numbers, behind these: "půl deváté".
    pub hour_names: Pairs<u32>,
    /// The word for minutes, in all forms.
    pub minutes: Words,
    /// After or before a whole hour: "o'clock".
    pub oclock: Words,
    /// Before noon.
    pub am: Words,
    /// After noon.
    pub pm: Words,
    /// Currencies: word and code.
    pub currencies: Pairs<String>,
    /// Hundredths of one.
    pub cents: Words,
    /// Before a name: "my name is".
    pub name_leads: Words,
    /// Beside a name, and no part of it ("spelled").
    pub name_stops: Words,
    /// In an address, and no part of it ("capital").
    pub address_noise: Words,
    /// Before an address: "my e-mail is".
    pub address_stops: Words,
    /// "in three days", "in two weeks": before the number, and units in days.
    pub within: Words,
    /// Units of it, in days.
    pub spans: Pairs<i64>,
}
