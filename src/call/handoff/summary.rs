//! What the human is told, made from the record by rules: no service, no waiting, the same record gives the same words.

use std::collections::BTreeMap;

use crate::call::{
    caller::Caller,
    flow::Flow,
    handoff::{
        phrases::Phrases,
        whisper::{self, Known},
    },
    record::{Decision, Entry, Fact, FactSource, Meaning, Signal, Summary, What},
    understanding::Tone,
};

/// How much of the caller's words is quoted, in letters.
const MOST_QUOTED: usize = 80;

/// How many of the caller's last sentences are kept, and how many turns make the mood.
const LAST_WORDS: usize = 3;
const MOOD_TURNS: usize = 4;

/// A tone counts from here.
const TONE: f32 = 0.5;

/// What the record does not say.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Who calls.
    pub caller: &'a Caller,
    /// The flow: language, and what its intents are called.
    pub flow: &'a Flow,
    /// What the caller wants, as the flow knows it.
    pub intent: Option<&'a str>,
    /// The question that is still open.
    pub open_question: Option<&'a str>,
    /// Why a human, in one sentence.
    pub why: &'a str,
}

/// The summary of a call so far.
#[must_use]
pub fn summarise(entries: &[Entry], about: &About<'_>) -> Summary {
    let phrases = &about.flow.words().handoff;
    let facts = facts(entries);
    let last_words = last_words(entries);
    let tried: Vec<String> =
        entries.iter().filter_map(|entry| if let What::Tried { line } = &entry.what { Some(line.clone()) } else { None }).collect();
    let who = who(about.caller, &facts, phrases);
    let about = &About { open_question: about.open_question.filter(|words| !only_asks_for_human(entries, words, about.flow)), ..*about };
    let reason = reason(entries, about, phrases);
    let mood = mood(entries);
    let why_short = why_short(entries, about.why, phrases);
    let do_first = do_first(&Advice { mood, facts: &facts, open_question: about.open_question, knows: reason.is_some() }, phrases);
    let reason = reason.unwrap_or_else(|| phrases.unknown_reason.clone());
    let name = name(about.caller, &facts);
    let known = Known { name, reason: &reason, facts: &facts, tried: &tried, why: &why_short, mood, do_first: &do_first };
    let (spoken, more) = (whisper::spoken(&known, about.flow), whisper::more(&known, &last_words, about.why, phrases));
    Summary {
        suggested_opening: opening(about.caller, &facts, phrases),
        who,
        intent: about.intent.map(str::to_owned),
        reason,
        why_now: about.why.to_owned(),
        facts,
        tried,
        open_question: about.open_question.map(str::to_owned),
        mood: phrases.mood(mood).to_owned(),
        last_words,
        do_first,
        spoken,
        more,
    }
}

/// What the caller is told of why a human is called: a sentence, or nothing.
pub(super) fn because<'f>(entries: &[Entry], flow: &'f Flow) -> &'f str {
    strongest_reason(entries).map(|reason| flow.words().handoff.because(reason)).unwrap_or_default()
}

/// By how many seconds a call goes ahead of others: the most of what the reasons for which a human was called are worth. A reason of several words
/// (`critical:cancellation`) is worth what it is worth as a whole, or else what its first word is.
pub(super) fn ahead_s(entries: &[Entry], worth: &BTreeMap<String, u64>) -> u64 {
    let of = |reason: &String| worth.get(reason).or_else(|| worth.get(reason.split(':').next().unwrap_or_default()));
    reasons(entries).iter().filter_map(of).max().copied().unwrap_or(0)
}

/// The first reason of the decision that called a human.
pub(super) fn strongest_reason(entries: &[Entry]) -> Option<&String> {
    reasons(entries).first()
}

fn reasons(entries: &[Entry]) -> &[String] {
    let reasons = entries.iter().rev().find_map(|entry| match &entry.what {
        What::Decision { decision: Decision { escalate: true, reasons, .. } } => Some(reasons.as_slice()),
        _ => None,
    });
    reasons.unwrap_or_default()
}

