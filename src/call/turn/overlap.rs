//! Somebody sounds while the bot speaks: is that for the bot? Two steps. At the first sound of a voice the bot speaks lower; it is still when the voice has
//! lasted for a moment, and goes on, lower, as soon as its words or the lack of them say that it wants no turn: a pause no longer than one between two
//! sentences.

use crate::call::{
    flow::policy::{InDoubt, TurnPolicy},
    turn::words::{self, Language},
    understanding::{Transcript, Understanding},
};

/// So few words need the confidence that the policy wants of the recogniser.
const FEW: usize = 2;
/// A voice of which no word was made out so often is laughter, or a murmur.
const NOTHINGS: u32 = 4;
/// The first looks hear too little: "yes, but" is a "yes", "one second" is a "one".
const FIRST_LOOKS: u32 = 2;
/// One look may be wrong, two are not.
const SURE: u32 = 2;
/// A voice this short is rather a "mhm" that was misheard than a turn, unless its words claim one. All of it is heard a moment later.
const SHORT_MS: u64 = 600;
/// A voice that was sure to be a "mhm" while it sounded, and was no longer than this, is one, whatever three words the recogniser makes of all of it ("good"
/// becomes "go it out"), unless it is as sure of them as this.
const AGREED_MS: u64 = 900;
const SURE_WORDS: f32 = 0.85;

/// Looks that agree so often may be believed for longer.
const STEADY: u32 = 3;
/// The bot may be still for a breath without anybody wondering; reports come 32 ms apart.
const BREATH_MS: u64 = 250;

/// A few whole words that are so likely to want no turn, and are no claim of one, want none. What is only begun is not judged so: of 132 interruptions by
/// voices that are nearly people's, it let the bot speak on into some for half a second more.
const LISTENS: f32 = 0.8;
/// Anger from which few words are no sympathy ("this is ridiculous"): of 439 things that listeners say, none has more than 0.68 ("that's awful"). Where a flow
/// turns tone off, nobody knows of anger, and this tells nothing.
const ANGRY: f32 = 0.75;

/// What the recogniser made of a voice so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No word.
    Nothing,
    /// "Mhm", or the bot's own words.
    NoTurn,
    /// What may become a "that's fine", or something else.
    Begun,
    /// A word or two of anything.
    Few,
    /// Words that claim the turn, or more than a few.
    Turn,
}

/// The looks at one voice.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Looks {
    last: Option<Kind>,
    /// How many in a row were of the last kind, and how many there were at all.
    alike: u32,
    count: u32,
    /// It was sure to be a "mhm" before.
    agreed: bool,
    /// How often in a row it claimed the turn, and with which words.
    claims: u32,
    claim: String,
    /// It did so twice in a row.
    claimed: bool,
    first_word: String,
    /// The words began twice with the same one. Those of a room full of voices do not.
    steady: bool,
    /// There were two words or more: "can I" begins a sentence.
    several: bool,
    /// The last look saw nothing, and the one before a "mhm".
    kept: bool,
    /// A "mhm" in the sound is not much less likely than the words.
    may_nod: bool,
}

impl Looks {
    /// Takes what the recogniser makes of the voice now. `said`: what the bot is saying; `yes_answers`: "yes" would be an answer now.
    /// `guessed`: the words are no more than likely. They may be a "mhm", and else they are none: in laughter many a "what?" is guessed.
    /// `back_channel`: how much likelier than these words a "mhm" is in the sound, as a natural logarithm.
    pub(crate) fn take(
        &mut self,
        (text, guessed): (&str, bool),
        back_channel: Option<f32>,
        said: &str,
        yes_answers: bool,
        language: Language,
    ) {
        let nods = !yes_answers && back_channel.is_some_and(|likely| likely >= SURELY_NODS) && !words::claims_turn(text, language);
        let likely = if nods { Kind::NoTurn } else { kind(text, said, yes_answers, language) };
        let counts = !guessed || likely == Kind::NoTurn;
        let other = guessed && !counts;
        let text = if guessed { "" } else { text };
        let kind = match if counts { likely } else { Kind::Nothing } {
            // A moment without a word takes nothing back; a guess at other words does.
            Kind::Nothing if !other && matches!(self.last, Some(Kind::NoTurn | Kind::Begun)) => self.last.unwrap_or(Kind::Nothing),
            kind => kind,
        };
        self.kept = kind == Kind::NoTurn && likely == Kind::Nothing;
        self.alike = if self.last == Some(kind) { self.alike + 1 } else { 1 };
        self.last = Some(kind);
        self.count += 1;
        self.agreed |= kind == Kind::NoTurn && self.alike >= SURE && self.count > SURE;
        self.claims = if words::claims_turn(text, language) { self.claims + 1 } else { 0 };
        self.claimed |= self.claims >= SURE;
        if self.claims > 0 {
            text.clone_into(&mut self.claim);
        }
        self.may_nod = back_channel.is_some();
        let plain = words::plain(text);
        self.several = plain.len() >= FEW;
        let first = plain.into_iter().next().unwrap_or_default();
        self.steady = !first.is_empty() && first == self.first_word;
        self.first_word = first;
    }

