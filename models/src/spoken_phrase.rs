//! Phrases that an utterance may consist of, word piece by word piece: what the recogniser may say where one of a few dozen phrases is likely ("mhm", "fair enough").

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
    sync::OnceLock,
};

use crate::{
    recogniser::{Pieces, Sayable},
    spoken_number::parts,
};

/// Phrases of one language, of which up to so many follow one another ("oh", "right, okay").
#[derive(Debug, Clone)]
pub struct SpokenPhrases {
    phrases: BTreeSet<String>,
    most: usize,
    /// Everything that stands in a word of them.
    parts: HashSet<String>,
    /// The word pieces that may stand in them: they are asked for many times a second.
    pieces: OnceLock<Pieces>,
}

/// How far a text has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The phrase that is not over yet, and how many may still follow it: "right" may be over, or become "right you are".
    ways: Vec<(String, usize)>,
    /// The last word is over.
    gap: bool,
}

impl SpokenPhrases {
    /// The phrases may have hyphens and apostrophes; case does not count.
    #[must_use]
    pub fn new<'p>(phrases: impl IntoIterator<Item = &'p str>, most: usize) -> Self {
        let plain = |phrase: &str| phrase.to_lowercase().split(is_gap).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let phrases: BTreeSet<String> = phrases.into_iter().map(plain).filter(|phrase| !phrase.is_empty()).collect();
        let parts = phrases.iter().flat_map(|phrase| phrase.split(' ')).flat_map(parts).collect();
        Self { phrases, most, parts, pieces: OnceLock::new() }
    }

    fn begins(&self, text: &str) -> bool {
        self.phrases.range(text.to_owned()..).next().is_some_and(|phrase| phrase.starts_with(text))
    }

    /// Can this piece be a part of one?
    fn may_hold(&self, piece: &str) -> bool {
        let part = piece.to_lowercase().replace('\u{2019}', "'");
        part.split(is_gap).all(|part| part.is_empty() || self.parts.contains(part))
    }

    /// What becomes of a place when a letter comes; none if no phrase goes on like this.
    fn letter(&self, place: &Place, letter: char) -> Option<Place> {
        let mut ways: Vec<(String, usize)> = Vec::new();
        for (text, left) in &place.ways {
            let blank = if place.gap && !text.is_empty() { " " } else { "" };
            let longer = format!("{text}{blank}{letter}");
            if self.begins(&longer) {
                ways.push((longer, *left));
            }
            let next = letter.to_string();
            if place.gap && *left > 0 && self.phrases.contains(text) && self.begins(&next) {
                ways.push((next, left - 1));
            }
        }
        (!ways.is_empty()).then_some(Place { ways, gap: false })
    }
}

impl Sayable for SpokenPhrases {
    type Place = Place;

    const WIDTHS: &'static [usize] = &[3, 2];

    fn pieces(&self, all: &dyn Fn() -> Pieces) -> Cow<'_, Pieces> {
        Cow::Borrowed(self.pieces.get_or_init(|| all().into_iter().filter(|(_, piece)| self.may_hold(piece)).collect()))
    }

    fn start(&self) -> Place {
        Place { ways: vec![(String::new(), self.most - 1)], gap: false }
    }

    fn after(&self, place: &Place, piece: &str) -> Option<Place> {
        let mut place = place.clone();
        for letter in piece.chars().flat_map(char::to_lowercase) {
            if is_gap(letter) {
                place.gap = true;
            } else {
                place = self.letter(&place, if letter == '\u{2019}' { '\'' } else { letter })?;
            }
        }
        Some(place)
    }

    fn is_whole(&self, place: &Place) -> bool {
        place.ways.iter().any(|(text, _)| self.phrases.contains(text))
    }
}

fn is_gap(letter: char) -> bool {
    !letter.is_alphanumeric() && letter != '\'' && letter != '\u{2019}'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(pieces: &[&str]) -> Option<bool> {
        let phrases = SpokenPhrases::new(["right", "right you are", "uh-huh", "that's fine", "oh"], 2);
        let mut place = phrases.start();
        for piece in pieces {
            assert!(phrases.may_hold(piece), "{piece}");
            place = phrases.after(&place, piece)?;
        }
        Some(phrases.is_whole(&place))
    }

    #[test]
    fn a_phrase_is_whole_at_its_end_and_one_may_follow_another() {
        for whole in [
            &[" Right", "."][..],
            &[" Ri", "ght", " you", " are"],
            &[" Oh", ",", " right", "!"],
            &["Uh", "-h", "uh"],
            &[" That", "\u{2019}s", " fine"],
        ] {
            assert_eq!(said(whole), Some(true), "{whole:?}");
        }
        for begun in [&[][..], &[" Ri"], &[" Right", " you"], &[" Oh", " ri"], &[" Oh", " that's"]] {
            assert_eq!(said(begun), Some(false), "{begun:?}");
        }
        for none in [&[" Fine"][..], &[" Right", "fine"], &[" Oh", " oh", " oh"], &[" Oh", " fine"]] {
            assert_eq!(said(none), None, "{none:?}");
        }
        let phrases = SpokenPhrases::new(["right"], 1);
        assert!(!phrases.may_hold(" wrong") && phrases.may_hold(", "));
    }
}
