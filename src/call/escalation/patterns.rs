//! Phrases and patterns, compiled once per flow.

use regex::Regex;

use crate::call::{
    elsewhere::{OF_BUSINESS, Ours},
    escalation::{
        clause::Clause,
        lexicon::{Lexicon, OfClass, Weighted},
        policy::CriticalRule,
    },
    flow::{Flow, text},
};

/// Stands for every class in a lexicon's `matters` and `not_matters`: what is told in a book is none of them.
const ANY: &str = "any";

/// Words of a question that only repeats what was heard, and of an answer that is hardly more than "no".
const SHORT_QUESTION: usize = 4;
const SHORT_ANSWER: usize = 3;

/// Where a phrase stands in a clause, in words.
pub(super) type Hit = (usize, usize);

/// A phrase of a flow: words, or a regular expression.
#[derive(Debug, Clone)]
pub(super) enum Phrase {
    Words(String),
    Pattern(Regex),
}

impl Phrase {
    /// Words, or `/a regular expression/` on folded words. None if the expression is not one (the flow's check says so).
    fn new(text: &str) -> Option<Self> {
        match text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(pattern) => Regex::new(pattern).ok().map(Self::Pattern),
            None => Some(Self::Words(text::folded(text))),
        }
    }

    /// Where it stands in the clause.
    pub(super) fn hit(&self, clause: &Clause<'_>) -> Option<Hit> {
        match self {
            Self::Words(words) => text::find(&clause.words, words),
            Self::Pattern(pattern) => {
                let folded = clause.folded();
                pattern.find(&folded).map(|found| {
                    let before = folded[..found.start()].split_whitespace().count();
                    (before, before + found.as_str().split_whitespace().count())
                })
            }
        }
    }
}

/// A critical matter, compiled.
#[derive(Debug, Clone)]
pub(super) struct Matter {
    pub(super) class: String,
    pub(super) rule: CriticalRule,
    pub(super) phrases: Vec<Phrase>,
    /// The lexicon's own: they say themselves what they are about.
    pub(super) known: Vec<Phrase>,
    pub(super) except: Vec<Phrase>,
    pub(super) about: Vec<String>,
    /// It only matters if it is our business: danger and need always do.
    pub(super) of_business: bool,
}

/// Everything that is looked for, compiled once per flow.
#[derive(Debug)]
pub(in crate::call) struct Patterns {
    pub(super) words: &'static Lexicon,
    pub(in crate::call) ours: Ours,
    pub(super) human: Vec<Regex>,
    pub(super) human_words: Vec<Phrase>,
    pub(super) not_human: Regex,
    pub(super) no_machine: Regex,
    pub(super) reported: Regex,
    pub(super) anger: Vec<(Regex, f32)>,
    pub(super) frustration: Vec<(Regex, f32)>,
    pub(super) repeated: Vec<(Regex, f32)>,
    pub(super) bad_state: Regex,
    pub(super) mock_praise: Regex,
    pub(super) calm: Regex,
    pub(super) not_own_feeling: Regex,
    pub(super) matters: Vec<Matter>,
}

impl Patterns {
    pub(in crate::call) fn new(flow: &Flow) -> Self {
        let words = &flow.words().escalation;
        let weighted = |list: &[Weighted]| list.iter().map(|one| (one.pattern.0.clone(), one.weight)).collect();
        let phrases = |list: &[String]| list.iter().filter_map(|text| Phrase::new(text)).collect::<Vec<_>>();
        let of_class = |list: &[OfClass], class: &str| -> Vec<Phrase> {
            list.iter().filter(|one| one.class == class || one.class == ANY).map(|one| Phrase::Pattern(one.pattern.0.clone())).collect()
        };
        let matter = |(class, rule): (&String, &CriticalRule)| Matter {
            class: class.clone(),
            rule: rule.clone(),
            phrases: phrases(&rule.phrases),
            known: of_class(&words.matters, class),
            except: phrases(&rule.except).into_iter().chain(of_class(&words.not_matters, class)).collect(),
            of_business: OF_BUSINESS.contains(&class.as_str()),
            about: rule.about.iter().map(|word| text::folded(word)).collect(),
        };
        Self {
            words,
            ours: Ours::new(flow),
            human: words.human.iter().map(|pattern| pattern.0.clone()).collect(),
            human_words: phrases(&flow.escalation.human_words),
            not_human: words.not_human.0.clone(),
            no_machine: words.no_machine.0.clone(),
            reported: words.reported.0.clone(),
            anger: weighted(&words.anger),
            frustration: weighted(&words.frustration),
            repeated: weighted(&words.repeated),
            bad_state: words.bad_state.0.clone(),
            mock_praise: words.mock_praise.0.clone(),
            calm: words.calm.0.clone(),
            not_own_feeling: words.not_own_feeling.0.clone(),
            matters: flow.escalation.critical.iter().map(matter).collect(),
        }
    }

    /// Is what stands at `hit` denied ("I don't want to …")?
    pub(super) fn denied(&self, clause: &Clause<'_>, hit: Hit) -> bool {
        let words = self.words;
        let polite =
            words.polite_negations.iter().any(|phrase| text::find(&clause.words, phrase).is_some_and(|(at, end)| end <= hit.0.max(at + 1)));
        let far = hit.0.saturating_sub(6);
        !polite
            && clause.words[far..hit.0].iter().enumerate().any(|(index, word)| {
                let between = &clause.words[far + index + 1..hit.0];
                let next = clause.words.get(far + index + 1).map(String::as_str).unwrap_or_default();
                // "If it is not fixed I'll sue": somebody else does something else from there on.
                let goes_on = between.iter().any(|word| words.new_subjects.contains(word));
                words.negators.contains(word) && !words.not_denied.contains(next) && !goes_on
            })
    }

    /// "Cancel it? Heavens, no": does the caller ask this back, and deny it with the next words?
    pub(super) fn answered_with_no(&self, clauses: &[Clause<'_>], index: usize) -> bool {
        let no =
            |clause: &Clause<'_>| clause.words.len() <= SHORT_ANSWER && clause.words.iter().any(|word| self.words.negators.contains(word));
        let next = clauses.iter().skip(index + 1).take(2);
        clauses[index].asks() && clauses[index].words.len() <= SHORT_QUESTION && next.into_iter().any(no)
    }

    /// Was it said, done or wanted by somebody else, or long ago?
    pub(super) fn reported(&self, clause: &Clause<'_>, hit: Hit) -> bool {
        self.reported.is_match(&clause.words[..hit.1].join(" "))
    }
}
