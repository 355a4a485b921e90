//! Signals in the words of a turn.

use crate::call::{
    escalation::{
        TurnSeen,
        clause::Clause,
        decide::SURE_ENOUGH,
        patterns::{Matter, Patterns, Phrase},
        policy::Effect,
    },
    flow::{Flow, text},
    record::Signal,
};

/// Intent score from which the meaning alone says that a human is asked for.
const HUMAN_INTENT: f32 = 0.85;
/// Meaning of so much of what would be enough is noted, and counts.
const NOTED: f32 = 0.5;
/// Shorter turns mean nothing by their meaning alone: "thanks, bye".
const WORDS_WITH_MEANING: usize = 3;
/// In a turn of no more words a clause that names a human and nothing else asks for one.
const FEW_WORDS: usize = 6;
/// Scores of the tone head from which it is believed without any word of the lexicon.
const ANGER_HEAD: f32 = 0.3;
const FRUSTRATION_HEAD: f32 = 0.6;
/// Score of anger from which the head alone is as sure as a word of the lexicon.
const ANGER_SURE: f32 = 0.4;
const SARCASM_HEAD: f32 = 0.65;
/// The same where the words are those of mockery.
const SARCASM_HALF: f32 = 0.5;
/// The same where no words tell of a bad state of affairs.
const SARCASM_PLAIN: f32 = 0.72;
/// What the tone head is believed where the lexicon has nothing to say, and where it is sure.
const HEAD_ALONE: f32 = 0.8;
const HEAD_SURE: f32 = 0.9;
/// Scores under which the heads hear nothing of what words seem to say ("what does the cancel button do"), and what such words are believed.
const HEARD: f32 = 0.2;
const ANGER_HEARD: f32 = 0.1;
const DOUBTED: f32 = 0.5;
/// Score from which a matter is believed whatever the words around it seem to say ("no no no, I said I want to speak to someone, not track an order").
const HEARD_SURELY: f32 = 0.8;
/// Certainty up to which a word of the lexicon may only be a manner of speaking.
const CURSE: f32 = 0.5;

/// What has become of the call.
#[derive(Debug, Clone, Copy)]
pub(super) struct SoFar {
    /// It has gone badly already.
    pub(super) bad: bool,
    /// The caller has said something before: the head that reads tone has heard it, too.
    pub(super) said: bool,
}

/// A signal that was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) signal: Signal,
    pub(super) quote: String,
    pub(super) certainty: f32,
}

/// Everything that a turn says for or against a human, after what has become of the call.
pub(super) fn signals(turn: &TurnSeen<'_>, flow: &Flow, patterns: &Patterns, so_far: SoFar) -> Vec<Found> {
    let clauses = patterns.words.clauses(turn.text);
    let mut found = Vec::new();
    if !turn.is_value {
        found.extend(human(turn, &clauses, flow, patterns));
        found.extend(patterns.matters.iter().filter_map(|matter| critical(turn, &clauses, matter, patterns)));
    }
    found.extend(repeated(&clauses, patterns));
    if flow.escalation.tone {
        found.extend(tone(turn, &clauses, patterns, so_far));
    }
    found
}

/// The words are there, and the head that knows such matters hears nothing of the kind.
fn doubted(turn: &TurnSeen<'_>) -> bool {
    turn.understanding.matters.first().is_some_and(|best| best.score < HEARD)
}

/// Does the caller ask for a human?
fn human(turn: &TurnSeen<'_>, clauses: &[Clause<'_>], flow: &Flow, patterns: &Patterns) -> Option<Found> {
    let whole = text::words(turn.text);
    let found = |quote: &str, certainty| Some(Found { signal: Signal::AskedForHuman, quote: quote.to_owned(), certainty });
    let alone = |words: &[String]| text::is_one_of(words, &patterns.words.human_alone, &flow.lexicon().fillers);
    if alone(&whole) {
        return found(turn.text, 0.98);
    }
    // "Stop. Human. Now."
    if whole.len() <= FEW_WORDS
        && let Some(clause) = clauses.iter().find(|clause| !clause.asks() && alone(&clause.words))
    {
        return found(clause.said, 0.9);
    }
    // Wanting no machine is wanting a human, whatever is denied otherwise.
    if let Some(clause) = clauses.iter().find(|clause| patterns.no_machine.is_match(&clause.folded())) {
        return found(clause.said, 0.9);
    }
    let mut refused = false;
    for (index, clause) in clauses.iter().enumerate() {
        let folded = clause.folded();
        let pattern = patterns.human.iter().find_map(|pattern| pattern.find(&folded)).map(|hit| {
            let before = folded[..hit.start()].split_whitespace().count();
            (before, before + hit.as_str().split_whitespace().count())
        });
        let hit = pattern.or_else(|| patterns.human_words.iter().find_map(|phrase| phrase.hit(clause)));
        let Some(hit) = hit else { continue };
        let refuses = patterns.not_human.is_match(&folded) || patterns.ours.asks_nothing(clause);
        if refuses || patterns.denied(clause, hit) || patterns.answered_with_no(clauses, index) {
            refused = true;
            continue;
        }
        return found(clause.said, if doubted(turn) { DOUBTED } else { 0.95 });
    }
    let not_asked = refused || clauses.iter().any(|clause| patterns.not_human.is_match(&clause.folded()));
    let meant = turn.understanding.intents.first().filter(|best| flow.is_human_intent(&best.name) && best.score >= HUMAN_INTENT);
    let wish = turn.understanding.matter("human");
    // A single word ("pardon?") means nothing alone, and two mean little.
    let least = if whole.len() < WORDS_WITH_MEANING { HEARD_SURELY } else { 0.0 };
    let enough = flow.escalation.human_meaning_above.max(least);
    let wished = if whole.len() > 1 { by_meaning(wish, enough, flow.escalation.signals.asked_for_human.effect) } else { 0.0 };
    let score = meant.map_or(0.0, |best| best.score).max(wished);
    let sure = wished >= HEARD_SURELY;
    if score == 0.0 || not_asked && !sure { None } else { found(turn.text, score) }
}

