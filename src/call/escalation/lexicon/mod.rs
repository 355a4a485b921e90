//! The words of a language that carry signals. Everything is folded (lower case, no accents, no punctuation).

mod en;
mod ro;

/// Words and patterns of one language. Patterns are regular expressions on the folded words of a clause.
#[derive(Debug)]
pub(super) struct Lexicon {
    language: &'static str,
    /// Words that begin a new thought.
    pub(super) cuts: &'static [&'static str],
    /// Words that do so in front of one of `after_soft_cuts`.
    pub(super) soft_cuts: &'static [&'static str],
    pub(super) after_soft_cuts: &'static [&'static str],
    /// Words that deny what follows.
    pub(super) negators: &'static [&'static str],
    /// After a negator: it denies something else ("I don't know how to …").
    pub(super) not_denied: &'static [&'static str],
    /// After a negator: a new thought begins, which it does not deny.
    pub(super) new_subjects: &'static [&'static str],
    /// At the start of a clause: a question or request, no denial ("why don't you …").
    pub(super) polite_negations: &'static [&'static str],
    /// What follows was said, done or wanted by somebody else, or long ago.
    pub(super) reported: &'static str,
    /// Words after a phrase that name nothing ("it", "please").
    pub(super) no_object: &'static [&'static str],
    /// Asking for a human.
    pub(super) human: &'static [&'static str],
    /// The whole turn is one of these.
    pub(super) human_alone: &'static [&'static str],
    /// Looks like asking for a human and is not.
    pub(super) not_human: &'static str,
    /// Not wanting the machine, which is asking for a human.
    pub(super) no_machine: &'static str,
    /// Critical matters in words that flows need not list: class and pattern. What they are about stands in the pattern.
    pub(super) matters: &'static [(&'static str, &'static str)],
    /// Looks like one of them and is not: class and pattern.
    pub(super) not_matters: &'static [(&'static str, &'static str)],
    /// Insults and curses at us.
    pub(super) anger: &'static [(&'static str, f32)],
    /// Annoyance.
    pub(super) frustration: &'static [(&'static str, f32)],
    /// The same again, in the caller's own words.
    pub(super) repeated: &'static [(&'static str, f32)],
    /// Praise and thanks.
    pub(super) praise: &'static str,
    /// A bad state of affairs.
    pub(super) bad_state: &'static str,
    /// Praise that is hardly ever meant.
    pub(super) mock_praise: &'static str,
    /// Thanks and relief.
    pub(super) calm: &'static str,
    /// Words about somebody else's feelings, or about feelings that are denied.
    pub(super) not_own_feeling: &'static str,
}

/// The lexicon of a language; English if it has none.
pub(super) fn of(language: &str) -> &'static Lexicon {
    [&en::LEXICON, &ro::LEXICON].into_iter().find(|lexicon| lexicon.language == language).unwrap_or(&en::LEXICON)
}
