//! A caller who waits for a human is kept company, and may want something else.

use warmline::call::{
    flow::policy::Fallback,
    record::{HandoffStep, What},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::Fault,
    run::Run,
    script::{Cue, Sim},
};

/// A call that wants a human of the default queue, where nobody is free for a good while.
fn waits() -> Sim {
    Sim::new().says("Let me talk to a person").agent(Agent::accepting("maria", "Maria").busy_until(90_000))
}

fn asked() -> Sim {
    waits().useful("general", &["order_number", "email"])
}

#[test]
fn open_questions_are_asked_between_news_and_music() {
    let run = asked()
        .says_on(Cue::When("> caller: What is your order number", 4_000), "four five seven one two nine")
        .says_for(Cue::When("> caller: What is the e-mail", 5_000), "jane dot doe at example dot com", 3_000)
        .says_for(Cue::AfterBot(600), "Yes", 400)
        .run();
    run.tells(&[
        "= told \"You asked for a person. I am calling a colleague for customer service.",
        "> patch [caller~hold] listen [caller]",
        "You are number 2 in the queue",
        "> caller: While we wait, a question",
        "> patch [caller] listen [caller]",
        "> caller: What is your order number?",
        "= turn 2 \"four five seven one two nine\"",
        "= fact order_number 457129",
        "> caller: Thank you. | My colleague can see that now.",
        "> caller: What is the e-mail address",
        "= turn 3 \"jane dot doe",
        "> caller: I understood jane.doe@example.com. Is that right?",
        "= fact email jane.doe@example.com confirmed",
        "Say: call me back.",
        "= offered to maria",
        "= bridged with maria",
    ]);
    assert_eq!(run.count("While we wait"), 1, "{}", run.text());
    assert_eq!(run.count("> caller: You need not wait"), 1, "{}", run.text());
}

#[test]
fn what_was_gathered_is_in_the_briefing() {
    let run = asked().says_on(Cue::When("> caller: What is your order number", 4_000), "four five seven one two nine").run();
    let briefing = run.lines.iter().find(|line| line.contains("> agent 1: Hello Maria")).expect("Maria is briefed");
    assert!(briefing.contains("First: confirm the order number."), "{briefing}");
}

#[test]
fn who_does_not_answer_hears_music_again_and_is_not_pressed() {
    let run = asked().run();
    run.tells(&["> caller: What is your order number", "> patch [caller~hold]", "= bridged with maria"]);
    assert_eq!((run.count("What is your order number"), run.count("What is the e-mail")), (1, 1), "{}", run.text());
}

#[test]
fn keys_answer_an_open_question_too() {
    let run = asked().presses(Cue::When("> caller: What is your order number", 4_000), "457129").run();
    run.tells(&[
        "< caller presses 457129",
        "= fact order_number 457129 confirmed",
        "My colleague can see that now",
        "= bridged with maria",
    ]);
}

#[test]
fn nothing_is_asked_that_is_known() {
    let run = Sim::new()
        .useful("orders", &["order_number"])
        .agent(Agent::accepting("maria", "Maria").busy_until(90_000))
        .says("Where is my order?")
        .says("four five seven one two nine")
        .says("Let me talk to a person")
        .run();
    run.tells(&["= handoff to orders", "= bridged with maria"]).never("While we wait");
}

#[test]
fn an_agent_who_accepts_ends_the_question() {
    let maria = Agent::with("maria", "Maria", Phone::Answers(13_000)).does(Moment::Answered, 500, Does::Press('1')).does(
        Moment::Bridged,
        8_000,
        Does::HangUp,
    );
    let run = asked().agent(maria).run();
    run.tells(&["> caller: While we wait", "< agent 1 Press('1')", "= bridged with maria"]).never("e-mail");
}

#[test]
fn the_bot_has_the_caller_again_and_remembers() {
    let run = asked()
        .says_on(Cue::When("> caller: What is your order number", 4_000), "four five seven one two nine")
        .says_on(Cue::When("My colleague can see", 6_000), "Let me talk to the bot")
        .says("Where is my order?")
        .hangs_up(Cue::AfterBot(1_000))
        .run();
    run.tells(&[
        "= fact order_number 457129",
        "= turn 3 \"Let me talk to the bot\"",
        "> leave queue",
        "= handoff BackToBot",
        "= owner bot",
        "you have me again",
        "> look up http://127.0.0.1:9/api/orders/457129",
        "is on its way",
    ]);
    assert_eq!(run.count("What is your order number"), 1, "{}", run.text());
}

