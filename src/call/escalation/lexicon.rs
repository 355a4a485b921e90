//! The words of a language that carry signals: the part `escalation` of its file. Everything is folded (lower case, no accents, no punctuation).

use serde::Deserialize;

use crate::call::{
    escalation::clause::{Clause, clauses},
    language::lists::{Pattern, Words},
};

/// Words and patterns of one language. Patterns are regular expressions on the folded words of a clause.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lexicon {
    /// Words that begin a new thought.
    pub(super) cuts: Words,
    /// Words that do so in front of one of `after_soft_cuts`.
    pub(super) soft_cuts: Words,
    pub(super) after_soft_cuts: Words,
    /// Words that deny what follows.
    pub(super) negators: Words,
    /// After a negator: it denies something else ("I don't know how to …").
    pub(super) not_denied: Words,
    /// After a negator: a new thought begins, which it does not deny.
    pub(super) new_subjects: Words,
    /// At the start of a clause: a question or request, no denial ("why don't you …").
    pub(super) polite_negations: Words,
    /// What follows was said, done or wanted by somebody else, or long ago.
    pub(super) reported: Pattern,
    /// Words after a phrase that name nothing ("it", "please").
    pub(super) no_object: Words,
    /// Asking for a human.
    pub(super) human: Vec<Pattern>,
    /// The whole turn is one of these.
    pub(super) human_alone: Words,
    /// Looks like asking for a human and is not.
    pub(super) not_human: Pattern,
    /// Not wanting the machine, which is asking for a human.
    pub(super) no_machine: Pattern,
    /// Critical matters in words that flows need not list: class and pattern. What they are about stands in the pattern.
    pub(super) matters: Vec<OfClass>,
    /// Looks like one of them and is not: class (or `any`) and pattern.
    pub(super) not_matters: Vec<OfClass>,
    /// Insults and curses at us.
    pub(super) anger: Vec<Weighted>,
    /// Annoyance.
    pub(super) frustration: Vec<Weighted>,
    /// The same again, in the caller's own words.
    pub(super) repeated: Vec<Weighted>,
    /// A bad state of affairs.
    pub(super) bad_state: Pattern,
    /// Praise that is hardly ever meant.
    pub(super) mock_praise: Pattern,
    /// Thanks and relief.
    pub(super) calm: Pattern,
    /// Words about somebody else's feelings, or about feelings that are denied.
    pub(super) not_own_feeling: Pattern,
}

impl Lexicon {
    /// The clauses of a turn.
    pub(in crate::call) fn clauses<'t>(&self, said: &'t str) -> Vec<Clause<'t>> {
        clauses(said, &self.cuts, &self.soft_cuts, &self.after_soft_cuts)
    }
}

/// A pattern, and how much it counts: 0 to 1.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weighted {
    pub(super) weight: f32,
    pub(super) pattern: Pattern,
}

/// A pattern of a class of critical matters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfClass {
    pub(super) class: String,
    pub(super) pattern: Pattern,
}
