//! Clauses: the piece of a sentence that a negation, a report or an object belongs to.

use crate::call::{flow::text, language::lists::Words};

/// A clause: as it was said, and its folded words.
#[derive(Debug, Clone)]
pub(in crate::call) struct Clause<'t> {
    pub(in crate::call) said: &'t str,
    pub(in crate::call) words: Vec<String>,
}

impl Clause<'_> {
    /// It ends with a question mark.
    pub(in crate::call) fn asks(&self) -> bool {
        self.said.ends_with('?')
    }

    /// The folded words with single spaces.
    pub(in crate::call) fn folded(&self) -> String {
        self.words.join(" ")
    }
}

/// The clauses of a turn: cut at punctuation and before words that begin a new thought (`cuts`; `soft_cuts` only in front of one of `after_soft`).
pub(super) fn clauses<'t>(said: &'t str, cuts: &Words, soft_cuts: &Words, after_soft: &Words) -> Vec<Clause<'t>> {
    let mut clauses = Vec::new();
    let mut start = 0;
    let spaced = pieces(said);
    for (index, (at, word)) in spaced.iter().enumerate() {
        let bare = text::folded(word);
        let next = spaced.get(index + 1).map(|(_, next)| text::folded(next)).unwrap_or_default();
        let soft = soft_cuts.contains(&bare) && after_soft.contains(&next);
        if (cuts.contains(&bare) || soft) && *at > start {
            push(&mut clauses, &said[start..*at]);
            start = *at;
        }
        // A comma inside a number ("457,129") cuts nothing.
        if word.ends_with([',', '.', ';', ':', '?', '!', '…', '—']) {
            let end = at + word.len();
            push(&mut clauses, &said[start..end]);
            start = end;
        }
    }
    push(&mut clauses, &said[start..]);
    clauses
}

fn push<'t>(clauses: &mut Vec<Clause<'t>>, said: &'t str) {
    let said = said.trim();
    let words = text::words(said);
    if !words.is_empty() {
        clauses.push(Clause { said: said.trim_end_matches([',', ';', ':']), words });
    }
}

/// The pieces between blanks, with where they begin.
fn pieces(said: &str) -> Vec<(usize, &str)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for piece in said.split(char::is_whitespace) {
        if !piece.is_empty() {
            pieces.push((at, piece));
        }
        at += piece.len() + said[at + piece.len()..].chars().next().map_or(0, char::len_utf8);
    }
    pieces
}
