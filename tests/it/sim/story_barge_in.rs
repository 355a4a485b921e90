//! The caller speaks while the bot does.

use warmline::call::record::What;

use super::script::{Cue, Sim};

const LONG_ANSWER: &str = "You can set a new password";

/// A call in which the bot gives a long answer.
fn long_answer() -> Sim {
    Sim::new().says("I forgot my password")
}

#[test]
fn a_question_stops_the_bot_within_300_ms_and_is_answered() {
    let run = long_answer().says_on(Cue::Over(LONG_ANSWER, 1_000), "Where is my order?").run();
    run.tells(&[
        LONG_ANSWER,
        "< caller: Where is my order?",
        "> speak lower",
        "> be still",
        "> stop speaking",
        "> speak up",
        "= turn 2",
        "= interrupted",
        "What is your order number?",
    ]);
    let stopped = run.time_of("> be still") - run.time_of("< caller: Where is my order?");
    assert!(stopped <= 300, "{stopped} ms");
}

#[test]
fn without_reports_of_lasting_voice_it_takes_200_ms_more() {
    let mut sim = long_answer().says_on(Cue::Over(LONG_ANSWER, 1_000), "Where is my order?");
    sim.world.tells_lasting = false;
    let run = sim.run();
    let stopped = run.time_of("> be still") - run.time_of("< caller: Where is my order?");
    assert!((300..=500).contains(&stopped), "{stopped} ms");
}

#[test]
fn the_transcript_keeps_what_was_really_heard() {
    let run = long_answer().says_on(Cue::Over(LONG_ANSWER, 1_000), "Where is my order?").run();
    let (text, heard) = run
        .record
        .iter()
        .find_map(|entry| match &entry.what {
            What::BotTurn { text, heard, interrupted: true, .. } => Some((text.clone(), heard.clone())),
            _ => None,
        })
        .expect("a text was interrupted");
    assert!(text.starts_with(&heard) && heard.len() < text.len(), "{heard:?} of {text:?}");
    assert!(heard.split_whitespace().count() >= 2, "a second of it was heard: {heard:?}");
}

#[test]
fn who_speaks_over_the_beginning_of_an_answer_was_not_slow_before() {
    let run = long_answer().says_for(Cue::Over(LONG_ANSWER, 800), "The blue one that I had.", 2_000).run();
    // Its words are known half a second after its end.
    let waited = run.time_of("= turn 2") - run.time_of("< caller: The blue one") - 2_000;
    assert!(waited <= 700, "{waited} ms in\n{}", run.text());
}

#[test]
fn what_means_no_more_than_mhm_does_not_end_the_answer() {
    let run = long_answer().says_for(Cue::Over("Choose sign in", 800), "Well I never", 620).run();
    run.tells(&["< caller: Well I never", "> be still", "= turn 1 \"Well I never\"", "> speak up", "anything else"]);
    assert_eq!(run.count("> understand"), 2, "it stands in no list");
}

#[test]
fn what_means_something_ends_the_answer_however_it_begins() {
    let run = long_answer().says_for(Cue::Over("Choose sign in", 800), "Right you are, a human", 900).run();
    run.tells(&["< caller: Right you are, a human", "> be still", "= turn 2 \"Right you are, a human\"", "= decision human"]);
}

#[test]
fn mhm_does_not_end_the_answer() {
    let run = long_answer().says_for(Cue::Over("Choose sign in", 800), "Mhm", 420).run();
    run.tells(&["< caller: Mhm", "> be still", "= turn 1 \"Mhm\"", "> speak up", "anything else"])
        .never("= interrupted")
        .never("> stop speaking");
    assert_eq!(run.count("> understand"), 1, "what mhm means is not asked");
}

#[test]
fn a_cough_does_not_end_the_answer() {
    let run = long_answer().says_for(Cue::Over("Choose sign in", 800), "", 420).run();
    run.tells(&["> be still", "> speak up", "anything else"]).never("= interrupted").never("> stop speaking");
    assert_eq!(run.count("= turn"), 1);
}

