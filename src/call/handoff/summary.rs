//! What the human is told, made from the record by rules: no service, no waiting, the same record gives the same words.

use crate::call::{
    caller::Caller,
    flow::Flow,
    handoff::phrases::Phrases,
    record::{Decision, Entry, Fact, FactSource, Signal, Summary, What},
    understanding::Tone,
};

/// The briefing takes 12 s at most; at 15 letters a second that is this many.
const SPOKEN_LETTERS: usize = 180;

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
    let reason = reason(about, &last_words, phrases);
    let mood = mood(entries);
    let why_short = why_short(entries, about.why, phrases);
    let spoken = spoken(&Briefing { who: &who, reason: &reason, facts: &facts, tried: tried.last(), why: &why_short, mood }, phrases);
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
        spoken,
    }
}

/// What the caller is told of why a human is called: a sentence, or nothing.
pub(super) fn because<'f>(entries: &[Entry], flow: &'f Flow) -> &'f str {
    strongest_reason(entries).map(|reason| flow.words().handoff.because(reason)).unwrap_or_default()
}

/// The first reason of the decision that called a human.
fn strongest_reason(entries: &[Entry]) -> Option<&String> {
    let reasons = entries.iter().rev().find_map(|entry| match &entry.what {
        What::Decision { decision: Decision { escalate: true, reasons, .. } } => Some(reasons),
        _ => None,
    });
    reasons.and_then(|reasons| reasons.first())
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

fn who(caller: &Caller, facts: &[Fact], phrases: &Phrases) -> String {
    let said = facts.iter().find(|fact| fact.name == "name").map(|fact| fact.value.as_str());
    match (said.or(caller.name.as_deref()), caller.number.as_str()) {
        (Some(name), _) => name.to_owned(),
        (None, "") => phrases.somebody.to_owned(),
        (None, number) => number.to_owned(),
    }
}

fn reason(about: &About<'_>, last_words: &[String], phrases: &Phrases) -> String {
    let called = about.intent.and_then(|intent| about.flow.intents.get(intent)).and_then(|intent| intent.summary.as_deref());
    match (called, about.open_question.or(last_words.last().map(String::as_str))) {
        (Some(called), _) => sentence(called),
        (None, Some(words)) => format!("{} “{words}”", phrases.said),
        (None, None) => phrases.unknown_reason.to_owned(),
    }
}

/// A capital at the beginning, a full stop at the end.
fn sentence(text: &str) -> String {
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

struct Briefing<'a> {
    who: &'a str,
    reason: &'a str,
    facts: &'a [Fact],
    tried: Option<&'a String>,
    why: &'a str,
    mood: Mood,
}

impl Briefing<'_> {
    /// A fact is told unless the agent hears it anyway: from the network with who calls, from a service with what was answered.
    fn tells(&self, fact: &Fact) -> bool {
        match fact.source {
            FactSource::Network => false,
            FactSource::LookedUp => self.tried.is_none(),
            FactSource::Said | FactSource::Keyed => !(fact.confirmed && self.tried.is_some_and(|tried| tried.contains(&fact.value))),
        }
    }
}

/// The briefing: who, what for, what is known, what was tried, why now, mood. What does not fit into the time is left to the screen, least important first.
fn spoken(briefing: &Briefing<'_>, phrases: &Phrases) -> Vec<String> {
    let facts: Vec<String> =
        briefing.facts.iter().filter(|fact| briefing.tells(fact)).take(2).map(|fact| fact_spoken(fact, phrases)).collect();
    // In the order in which they are spoken, with their importance: 0 is always said.
    let parts = [
        (0, format!("{} {}", phrases.caller_is, with_stop(briefing.who))),
        (0, briefing.reason.to_owned()),
        (2, if facts.is_empty() { String::new() } else { sentence(&facts.join(", ")) }),
        (2, briefing.tried.map(|line| format!("{} {}", phrases.answered, with_stop(line))).unwrap_or_default()),
        (1, briefing.why.to_owned()),
        (
            3,
            if briefing.mood == Mood::Calm {
                String::new()
            } else {
                format!("{} {}", phrases.sounds, with_stop(phrases.mood(briefing.mood)))
            },
        ),
    ];
    let mut keep = [false; 6];
    let mut letters = 0;
    for importance in 0..=3 {
        for (index, (_, text)) in parts.iter().enumerate().filter(|(_, part)| part.0 == importance) {
            if !text.is_empty() && (importance == 0 || letters + text.len() <= SPOKEN_LETTERS) {
                keep[index] = true;
                letters += text.len();
            }
        }
    }
    parts.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|((_, text), _)| text).collect()
}

fn fact_spoken(fact: &Fact, phrases: &Phrases) -> String {
    let unsure = if fact.confirmed { String::new() } else { format!(", {}", phrases.not_confirmed) };
    format!("{} {}{unsure}", fact.label, fact.value)
}

fn with_stop(text: &str) -> String {
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
