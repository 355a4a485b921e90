//! How long a pause must be before the turn counts as ended.

use crate::call::{
    flow::{policy::TurnPolicy, step::Expect},
    turn::words::{self, Language},
    understanding::{Transcript, Understanding},
};

/// Smart Turn below this: the speaker has probably not finished. A hint only, so it lengthens the pause and never ends the call's patience.
const SOUNDS_INCOMPLETE: f32 = 0.35;

/// From this score on, what the turn means is certain.
const MEANT: f32 = 0.9;

/// The pause that ends the turn, by what is expected and (once it is known) by what was said.
pub(crate) fn pause_ms(policy: &TurnPolicy, expect: Expect, heard: Option<&Transcript>, language: Language) -> u64 {
    match (expect, heard) {
        (Expect::Sentence, None) => policy.pause_ms,
        (Expect::Sentence, Some(heard)) => after_sentence(policy, heard, language),
        (Expect::YesNo, None) => policy.pause_yes_no_ms,
        (Expect::YesNo, Some(heard)) => {
            if words::yes_or_no(&heard.text, language).is_some() && !words::is_unfinished(&heard.text, language) {
                policy.pause_yes_no_ms
            } else {
                after_sentence(policy, heard, language)
            }
        }
        (Expect::Digits { .. } | Expect::Spelled, None) => policy.pause_digits_ms,
        (Expect::Digits { least, most }, Some(heard)) => match words::count_digits(&heard.text, language) {
            0 => after_sentence(policy, heard, language),
            said if said >= most => policy.pause_yes_no_ms,
            said if said >= least => policy.pause_incomplete_ms,
            _ => policy.pause_digits_ms,
        },
        (Expect::Spelled, Some(_)) => policy.pause_digits_ms,
    }
}

/// The words are the stronger witness: Smart Turn calls one complete telephone sentence in three incomplete.
fn after_sentence(policy: &TurnPolicy, heard: &Transcript, language: Language) -> u64 {
    let sounds_incomplete = heard.complete.is_some_and(|complete| complete < SOUNDS_INCOMPLETE);
    if words::is_unfinished(&heard.text, language) || (sounds_incomplete && !words::is_whole_question(&heard.text)) {
        policy.pause_incomplete_ms
    } else {
        policy.pause_ms
    }
}

/// The pause that ends the turn once its meaning is known, if that changes anything: who has said clearly what they want has finished, whatever it sounds like.
pub(crate) fn pause_when_meant(
    policy: &TurnPolicy,
    expect: Expect,
    heard: &Transcript,
    understanding: &Understanding,
    language: Language,
) -> Option<u64> {
    let surest = understanding.intents.iter().chain(&understanding.knowledge).map(|it| it.score).fold(0.0, f32::max);
    let meant = expect == Expect::Sentence && surest >= MEANT && !words::is_unfinished(&heard.text, language);
    meant.then_some(policy.pause_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(expect: Expect, text: &str, complete: Option<f32>) -> u64 {
        let heard = Transcript { text: text.to_owned(), confidence: 0.9, complete, voice: None };
        pause_ms(&TurnPolicy::default(), expect, Some(&heard), Language::English)
    }

    #[test]
    fn what_was_said_sets_the_pause() {
        let policy = TurnPolicy::default();
        let six = Expect::Digits { least: 6, most: 6 };
        assert_eq!(pause(Expect::Sentence, "Where is my order?", Some(0.9)), policy.pause_ms);
        assert_eq!(pause(Expect::Sentence, "Where is my order?", Some(0.1)), policy.pause_ms, "a whole question");
        assert_eq!(pause(Expect::Sentence, "I want to return", Some(0.1)), policy.pause_incomplete_ms);
        assert_eq!(pause(Expect::Sentence, "What?", Some(0.1)), policy.pause_incomplete_ms);
        assert_eq!(pause(Expect::Sentence, "I ordered a lamp and", None), policy.pause_incomplete_ms);
        assert_eq!(pause(Expect::YesNo, "Yes.", None), policy.pause_yes_no_ms);
        assert_eq!(pause(Expect::YesNo, "Yes, but", None), policy.pause_incomplete_ms);
        assert_eq!(pause(six, "four five seven", Some(0.99)), policy.pause_digits_ms);
        assert_eq!(pause(six, "four five seven one two nine", None), policy.pause_yes_no_ms);
        assert_eq!(pause(six, "I do not have it here.", None), policy.pause_ms);
    }

    #[test]
    fn nothing_known_yet_means_the_pause_of_what_is_expected() {
        let policy = TurnPolicy::default();
        assert_eq!(pause_ms(&policy, Expect::Spelled, None, Language::English), policy.pause_digits_ms);
        assert_eq!(pause_ms(&policy, Expect::Sentence, None, Language::English), policy.pause_ms);
    }
}
