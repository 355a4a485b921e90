//! Readers: what a caller says → a value, normalised, with how sure it is. Pure text; the recogniser's own confidence comes on top.

pub mod choice;
pub mod date;
pub mod digits;
pub mod email;
pub mod yes_no;

use std::collections::BTreeMap;

use jiff::civil::Date;
use regex::Regex;

use crate::call::flow::{definition::ReadDef, lexicon::Lexicon, step::Expect, text};

/// What a reader made of a turn.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A value.
    Value {
        /// Normalised: digits, `jane@example.com`, `2026-11-23`, `yes`, the choice's name.
        value: String,
        /// How sure the reader is of it, 0..=1.
        certainty: f32,
    },
    /// The first part of a value: more must come.
    Part {
        /// What there is so far.
        value: String,
    },
    /// Nothing that could be a value.
    Nothing,
}

/// How a slot is read.
#[derive(Debug, Clone)]
pub struct Reader {
    kind: ReadDef,
    pattern: Option<Regex>,
}

/// Fewest and most digits of a phone number (E.164 allows 15; fewer than 7 is no number that can be called back).
pub(in crate::call) const PHONE: (usize, usize) = (7, 15);

impl Reader {
    /// A reader whose values match `pattern` as a whole.
    #[must_use]
    pub fn new(kind: ReadDef, pattern: Option<Regex>) -> Self {
        Self { kind, pattern }
    }

    /// Reads a spoken turn. `so_far` is the part of the value that was said before; `today` is for dates.
    #[must_use]
    pub fn read(&self, said: &str, so_far: &str, today: Date, lexicon: &Lexicon) -> Reading {
        let words = text::words(said);
        match &self.kind {
            ReadDef::Digits(count) => digits::read(&words, so_far, (count.least, count.most), lexicon, &|value| self.fits(value)),
            ReadDef::Phone => digits::read(&words, so_far, PHONE, lexicon, &|value| self.fits(value)),
            ReadDef::Email => self.sure(email::read(said, lexicon)),
            ReadDef::Date => self.sure(date::read(&words, today, lexicon).map(|day| (day.to_string(), 0.9))),
            ReadDef::YesNo => self.sure(yes_no::read(&words, lexicon).map(|yes| (if yes { "yes" } else { "no" }.to_owned(), 0.95))),
            ReadDef::Choice(choices) => self.sure(choice::read(&words, choices)),
            ReadDef::Text => self.sure((!words.is_empty()).then(|| (said.trim().trim_end_matches('.').to_owned(), 0.7))),
        }
    }

    /// Reads keys.
    #[must_use]
    pub fn read_keys(&self, keys: &str, today: Date, lexicon: &Lexicon) -> Reading {
        match &self.kind {
            ReadDef::YesNo => match keys {
                "1" => Reading::Value { value: "yes".to_owned(), certainty: 1.0 },
                "2" => Reading::Value { value: "no".to_owned(), certainty: 1.0 },
                _ => Reading::Nothing,
            },
            ReadDef::Digits(_) | ReadDef::Phone => match self.read(keys, "", today, lexicon) {
                Reading::Value { value, .. } => Reading::Value { value, certainty: 1.0 },
                other => other,
            },
            ReadDef::Email | ReadDef::Date | ReadDef::Choice(_) | ReadDef::Text => Reading::Nothing,
        }
    }

    /// Replaces the wrong part of `old` by what is said ("no, four nine").
    #[must_use]
    pub fn correct(&self, old: &str, said: &str, lexicon: &Lexicon) -> Option<String> {
        match self.kind {
            ReadDef::Digits(_) | ReadDef::Phone => {
                digits::correct(old, &text::words(said), lexicon).into_iter().find(|value| value != old && self.fits(value))
            }
            ReadDef::Email | ReadDef::Date | ReadDef::YesNo | ReadDef::Choice(_) | ReadDef::Text => None,
        }
    }

    /// What the caller is expected to say.
    #[must_use]
    pub fn expects(&self) -> Expect {
        match &self.kind {
            ReadDef::Digits(count) => Expect::Digits { least: count.least, most: count.most },
            ReadDef::Phone => Expect::Digits { least: PHONE.0, most: PHONE.1 },
            ReadDef::Email => Expect::Spelled,
            ReadDef::YesNo => Expect::YesNo,
            ReadDef::Date | ReadDef::Choice(_) | ReadDef::Text => Expect::Sentence,
        }
    }

    /// Can the value be keyed?
    #[must_use]
    pub fn takes_keys(&self) -> bool {
        matches!(self.kind, ReadDef::Digits(_) | ReadDef::Phone)
    }

    /// May a value that stands in a longer sentence be taken for this one? Free words and dates could be about anything.
    #[must_use]
    pub fn recognises_itself(&self) -> bool {
        matches!(self.kind, ReadDef::Digits(_) | ReadDef::Email)
    }

    /// The choices, if it is one of several.
    #[must_use]
    pub fn choices(&self) -> Option<&BTreeMap<String, Vec<String>>> {
        if let ReadDef::Choice(choices) = &self.kind { Some(choices) } else { None }
    }

    fn fits(&self, value: &str) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(value))
    }

    fn sure(&self, read: Option<(String, f32)>) -> Reading {
        match read {
            Some((value, certainty)) if self.fits(&value) => Reading::Value { value, certainty },
            _ => Reading::Nothing,
        }
    }
}