/// Is it a matter of this class?
fn critical(turn: &TurnSeen<'_>, clauses: &[Clause<'_>], matter: &Matter, patterns: &Patterns) -> Option<Found> {
    let meant = |quote: &str, certainty: f32| Found {
        signal: Signal::Critical { matter: matter.class.clone() },
        quote: quote.to_owned(),
        certainty,
    };
    // Danger and need are believed by their words alone.
    let found = |quote: &str, certainty: f32| {
        Some(meant(quote, if matter.of_business && doubted(turn) { certainty.min(DOUBTED) } else { certainty }))
    };
    let mut vetoed = false;
    for (index, clause) in clauses.iter().enumerate() {
        let elsewhere = matter.of_business && patterns.ours.asks_nothing(clause);
        let except = elsewhere || matter.except.iter().any(|phrase| phrase.hit(clause).is_some());
        let known = matter.known.iter().filter_map(|phrase| Some((phrase.hit(clause)?, true)));
        let listed = matter.phrases.iter().filter_map(|phrase| Some((phrase.hit(clause)?, false)));
        for (hit, known) in known.chain(listed) {
            if except || patterns.denied(clause, hit) || patterns.reported(clause, hit) || patterns.answered_with_no(clauses, index) {
                vetoed = true;
                continue;
            }
            match if known { About::Ours } else { about(clause, hit, matter, patterns) } {
                About::Ours => return found(clause.said, 0.95),
                About::Nothing => return found(clause.said, 0.85),
                About::Other => vetoed = true,
            }
        }
    }
    // What stretches over clauses ("the heating is out and I have a baby").
    let whole = Clause { said: turn.text, words: text::words(turn.text) };
    let hit = matter.phrases.iter().filter(|phrase| matches!(phrase, Phrase::Pattern(_))).find_map(|phrase| phrase.hit(&whole));
    if let Some(hit) = hit
        && !vetoed
        && !patterns.denied(&whole, hit)
        && !patterns.reported(&whole, hit)
        && !matter.except.iter().any(|phrase| phrase.hit(&whole).is_some())
    {
        return found(turn.text, 0.8);
    }
    let except = clauses.iter().any(|clause| matter.except.iter().any(|phrase| phrase.hit(clause).is_some()));
    // The words of the class stand there, and are about something else: the meaning is misled by the same words.
    let not_ours = patterns.reported(&whole, (0, whole.words.len())) || patterns.not_own_feeling.is_match(&whole.folded());
    let heard = by_meaning(turn.understanding.matter(&matter.class), matter.rule.meaning_above, matter.rule.effect);
    if (vetoed || except || not_ours) && heard < HEARD_SURELY {
        return None;
    }
    let best = turn.understanding.intents.first().filter(|best| matter.rule.intents.contains(&best.name));
    let by_intent = best.map(|best| best.score).filter(|score| *score >= matter.rule.intent_above);
    let by_matter = if whole.words.len() >= WORDS_WITH_MEANING { heard } else { 0.0 };
    let score = by_intent.unwrap_or_default().max(by_matter);
    // What examples of an intent are alike to is doubted as words are.
    if by_matter >= SURE_ENOUGH {
        Some(meant(turn.text, score))
    } else if score > 0.0 {
        found(turn.text, score)
    } else {
        None
    }
}

/// How certain a meaning makes it, of which so much is enough to call somebody; where that is 1, none is. What is only noted adds to the score, and has no other
/// effect.
fn by_meaning(heard: f32, enough: f32, effect: Effect) -> f32 {
    let adds = matches!(effect, Effect::Now | Effect::Count);
    if heard <= 0.0 || enough >= 1.0 {
        0.0
    } else if heard >= enough {
        heard.max(SURE_ENOUGH)
    } else if adds && heard >= enough * NOTED {
        SURE_ENOUGH * heard / enough
    } else {
        0.0
    }
}

