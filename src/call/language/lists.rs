//! Lists of words as language files write them: folded when they are read, so that a file may be written with its accents.

use std::{fmt, marker::PhantomData, ops::Deref};

use regex::Regex;
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};

use crate::call::flow::{hours, text};

/// Words and phrases, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// Is it one of them?
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.0.iter().any(|known| known == word)
    }

    /// Is there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        words.iter().map(|word| phrase(word)).collect::<Result<_, _>>().map(Self).map_err(D::Error::custom)
    }
}

/// A phrase as it is compared; what is wrong with it if it could never be heard.
fn phrase(text: &str) -> Result<String, String> {
    let sound = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '\'' || c == '-');
    let folded = text::plain_letters(text);
    if folded.split(' ').all(sound) {
        Ok(folded)
    } else {
        Err(format!("“{text}” is not made of words with single spaces: leave punctuation out"))
    }
}

/// Phrases and what each stands for, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs<V>(Vec<(String, V)>);

impl<V> Deref for Pairs<V> {
    type Target = [(String, V)];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<V> Pairs<V> {
    /// What a phrase stands for.
    #[must_use]
    pub fn of(&self, phrase: &str) -> Option<&V> {
        self.0.iter().find(|(known, _)| known == phrase).map(|(_, value)| value)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
    type Value = Pairs<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of phrases")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
        let mut pairs: Vec<(String, V)> = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, V>()? {
            let key = phrase(&key).map_err(A::Error::custom)?;
            if pairs.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom(format!("“{key}” stands here twice: accents make no difference")));
            }
            pairs.push((key, value));
        }
        Ok(Pairs(pairs))
    }
}

/// A regular expression on folded words.
#[derive(Debug, Clone)]
pub struct Pattern(pub Regex);

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let folded: String = written.chars().map(text::plain_letter).collect();
        Regex::new(&folded).map(Self).map_err(|error| D::Error::custom(format!("no regular expression: {error}").replace('\n', " ")))
    }
}

/// A time of the day, in minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockTime(pub u32);

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        hours::clock_time(&String::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
    }
}

/// A part of the day, from and to in minutes since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayPart(pub u32, pub u32);

impl<'de> Deserialize<'de> for DayPart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = String::deserialize(deserializer)?;
        let (from, to) = written.split_once('-').ok_or_else(|| D::Error::custom(format!("“{written}” is not like \"09:00-12:00\"")))?;
        let time = |text: &str| hours::clock_time(text).map_err(D::Error::custom);
        Ok(Self(time(from)?, time(to)?))
    }
}
