//! Words of the values that callers give: times, amounts, letters, names.

/// What a language has for the readers of values.
#[derive(Debug)]
pub struct Values {
    /// Words that may come before a number that was asked for ("my", "number", "is").
    pub number_leads: &'static [&'static str],
    /// Letters by their names, and words that recognisers write for them ("bee", "see").
    pub letters: &'static [(&'static str, char)],
    /// Between a letter and the word that begins with it: "m as in mother".
    pub as_in: &'static [&'static str],
    /// Words that stand for their first letter by themselves ("alpha", "bravo").
    pub alphabet: &'static [&'static str],
    /// Everything at once: "noon" in minutes since midnight.
    pub moments: &'static [(&'static str, u32)],
    /// "half", "quarter" in minutes.
    pub fractions: &'static [(&'static str, u32)],
    /// Minutes come first, and are after the hour: "ten past five".
    pub past: &'static [&'static str],
    /// Minutes come first, and are before the hour: "ten to five".
    pub to: &'static [&'static str],
    /// Minutes come last, and are after the hour: "cinci și zece".
    pub hour_and: &'static [&'static str],
    /// Minutes come last, and are before the hour: "cinci fără zece".
    pub hour_less: &'static [&'static str],
    /// After or before a whole hour: "o'clock".
    pub oclock: &'static [&'static str],
    /// Before noon.
    pub am: &'static [&'static str],
    /// After noon.
    pub pm: &'static [&'static str],
    /// Currencies: word and code.
    pub currencies: &'static [(&'static str, &'static str)],
    /// Hundredths of one.
    pub cents: &'static [&'static str],
    /// Before a name: "my name is".
    pub name_leads: &'static [&'static str],
    /// Before an address: "my e-mail is".
    pub address_stops: &'static [&'static str],
    /// "in three days", "in two weeks": before the number, and units in days.
    pub within: &'static [&'static str],
    /// Units of it, in days.
    pub spans: &'static [(&'static str, i64)],
}
