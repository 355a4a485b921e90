//! How long a pause must be before the turn counts as ended: every witness has a say, and none of them alone.

use crate::call::{
    flow::{policy::TurnPolicy, slot::digits, step::Expect, text},
    turn::words::{self, Language},
    understanding::{Transcript, Understanding},
};

/// From this score on, what the turn means is certain.
const MEANT: f32 = 0.9;
/// Recogniser confidence below which words may be cut off.
const UNSURE_WORDS: f32 = 0.7;
/// What sounds less complete than this is no whole question, whatever the recogniser writes.
const HALF_HEARD: f32 = 0.35;
/// So few words that mean nothing certain are more often the beginning of a sentence than one.
const FEW_WORDS: std::ops::RangeInclusive<usize> = 2..=5;
/// The same when it is known how whole they read, which says most of it.
const FEW_READ: f32 = 0.2;
/// "Yes.", "No, thank you.": a yes or no of so many words is whole.
const SHORT_ANSWER: usize = 3;
/// What has a certain meaning loses no more than this by reading like a beginning.
const MEANT_BEGUN: f32 = 0.2;
/// Log odds of wholeness that take all doubt away, or give all.
const READS: f32 = 1.25;
/// Up to this doubt the caller's own pace is no reason to wait longer.
const LITTLE_DOUBT: f32 = 0.25;

/// What is known in a pause.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Witnesses<'a> {
    /// What the caller is expected to say.
    pub(crate) expect: Expect,
    /// What was said so far, once it is known.
    pub(crate) heard: Option<&'a Transcript>,
    /// How complete it sounds (Smart Turn), once that is known.
    pub(crate) complete: Option<f32>,
    /// The score of what it means, once that is known.
    pub(crate) meant: Option<f32>,
    /// How likely the words read as a whole sentence, once that is known.
    pub(crate) whole: Option<f32>,
    /// How much longer than usual the node waits.
    pub(crate) patience: f32,
    /// How long this caller has paused inside turns of late.
    pub(crate) pace_ms: u64,
}

/// The surest that a turn means anything.
pub(crate) fn surest(understanding: &Understanding) -> f32 {
    understanding.intents.iter().chain(&understanding.knowledge).map(|it| it.score).fold(0.0, f32::max)
}

/// The pause that ends the turn.
pub(crate) fn pause_ms(policy: &TurnPolicy, known: &Witnesses<'_>, language: Language) -> u64 {
    let doubt = known.heard.map_or(0.5, |heard| doubt(known, heard, language));
    let of_sentence = by_doubt(policy, doubt);
    let said = known.heard.map(|heard| heard.text.as_str());
    let pause = match (known.expect, said) {
        (Expect::YesNo, None) => policy.pause_yes_no_ms,
        (Expect::YesNo, Some(text)) if words::yes_or_no(text, language).is_some() && !words::is_half_answer(text, language) => {
            policy.pause_yes_no_ms
        }
        (Expect::Digits { .. } | Expect::Spelled, None) | (Expect::Spelled, Some(_)) => policy.pause_digits_ms,
        (Expect::Digits { least, most }, Some(text)) => match digits::count(&text::words(text), &language.lexicon) {
            0 => of_sentence,
            said if said >= most => policy.pause_yes_no_ms,
            said if said >= least => policy.pause_ms.midpoint(policy.pause_incomplete_ms),
            _ => policy.pause_digits_ms,
        },
        (Expect::Sentence | Expect::YesNo, _) => of_sentence,
    };
    let own = (known.pace_ms * 5 / 4).min(policy.pause_incomplete_ms);
    let paced = if doubt > LITTLE_DOUBT && pause == of_sentence { pause.max(own) } else { pause };
    (paced as f32 * known.patience) as u64
}

