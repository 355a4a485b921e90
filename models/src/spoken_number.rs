//! What a spoken number of a known length can look like, word piece by word piece: what the recogniser may say where the flow expects digits.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use crate::recogniser::{Pieces, Sayable};

/// What a word does to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberWord {
    /// "seven", "forty".
    Value(u32),
    /// "double": the next digit counts so many times.
    Times(usize),
    /// A word that may come before the number ("it's").
    Lead,
}

/// Numbers of `least` to `most` digits, in the words of one language.
#[derive(Debug, Clone)]
pub struct SpokenNumber {
    words: BTreeMap<String, NumberWord>,
    /// Everything that stands in a word: what its pieces can be.
    parts: HashSet<String>,
    least: usize,
    most: usize,
}

/// How far a text has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The word that is not over yet.
    word: String,
    digits: usize,
    /// How often the next digit counts.
    times: usize,
    /// The last word was "forty": a unit belongs to it.
    after_tens: bool,
}

impl SpokenNumber {
    /// `words` in lower case. A word that stands there twice is what it is first.
    #[must_use]
    pub fn new<'w>(words: impl IntoIterator<Item = (&'w str, NumberWord)>, least: usize, most: usize) -> Self {
        let mut all = BTreeMap::new();
        for (word, is) in words {
            all.entry(word.to_owned()).or_insert(is);
        }
        let parts = all.keys().flat_map(|word| parts(word)).collect();
        Self { words: all, parts, least, most }
    }

    /// Can this piece be a part of one of the words, or of figures?
    fn may_hold(&self, piece: &str) -> bool {
        let mut parts = piece.split(is_gap).filter(|part| !part.is_empty());
        parts.all(|part| {
            let plain = part.replace('\u{2019}', "'").to_lowercase();
            is_figures(part) || (self.parts.contains(&plain) && !part.chars().skip(1).any(char::is_uppercase))
        })
    }

    fn begins_a_word(&self, part: &str) -> bool {
        self.words.range(part.to_owned()..).next().is_some_and(|(word, _)| word.starts_with(part))
    }

    fn word_over(&self, mut place: Place) -> Option<Place> {
        let word = std::mem::take(&mut place.word);
        if word.is_empty() {
            return Some(place);
        }
        if is_figures(&word) {
            place.after_tens = false;
            return Some(place);
        }
        match *self.words.get(&word)? {
            NumberWord::Times(times) => {
                (place.times == 1).then_some(())?;
                (place.times, place.after_tens) = (times, false);
            }
            NumberWord::Value(unit) if place.after_tens && (1..10).contains(&unit) => place.after_tens = false,
            NumberWord::Value(value) => {
                // "Double twenty" is nothing that people say.
                (place.times == 1 || value < 10).then_some(())?;
                place.digits += place.times * if value < 10 { 1 } else { 2 };
                (place.times, place.after_tens) = (1, value >= 20);
            }
            NumberWord::Lead => (place.digits == 0 && place.times == 1).then_some(())?,
        }
        Some(place)
    }
}

impl Sayable for SpokenNumber {
    type Place = Place;

    /// Three found 19 of 20 misheard numbers. More of them at the first pieces: words that may come before a number crowd out its own beginning until it is clear
    /// that nothing follows them.
    const WIDTHS: &'static [usize] = &[8, 5, 3];

    fn pieces(&self, all: &dyn Fn() -> Pieces) -> Cow<'_, Pieces> {
        Cow::Owned(all().into_iter().filter(|(_, piece)| self.may_hold(piece)).collect())
    }

    fn start(&self) -> Place {
        Place { word: String::new(), digits: 0, times: 1, after_tens: false }
    }

    fn after(&self, place: &Place, piece: &str) -> Option<Place> {
        let mut place = place.clone();
        for letter in piece.chars() {
            if is_gap(letter) {
                place = self.word_over(place)?;
            } else if letter.is_ascii_digit() {
                place = place.figure()?;
            } else {
                if is_figures(&place.word) && !place.word.is_empty() || (letter.is_uppercase() && !place.word.is_empty()) {
                    return None;
                }
                place.word.extend(if is_apostrophe(letter) { '\''.to_lowercase() } else { letter.to_lowercase() });
                self.begins_a_word(&place.word).then_some(())?;
            }
            (place.digits <= self.most).then_some(())?;
        }
        Some(place)
    }

    fn is_whole(&self, place: &Place) -> bool {
        self.word_over(place.clone()).is_some_and(|place| place.times == 1 && (self.least..=self.most).contains(&place.digits))
    }
}

impl Place {
    /// One more figure ("4"), counted at once.
    fn figure(mut self) -> Option<Self> {
        if !self.word.is_empty() && !is_figures(&self.word) {
            return None;
        }
        self.digits += self.times;
        "0".clone_into(&mut self.word);
        self.times = 1;
        Some(self)
    }
}

/// All parts of a word: what its pieces can be.
pub(crate) fn parts(word: &str) -> impl Iterator<Item = String> + '_ {
    let ends = move |from: usize| (from + 1..=word.len()).filter_map(move |to| word.get(from..to)).map(str::to_owned);
    (0..word.len()).flat_map(ends)
}

fn is_gap(letter: char) -> bool {
    matches!(letter, ' ' | ',' | '.' | '-')
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}')
}

fn is_figures(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn six() -> SpokenNumber {
        use NumberWord::{Lead, Times, Value};
        let words = [("four", Value(4)), ("forty", Value(40)), ("nine", Value(9)), ("double", Times(2)), ("it's", Lead), ("oh", Value(0))];
        SpokenNumber::new(words, 6, 6)
    }

    fn is_one(text: &str) -> bool {
        let number = six();
        number.after(&number.start(), text).is_some_and(|place| number.is_whole(&place))
    }

    #[test]
    fn numbers_of_six_digits_are_numbers_however_they_are_said() {
        for text in [
            " four nine four nine four nine",
            "It's four, nine, four, nine, double four.",
            "499-499",
            "Forty-nine, forty, 49",
            "it’s double oh, forty-four, 44",
        ] {
            assert!(is_one(text), "{text}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "four nine four nine four",
            "four nine four nine four nine four",
            "double forty, 49, 4",
            "four nine it's four nine four nine",
            "fore nine four nine four nine",
            "four nine four nine four double",
            "4994999",
            "foUr nine four nine four nine",
        ] {
            assert!(!is_one(text), "{text}");
        }
    }

    #[test]
    fn pieces_of_other_words_are_left_out() {
        for piece in [" fo", "ty", " nine", ",", "4", "-", "It's", " it’s", "ou"] {
            assert!(six().may_hold(piece), "{piece}");
        }
        for piece in [" table", "x", "NINE", "!", "(", " é"] {
            assert!(!six().may_hold(piece), "{piece}");
        }
    }
}