#[track_caller]
fn message(run: &Run) -> (u64, u64, String) {
    run.record
        .iter()
        .find_map(|entry| match &entry.what {
            What::Handoff { step: HandoffStep::Voicemail { from, to, text } } => Some((from.0, to.0, text.clone())),
            _ => None,
        })
        .expect("a message is on record")
}

#[test]
fn a_message_ends_with_silence() {
    let run = waits()
        .says_on(Cue::When("> caller: You need not wait", 9_000), "I'd rather leave a message")
        .says_for(Cue::AfterBot(900), "This is Ioana, the lamp has arrived broken", 4_000)
        .says_for(Cue::Then(1_500), "please call me tomorrow", 2_000)
        .run();
    run.tells(&[
        "= turn 2 \"I'd rather leave a message\"",
        "> leave queue",
        "= owner bot",
        "Please leave your message now",
        "= message",
        "= handoff Voicemail",
        "your message is kept",
        "> end VoicemailLeft",
    ]);
    let longest = run.record.iter().find_map(|entry| match entry.what {
        What::Handoff { step: HandoffStep::Ended { longest_silence_ms, .. } } => Some(longest_silence_ms),
        _ => None,
    });
    assert!(longest.is_some_and(|longest| longest <= 3_000), "a silence that ends a message is the caller's own: {longest:?}");
    let (from, to, text) = message(&run);
    assert_eq!(text, "This is Ioana, the lamp has arrived broken please call me tomorrow");
    assert!((7_500..20_000).contains(&(to - from)), "{from}..{to}");
}

#[test]
fn a_message_ends_with_a_key_and_with_the_call() {
    let leaves = || {
        waits().says_on(Cue::When("> caller: You need not wait", 9_000), "leave a message").says_for(
            Cue::AfterBot(900),
            "It is broken",
            1_500,
        )
    };
    let by_key = leaves().presses(Cue::Then(2_500), "#").run();
    by_key.tells(&["= turn 3 \"It is broken\"", "= message", "your message is kept", "> end VoicemailLeft"]);
    let by_leaving = leaves().hangs_up(Cue::Then(2_500)).run();
    by_leaving.tells(&["= message", "= handoff Voicemail", "> end VoicemailLeft"]);
}

fn hangs_up_in_mid_sentence() -> Sim {
    waits()
        .says_on(Cue::When("> caller: You need not wait", 9_000), "leave a message")
        .says_for(Cue::AfterBot(900), "It is broken, and", 6_000)
        .hangs_up(Cue::When("< caller: It is broken", 2_500))
}

#[test]
fn who_hangs_up_in_mid_sentence_has_left_it_all_the_same() {
    let run = hangs_up_in_mid_sentence().run();
    // Everybody hears at once that the call is over; the words come behind it.
    run.tells(&["= handoff Voicemail", "= ended VoicemailLeft", "= turn 3 \"It is broken, and\"", "= message", "> end VoicemailLeft"]);
    run.never("your message is kept");
    let (from, to, text) = message(&run);
    assert_eq!(text, "It is broken, and");
    assert!(to - from < 5_000, "until they hung up: {from}..{to}");

    let run = hangs_up_in_mid_sentence().recogniser(&[Fault::None, Fault::None, Fault::Dies]).run();
    run.tells(&["= handoff Voicemail", "= ended VoicemailLeft", "= message", "> end VoicemailLeft"]);
    assert_eq!(message(&run).2, "", "there is a message, and its words are in the recording alone");
}

#[test]
fn a_message_is_no_longer_than_the_flow_allows() {
    let run = waits()
        .longest_message(10)
        .says_on(Cue::When("> caller: You need not wait", 9_000), "leave a message")
        .says_for(Cue::AfterBot(900), "and then, and then, and then", 40_000)
        .run();
    run.tells(&["and then, and then", "= message", "as long as a message can be", "your message is kept", "> end VoicemailLeft"]);
    let (from, to, text) = message(&run);
    assert_eq!((to - from, text.as_str()), (10_000, "and then, and then, and then"), "what was said until then is kept");
}

