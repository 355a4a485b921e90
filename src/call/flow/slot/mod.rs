//! Readers: what a caller says → a value, normalised, with how sure it is. Pure text; the recogniser's own confidence comes on top.

pub mod choice;
pub mod code;
mod correction;
pub mod date;
pub mod digits;
pub mod email;
pub mod money;
pub mod name;
pub mod number;
pub mod spelling;
pub mod time;
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
        /// Normalised: digits, `jane@example.com`, `2026-11-23`, `17:30`, `12.50 EUR`, `Jane Smith`, `SW1A2AA`, `yes`, the choice's name.
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
            ReadDef::Phone => {
                let country = so_far.starts_with('+') || (so_far.is_empty() && is_international(said, &words));
                let plus = if country { "+" } else { "" };
                let so_far = so_far.trim_start_matches('+');
                match digits::read(&words, so_far, PHONE, lexicon, &|value| self.fits(&format!("{plus}{value}"))) {
                    Reading::Value { value, certainty } => Reading::Value { value: format!("{plus}{value}"), certainty },
                    Reading::Part { value } => Reading::Part { value: format!("{plus}{value}") },
                    Reading::Nothing => Reading::Nothing,
                }
            }
            ReadDef::Email | ReadDef::Date | ReadDef::Time | ReadDef::Money | ReadDef::Name | ReadDef::Postcode | ReadDef::Choice(_) => {
                // "Monday, no, Tuesday": what comes after the correction, if it is a value by itself.
                let corrected = correction::after(said, lexicon).map(|said| self.one(said, today, lexicon));
                match corrected {
                    Some(value @ Reading::Value { .. }) => value,
                    Some(Reading::Part { .. } | Reading::Nothing) | None => self.one(said, today, lexicon),
                }
            }
            ReadDef::YesNo | ReadDef::Text => self.one(said, today, lexicon),
        }
    }

    /// Reads a value of any kind but a number, in a text without corrections.
    fn one(&self, said: &str, today: Date, lexicon: &Lexicon) -> Reading {
        let words = text::words(said);
        match &self.kind {
            ReadDef::Email => self.sure(email::read(said, lexicon)),
            ReadDef::Date => self.sure(date::read(&date::written(said, &words), today, lexicon).map(|day| (day.to_string(), 0.9))),
            ReadDef::Time => self.sure(time::read(said, lexicon)),
            ReadDef::Money => self.sure(money::read(said, lexicon)),
            ReadDef::Name => self.sure(name::read(said, lexicon)),
            ReadDef::Postcode => {
                let code = code::read(said, lexicon).into_iter().find(|code| self.fits(code));
                self.sure(code.map(|code| (code, 0.8)))
            }
            ReadDef::YesNo => self.sure(yes_no::read(&words, lexicon).map(|yes| (if yes { "yes" } else { "no" }.to_owned(), 0.95))),
            ReadDef::Choice(choices) => self.sure(choice::read(&words, choices)),
            ReadDef::Text => self.sure((!words.is_empty()).then(|| (said.trim().trim_end_matches('.').to_owned(), 0.7))),
            ReadDef::Digits(_) | ReadDef::Phone => Reading::Nothing,
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
            ReadDef::Date => self.sure(date::keyed(keys, today).map(|day| (day.to_string(), 1.0))),
            ReadDef::Time => self.sure(time::read(keys, lexicon).filter(|_| keys.len() == 4)),
            ReadDef::Choice(choices) => {
                // In the order of the names, from 1 on.
                let number = keys.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                self.sure(number.and_then(|number| choices.keys().nth(number)).map(|name| (name.clone(), 1.0)))
            }
            ReadDef::Email | ReadDef::Money | ReadDef::Name | ReadDef::Postcode | ReadDef::Text => Reading::Nothing,
        }
    }

    /// Replaces the wrong part of `old` by what is said ("no, four nine").
    #[must_use]
    pub fn correct(&self, old: &str, said: &str, lexicon: &Lexicon) -> Option<String> {
        match self.kind {
            ReadDef::Digits(_) | ReadDef::Phone => {
                digits::correct(old, &text::words(said), lexicon).into_iter().find(|value| value != old && self.fits(value))
            }
            ReadDef::Email
            | ReadDef::Date
            | ReadDef::Time
            | ReadDef::Money
            | ReadDef::Name
            | ReadDef::Postcode
            | ReadDef::YesNo
            | ReadDef::Choice(_)
            | ReadDef::Text => None,
        }
    }

    /// What the caller is expected to say.
    #[must_use]
    pub fn expects(&self) -> Expect {
        match &self.kind {
            ReadDef::Digits(count) => Expect::Digits { least: count.least, most: count.most },
            ReadDef::Phone => Expect::Digits { least: PHONE.0, most: PHONE.1 },
            ReadDef::Email | ReadDef::Name | ReadDef::Postcode => Expect::Spelled,
            ReadDef::YesNo => Expect::YesNo,
            ReadDef::Date | ReadDef::Time | ReadDef::Money | ReadDef::Choice(_) | ReadDef::Text => Expect::Sentence,
        }
    }

    /// Can the value be keyed?
    #[must_use]
    pub fn takes_keys(&self) -> bool {
        match self.kind {
            ReadDef::Digits(_) | ReadDef::Phone | ReadDef::Date | ReadDef::Time | ReadDef::YesNo | ReadDef::Choice(_) => true,
            ReadDef::Email | ReadDef::Money | ReadDef::Name | ReadDef::Postcode | ReadDef::Text => false,
        }
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

/// "+40 …", "plus four oh …".
fn is_international(said: &str, words: &[String]) -> bool {
    said.split_whitespace().any(|word| word.strip_prefix('+').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())))
        || words.iter().any(|word| word == "plus")
}