/// What the caller is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Calm,
    Friendly,
    Annoyed,
    Angry,
}

fn facts(entries: &[Entry]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    for entry in entries {
        if let What::Fact { fact } = &entry.what {
            match facts.iter_mut().find(|known| known.name == fact.name) {
                Some(known) => known.clone_from(fact),
                None => facts.push(fact.clone()),
            }
        }
    }
    facts
}

fn last_words(entries: &[Entry]) -> Vec<String> {
    let mut words: Vec<String> = entries
        .iter()
        .rev()
        .filter_map(|entry| match &entry.what {
            What::CallerTurn { text, .. } if !text.trim().is_empty() => Some(text.clone()),
            _ => None,
        })
        .take(LAST_WORDS)
        .collect();
    words.reverse();
    words
}

/// The name, if one is known.
fn name<'a>(caller: &'a Caller, facts: &'a [Fact]) -> Option<&'a str> {
    let said = facts.iter().find(|fact| fact.name == "name").map(|fact| fact.value.as_str());
    said.or(caller.known_name()).or(caller.name.as_deref())
}

fn who(caller: &Caller, facts: &[Fact], phrases: &Phrases) -> String {
    match (name(caller, facts), caller.number.as_str()) {
        (Some(name), _) => name.to_owned(),
        (None, "") => phrases.somebody.clone(),
        (None, number) => number.to_owned(),
    }
}

/// What for, in one sentence; none if the caller has only asked for a human.
fn reason(entries: &[Entry], about: &About<'_>, phrases: &Phrases) -> Option<String> {
    let called = about.intent.and_then(|intent| about.flow.intents.get(intent)).and_then(|intent| intent.summary.as_deref());
    if let Some(called) = called {
        return Some(sentence(called));
    }
    let words = entries.iter().rev().find_map(|entry| match &entry.what {
        What::CallerTurn { text, understood: Some(meaning), .. } if !text.trim().is_empty() && !asks_for_human(meaning, about.flow) => {
            Some(text.as_str())
        }
        _ => None,
    });
    let words = about.open_question.or(words)?;
    Some(format!("{} “{}”", phrases.said, shortened(words, MOST_QUOTED)))
}

/// Words that want a human say nothing of the matter.
fn asks_for_human(meaning: &Meaning, flow: &Flow) -> bool {
    meaning.intent.as_deref().is_some_and(|intent| flow.is_human_intent(intent))
}

fn only_asks_for_human(entries: &[Entry], words: &str, flow: &Flow) -> bool {
    entries.iter().any(|entry| {
        matches!(&entry.what, What::CallerTurn { text, understood: Some(meaning), .. } if text == words && asks_for_human(meaning, flow))
    })
}

/// A text of at most so many letters, cut between words.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    for word in text.split_whitespace() {
        if short.chars().count() + word.chars().count() >= most {
            break;
        }
        short.push_str(word);
        short.push(' ');
    }
    format!("{}…", short.trim_end())
}

/// What advice depends on.
struct Advice<'a> {
    mood: Mood,
    facts: &'a [Fact],
    open_question: Option<&'a str>,
    /// It is known what the caller wants.
    knows: bool,
}

/// What is best done first: whoever is upset hears a word of regret, and nothing is built on what may be wrong.
fn do_first(advice: &Advice<'_>, phrases: &Phrases) -> String {
    let unsure = advice.facts.iter().find(|fact| !fact.confirmed && matches!(fact.source, FactSource::Said | FactSource::Keyed));
    let words = &phrases.do_first;
    let first = match (advice.mood, unsure) {
        (Mood::Angry | Mood::Annoyed, _) => words.sorry.clone(),
        (_, Some(fact)) => words.confirm.replace("{}", &fact.label),
        (_, None) if !advice.knows => words.ask.clone(),
        (_, None) if advice.open_question.is_some_and(|asked| asked.trim_end().ends_with('?')) => words.answer.clone(),
        (_, None) => return String::new(),
    };
    format!("{} {}", words.lead, with_stop(&first))
}