#[test]
fn last_words_that_nobody_can_write_down_hold_no_message_up() {
    let run = waits()
        .longest_message(10)
        .says_on(Cue::When("> caller: You need not wait", 9_000), "leave a message")
        .says_for(Cue::AfterBot(900), "It is the lamp", 2_000)
        .recogniser(&[Fault::None, Fault::None, Fault::None, Fault::Dies])
        .says_for(Cue::Then(1_500), "and then, and then", 40_000)
        .run();
    run.tells(&["= message", "as long as a message can be", "your message is kept", "> end VoicemailLeft"]);
    let (from, to, text) = message(&run);
    assert_eq!((to - from, text.as_str()), (10_000, "It is the lamp"));
    assert!(run.time_of("as long as a message can be") <= to + 4_100, "{}", run.text());
}

#[test]
fn a_message_of_more_than_two_minutes_is_kept_whole_where_the_flow_allows_it() {
    let parts = ["the lamp has arrived broken", "and the bulbs are missing", "I have the receipt", "so please call me tomorrow"];
    let mut sim = waits().longest_message(200).says_on(Cue::When("> caller: You need not wait", 9_000), "leave a message");
    for (n, part) in parts.iter().enumerate() {
        sim = sim.says_for(if n == 0 { Cue::AfterBot(900) } else { Cue::Then(3_000) }, part, 40_000);
    }
    let run = sim.run();
    run.tells(&["= message", "your message is kept", "> end VoicemailLeft"]).never("as long as a message can be");
    let (from, to, text) = message(&run);
    assert_eq!(text, parts.join(" "));
    assert!((165_000..185_000).contains(&(to - from)), "{from}..{to}");
}

#[test]
fn who_speaks_for_longer_than_a_turn_is_not_taken_for_silent() {
    let run = waits()
        .longest_message(200)
        .says_on(Cue::When("> caller: You need not wait", 9_000), "leave a message")
        .says_for(Cue::AfterBot(900), "the lamp has arrived broken", 100_000)
        .run();
    run.tells(&["= message", "your message is kept", "> end VoicemailLeft"]).never("as long as a message can be");
    let (from, to, _) = message(&run);
    assert!(to - from >= 100_000, "{from}..{to}");
}

#[test]
fn no_word_is_no_message() {
    let run = Sim::new().says("Let me talk to a person").agents(vec![]).fallback(Fallback::Voicemail).run();
    run.tells(&["Please leave your message now", "= handoff NobodyCame", "> end NobodyCame"]).never("= message");
}

#[test]
fn where_the_flow_takes_no_messages_none_is_offered() {
    let run = waits().longest_message(0).says_on(Cue::When("> caller: You need not wait", 9_000), "leave a message").run();
    run.tells(&["Say: call me back", "= bridged with maria"]).never("Or say: leave a message").never("Please leave your message");
}

#[test]
fn who_would_rather_be_called_back_is() {
    let run = waits()
        .says_on(Cue::When("> caller: You need not wait", 9_000), "Please call me back")
        .says_for(Cue::AfterBot(900), "Yes", 400)
        .run();
    run.tells(&["> leave queue", "Shall we call you back on +40721000111?", "= callback to +40721000111", "> end CallbackPromised"])
        .never("nobody is free");
}

#[test]
fn who_does_not_want_it_after_all_waits_on() {
    let run = waits()
        .says_on(Cue::When("> caller: You need not wait", 9_000), "Please call me back")
        .says_for(Cue::AfterBot(900), "No", 400)
        .run();
    run.tells(&[
        "Shall we call you back on +40721000111?",
        "> find agent for general",
        "you keep your place",
        "= offered to maria",
        "= bridged with maria",
    ]);
}

#[test]
fn nothing_is_said_of_a_time_that_nobody_knows() {
    let mut sim = waits();
    sim.world.estimates = false;
    sim.run().tells(&["You are number 2 in the queue", "= bridged with maria"]).never("It should take");
    waits().run().tells(&["You are number 2 in the queue. | It should take about 2 minutes."]);
}
