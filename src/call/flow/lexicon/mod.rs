//! The words of a language that the readers and the dialogue know. A further language is one more file here.

mod en;
mod en_values;
mod ro;
mod ro_values;
pub mod values;

use values::Values;

/// Words are folded as [`words`](crate::call::flow::text::words) folds them; phrases have single spaces.
#[derive(Debug)]
pub struct Lexicon {
    /// The language ("en").
    pub language: &'static str,
    /// Numbers in words, each added or appended as [`slot::digits`](crate::call::flow::slot::digits) says.
    pub numbers: &'static [(&'static str, u32)],
    /// Words that sound like digits and are taken for them only beside digits ("to", "for").
    pub sounds_like: &'static [(&'static str, u32)],
    /// "hundred", "thousand".
    pub scales: &'static [(&'static str, u32)],
    /// Words between tens and units: "patruzeci și cinci".
    pub tens_and: &'static [&'static str],
    /// Words that repeat the next digit: "double".
    pub repeats: &'static [(&'static str, usize)],
    /// Words that take back what was said before them: "no", "sorry".
    pub corrections: &'static [&'static str],
    /// Words that mean nothing.
    pub fillers: &'static [&'static str],
    /// Yes.
    pub yes: &'static [&'static str],
    /// No.
    pub no: &'static [&'static str],
    /// Thanks.
    pub thanks: &'static [&'static str],
    /// Goodbye.
    pub bye: &'static [&'static str],
    /// "Can you repeat that?"
    pub repeat: &'static [&'static str],
    /// "Slower, please."
    pub slower: &'static [&'static str],
    /// "One moment."
    pub wait: &'static [&'static str],
    /// "Hello?"
    pub hello: &'static [&'static str],
    /// "I don't have it."
    pub dont_have: &'static [&'static str],
    /// Monday first.
    pub weekdays: [&'static [&'static str]; 7],
    /// The days as they are said.
    pub weekday_names: [&'static str; 7],
    /// January first.
    pub months: [&'static [&'static str]; 12],
    /// The months as they are said.
    pub month_names: [&'static str; 12],
    /// "third", "3rd".
    pub ordinals: &'static [(&'static str, u32)],
    /// Days from today.
    pub relative_days: &'static [(&'static str, i64)],
    /// This moment.
    pub now: &'static [&'static str],
    /// Asked alone, it is about this moment.
    pub are_you_open: &'static [&'static str],
    /// Saturday and Sunday.
    pub weekend: &'static [&'static str],
    /// All public holidays of the list.
    pub holidays: &'static [&'static str],
    /// Parts of a day, from and to in minutes since midnight.
    pub parts: &'static [(&'static str, u32, u32)],
    /// "next" before or behind a weekday.
    pub next: &'static [&'static str],
    /// "at" in an e-mail address.
    pub at: &'static [&'static str],
    /// Two words between a letter and a name that begins with it: "m as in mother".
    pub as_in: &'static [[&'static str; 2]],
    /// "dot".
    pub dot: &'static [&'static str],
    /// Other signs of an address: word and sign.
    pub signs: &'static [(&'static str, char)],
    /// Another one of the same kind.
    pub other: &'static [&'static str],
    /// Words between two thoughts ("but").
    pub but: &'static [&'static str],
    /// Joins the last item of a list ("and").
    pub and: &'static str,
    /// From an hour to an hour: "from {} to {}".
    pub from_to: (&'static str, &'static str),
    /// Words of the values that callers give.
    pub values: Values,
}

/// The lexicon of a language, if there is one.
#[must_use]
pub fn of(language: &str) -> Option<&'static Lexicon> {
    [&en::LEXICON, &ro::LEXICON].into_iter().find(|lexicon| lexicon.language == language)
}

/// The languages that have a lexicon.
#[must_use]
pub fn languages() -> [&'static str; 2] {
    [en::LEXICON.language, ro::LEXICON.language]
}