/// A capital at the beginning, a full stop at the end.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.trim().chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let rest = letters.as_str().trim_end_matches('.');
    let end = if rest.ends_with(['?', '!', '”']) { "" } else { "." };
    format!("{first}{rest}{end}")
}

/// The tone of the last turns, and what the policy saw of it. A loud turn outweighs a polite word after it.
fn mood(entries: &[Entry]) -> Mood {
    let tones: Vec<Tone> = entries
        .iter()
        .rev()
        .filter_map(|entry| match &entry.what {
            What::CallerTurn { understood: Some(meaning), .. } => Some(meaning.tone),
            _ => None,
        })
        .take(MOOD_TURNS)
        .collect();
    let signal = |wanted: fn(&Signal) -> bool| {
        entries.iter().any(|entry| matches!(&entry.what, What::Evidence { evidence } if wanted(&evidence.signal)))
    };
    if tones.iter().any(|tone| tone.anger >= TONE) || signal(|signal| *signal == Signal::Anger) {
        Mood::Angry
    } else if tones.iter().any(|tone| tone.frustration.max(tone.sarcasm) >= TONE)
        || signal(|signal| matches!(signal, Signal::Frustration | Signal::Sarcasm | Signal::RaisedVoice))
    {
        Mood::Annoyed
    } else if tones.first().is_some_and(|tone| tone.gratitude >= TONE) {
        Mood::Friendly
    } else {
        Mood::Calm
    }
}

/// The strongest reason in few words; the whole sentence is on the screen.
fn why_short(entries: &[Entry], why: &str, phrases: &Phrases) -> String {
    let short = strongest_reason(entries).and_then(|reason| phrases.why(reason));
    short.unwrap_or_else(|| sentence(why))
}

pub(super) fn fact_spoken(fact: &Fact, phrases: &Phrases) -> String {
    let unsure = if fact.confirmed { String::new() } else { format!(", {}", phrases.not_confirmed) };
    format!("{} {}{unsure}", fact.label, fact.value)
}

pub(super) fn with_stop(text: &str) -> String {
    if text.ends_with(['.', '?', '!', '”']) { text.to_owned() } else { format!("{text}.") }
}

fn opening(caller: &Caller, facts: &[Fact], phrases: &Phrases) -> String {
    let hello = caller.name.as_ref().map_or_else(|| phrases.hello.to_owned(), |name| format!("{} {name}", phrases.hello));
    let known = facts.iter().find(|fact| fact.source != FactSource::Network);
    match known {
        Some(fact) => format!("{hello}, {} {} {}.", phrases.i_have, fact.label, fact.value),
        None => format!("{hello}, {}.", phrases.i_know),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{record::Care, time::Time};

    fn decided(reasons: &[&str]) -> Vec<Entry> {
        let decision = Decision {
            escalate: true,
            score: 1.0,
            threshold: 1.0,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            evidence: Vec::new(),
            why: String::new(),
            would_change: String::new(),
            at_thresholds: Vec::new(),
            care: Care::default(),
        };
        vec![Entry { at: Time::ZERO, what: What::Decision { decision } }]
    }

    #[test]
    fn a_call_goes_ahead_by_the_most_urgent_of_its_reasons() {
        let worth = BTreeMap::from([("vip", 60), ("critical", 30), ("critical:safety", 300)].map(|(reason, s)| (reason.to_owned(), s)));
        assert_eq!(ahead_s(&decided(&["critical:cancellation", "repeated"]), &worth), 30);
        assert_eq!(ahead_s(&decided(&["critical:safety", "vip"]), &worth), 300);
        assert_eq!(ahead_s(&decided(&["asked_for_human"]), &worth), 0);
        assert_eq!(ahead_s(&[], &worth), 0);
    }
}
