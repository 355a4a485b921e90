//! Words of a text with their places in it, and the figures among them.

use std::ops::Range;

use crate::call::flow::{
    lexicon::Lexicon,
    slot::digits,
    text::{self, plain_letters},
};

/// Words that may stand within a number: "and", "um", "dash".
const BETWEEN: usize = 2;

/// The words of a text, folded as [`text::words`] folds them, and where each stands.
pub(super) struct Placed {
    pub(super) words: Vec<String>,
    places: Vec<Range<usize>>,
}

impl Placed {
    pub(super) fn of(text: &str) -> Self {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '‘' | '`' | '\u{300}'..='\u{36f}');
        let (mut words, mut places) = (Vec::new(), Vec::new());
        let mut start = None;
        for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
            match (is_word(c), start) {
                (true, None) => start = Some(at),
                (false, Some(from)) => {
                    let folded = plain_letters(&text[from..at]);
                    let word = folded.trim_matches('\'');
                    if !word.is_empty() {
                        words.push(word.to_owned());
                        places.push(from..at);
                    }
                    start = None;
                }
                (true, Some(_)) | (false, None) => {}
            }
        }
        Self { words, places }
    }

    /// Where some of the words stand in the text; never asked of none.
    pub(super) fn place(&self, words: &Range<usize>) -> Range<usize> {
        self.places[words.start].start..self.places[words.end - 1].end
    }

    /// The words behind a phrase, at each place where it stands.
    pub(super) fn behind<'a>(&'a self, phrase: &'a str) -> impl Iterator<Item = usize> + 'a {
        let count = phrase.split(' ').count();
        (0..self.words.len())
            .filter(move |&at| text::find(&self.words[at..], phrase).is_some_and(|(found, _)| found == 0))
            .map(move |at| at + count)
    }

    /// Numbers as they are said, figure by figure or in groups: each is the parts that it was said in.
    pub(super) fn numbers(&self, lexicon: &Lexicon) -> Vec<Number> {
        let mut numbers: Vec<Number> = Vec::new();
        for (digits, words) in digits::placed(&self.words, lexicon) {
            let part = Part { digits: digits.bytes().map(|byte| byte - b'0').collect(), words };
            match numbers.last_mut().filter(|number| self.go_together(number.0.last(), &part, lexicon)) {
                Some(number) => number.0.push(part),
                None => numbers.push(Number(vec![part])),
            }
        }
        numbers
    }

    fn go_together(&self, last: Option<&Part>, next: &Part, lexicon: &Lexicon) -> bool {
        let Some(last) = last else { return false };
        let between = &self.words[last.words.end..next.words.start];
        let slight = |word: &String| {
            [&lexicon.fillers, &lexicon.corrections, &lexicon.tens_and, &lexicon.number_and].iter().any(|list| list.contains(word))
                || lexicon.signs.of(word).is_some()
                || *word == lexicon.and
        };
        between.len() <= BETWEEN && between.iter().all(slight)
    }
}

/// Figures that were said at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) digits: Vec<u8>,
    pub(super) words: Range<usize>,
}

/// Parts that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number(pub(super) Vec<Part>);

impl Number {
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|part| part.digits.len()).sum()
    }

    pub(super) fn words(&self) -> Range<usize> {
        let (first, last) = (self.0.first(), self.0.last());
        first.map_or(0, |part| part.words.start)..last.map_or(0, |part| part.words.end)
    }

    /// The parts that together are a number of this kind, each as a range of parts.
    pub(super) fn find(&self, longest: usize, is: &dyn Fn(&[u8]) -> bool) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut from = 0;
        while from < self.0.len() {
            match self.at(from, longest, is) {
                Some(to) => {
                    found.push(from..to);
                    from = to;
                }
                None => from += 1,
            }
        }
        found
    }

    /// The longest such number that begins with a part, by the part behind it.
    fn at(&self, from: usize, longest: usize, is: &dyn Fn(&[u8]) -> bool) -> Option<usize> {
        // What a recogniser has written as one may be more than the number.
        let first = &self.0[from].digits;
        let mut found =
            (first.len() > longest || first.len() > 16).then(|| first.windows(16).any(is)).and_then(|is| is.then_some(from + 1));
        let mut digits = Vec::new();
        for (at, part) in self.0.iter().enumerate().skip(from) {
            digits.extend_from_slice(&part.digits);
            if digits.len() > longest {
                break;
            }
            if is(&digits) {
                found = Some(at + 1);
            }
        }
        found
    }
}
