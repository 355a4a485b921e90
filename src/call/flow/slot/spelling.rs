//! Spelled letters and figures: "S W one A", "m as in mother", "double t", "alpha bravo", "capital J".

use crate::call::flow::{lexicon::Lexicon, text};

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A letter or figure.
    Sign(char),
    /// A whole word.
    Word(String),
}

/// The pieces of a turn. `loose` takes the names of letters ("see", "are") for letters too: where nothing else is expected.
#[must_use]
pub fn pieces(words: &[String], loose: bool, lexicon: &Lexicon) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut times = 1;
    while at < words.len() {
        if let Some(count) = lexicon.repeats.of(&words[at])
            && at + 1 < words.len()
        {
            (times, at) = (*count, at + 1);
            continue;
        }
        let (piece, used) = one(&words[at..], loose, lexicon);
        pieces.extend(std::iter::repeat_n(piece, times));
        (times, at) = (1, at + used);
    }
    pieces
}

fn one(words: &[String], loose: bool, lexicon: &Lexicon) -> (Piece, usize) {
    let values = &lexicon.values;
    let first = words[0].as_str();
    let spelt =
        values.letters.iter().filter(|(name, _)| text::find(words, name).is_some_and(|(at, _)| at == 0)).max_by_key(|(name, _)| name.len());
    let single = first.chars().next().filter(|_| first.chars().count() == 1);
    // "M as in mother": the word says which letter was meant, whatever was heard of the letter itself.
    for (letter, used) in
        [spelt.map(|(name, letter)| (*letter, name.split(' ').count())), single.map(|letter| (letter, 1))].into_iter().flatten()
    {
        for joint in values.as_in.iter() {
            let rest = words.get(used..).unwrap_or_default();
            if text::find(rest, joint).is_some_and(|(at, _)| at == 0)
                && let Some(word) = rest.get(joint.split(' ').count())
            {
                let begins = word.chars().next().unwrap_or(letter);
                let clear = joint.contains(' ') || begins == letter;
                if clear && begins.is_alphabetic() && word.chars().count() > 1 && lexicon.repeats.of(word).is_none() {
                    return (Piece::Sign(begins), used + joint.split(' ').count() + 1);
                }
            }
        }
    }
    if let Some(sign) = single.filter(|sign| sign.is_alphanumeric()) {
        return (Piece::Sign(sign), 1);
    }
    if let Some(digit) = digit(first, lexicon) {
        return (Piece::Sign(digit), 1);
    }
    if values.alphabet.contains(first) {
        return (Piece::Sign(first.chars().next().unwrap_or_default()), 1);
    }
    match spelt {
        Some((name, letter)) if loose || name.contains(' ') => (Piece::Sign(*letter), name.split(' ').count()),
        _ => (Piece::Word(first.to_owned()), 1),
    }
}

fn digit(word: &str, lexicon: &Lexicon) -> Option<char> {
    let value = lexicon.numbers.of(word).filter(|value| **value < 10)?;
    char::from_digit(*value, 10)
}
