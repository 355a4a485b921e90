//! What in a turn is asked of us, and what is not: it is denied ("I'm not ringing to complain"), done with ("the parcel came, thanks"), or somebody else's
//! business ("when does the post office close?"). A sentence's meaning is hardly moved by a "not" or by whose parcel it is; its words say both.

use std::{borrow::Cow, collections::BTreeSet};

use serde::Deserialize;

use crate::call::{
    escalation::clause::Clause,
    flow::{Flow, text},
    language::{
        Language,
        lists::{Pattern, Words},
    },
};

/// Matters that are nothing to us where they are somebody else's business; danger and need always are.
pub(crate) const OF_BUSINESS: [&str; 3] = ["human", "cancellation", "complaint"];
/// Names are the same if so many of their first letters are: endings change.
const STEM: usize = 5;
/// A flow names a thing of its own if it does so this often ("my order").
const OFTEN: usize = 2;
/// A name of ours that stands so near belongs to what is somebody else's: "the password of my Netflix"; the second where the caller calls it theirs
/// ("my parcel at the pharmacy").
const NEAR: usize = 3;
const NEAR_MINE: usize = 2;
/// A clause of fewer words says nothing alone.
const LEAST_WORDS: usize = 2;

/// The words of a language that tell whose business something is: the part `elsewhere` of its file. Patterns are matched on folded words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::call) struct Elsewhere {
    /// What others run, sell and answer for. What a flow's own sentences name is none of them.
    names: Pattern,
    /// A clause with one of these is about us nevertheless.
    us: Pattern,
    /// Ways of asking that look like it: "do you know".
    asking: Pattern,
    /// Words before what the caller has of us ("my"), and behind it.
    my_before: Words,
    my_behind: Words,
    /// Words that speak of what the clause before was about.
    back: Words,
    /// A clause that denies a wish, or says that it is done with.
    aside: Vec<Pattern>,
    /// Looks like one and is not.
    not_aside: Pattern,
}

/// The same for one flow.
#[derive(Debug)]
pub(crate) struct Ours {
    language: &'static Language,
    /// Beginnings of what the flow's own sentences name.
    named: BTreeSet<String>,
    /// What callers have of us.
    own: BTreeSet<String>,
    /// Names that the flow gives.
    known: Vec<String>,
}

/// What is left of a turn.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked<'t> {
    /// This is asked of us.
    This(Cow<'t, str>),
    /// Nothing is.
    Nothing,
}

/// What a clause is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A word of thanks, a yes: it changes nothing.
    Courtesy,
    Ours,
    Aside,
    Elsewhere,
}

impl Ours {
    /// What a flow's sentences say of whose business is whose.
    pub(crate) fn new(flow: &Flow) -> Self {
        let language = flow.words();
        let words = &language.elsewhere;
        let examples = flow.intents.values().flat_map(|intent| &intent.examples);
        let knowledge = flow.knowledge.values().flat_map(|entry| &entry.questions);
        let sentences: Vec<Vec<String>> = examples.chain(knowledge).map(|sentence| text::words(sentence)).collect();
        let mut named = BTreeSet::new();
        let mut counted: Vec<String> = Vec::new();
        for sentence in &sentences {
            named.extend(words.names.0.find_iter(&sentence.join(" ")).map(|found| stem(found.as_str())));
            counted.extend(sentence.windows(2).filter(|pair| words.my_before.contains(&pair[0])).map(|pair| pair[1].clone()));
            counted.extend(sentence.windows(2).filter(|pair| words.my_behind.contains(&pair[1])).map(|pair| pair[0].clone()));
        }
        let often = |word: &&String| counted.iter().filter(|it| it == word).count() >= OFTEN;
        let own = counted.iter().filter(often).cloned().collect();
        let known = flow.vocabulary.folded().map(str::to_owned).collect();
        Self { language, named, own, known }
    }