#[test]
fn the_bots_own_echo_does_not_end_the_answer() {
    let run = long_answer().says_for(Cue::Over(LONG_ANSWER, 1_000), "set a new password", 1_200).run();
    run.tells(&["> be still", "> speak up"]).never("= interrupted");
    assert_eq!(run.count("> understand"), 1);
}

#[test]
fn a_short_sound_stops_nothing() {
    for ms in [40, 90, 140] {
        let run = long_answer().says_for(Cue::Over(LONG_ANSWER, 800), "", ms).run();
        run.tells(&[LONG_ANSWER, "> speak lower", "> speak up", "anything else"]).never("> be still").never("> stop speaking");
        assert_eq!(run.count(LONG_ANSWER), 1);
    }
}

#[test]
fn what_is_hardly_meant_for_us_makes_the_bot_speak_lower_and_no_more() {
    let mut sim = long_answer().says_for(Cue::Over("Choose sign in", 800), "Mhm", 420);
    sim.world.meant = 0.2;
    let run = sim.run();
    run.tells(&["< caller: Mhm", "> speak lower", "= turn 1 \"Mhm\"", "> speak up", "anything else"]).never("> be still");
}

#[test]
fn a_back_channel_that_is_looked_at_three_times_holds_the_bot_for_a_breath() {
    let mut sim = long_answer().says_for(Cue::Over("Choose sign in", 800), "Right", 620);
    sim.world.glimpses = vec![(170, "Right."), (300, "Right."), (430, "Right.")];
    let run = sim.run();
    run.tells(&["< caller: Right", "> be still", "> speak lower", "= turn 1 \"Right\"", "> speak up", "anything else"]);
    let began = run.time_of("< caller: Right");
    let (still, lower) = (run.time_of("> be still") - began, run.time_of_last("> speak lower") - began);
    assert!(still < lower && (430..=450).contains(&lower), "still after {still} ms, and on after {lower} ms");
}

#[test]
fn a_back_channel_that_is_known_late_makes_the_bot_go_on_before_it_is_over() {
    let mut sim = long_answer().says_for(Cue::Over("Choose sign in", 800), "All right", 700);
    sim.world.glimpses = vec![(170, ""), (300, "All right"), (430, "All right")];
    sim.run()
        .tells(&["< caller: All right", "> be still", "> speak lower", "= turn 1 \"All right\"", "> speak up", "anything else"])
        .never("= interrupted");
}

#[test]
fn a_guess_of_the_recogniser_is_no_word_of_a_turn_and_stays_off_the_record() {
    let mut sim = long_answer().says_for(Cue::Over("Choose sign in", 800), "", 620);
    sim.world.glimpses = vec![(170, "Tell them"), (300, "Tell them so"), (430, "Tell them so")];
    sim.world.guesses = true;
    let run = sim.run();
    run.tells(&["> be still", "> speak lower", "> speak up", "anything else"]).never("= interrupted").never("Tell them");
}

#[test]
fn a_yes_with_a_but_interrupts_at_the_but() {
    for (glimpses, last) in [
        // Before it is sure of a "yes" it stays still …
        (vec![(170, "Yes."), (300, "Yes."), (430, "Yes, but")], 120..=260),
        // … and it is still again at the "but".
        (vec![(170, "Yes."), (300, "Yes."), (430, "Yes."), (560, "Yes, but")], 560..=580),
    ] {
        let mut sim = long_answer().says_on(Cue::Over(LONG_ANSWER, 1_000), "Yes, but where is my order?");
        sim.world.glimpses = glimpses;
        let run = sim.run();
        run.tells(&["> be still", "= interrupted", "What is your order number?"]);
        let stopped = run.time_of_last("> be still") - run.time_of("< caller: Yes, but");
        assert!(last.contains(&stopped), "{stopped} ms");
    }
}

#[test]
fn a_murmur_of_which_the_recogniser_makes_nothing_never_stops_the_bot() {
    let mut sim = long_answer().says_for(Cue::Over("Choose sign in", 800), "", 2_500);
    sim.world.meant = 0.2;
    sim.world.glimpses = vec![(170, ""), (1_100, "")];
    sim.run().tells(&["> speak lower", "> speak up", "anything else"]).never("> be still").never("= interrupted");
}

