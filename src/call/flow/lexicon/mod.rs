//! The words of a language that the readers and the dialogue know: the part `lexicon` of its file.

mod hours;
pub mod values;

use serde::Deserialize;

pub use hours::{ClockWords, HourWords, NamedTime};
pub(in crate::call) use hours::{filled, unknown};
use values::Values;

use crate::call::language::{
    Languages,
    lists::{DayPart, Pairs, Words},
};

/// Words are folded as [`words`](crate::call::flow::text::words) folds them; phrases have single spaces.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    /// Numbers in words, each added or appended as [`slot::digits`](crate::call::flow::slot::digits) says.
    pub numbers: Pairs<u32>,
    /// Words that sound like digits and are taken for them only beside digits ("to", "for").
    pub sounds_like: Pairs<u32>,
    /// Of the numbers, those that are mostly another word: digits only beside digits ("oh").
    pub doubtful_digits: Words,
    /// "hundred", "thousand".
    pub scales: Pairs<u32>,
    /// Words between tens and units: "patruzeci și cinci".
    pub tens_and: Words,
    /// Words between the parts of a quantity: "a hundred and twenty".
    pub number_and: Words,
    /// Words behind hundreds where a number is read digit by digit.
    pub hundred_and: Words,
    /// Words that are a hundred without a number before them: "sto".
    pub hundred_alone: Words,
    /// Words that are a one only before a scale or a span of time: "a hundred", "a week".
    pub one: Words,
    /// Words that repeat the next digit: "double".
    pub repeats: Pairs<usize>,
    /// Words that take back what was said before them: "no", "sorry".
    pub corrections: Words,
    /// Words that mean nothing.
    pub fillers: Words,
    /// Yes.
    pub yes: Words,
    /// No.
    pub no: Words,
    /// Thanks.
    pub thanks: Words,
    /// Goodbye.
    pub bye: Words,
    /// "Can you repeat that?"
    pub repeat: Words,
    /// "Slower, please."
    pub slower: Words,
    /// "One moment."
    pub wait: Words,
    /// "Hello?"
    pub hello: Words,
    /// "I don't have it."
    pub dont_have: Words,
    /// Monday first.
    pub weekdays: [Words; 7],
    /// January first.
    pub months: [Words; 12],
    /// "third", "3rd".
    pub ordinals: Pairs<u32>,
    /// What may stand behind a day in figures: "3rd".
    pub ordinal_endings: Words,
    /// Ordinals that alone are no day of a month ("second").
    pub not_a_day: Words,
    /// Days from today.
    pub relative_days: Pairs<i64>,
    /// This moment.
    pub now: Words,
    /// Asked alone, it is about this moment.
    pub are_you_open: Words,
    /// Saturday and Sunday.
    pub weekend: Words,
    /// All public holidays of the list.
    pub holidays: Words,
    /// Parts of a day.
    pub parts: Pairs<DayPart>,
    /// "next" before or behind a weekday.
    pub next: Words,
    /// "at" in an e-mail address.
    pub at: Words,
    /// Two words between a letter and a name that begins with it: "m as in mother".
    pub as_in: Words,
    /// "dot".
    pub dot: Words,
    /// Other signs of an address: word and sign.
    pub signs: Pairs<char>,
    /// Another one of the same kind.
    pub other: Words,
    /// Words between two thoughts ("but").
    pub but: Words,
    /// Joins the last item of a list ("and").
    pub and: String,
    /// Words of the values that callers give.
    pub values: Values,
    /// How opening hours are answered.
    pub hours: HourWords,
}

/// The lexicon of a language that is compiled in, if there is one.
#[must_use]
pub fn of(language: &str) -> Option<&'static Lexicon> {
    Languages::built_in().of(language).map(|language| &language.lexicon)
}
