//! The bot has the caller: turns, answers, silence, keys, look-ups.

use warmline::call::record::What;

use super::{
    faults::Fault,
    flow,
    script::{CallerDoes, Cue, Sim},
};

#[test]
fn a_question_is_answered_and_the_bot_listens_again() {
    let run = Sim::new().says("What are your opening hours on Saturday?").says("No thank you, goodbye").run();
    run.tells(&[
        "= owner bot",
        "> answer",
        "> caller: Hello, you are speaking with the automated assistant of Northwind.",
        "= notice automation",
        "= notice recording",
        "= notice tone_analysis",
        "> caller: How can I help you?",
        "< caller: What are your opening hours on Saturday?",
        "> transcribe caller",
        "> understand",
        "= turn 1 \"What are your opening hours on Saturday?\"",
        "we are open",
        "anything else",
        "= turn 2",
        "oodbye",
        "> hang up caller",
        "= owner nobody",
        "= ended Contained",
        "> end Contained",
    ]);
}

#[test]
fn the_reply_comes_within_a_second_because_it_was_worked_out_in_the_pause() {
    let run = Sim::new().says("What are your opening hours on Saturday?").run();
    let reply_ms = run.record.iter().find_map(|entry| match &entry.what {
        What::BotTurn { turn: 1, reply_ms, .. } => *reply_ms,
        _ => None,
    });
    let reply_ms = reply_ms.expect("the first text after a turn has its latency");
    assert!(reply_ms <= 900, "{reply_ms} ms");
    // The transcript is asked for before the turn is over.
    let asked = run.time_of("> transcribe");
    let over = run.time_of("= turn 1");
    assert!(over >= asked + 200, "asked at {asked}, over at {over}");
}

#[test]
fn a_notice_counts_only_when_it_was_heard_in_full() {
    let run = Sim::new().hangs_up(Cue::Over("This call is recorded", 300)).run();
    run.tells(&["= notice automation", "= interrupted, heard \"This\"", "> end Abandoned"]).never("= notice recording");
}

#[test]
fn a_pause_after_and_does_not_end_the_turn() {
    let run = Sim::new().says("I ordered a lamp and").says_on(Cue::Then(600), "where is my order?").run();
    run.tells(&["= turn 1 \"I ordered a lamp and where is my order?\"", "What is your order number?"]);
    assert_eq!(run.count("> transcribe"), 2, "once in each pause");
}

#[test]
fn a_pause_inside_a_number_does_not_end_the_turn() {
    let run = Sim::new().says("Where is my order?").says("four five seven").says_on(Cue::Then(1_000), "one two nine").run();
    run.tells(&["= turn 2 \"four five seven one two nine\"", "= fact order_number 457129", "/orders/457129", "is on its way"]);
}

#[test]
fn the_last_digit_ends_the_turn() {
    let run = Sim::new().says("Where is my order?").says("four five seven one two nine").run();
    let said = run.world.said.iter().find(|said| said.text.starts_with("four")).expect("it was said");
    let asked = run.time_of("> look up");
    assert!(asked - said.to <= 700, "{} ms after the last digit", asked - said.to);
}

#[test]
fn an_unsure_number_is_read_back() {
    let run = Sim::new().says("Where is my order?").says_badly("four five seven one two nine", 0.55).says("Yes").run();
    run.tells(&["Is that right?", "= turn 3 \"Yes\"", "= fact order_number 457129 confirmed", "> look up"]);
}

#[test]
fn yes_said_into_the_read_back_is_an_answer_and_no_back_channel() {
    let run = Sim::new()
        .says("Where is my order?")
        .says_badly("four five seven one two nine", 0.55)
        .says_for(Cue::Over("Is that right?", 400), "Yes", 350)
        .run();
    run.tells(&["Is that right?", "= turn 3 \"Yes\"", "> look up"]);
}

#[test]
fn a_silent_caller_is_asked_twice_and_then_let_go() {
    let run = Sim::new().run();
    run.tells(&["How can I help you?", "there", "there", "I cannot hear you", "> hang up caller", "> end CallerSilent"]);
}

#[test]
fn a_noise_is_no_answer_to_are_you_there() {
    let mut sim = Sim::new();
    for at in (14_000..200_000).step_by(3_000) {
        sim = sim.says_for(Cue::At(at), "", 500);
    }
    let run = sim.run();
    run.tells(&["How can I help you?", "there", "there", "I cannot hear you", "> end CallerSilent"]);
    assert!(run.time_of("> end") < 60_000, "{}", run.text());
}

#[test]
fn keys_end_with_the_last_expected_digit() {
    let run = Sim::new().says("Where is my order?").presses(Cue::AfterBot(800), "457129").run();
    run.tells(&["< caller presses 457129", "/orders/457129", "is on its way"]);
    let pressed = run.time_of("< caller presses");
    assert!(run.time_of("> look up") <= pressed + 1_100, "the sixth key needs no pause");
}

#[test]
fn keys_interrupt_the_bot() {
    let run = Sim::new().says("Where is my order?").presses(Cue::Over("What is your order number?", 500), "457129").run();
    run.tells(&["What is your order number?", "< caller presses", "> stop speaking", "= interrupted", "/orders/457129"]);
}

#[test]
fn hash_and_a_pause_end_keys_too() {
    for (keys, longest) in [("45#", 1_000), ("45", 3_500)] {
        let run = Sim::new().says("Where is my order?").presses(Cue::AfterBot(800), keys).run();
        run.tells(&["< caller presses", "six digits"]);
        let again = run.lines.iter().filter(|line| line.contains("six digits")).nth(1).expect("it asks again");
        let at: f64 = again.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a time");
        assert!(at * 1_000.0 - run.time_of("< caller presses") as f64 <= longest as f64, "{keys}");
    }
}