    /// What of this turn is asked of us.
    pub(crate) fn asked<'t>(&self, said: &'t str) -> Asked<'t> {
        let clauses = self.language.escalation.clauses(said);
        let mut kinds: Vec<Kind> = Vec::with_capacity(clauses.len());
        for clause in &clauses {
            let before = kinds.iter().rev().find(|kind| **kind != Kind::Courtesy);
            let kind = self.kind(clause, before.copied());
            kinds.push(kind);
        }
        if kinds.iter().all(|kind| matches!(kind, Kind::Ours | Kind::Courtesy)) {
            return Asked::This(Cow::Borrowed(said));
        }
        if !kinds.contains(&Kind::Ours) {
            return Asked::Nothing;
        }
        let kept = clauses.iter().zip(&kinds).filter(|(_, kind)| matches!(kind, Kind::Ours | Kind::Courtesy));
        Asked::This(Cow::Owned(kept.map(|(clause, _)| clause.said).collect::<Vec<_>>().join(" ")))
    }

    /// Does the clause deny, or speak of somebody else's business?
    pub(in crate::call) fn asks_nothing(&self, clause: &Clause<'_>) -> bool {
        self.is_aside(clause) || self.is_elsewhere(clause)
    }

    fn is_aside(&self, clause: &Clause<'_>) -> bool {
        let (words, folded) = (&self.language.elsewhere, clause.folded());
        !clause.asks() && !words.not_aside.0.is_match(&folded) && words.aside.iter().any(|aside| aside.0.is_match(&folded))
    }

    /// Is the clause about somebody else's business?
    fn is_elsewhere(&self, clause: &Clause<'_>) -> bool {
        let words = &self.language.elsewhere;
        let folded = clause.folded();
        let Some(name) = words.names.0.find_iter(&folded).find(|found| !self.named.contains(&stem(found.as_str()))) else { return false };
        !self.about_us(clause, Some(folded[..name.start()].split_whitespace().count()))
    }

    /// Does the clause speak of us, or of something of ours that does not belong to the word at `name`?
    fn about_us(&self, clause: &Clause<'_>, name: Option<usize>) -> bool {
        let words = &self.language.elsewhere;
        let asked = words.asking.0.replace_all(&clause.folded(), " ").into_owned();
        let mine = |at: usize| {
            let before = at.checked_sub(1).and_then(|at| clause.words.get(at)).is_some_and(|word| words.my_before.contains(word));
            before || clause.words.get(at + 1).is_some_and(|word| words.my_behind.contains(word))
        };
        let far = |at: usize| name.is_none_or(|name| at.abs_diff(name) > if mine(at) { NEAR_MINE } else { NEAR });
        words.us.0.is_match(&asked)
            || self.known.iter().any(|known| text::find(&clause.words, known).is_some())
            || clause.words.iter().enumerate().any(|(at, word)| self.own.contains(word) && far(at))
    }

    fn kind(&self, clause: &Clause<'_>, before: Option<Kind>) -> Kind {
        let words = &self.language.elsewhere;
        let lexicon = &self.language.lexicon;
        let polite = [&lexicon.yes, &lexicon.no, &lexicon.thanks, &lexicon.bye, &lexicon.hello];
        let folded = clause.folded();
        let asked = words.asking.0.replace_all(&folded, " ");
        if text::is_made_of(&clause.words, &polite, &lexicon.fillers) || asked.split_whitespace().count() < LEAST_WORDS {
            return Kind::Courtesy;
        }
        if self.is_aside(clause) {
            return Kind::Aside;
        }
        let goes_on = before == Some(Kind::Elsewhere) && clause.words.iter().any(|word| words.back.contains(word));
        if self.is_elsewhere(clause) || (goes_on && !self.about_us(clause, None)) { Kind::Elsewhere } else { Kind::Ours }
    }
}

fn stem(word: &str) -> String {
    word.chars().take(STEM).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = include_str!("../../config/flows/support.en.yaml");
    const ROMANIAN: &str = include_str!("../../config/flows/support.ro.yaml");

    fn ours(flow: &str) -> Ours {
        Ours::new(&Flow::parse(flow, "flow.yaml").unwrap())
    }

    fn assert_left(ours: &Ours, cases: &[(&str, &str)]) {
        for (said, left) in cases {
            let asked = ours.asked(said);
            let expected = if left.is_empty() { Asked::Nothing } else { Asked::This(Cow::Borrowed(left)) };
            assert_eq!(asked, expected, "{said}");
        }
    }

    #[test]
    fn what_is_denied_done_or_somebody_elses_is_not_asked_of_us() {
        assert_left(
            &ours(ENGLISH),
            &[
                ("I'm not ringing to complain.", ""),
                ("No need to put me through to anybody.", ""),
                ("The parcel came this morning, thanks.", ""),
                ("Is the post office open on Saturdays, do you know?", ""),
                ("I ordered a pizza an hour ago and it's still not here.", ""),
                ("I'm not cancelling anything, I only want to know where my order is.", "I only want to know where my order is."),
            ],
        );
        assert_left(
            &ours(ROMANIAN),
            &[
                ("Nu sun ca să reclam ceva.", ""),
                ("Nu-i nevoie să-mi dați pe nimeni.", ""),
                ("Nu pot să intru pe Facebook.", ""),
                ("Știți cumva când deschide farmacia?", ""),
            ],
        );
    }

    #[test]
    fn what_is_ours_stays_whole() {
        let whole = |ours: &Ours, said: &[&str]| assert_left(ours, &said.iter().map(|said| (*said, *said)).collect::<Vec<_>>());
        whole(
            &ours(ENGLISH),
            &[
                "Where is my order?",
                "The post office says that you have not sent it.",
                "I'm not happy about my order.",
                "I don't want to talk to a machine.",
                "I don't want it any more.",
                "Has it arrived?",
                "Is my password all right?",
                "The courier has left my parcel at the pharmacy.",
                "My order is not here.",
            ],
        );
        whole(
            &ours(ROMANIAN),
            &["Unde este comanda mea?", "Nu vreau să vorbesc cu un robot.", "Puteți livra la hotel?", "Nu mai vreau comanda."],
        );
    }

    #[test]
    fn what_a_flow_names_is_its_own_business() {
        let pharmacy = ENGLISH.replace("- When are you open?", "- When does the pharmacy open?");
        assert_left(&ours(&pharmacy), &[("Is the pharmacy open today?", "Is the pharmacy open today?")]);
        assert_left(&ours(ENGLISH), &[("Is the pharmacy open today?", "")]);
    }
}
