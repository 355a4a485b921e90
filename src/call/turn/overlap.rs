//! Somebody sounds while the bot speaks: is that for the bot? Two steps. At the first sound of a voice the bot speaks lower; it stops when the voice has
//! lasted for a moment, unless its sound (`meant`) or its first words say that it wants no turn.

use crate::call::{
    flow::policy::TurnPolicy,
    turn::words::{self, Language},
};

/// So few words need the confidence that the policy wants of the recogniser.
const FEW: usize = 2;

/// What is known of a voice over the bot's words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice<'a> {
    /// For how long it has sounded.
    pub(crate) ms: u64,
    /// How likely it is meant for us, by its sound.
    pub(crate) meant: f32,
    /// What the recogniser makes of it so far; none while that is not known, empty if it is nothing.
    pub(crate) words: Option<&'a str>,
    /// It may be over.
    pub(crate) fades: bool,
    /// What the bot is saying.
    pub(crate) said: &'a str,
    /// "Yes" would be an answer now.
    pub(crate) yes_answers: bool,
}

/// What the bot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing yet.
    Waits,
    /// It goes on speaking, lower.
    GoesOn,
    /// It is still.
    Stops,
}

/// Weighs a voice.
pub(crate) fn weigh(policy: &TurnPolicy, voice: &Voice<'_>, language: Language) -> Verdict {
    let likely = voice.meant >= policy.barge_in_meant;
    let long = voice.ms >= if likely { policy.barge_in_ms } else { policy.barge_in_unsure_ms };
    let known = voice.words.map(words::plain);
    match known.as_deref() {
        // A voice of which the recogniser can make nothing, and which does not sound as if it was for us, is none.
        Some([]) if !likely => Verdict::Waits,
        // Nor is one that is over, and was no word.
        Some([]) if voice.fades => Verdict::GoesOn,
        Some([_, ..]) if voice.words.is_some_and(|words| wants_no_turn(words, voice, language)) => {
            if voice.ms < policy.barge_in_unsure_ms {
                Verdict::GoesOn
            } else {
                Verdict::Stops
            }
        }
        None | Some(_) if long => Verdict::Stops,
        None | Some(_) => Verdict::Waits,
    }
}

/// A word or two over the bot's own are more often a "mhm" that was misheard than a turn, unless they ask for one.
pub(crate) fn is_misheard(policy: &TurnPolicy, text: &str, confidence: f32, language: Language) -> bool {
    let few = text.split_whitespace().count() <= FEW;
    few && confidence < policy.few_words_heard && !words::claims_turn(text, language)
}

fn wants_no_turn(text: &str, voice: &Voice<'_>, language: Language) -> bool {
    !words::is_beginning(text, language)
        && (!voice.yes_answers && words::is_back_channel(text, language) || words::is_echo(text, voice.said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::language::english;

    fn weighed(ms: u64, meant: f32, words: Option<&str>) -> Verdict {
        let voice = Voice { ms, meant, words, fades: false, said: "We are open until six.", yes_answers: false };
        weigh(&TurnPolicy::default(), &voice, english())
    }

    #[test]
    fn what_sounds_meant_for_us_stops_the_bot_soon() {
        let policy = TurnPolicy::default();
        assert_eq!(weighed(policy.barge_in_ms - 10, 0.9, None), Verdict::Waits);
        assert_eq!(weighed(policy.barge_in_ms, 0.9, None), Verdict::Stops);
        assert_eq!(weighed(policy.barge_in_ms, 0.9, Some("")), Verdict::Stops);
        assert_eq!(weighed(policy.barge_in_ms, 0.9, Some("Where")), Verdict::Stops);
        assert_eq!(weighed(policy.barge_in_ms, 0.9, Some("I.")), Verdict::Stops, "it may become anything");
    }

    #[test]
    fn a_hum_or_a_murmur_needs_time_and_words() {
        let policy = TurnPolicy::default();
        assert_eq!(weighed(policy.barge_in_ms, 0.3, None), Verdict::Waits);
        assert_eq!(weighed(policy.barge_in_unsure_ms, 0.3, None), Verdict::Stops);
        assert_eq!(weighed(9_000, 0.3, Some("")), Verdict::Waits);
        assert_eq!(weighed(policy.barge_in_unsure_ms, 0.3, Some("What about Sunday")), Verdict::Stops);
    }

    #[test]
    fn a_back_channel_and_our_own_words_stop_nothing_until_more_is_said() {
        for words in ["Right.", "Yeah, okay", "I see.", "open until six"] {
            assert_eq!(weighed(400, 0.9, Some(words)), Verdict::GoesOn, "{words}");
        }
        assert_eq!(weighed(500, 0.9, Some("Yes, but")), Verdict::Stops);
        assert_eq!(weighed(TurnPolicy::default().barge_in_unsure_ms, 0.9, Some("Yes")), Verdict::Stops);
        let over = Voice { ms: 300, meant: 0.9, words: Some(""), fades: true, said: "", yes_answers: false };
        assert_eq!(weigh(&TurnPolicy::default(), &over, english()), Verdict::GoesOn);
    }

    #[test]
    fn few_words_are_a_turn_when_they_ask_for_one_or_are_sure() {
        let misheard = |text: &str, confidence| is_misheard(&TurnPolicy::default(), text, confidence, english());
        assert!(misheard("You had.", 0.7) && misheard("Braid.", 0.68));
        assert!(!misheard("Delivery?", 0.9) && !misheard("Stop.", 0.6) && !misheard("You had it wrong.", 0.6));
    }

    #[test]
    fn a_yes_that_was_asked_for_is_an_answer() {
        let voice = Voice { ms: 300, meant: 0.9, words: Some("Yes."), fades: false, said: "Shall I go on?", yes_answers: true };
        assert_eq!(weigh(&TurnPolicy::default(), &voice, english()), Verdict::Stops);
    }
}