    /// It claims the turn now, or did so twice: one look may be wrong.
    fn claims(&self) -> bool {
        self.claims > 0 || self.claimed
    }

    /// It has claimed the turn, once at least.
    pub(crate) fn has_claimed(&self) -> bool {
        !self.claim.is_empty()
    }

    /// Two words and more that were there before, too: the lips are closed inside "can I stop".
    fn begins_a_sentence(&self) -> bool {
        self.steady && self.several
    }

    /// The words with which it claimed the turn, if they were the same kind of words twice to the end: better than none.
    pub(crate) fn sure_claim(&self) -> Option<&str> {
        (self.claims >= SURE).then_some(self.claim.as_str())
    }
}

fn kind(text: &str, said: &str, yes_answers: bool, language: Language) -> Kind {
    match words::plain(text).len() {
        0 => Kind::Nothing,
        _ if words::is_beginning(text, language) && (yes_answers || !words::begins_back_channel(text, language)) => Kind::Few,
        _ if words::is_beginning(text, language) => Kind::Begun,
        _ if !yes_answers && words::may_be_back_channel(text, language) || words::is_echo(text, said, words::CALLERS_ECHO) => Kind::NoTurn,
        _ if !yes_answers && words::begins_back_channel(text, language) => Kind::Begun,
        count if count <= FEW && !words::claims_turn(text, language) => Kind::Few,
        _ => Kind::Turn,
    }
}

/// What is known of a voice over the bot's words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice<'a> {
    /// For how long it has sounded.
    pub(crate) ms: u64,
    /// How likely it is meant for us, by its sound.
    pub(crate) meant: f32,
    /// What the recogniser has made of it.
    pub(crate) looks: &'a Looks,
    /// It may be over.
    pub(crate) fades: bool,
    /// For how long the bot has been still for it.
    pub(crate) held_ms: u64,
    /// The bot was still for it before, and went on.
    pub(crate) let_go: bool,
    /// What the line that it sounds over says of such voices, or the flow.
    pub(crate) in_doubt: InDoubt,
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
pub(crate) fn weigh(policy: &TurnPolicy, voice: &Voice<'_>) -> Verdict {
    let looks = voice.looks;
    let likely = voice.meant >= policy.barge_in_meant;
    let long = voice.ms >= if likely { policy.barge_in_ms } else { policy.barge_in_unsure_ms };
    let breath_over = looks.count > 1 && (voice.let_go || voice.held_ms >= BREATH_MS);
    let longest = if looks.alike >= STEADY { policy.barge_in_unsure_ms * 3 / 2 } else { policy.barge_in_unsure_ms };
    let goes_on = match looks.last {
        None => false,
        Some(_) if looks.claims() => false,
        Some(Kind::Nothing) => voice.fades || looks.alike >= NOTHINGS,
        Some(Kind::NoTurn) => voice.ms < longest && (looks.count > FIRST_LOOKS && !looks.kept || voice.fades),
        Some(Kind::Begun) if voice.in_doubt >= InDoubt::Weigh && breath_over => voice.ms < longest,
        Some(Kind::Few) if voice.in_doubt == InDoubt::GoOn && breath_over => voice.ms < longest,
        Some(Kind::Begun | Kind::Few) => {
            voice.fades && voice.ms < SHORT_MS && looks.may_nod && !looks.begins_a_sentence() || looks.agreed && looks.alike < SURE
        }
        Some(Kind::Turn) => false,
    };
    // What does not sound as if it was for us must have words, and the same ones twice.
    let wordless = looks.last == Some(Kind::Nothing) || looks.last.is_some() && !looks.steady && !looks.claims();
    if goes_on {
        Verdict::GoesOn
    } else if long && (likely || !wordless) {
        Verdict::Stops
    } else {
        Verdict::Waits
    }
}