/// What a phrase is about.
enum About {
    /// Something that is ours to deal with.
    Ours,
    /// Nothing is named.
    Nothing,
    /// Something else ("cancel my alarm").
    Other,
}

fn about(clause: &Clause<'_>, hit: (usize, usize), matter: &Matter, patterns: &Patterns) -> About {
    if matter.about.is_empty() || matter.about.iter().any(|word| text::find(&clause.words, word).is_some()) {
        return About::Ours;
    }
    let object = &clause.words[hit.1.min(clause.words.len())..];
    let named = object.iter().find(|word| !patterns.words.no_object.contains(word) && !word.chars().all(|c| c.is_ascii_digit()));
    if named.is_none() { About::Nothing } else { About::Other }
}

/// Does the caller say that it is the same again?
fn repeated(clauses: &[Clause<'_>], patterns: &Patterns) -> Option<Found> {
    strongest(clauses, &patterns.repeated).map(|(quote, certainty)| Found { signal: Signal::Repeated, quote, certainty })
}

/// Anger, annoyance, mockery, relief: from the words, and from the head that reads tone.
fn tone(turn: &TurnSeen<'_>, clauses: &[Clause<'_>], patterns: &Patterns, so_far: SoFar) -> Vec<Found> {
    let head = turn.understanding.tone;
    let own: Vec<&Clause<'_>> = clauses.iter().filter(|clause| !patterns.not_own_feeling.is_match(&clause.folded())).collect();
    let own: Vec<Clause<'_>> = own.into_iter().cloned().collect();
    let mut found = Vec::new();
    let mut add = |signal: Signal, quote: String, certainty: f32| found.push(Found { signal, quote, certainty });
    let all_own = own.len() == clauses.len();
    let by_head = |score: f32, least: f32| (all_own && score >= least).then(|| (turn.text.to_owned(), score));
    // The head alone, or a curse that may only be a manner of speaking, is not sure enough to call anybody by itself, unless the head is very sure.
    let both = |said: Option<(String, f32)>, score: f32, least: f32| match said {
        Some((quote, certainty)) if certainty > CURSE => Some((quote, certainty.max(score).min(1.0))),
        Some((quote, certainty)) => Some((quote, certainty.max(score * HEAD_ALONE))),
        None => by_head(score, least).map(|(quote, score)| (quote, score * HEAD_ALONE)),
    };
    let folded: Vec<String> = clauses.iter().map(Clause::folded).collect();
    let whole = folded.join(" ");
    let mocks = patterns.mock_praise.is_match(&whole);
    let bad_now = patterns.bad_state.is_match(&whole);
    // Incongruity: what is said, and a bad state of affairs, in these words, before them, or as the head alone hears it in both. Words that mock need its half
    // consent.
    let bad = bad_now || so_far.bad;
    let least = match (mocks, bad) {
        (true, _) => SARCASM_HALF,
        (false, true) => SARCASM_HEAD,
        (false, false) => SARCASM_PLAIN,
    };
    let sarcastic = (bad || so_far.said) && head.sarcasm >= least && (mocks || !plain_thanks(&whole, patterns));
    if let Some((quote, certainty)) = both(strongest(&own, &patterns.anger), head.anger, ANGER_HEAD) {
        let certainty = if all_own && head.anger >= ANGER_SURE { certainty.max(HEAD_SURE) } else { certainty };
        let unheard = !turn.understanding.matters.is_empty() && head.anger < ANGER_HEARD;
        let certainty = if unheard { certainty.min(DOUBTED) } else { certainty };
        add(Signal::Anger, quote, certainty);
    }
    if let Some((quote, certainty)) = both(strongest(&own, &patterns.frustration), head.frustration, FRUSTRATION_HEAD) {
        add(Signal::Frustration, quote, certainty);
    }
    if sarcastic {
        let certainty = if bad_now && so_far.bad { 0.9 } else { 0.75 };
        add(Signal::Sarcasm, turn.text.to_owned(), certainty);
    }
    if found.is_empty() && patterns.calm.is_match(&whole) && !bad_now {
        found.push(Found { signal: Signal::Calmed, quote: turn.text.to_owned(), certainty: 0.8 });
    }
    found
}

/// "Great, thank you" and nothing else: meant as it is said.
fn plain_thanks(whole: &str, patterns: &Patterns) -> bool {
    whole.split(' ').count() <= 4 && patterns.calm.is_match(whole) && !patterns.bad_state.is_match(whole)
}

fn strongest(clauses: &[Clause<'_>], patterns: &[(regex::Regex, f32)]) -> Option<(String, f32)> {
    let mut best: Option<(String, f32)> = None;
    for clause in clauses {
        let folded = clause.folded();
        for (pattern, certainty) in patterns {
            if pattern.is_match(&folded) && best.as_ref().is_none_or(|(_, sure)| certainty > sure) {
                best = Some((clause.said.to_owned(), *certainty));
            }
        }
    }
    best
}