/// Between the pauses of a flow: no doubt at all, as much as there mostly is, and all the doubt in the world.
fn by_doubt(policy: &TurnPolicy, doubt: f32) -> u64 {
    let between = |from: u64, to: u64, share: f32| (from as f32 + (to as f32 - from as f32) * share) as u64;
    if doubt <= 0.5 {
        between(policy.pause_sure_ms, policy.pause_ms, doubt * 2.0)
    } else {
        between(policy.pause_ms, policy.pause_incomplete_ms, doubt * 2.0 - 1.0)
    }
}

/// How much speaks against the end of the turn, 0..=1. An ending that promises more outweighs everything; then counts how whole the words read, unless they
/// are a short answer. The sound of the voice is only a hint (on the telephone Smart Turn calls one complete sentence in three incomplete). The shares of
/// the witnesses were chosen on part a of `warmline eval turns`, where most of them hardly matter.
fn doubt(known: &Witnesses<'_>, heard: &Transcript, language: Language) -> f32 {
    let answers = words::yes_or_no(&heard.text, language).is_some();
    let promises_more = if answers { words::is_half_answer } else { words::is_unfinished };
    if promises_more(&heard.text, language) {
        return 1.0;
    }
    let mut doubt = 0.5;
    let complete = known.complete.or(heard.complete);
    if let Some(complete) = complete {
        doubt += 0.1 * (0.5 - complete);
    }
    let is_meant = known.meant.is_some_and(|meant| meant >= MEANT);
    if is_meant {
        doubt -= 0.25;
    }
    let count = heard.text.split_whitespace().count();
    let whole = known.whole.filter(|_| !(answers && count <= SHORT_ANSWER));
    match whole {
        // Short sentences read like beginnings of longer ones; what is certain to mean something is none, mostly.
        Some(whole) => doubt += (log_odds(whole) / (-2.0 * READS)).min(if is_meant { MEANT_BEGUN } else { 1.0 }),
        // The recogniser writes question marks behind halves of questions, too.
        None if words::is_whole_question(&heard.text) && complete.is_none_or(|complete| complete >= HALF_HEARD) => doubt -= 0.2,
        None => {}
    }
    if FEW_WORDS.contains(&count) && !is_meant && !answers && !words::is_whole_question(&heard.text) {
        doubt += if whole.is_some() { FEW_READ } else { 0.4 };
    }
    if heard.confidence < UNSURE_WORDS {
        doubt += 0.1;
    }
    doubt.clamp(0.0, 1.0)
}