/// A word or two over the bot's own are more often a "mhm" that was misheard than a turn, unless they ask for one or sound as if they did ("told on"), now or
/// when they were looked at first. The voice has lasted for `ms`.
pub(crate) fn is_misheard(policy: &TurnPolicy, (text, confidence): (&str, f32), (looks, ms): (&Looks, u64), language: Language) -> bool {
    if looks.has_claimed() || words::claims_turn(text, language) || words::nearly_claims(text, language) {
        return false;
    }
    let count = text.split_whitespace().count();
    let agreed = looks.agreed && ms <= AGREED_MS && confidence < SURE_WORDS;
    count <= FEW && confidence < policy.few_words_heard || count <= FEW + 1 && agreed
}

/// A "mhm" in the sound that is less likely than the words by less than this (natural logarithm) is one that was misheard ("makes a fence", "all rights"), unless
/// the words claim the turn.
const MISHEARD: f32 = -5.0;
/// One that is not much less likely is one even if they do ("how mad" for a hum), unless a look before claimed it as well: of the 396 interruptions of the parts
/// e, f and g of `warmline eval turns`, none is above −4.8.
const NODS: f32 = -4.0;
/// One that is hardly less likely is one even then ("not hard" for an "uh-huh"); and so it is while the voice goes on, if its words claim nothing.
const SURELY_NODS: f32 = -1.0;

/// The sound is likely a "mhm" or its like.
pub(crate) fn only_nods(heard: &Transcript, looks: &Looks, language: Language) -> bool {
    let claims = || words::claims_turn(&heard.text, language) || words::nearly_claims(&heard.text, language);
    let nods = |likely: f32| match (claims(), looks.has_claimed()) {
        (false, _) => likely >= MISHEARD,
        (true, false) => likely >= NODS,
        (true, true) => likely >= SURELY_NODS,
    };
    !looks.claimed && heard.back_channel.is_some_and(nods)
}

