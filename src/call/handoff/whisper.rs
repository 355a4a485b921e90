//! The briefing in words: in this order the name, the matter, what was tried, why now, the mood, and what to do first. It keeps to the flow's time, and
//! leaves the least important to the screen.

use crate::call::{
    clauses,
    flow::{Flow, prompt::PromptKey},
    handoff::{
        phrases::Phrases,
        summary::{Mood, fact_spoken, sentence, shortened, with_stop},
    },
    language::Language,
    record::{Fact, FactSource},
};

/// The letters of an agent's name that the greeting is reckoned with, and the most that are said of the caller's name.
const NAME_LETTERS: u64 = 6;
const MOST_OF_NAME: usize = 40;

/// Facts in the briefing, and what the longer one has room for, as a multiple of the briefing.
const FACTS: usize = 2;
const MORE: u64 = 3;

/// What can be told.
pub(super) struct Known<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) reason: &'a str,
    pub(super) facts: &'a [Fact],
    pub(super) tried: &'a [String],
    pub(super) why: &'a str,
    pub(super) mood: Mood,
    pub(super) do_first: &'a str,
}

impl Known<'_> {
    /// A fact is told unless the agent hears it anyway: from the network with who calls, from a service with what was answered.
    fn tells(&self, fact: &Fact) -> bool {
        match fact.source {
            FactSource::Network | FactSource::Crm => false,
            FactSource::LookedUp => self.tried.is_empty(),
            FactSource::Colleague => true,
            FactSource::Said | FactSource::Keyed => !(fact.confirmed && self.tried.last().is_some_and(|tried| tried.contains(&fact.value))),
        }
    }

    fn name_spoken(&self, phrases: &Phrases) -> String {
        self.name.map(|name| format!("{} {}", phrases.caller_is, with_stop(&shortened(name, MOST_OF_NAME)))).unwrap_or_default()
    }

    fn mood_spoken(&self, phrases: &Phrases) -> String {
        match self.mood {
            Mood::Calm => String::new(),
            Mood::Friendly | Mood::Annoyed | Mood::Angry => format!("{} {}", phrases.sounds, with_stop(phrases.mood(self.mood))),
        }
    }

    fn facts_spoken(&self, most: usize, phrases: &Phrases) -> String {
        let facts: Vec<String> =
            self.facts.iter().filter(|fact| self.tells(fact)).take(most).map(|fact| fact_spoken(fact, phrases)).collect();
        if facts.is_empty() { String::new() } else { sentence(&facts.join(", ")) }
    }

    fn tried_spoken(&self, phrases: &Phrases) -> String {
        self.tried.last().map(|line| format!("{} {}", phrases.answered, with_stop(line))).unwrap_or_default()
    }
}

/// The letters that the matter may take of a briefing of so many seconds: half of it.
pub(in crate::call) fn most_of_the_matter(briefing_s: u64, language: &Language) -> usize {
    usize::try_from(briefing_s * language.handoff.letters_per_s.get() / 2).unwrap_or(usize::MAX)
}

/// The letters that the voice has time for.
fn budget(flow: &Flow) -> u64 {
    let hello = clauses::spoken_letters(&flow.prompt(PromptKey::BriefingHello, &[("name", "")])) as u64 + NAME_LETTERS;
    (flow.handoff.briefing_s * flow.words().handoff.letters_per_s.get()).saturating_sub(hello)
}

/// The briefing, sentence by sentence. Where what was answered is too long, the facts are told instead, and then the first one alone: a sentence that was cut
/// off tells nobody anything.
pub(super) fn spoken(known: &Known<'_>, flow: &Flow) -> Vec<String> {
    let without = Known { tried: &[], ..*known };
    let ways = [(known, FACTS), (&without, FACTS), (&without, 1)];
    let mut told = ways.into_iter().map(|(known, facts)| briefing(known, facts, flow));
    told.find(|(_, whole)| *whole).unwrap_or_else(|| briefing(&without, 1, flow)).0
}

fn briefing(known: &Known<'_>, facts: usize, flow: &Flow) -> (Vec<String>, bool) {
    let phrases = &flow.words().handoff;
    // In the order in which they are spoken, with their importance: what comes first in it goes in before the rest.
    let parts = [
        (0, known.name_spoken(phrases)),
        (0, known.reason.to_owned()),
        (2, known.facts_spoken(facts, phrases)),
        (3, known.tried_spoken(phrases)),
        (1, known.why.to_owned()),
        (2, known.mood_spoken(phrases)),
        (1, known.do_first.to_owned()),
    ];
    fitting(parts, budget(flow))
}

/// What agents hear who ask for more.
pub(super) fn more(known: &Known<'_>, last_words: &[String], why: &str, phrases: &Phrases) -> Vec<String> {
    let quoted = last_words.last().map(|words| format!("{} “{}”", phrases.said, shortened(words, 160))).unwrap_or_default();
    let tried: Vec<String> = known.tried.iter().map(|line| with_stop(line)).collect();
    let tried = if tried.is_empty() { String::new() } else { format!("{} {}", phrases.answered, tried.join(" ")) };
    let parts = [
        (0, known.name_spoken(phrases)),
        (0, known.reason.to_owned()),
        (1, known.facts_spoken(usize::MAX, phrases)),
        (2, tried),
        (1, sentence(why)),
        (3, quoted),
        (2, known.mood_spoken(phrases)),
        (1, known.do_first.to_owned()),
    ];
    fitting(parts, MORE * 12 * phrases.letters_per_s.get()).0
}

/// The last of the importances.
const LAST: u8 = 3;

/// The parts that there is time for, in their own order; the most important ones always. And whether that is all of them.
fn fitting<const N: usize>(parts: [(u8, String); N], budget: u64) -> (Vec<String>, bool) {
    let mut keep = [false; N];
    let mut letters = 0;
    for importance in 0..=LAST {
        for (keep, (_, text)) in keep.iter_mut().zip(&parts).filter(|(_, part)| part.0 == importance && !part.1.is_empty()) {
            *keep = importance == 0 || letters + letters_of(text) <= budget;
            letters += if *keep { letters_of(text) } else { 0 };
        }
    }
    let whole = parts.iter().zip(keep).all(|((_, text), keep)| keep || text.is_empty()) && letters <= budget;
    (parts.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|((_, text), _)| text).collect(), whole)
}

/// The letters of a part, with the blank behind it.
fn letters_of(text: &str) -> u64 {
    clauses::spoken_letters(text) as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_by_its_importance() {
        let parts = || [(0, "a".repeat(50)), (2, "b".repeat(25)), (1, "c".repeat(40)), (3, "d".repeat(10))];
        let first = |(texts, _): (Vec<String>, bool)| texts.iter().map(|text| text.chars().next().unwrap()).collect::<String>();
        assert_eq!(first(fitting(parts(), 180)), "abcd");
        assert_eq!(first(fitting(parts(), 110)), "acd");
        assert_eq!(first(fitting(parts(), 20)), "a");
        // Figures are read out, and take their time.
        let (told, whole) = fitting([(0, "a".repeat(10)), (1, "457129".to_owned())], 20);
        assert!(told.len() == 1 && !whole);
        assert!(fitting(parts(), 180).1 && !fitting(parts(), 110).1);
    }
}