#[test]
fn somebody_with_a_strange_voice_interrupts_too() {
    let mut sim = long_answer().says_on(Cue::Over(LONG_ANSWER, 1_000), "Where is my order?");
    sim.world.meant = 0.2;
    let run = sim.run();
    run.tells(&["> speak lower", "> be still", "= interrupted", "What is your order number?"]);
    let stopped = run.time_of("> be still") - run.time_of("< caller: Where is my order?");
    assert!((1_200..=1_400).contains(&stopped), "{stopped} ms");
}

#[test]
fn after_a_long_interruption_without_words_the_clause_is_said_again() {
    let run = long_answer().says_for(Cue::Over("Choose sign in", 800), "", 2_500).run();
    run.tells(&["> be still", "> stop speaking", "> caller: Choose sign in", "anything else"]).never("= interrupted");
}

#[test]
fn after_a_mhm_a_real_interruption_still_works() {
    let run = long_answer()
        .says_for(Cue::Over(LONG_ANSWER, 600), "Mhm", 420)
        .says_on(Cue::Over("Choose sign in", 600), "Where is my order?")
        .run();
    run.tells(&[
        "< caller: Mhm",
        "> be still",
        "> speak up",
        "< caller: Where is my order?",
        "> stop speaking",
        "= interrupted",
        "What is your order number?",
    ]);
}

#[test]
fn a_claim_that_was_heard_while_it_sounded_stands_though_the_whole_is_heard_as_nothing() {
    let mut sim = long_answer().says_for(Cue::Over(LONG_ANSWER, 800), "", 420);
    sim.world.glimpses = vec![(170, "Stop."), (300, "Stop.")];
    sim.run().tells(&["> be still", "> stop speaking", "= turn 2 \"Stop.\"", "= interrupted"]);
}

#[test]
fn and_it_is_not_the_next_voices_claim() {
    let mut sim = long_answer().says_for(Cue::Over(LONG_ANSWER, 800), "Stop", 420).says_for(Cue::Over("Sorry", 300), "", 165);
    sim.world.tells_lasting = false;
    sim.world.glimpses = vec![(170, "Stop."), (300, "Stop.")];
    let run = sim.run();
    run.tells(&["= turn 2 \"Stop\"", "> caller: Sorry"]);
    assert_eq!(run.count("Stop."), 0, "a sound without words was taken for what was said before it");
}

#[test]
fn a_notice_goes_on_and_what_was_said_over_it_is_used() {
    let run = Sim::new().says_on(Cue::Over("Hello, you are speaking", 500), "Where is my order?").run();
    run.tells(&["< caller: Where is my order?", "= turn 1", "= notice recording", "= notice tone_analysis", "What is your order number?"])
        .never("> stop speaking")
        .never("> speak lower");
    assert_eq!(run.count("How can I help you?"), 0, "it is known by then");
}

#[test]
fn a_caller_who_goes_on_after_the_end_of_the_turn_is_not_talked_over() {
    // The first part sounds complete, so the turn ends; the second comes while the answer is on its way.
    let run = Sim::new().says("I forgot my password").says_on(Cue::When("> caller: You can set", 40), "and where is my order?").run();
    run.tells(&[
        "= turn 1",
        "> caller: You can set",
        "> stop speaking",
        "= turn 2 \"and where is my order?\"",
        "What is your order number?",
    ]);
}

#[test]
fn talking_over_the_transfer_does_not_kill_it() {
    let run = Sim::new()
        .says("Let me talk to a person")
        .says_on(Cue::Over("I am calling a colleague", 400), "and please be quick about it")
        .run();
    run.tells(&[
        "= handoff to",
        "I am calling a colleague",
        "< caller: and please",
        "= turn 2 \"and please be quick about it\"",
        "= bridged with maria",
        "> end HandedOver",
    ]);
}