/// Words that by their meaning say no more than that the caller listens.
pub(crate) fn only_listens(text: &str, meaning: &Understanding, language: Language) -> bool {
    let listens = meaning.listens.is_some_and(|likely| likely >= LISTENS) && meaning.tone.anger < ANGRY;
    listens && !words::claims_turn(text, language) && !words::nearly_claims(text, language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{language::english, understanding::Tone};

    const SAID: &str = "We are open until six.";

    fn looks(texts: &[&str]) -> Looks {
        let mut looks = Looks::default();
        texts.iter().for_each(|text| looks.take((text, false), None, SAID, false, english()));
        looks
    }

    fn weighed(ms: u64, meant: f32, texts: &[&str], fades: bool) -> Verdict {
        weigh(
            &TurnPolicy::default(),
            &Voice { ms, meant, looks: &looks(texts), fades, held_ms: 0, let_go: false, in_doubt: InDoubt::Weigh },
        )
    }

    #[test]
    fn what_sounds_meant_for_us_stops_the_bot_soon() {
        let policy = TurnPolicy::default();
        assert_eq!(weighed(policy.barge_in_ms - 10, 0.9, &[], false), Verdict::Waits);
        for texts in [&[][..], &[""], &["Where"], &["I."], &["", "", "Do it"]] {
            assert_eq!(weighed(policy.barge_in_ms, 0.9, texts, false), Verdict::Stops, "{texts:?}");
        }
        assert_eq!(weighed(policy.barge_in_ms, 0.9, &["Yeah.", "Who am I"], false), Verdict::Stops);
    }

    #[test]
    fn a_hum_or_a_murmur_needs_time_and_words() {
        let policy = TurnPolicy::default();
        let (soon, late) = (policy.barge_in_ms, policy.barge_in_unsure_ms);
        assert_eq!(weighed(soon, 0.3, &[], false), Verdict::Waits);
        assert_eq!(weighed(late, 0.3, &[], false), Verdict::Stops);
        assert_eq!(weighed(9_000, 0.3, &[""], false), Verdict::Waits);
        assert_eq!(weighed(late, 0.3, &["What about", "What about Sunday"], false), Verdict::Stops);
        assert_eq!(weighed(late, 0.3, &["Bye Jenny and then", "I went there for it"], false), Verdict::Waits, "a room full of voices");
    }

    #[test]
    fn laughter_stops_the_bot_for_no_longer_than_a_breath() {
        assert_eq!(weighed(400, 0.9, &[""; 3], false), Verdict::Stops);
        assert_eq!(weighed(400, 0.9, &[""; 4], false), Verdict::GoesOn);
        assert_eq!(weighed(700, 0.9, &["", "", "", "", "", "Where is it then"], false), Verdict::Stops);
    }

    #[test]
    fn a_back_channel_and_our_own_words_stop_nothing_until_more_is_said() {
        for text in ["Right.", "Yeah, okay", "I see.", "open until six"] {
            for looked in [&[text][..], &[text, text]] {
                assert_eq!(weighed(250, 0.9, looked, false), Verdict::Stops, "{text}: it may become a \"yes, but\"");
            }
            assert_eq!(weighed(300, 0.9, &[text], true), Verdict::GoesOn, "{text}");
            for looked in [["", "", text], [text, text, text], ["", text, text]] {
                assert_eq!(weighed(400, 0.9, &looked, false), Verdict::GoesOn, "{looked:?}");
            }
        }
        assert_eq!(weighed(400, 0.9, &["", "Stop.", "Sure."], false), Verdict::GoesOn, "one look may be wrong");
        assert_eq!(weighed(400, 0.9, &["Stop.", "Stop.", "Sure."], false), Verdict::Stops);
        assert_eq!(weighed(700, 0.9, &["Right.", "Right.", "Right.", "Ride"], false), Verdict::GoesOn, "a slip of the recogniser");
        assert_eq!(weighed(500, 0.9, &["Yes", "Yes", "Yes, but"], false), Verdict::Stops);
        assert_eq!(weighed(TurnPolicy::default().barge_in_unsure_ms, 0.9, &["Yes", "Yes"], false), Verdict::Stops);
    }

    #[test]
    fn after_a_breath_the_bot_does_what_it_is_told_to_in_doubt() {
        let judged = |texts: &[&str], held_ms, let_go, in_doubt| {
            let looks = looks(texts);
            let voice = Voice { ms: 450, meant: 0.9, looks: &looks, fades: false, held_ms, let_go, in_doubt };
            weigh(&TurnPolicy::default(), &voice)
        };
        let (begun, few, claim) = (&["", "That's"][..], &["", "Delivery"][..], &["", "Stop"][..]);
        for (texts, in_doubt, verdict) in [
            (begun, InDoubt::Stop, Verdict::Stops),
            (begun, InDoubt::Weigh, Verdict::GoesOn),
            (few, InDoubt::Weigh, Verdict::Stops),
            (few, InDoubt::GoOn, Verdict::GoesOn),
            (claim, InDoubt::GoOn, Verdict::Stops),
        ] {
            assert_eq!(judged(texts, BREATH_MS, false, in_doubt), verdict, "{texts:?} {in_doubt:?}");
            assert_eq!(judged(texts, 0, true, in_doubt), verdict, "{texts:?} {in_doubt:?}: it does not stop again");
            assert_eq!(judged(texts, BREATH_MS - 10, false, in_doubt), Verdict::Stops, "{texts:?}: there is time yet");
        }
    }

    #[test]
    fn a_guess_may_be_a_back_channel_and_else_is_no_word() {
        let guessed = |text: &str| {
            let mut looks = Looks::default();
            looks.take((text, true), None, SAID, false, english());
            (looks.last, looks.has_claimed(), looks.steady)
        };
        assert_eq!(guessed("Okay"), (Some(Kind::NoTurn), false, false));
        assert_eq!(guessed("Hang on"), (Some(Kind::Nothing), false, false));
        assert_eq!(guessed("Cause I thought"), (Some(Kind::Nothing), false, false));
    }

    #[test]
    fn a_short_voice_is_no_turn_unless_it_claims_one() {
        let heard = |text: &str, likely| {
            let mut looks = Looks::default();
            looks.take((text, false), likely, SAID, false, english());
            let voice = Voice { ms: 330, meant: 0.9, looks: &looks, fades: true, held_ms: 0, let_go: false, in_doubt: InDoubt::Stop };
            weigh(&TurnPolicy::default(), &voice)
        };
        assert_eq!(heard("", None), Verdict::GoesOn);
        for text in ["You have.", "Braid."] {
            assert_eq!(heard(text, Some(-2.5)), Verdict::GoesOn, "{text}: a \"mhm\", or not");
            assert_eq!(heard(text, None), Verdict::Stops, "{text}: surely none");
        }
        assert_eq!(weighed(330, 0.9, &["Stop."], true), Verdict::Stops);
        assert_eq!(weighed(600, 0.9, &["Delivery."], true), Verdict::Stops);
        assert_eq!(weighed(400, 0.9, &["Can I?", "Can I?"], true), Verdict::Stops, "the lips are closed inside \"can I stop\"");
    }

    #[test]
    fn a_claim_that_was_heard_twice_stands() {
        let looks = looks(&["Stop.", "Stop."]);
        assert_eq!(looks.sure_claim(), Some("Stop."));
        assert_eq!(self::looks(&["Stop.", "Tap."]).sure_claim(), None);
        assert_eq!(
            weigh(
                &TurnPolicy::default(),
                &Voice { ms: 600, meant: 0.9, looks: &looks, fades: true, held_ms: 0, let_go: false, in_doubt: InDoubt::Weigh }
            ),
            Verdict::Stops
        );
    }

    #[test]
    fn few_words_are_a_turn_when_they_ask_for_one_or_are_sure() {
        let judged = |text: &str, confidence, looked: &[&str], ms| {
            is_misheard(&TurnPolicy::default(), (text, confidence), (&looks(looked), ms), english())
        };
        let misheard = |text: &str, confidence| judged(text, confidence, &[], 500);
        assert!(misheard("You had.", 0.7) && misheard("Braid.", 0.68));
        assert!(!misheard("Delivery?", 0.9) && !misheard("Stop.", 0.6) && !misheard("You had it wrong.", 0.6));
        assert!(!misheard("Told on.", 0.6), "hold on");
        assert!(!judged("Sun done.", 0.6, &["Hold on."], 500), "it was \"hold on\" before");
        assert!(judged("Go it out.", 0.72, &["", "Good.", "Good"], 640), "it was \"good\" before");
        for (looked, ms, confidence) in
            [(["", "", "Good"], 640, 0.72), (["", "Good", "Good"], 1_000, 0.72), (["", "Good", "Good"], 640, 0.9)]
        {
            assert!(!judged("Go it out.", confidence, &looked, ms), "{looked:?} {ms} {confidence}");
        }
    }

    #[test]
    fn what_sounds_like_a_back_channel_is_one_whatever_its_words() {
        let looked = |texts: &[&str], likely| {
            let mut looks = Looks::default();
            texts.iter().for_each(|text| looks.take((text, true), likely, SAID, false, english()));
            looks
        };
        assert_eq!(looked(&["Make a fence"], Some(-0.4)).last, Some(Kind::NoTurn));
        assert_eq!(looked(&["Make a fence"], Some(-2.0)).last, Some(Kind::Nothing));
        assert_eq!(looked(&["Who is it"], Some(-0.4)).last, Some(Kind::Nothing), "a claim");
        let mut looks = looked(&["Right", "Right"], Some(0.0));
        looks.take(("Double", true), None, SAID, false, english());
        assert_eq!((looks.last, looks.alike), (Some(Kind::Nothing), 1), "a guess at something else");
        looks.take(("Right", false), Some(0.0), "Shall I go on?", true, english());
        assert_ne!(looks.last, Some(Kind::NoTurn), "it answers");
    }

    #[test]
    fn a_back_channel_that_was_misheard_is_no_turn() {
        let nods = |text: &str, back_channel, looked: &[&str]| {
            let heard = Transcript { text: text.to_owned(), confidence: 0.8, complete: None, back_channel, voice: None };
            only_nods(&heard, &looks(looked), english())
        };
        assert!(nods("All rights.", Some(-1.1), &[]) && nods("Gosho.", Some(-4.8), &["Gos"]));
        assert!(nods("Not hard.", Some(-0.6), &["No."]) && nods("How mad?", Some(-3.0), &["Hum."]), "one claim may be wrong");
        assert!(!nods("No.", Some(-3.0), &["No."]) && !nods("What?", Some(-4.1), &[]), "claims");
        assert!(!nods("Right but.", Some(-4.3), &[]) && !nods("Shush.", Some(-0.2), &["Stop.", "Stop."]), "claims");
        assert!(!nods("Enough, thank you.", Some(-5.5), &[]) && !nods("Saturday.", None, &[]));
    }

    #[test]
    fn what_means_that_somebody_listens_is_no_turn_unless_it_claims_one() {
        let listens = |text: &str, listens, anger| {
            let tone = Tone { anger, ..Tone::default() };
            only_listens(text, &Understanding { listens: Some(listens), tone, ..Understanding::default() }, english())
        };
        assert!(listens("Well I never.", 0.9, 0.2) && !listens("Well I never.", 0.6, 0.2));
        assert!(listens("That is awful.", 0.9, 0.74), "sympathy");
        assert!(!listens("This is daft.", 0.9, 0.76), "anger");
        assert!(!listens("Stop it.", 0.9, 0.0), "a claim");
    }

    #[test]
    fn a_yes_that_was_asked_for_is_an_answer() {
        let mut looks = Looks::default();
        looks.take(("Yes.", false), None, "Shall I go on?", true, english());
        looks.take(("Yes.", false), None, "Shall I go on?", true, english());
        let voice = Voice { ms: 300, meant: 0.9, looks: &looks, fades: false, held_ms: 0, let_go: false, in_doubt: InDoubt::Weigh };
        assert_eq!(weigh(&TurnPolicy::default(), &voice), Verdict::Stops);
    }
}