#[test]
fn a_day_that_a_service_gives_is_said_as_people_say_it_and_written_down_as_it_was() {
    let run = Sim::new().says("Where is my order?").says("four five seven one two nine").run();
    let clause = "and should be with you on 2026-11-27.";
    run.tells(&["= fact order.expected 2026-11-27", clause]);
    // As the driver asks it, on the morning of that Wednesday.
    let morning: jiff::Timestamp = "2026-11-25T10:00:00Z".parse().expect("a moment");
    let heard = warmline_models::speakable(&flow().pronounced(clause, morning.as_millisecond()), "en");
    assert_eq!(heard, "and should be with you on Friday the twenty seventh of November.");
}

#[test]
fn a_slow_service_is_filled() {
    let run = Sim::new().service(&[Fault::Slow(1_500)]).says("Where is my order?").says("four five seven one two nine").run();
    run.tells(&["> look up", "> caller: One moment, I am looking that up.", "= look-up order ok", "is on its way"]);
}

#[test]
fn a_turn_during_a_look_up_is_answered_after_it() {
    let run = Sim::new()
        .service(&[Fault::Slow(2_000)])
        .says("Where is my order?")
        .says("four five seven one two nine")
        .says_on(Cue::When("> look up", 200), "Are you open on Saturday?")
        .run();
    run.tells(&["> look up", "= turn 3 \"Are you open on Saturday?\"", "is on its way", "we are open"]);
}

#[test]
fn whoever_asks_for_a_moment_has_it_and_hears_a_gentle_word() {
    let run =
        Sim::new().says("Where is my order?").says("One moment please").says_on(Cue::Then(30_000), "four five seven one two nine").run();
    run.tells(&["take your time", "< caller: four", "is on its way"]);
    let asked = run.time_of("ake your time");
    let checked = run.time_of("I am still here");
    assert!((20_000..24_000).contains(&(checked - asked)), "{} ms", checked - asked);
    let before = run.lines.iter().take_while(|line| !line.contains("< caller: four"));
    assert!(!before.into_iter().any(|line| line.contains("Are you still there?")), "{}", run.text());
}

#[test]
fn slower_please_says_it_again_at_a_slower_pace() {
    let run = Sim::new().says("I forgot my password").says("Slower please").says("Could you speak more slowly?").run();
    run.tells(&["You can set a new password", "> speak at 85 %", "> caller: You can set a new password", "> speak at 70 %"]);
}

#[test]
fn hello_into_a_question_asks_it_again() {
    let run = Sim::new().says("Where is my order?").says("Hello?").says("four five seven one two nine").run();
    run.tells(&["What is your order number?", "= turn 2 \"Hello?\"", "What is your order number?", "is on its way"]);
}

#[test]
fn what_was_said_is_repeated_on_request() {
    let run = Sim::new().says("Are you open on Saturday?").says("Can you repeat that please").run();
    run.tells(&["we are open", "= turn 2", "we are open"]);
}

#[test]
fn a_slow_speaker_is_waited_for_after_the_first_pause() {
    // The same pause of 600 ms, after words that may be complete: the second time the caller is known.
    let run = Sim::new()
        .says("I ordered a lamp and")
        .says_on(Cue::Then(640), "where is my order")
        .says("The number is in the letter")
        .says_on(Cue::Then(600), "which I do not have here")
        .run();
    run.tells(&[
        "= turn 1 \"I ordered a lamp and where is my order\"",
        "= turn 2 \"The number is in the letter which I do not have here\"",
    ]);
}

#[test]
fn a_turn_that_sounds_unfinished_waits_longer() {
    let says = |complete| {
        let does = CallerDoes::Says { text: "I have something here".to_owned(), ms: 1_500, confidence: 0.9, complete: Some(complete) };
        let run = Sim::new().step(Cue::AfterBot(800), does).run();
        run.time_of("= turn 1") - run.time_of("< caller: I have")
    };
    assert!(says(0.05) > says(0.95) + 150, "{} and {}", says(0.05), says(0.95));
}

#[test]
fn nobody_is_silent_on_hold() {
    let run = Sim::new()
        .step(Cue::AfterBot(500), CallerDoes::Holds(true))
        .step(Cue::Then(60_000), CallerDoes::Holds(false))
        .says_on(Cue::Then(3_000), "Are you open on Saturday?")
        .run();
    run.tells(&["How can I help you?", "= turn 1", "we are open"]);
    assert!(!run.lines.iter().take_while(|line| !line.contains("= turn 1")).any(|line| line.contains("there")), "{}", run.text());
}

#[test]
fn a_turn_has_a_longest_length() {
    let run = Sim::new().says_for(Cue::AfterBot(500), "Where is my order?", 75_000).run();
    let began = run.time_of("< caller: Where");
    let turn = run.time_of("= turn 1");
    assert!((60_000..64_000).contains(&(turn - began)), "{} ms", turn - began);
}

#[test]
fn what_nobody_understands_is_asked_again_and_brings_a_human() {
    let run = Sim::new()
        .says("Blue fish hum quietly")
        .says("Seven trees dance there")
        .says("Cold soup sings again")
        .says("Round doors think slowly")
        .run();
    run.tells(&["= turn 1", "did not understand", "= turn 2", "= decision human", "= handoff to general", "= bridged with maria"]);
}
