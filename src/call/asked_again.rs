//! The no-repeat measure: what an agent asks the caller that was on the card already. Rules say which sentences ask, and which of them only make sure
//! ("is it 4711?"); which value a question is after is found by meaning, by the driver.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::call::{
    caller::Caller,
    flow::{
        lexicon::Lexicon,
        slot::spelling::{self, Piece},
        text,
    },
    language::lists::Words,
    record::{CONCEALED, Summary},
    understanding::Scored,
};

/// A question is after a value from this score on.
pub const SURE: f32 = 0.5;
/// … and from this one, if it calls the value by its name.
pub const NAMED: f32 = 0.25;
/// Questions of one turn that are looked at.
const MOST_QUESTIONS: usize = 3;
/// So many digits of a value that are said make sure of it.
const DIGITS: usize = 2;
/// Shorter words are in every value.
const LETTERS: usize = 3;

/// What the caller wants, among the values that can be asked for.
pub const MATTER: &str = "matter";
/// Who calls.
pub const NAME: &str = "name";

/// How agents ask, in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedAgain {
    /// Sentences with one of these words ask, also without a question mark.
    pub asks: Words,
    /// Ways to ask for a value: `{label}` is what it is called.
    pub value: Vec<String>,
    /// Ways to ask who calls.
    pub name: Vec<String>,
    /// Ways to ask what for.
    pub matter: Vec<String>,
    /// What agents also ask.
    pub others: Vec<String>,
}

impl AskedAgain {
    /// The ways to ask for a value with this label.
    #[must_use]
    pub fn for_label(&self, label: &str) -> Vec<String> {
        self.value.iter().map(|way| way.replace("{label}", label)).collect()
    }

    /// The sentences of a turn that ask something, the last ones of many.
    #[must_use]
    pub fn questions<'t>(&self, turn: &'t str) -> Vec<&'t str> {
        let asks = |sentence: &&str| {
            let words = text::words(sentence);
            !words.is_empty() && (sentence.ends_with('?') || self.asks.iter().any(|phrase| text::find(&words, phrase).is_some()))
        };
        let mut questions: Vec<&str> = turn.split_inclusive(['.', '?', '!']).map(str::trim).filter(asks).collect();
        questions.drain(..questions.len().saturating_sub(MOST_QUESTIONS));
        questions
    }
}

/// A value on the card.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    label: String,
    /// What it is; nothing where it has no words of its own.
    value: String,
}

/// What the agent could read when they took the call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OnCard(BTreeMap<String, Known>);

impl OnCard {
    /// What a summary tells.
    #[must_use]
    pub fn of(summary: &Summary, caller: &Caller) -> Self {
        let mut card = Self::default();
        // What is private has dots on the card: whoever needs it has to ask.
        for fact in summary.facts.iter().filter(|fact| !fact.value.is_empty() && !fact.value.contains(CONCEALED)) {
            card.add(&fact.name, &fact.label, &fact.value);
        }
        if let Some(name) = &caller.name
            && !card.0.contains_key(NAME)
        {
            card.add(NAME, NAME, name);
        }
        if summary.intent.is_some() {
            card.add(MATTER, MATTER, "");
        }
        card
    }

    /// One value more.
    pub fn add(&mut self, name: &str, label: &str, value: &str) {
        self.0.insert(name.to_owned(), Known { label: label.to_owned(), value: value.to_owned() });
    }

    /// Might a question be after something on the card, and not only make sure of it?
    #[must_use]
    pub fn is_worth(&self, question: &str, lexicon: &Lexicon) -> bool {
        !self.0.is_empty() && !self.0.values().any(|known| says(question, &known.value, lexicon))
    }

    /// What a question is after that stands here, and how sure that is; `asks` are the values that it may be after, the best first.
    #[must_use]
    pub fn has<'s>(&self, question: &str, asks: &'s [Scored]) -> Option<&'s Scored> {
        let best = asks.first()?;
        let known = self.0.get(&best.name)?;
        let label = text::folded(&known.label);
        let named = !label.is_empty() && text::find(&text::words(question), &label).is_some();
        (best.score >= if named { NAMED } else { SURE }).then_some(best)
    }

    /// What people call a value.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.0.get(name).map(|known| known.label.as_str()).unwrap_or_default()
    }
}

/// Does a sentence say the value, or a part of it by which one knows it?
fn says(sentence: &str, value: &str, lexicon: &Lexicon) -> bool {
    let (said, words) = (text::words(sentence), text::words(value));
    let (spoken, wanted) = (runs(&said, lexicon), digits(value));
    let by_figures = wanted.len() >= DIGITS && spoken.iter().any(|run| run.len() >= DIGITS && wanted.contains(run.as_str()));
    let by_words = words.iter().any(|word| word.chars().count() >= LETTERS && word.chars().any(char::is_alphabetic) && said.contains(word));
    by_figures || by_words
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Digits that are said in a row, in figures or in words.
fn runs(words: &[String], lexicon: &Lexicon) -> Vec<String> {
    let (mut runs, mut run) = (Vec::new(), String::new());
    for piece in spelling::pieces(words, false, lexicon) {
        match piece {
            Piece::Sign(sign) if sign.is_ascii_digit() => run.push(sign),
            Piece::Word(word) if word.chars().all(|sign| sign.is_ascii_digit()) => run.push_str(&word),
            Piece::Sign(_) | Piece::Word(_) => runs.push(std::mem::take(&mut run)),
        }
    }
    runs.push(run);
    runs.retain(|run| !run.is_empty());
    runs
}