/// Of a probability; the surest are as sure as a hundred to one.
fn log_odds(probability: f32) -> f32 {
    let probability = probability.clamp(0.01, 0.99);
    (probability / (1.0 - probability)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::language::english;

    fn heard(text: &str) -> Transcript {
        Transcript { text: text.to_owned(), confidence: 0.9, complete: None, back_channel: None, voice: None }
    }

    fn pause(expect: Expect, text: &str, complete: Option<f32>, meant: f32) -> u64 {
        let heard = heard(text);
        let known = Witnesses { expect, heard: Some(&heard), complete, meant: Some(meant), whole: None, patience: 1.0, pace_ms: 0 };
        pause_ms(&TurnPolicy::default(), &known, english())
    }

    #[test]
    fn what_was_said_sets_the_pause() {
        let policy = TurnPolicy::default();
        let six = Expect::Digits { least: 6, most: 6 };
        assert!(pause(Expect::Sentence, "Where is my order?", Some(1.0), 0.95) < policy.pause_sure_ms + 10);
        assert_eq!(pause(Expect::Sentence, "I ordered a lamp and", None, 0.95), policy.pause_incomplete_ms);
        assert_eq!(pause(Expect::YesNo, "Yes.", None, 0.0), policy.pause_yes_no_ms);
        assert_eq!(pause(Expect::YesNo, "Yes, but", None, 0.0), policy.pause_incomplete_ms);
        assert_eq!(pause(Expect::YesNo, "Yes, but.", None, 0.0), policy.pause_incomplete_ms);
        // Words that promise more elsewhere end an answer.
        assert_eq!(pause(Expect::YesNo, "No, that isn't the one.", None, 0.0), policy.pause_yes_no_ms);
        assert_eq!(pause(Expect::YesNo, "Yes, that's right, go on.", None, 0.0), policy.pause_yes_no_ms);
        assert_eq!(pause(six, "four five seven", Some(0.99), 0.0), policy.pause_digits_ms);
        for six_digits in ["four five seven one two nine", "It's 4571, double nine.", "457-129", "three eight, two to, nine five"] {
            assert_eq!(pause(six, six_digits, None, 0.0), policy.pause_yes_no_ms, "{six_digits}");
        }
        assert_eq!(pause(six, "I do not have it here.", None, 0.0), policy.pause_ms);
    }

    #[test]
    fn each_witness_has_its_say() {
        let plain = pause(Expect::Sentence, "I want to return the lamp.", Some(0.5), 0.4);
        assert_eq!(plain, TurnPolicy::default().pause_ms);
        assert!(pause(Expect::Sentence, "I want to return the lamp.", Some(0.05), 0.4) > plain);
        assert!(pause(Expect::Sentence, "I want to return the lamp.", Some(0.95), 0.4) < plain);
        assert!(pause(Expect::Sentence, "I want to return the lamp.", Some(0.5), 0.95) < plain);
        assert!(pause(Expect::Sentence, "Can I return the lamp to you?", Some(0.5), 0.4) < plain);
        assert!(pause(Expect::Sentence, "I want to return.", Some(0.5), 0.4) > plain);
    }

    #[test]
    fn what_reads_like_a_beginning_is_waited_for() {
        let policy = TurnPolicy::default();
        let pause = |text: &str, whole, meant| {
            let heard = heard(text);
            let known = Witnesses {
                expect: Expect::Sentence,
                heard: Some(&heard),
                complete: Some(0.5),
                meant: Some(meant),
                whole: Some(whole),
                patience: 1.0,
                pace_ms: 0,
            };
            pause_ms(&policy, &known, english())
        };
        assert_eq!(pause("The order that I placed with you", 0.05, 0.4), policy.pause_incomplete_ms);
        assert_eq!(pause("The order that I placed with you has not come.", 0.95, 0.4), policy.pause_sure_ms);
        // A short question of which it is certain what it means, and a short answer, need not read like a sentence.
        assert!(pause("How can I pay?", 0.05, 0.95) < policy.pause_ms);
        assert_eq!(pause("No, thanks.", 0.05, 0.4), policy.pause_ms);
    }

    #[test]
    fn a_patient_node_and_a_slow_caller_are_waited_for() {
        let policy = TurnPolicy::default();
        let heard = heard("I want to return the lamp.");
        let usual = Witnesses {
            expect: Expect::Sentence,
            heard: Some(&heard),
            complete: None,
            meant: None,
            whole: None,
            patience: 1.0,
            pace_ms: 0,
        };
        let pause = |known: &Witnesses<'_>| pause_ms(&policy, known, english());
        assert_eq!(pause(&Witnesses { patience: 2.0, ..usual }), 2 * pause(&usual));
        assert_eq!(pause(&Witnesses { pace_ms: 640, ..usual }), 800);
        assert_eq!(pause(&Witnesses { pace_ms: 9_000, ..usual }), policy.pause_incomplete_ms);
        let sure = Witnesses { complete: Some(0.9), meant: Some(0.95), ..usual };
        assert_eq!(pause(&Witnesses { pace_ms: 640, ..sure }), pause(&sure));
    }

    #[test]
    fn nothing_known_yet_means_the_pause_of_what_is_expected() {
        let policy = TurnPolicy::default();
        let nothing = |expect| Witnesses { expect, heard: None, complete: None, meant: None, whole: None, patience: 1.0, pace_ms: 0 };
        assert_eq!(pause_ms(&policy, &nothing(Expect::Spelled), english()), policy.pause_digits_ms);
        assert_eq!(pause_ms(&policy, &nothing(Expect::Sentence), english()), policy.pause_ms);
    }
}
