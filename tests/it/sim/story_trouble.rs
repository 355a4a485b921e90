//! Drivers fail: the caller hears something within two seconds, and the call decides.

use warmline::call::{
    event::{Engine, Event},
    ids::LegId,
    time::Time,
};

use super::{
    faults::Fault,
    run::Run,
    script::{CallerDoes, Cue, Sim},
    world::Happening,
};

const QUESTION: &str = "What are your opening hours on Saturday?";

/// Milliseconds from the end of what the caller said to the first line with these words.
fn after_said(run: &Run, said: &str, words: &str) -> u64 {
    let end = run.world.said.iter().find(|segment| segment.text == said).expect("it was said").to;
    run.time_of(words) - end
}

#[test]
fn a_recogniser_that_fails_once_is_forgiven() {
    let run = Sim::new().recogniser(&[Fault::Fails, Fault::None]).says(QUESTION).says("Are you open on Saturday?").run();
    run.tells(&["= trouble recogniser: asked again", "I did not hear that well", "= turn 1 \"Are you open on Saturday?\"", "we are open"]);
    assert!(after_said(&run, QUESTION, "I did not hear that well") <= 2_000);
}

/// Milliseconds from then to the first sound of what was said with these words.
fn heard_after(run: &Run, then: u64, words: &str) -> u64 {
    let begun = run.world.playing.iter().find(|playing| playing.clauses.iter().any(|clause| clause.contains(words)));
    begun.unwrap_or_else(|| panic!("no {words:?} in\n{}", run.text())).start - then
}

#[test]
fn a_recogniser_that_died_is_excused_within_two_seconds_and_the_caller_asked_again() {
    let run = Sim::new().recogniser(&[Fault::Dies, Fault::None]).says(QUESTION).says("Are you open on Saturday?").run();
    run.tells(&["> caller: Sorry, one moment please.", "= trouble recogniser: asked again", "I did not hear that well", "we are open"]);
    let end = run.world.said[0].to;
    let (words, again) = (heard_after(&run, end, "one moment please"), heard_after(&run, end, "I did not hear that well"));
    assert!(words <= 2_000 && again <= 3_500, "{words} and {again} ms in\n{}", run.text());
}

#[test]
fn a_recogniser_that_is_only_slow_is_excused_and_its_words_count() {
    let run = Sim::new().recogniser(&[Fault::Slow(1_500), Fault::None]).says(QUESTION).run();
    run.tells(&["> caller: Sorry, one moment please.", "= turn 1", "we are open"]).never("= trouble");
    let run = Sim::new().recogniser(&[Fault::Slow(700), Fault::None]).says(QUESTION).run();
    run.tells(&["= turn 1", "we are open"]).never("one moment");
}

#[test]
fn a_recogniser_that_fails_twice_brings_a_human() {
    let run = Sim::new().recogniser(&[Fault::Fails]).says(QUESTION).says("Are you open on Saturday?").run();
    run.tells(&[
        "I did not hear that well",
        "= trouble recogniser: called a human",
        "something is not working on our side",
        "= handoff to",
        "= bridged with maria",
    ]);
}

#[test]
fn a_machine_that_has_too_much_to_do_says_so_and_brings_a_human_at_once() {
    let run = Sim::new().recogniser(&[Fault::Overloaded]).says(QUESTION).run();
    run.tells(&["= trouble recogniser: called a human", "too many people are calling", "= handoff to", "= bridged with maria"]);
    run.never("I did not hear that well");
}

#[test]
fn words_do_without_the_understanding_once() {
    let run = Sim::new().understanding(&[Fault::Fails, Fault::None]).says(QUESTION).says(QUESTION).run();
    run.tells(&["= trouble understanding: used the words alone", "= turn 1", "= turn 2", "we are open"]);
}

#[test]
fn an_understanding_that_fails_twice_brings_a_human() {
    let run = Sim::new().understanding(&[Fault::Fails]).says(QUESTION).says(QUESTION).run();
    run.tells(&["= turn 1", "= turn 2", "= handoff to", "= bridged with maria"]);
}

#[test]
fn an_understanding_that_died_is_noticed() {
    let run = Sim::new().understanding(&[Fault::Dies, Fault::None]).says(QUESTION).says(QUESTION).run();
    run.tells(&["= trouble understanding", "= turn 1", "= turn 2", "we are open"]);
}

#[test]
fn a_voice_that_fails_once_says_it_again() {
    let run = Sim::new().voice(&[Fault::Fails, Fault::None]).says(QUESTION).run();
    run.tells(&["> caller: Hello", "> caller: Hello", "= trouble voice: tried again", "= notice automation", "we are open"]);
}

/// When the answer was asked for that the voice was to say.
fn answered(run: &Run) -> u64 {
    run.time_of("> caller: On Saturday we are open")
}

#[test]
fn a_voice_that_died_has_a_phrase_ready_within_a_second_and_brings_a_human() {
    // Everything after the greeting dies.
    let run = Sim::new().voice(&[&[Fault::None; 4][..], &[Fault::Dies]].concat()).says(QUESTION).run();
    run.tells(&[
        "> caller: On Saturday we are open",
        "> caller: Sorry, one moment please.",
        "> caller: On Saturday we are open",
        "caller~hold",
        "= trouble voice: called a human",
        "= handoff to",
        "> caller: I am sorry, something is not working on our side.",
        "> dial maria",
    ]);
    let (phrase, human) = (heard_after(&run, answered(&run), "one moment please"), run.time_of("= handoff to") - answered(&run));
    assert!(phrase <= 1_000 && human <= 8_000, "{phrase} and {human} ms in\n{}", run.text());
}

#[test]
fn a_voice_that_says_that_it_cannot_has_an_apology_ready_within_a_second_and_brings_a_human() {
    let run = Sim::new().voice(&[&[Fault::None; 4][..], &[Fault::Fails]].concat()).says(QUESTION).run();
    run.tells(&["= trouble voice: tried again", "= trouble voice: called a human", "= handoff to", "something is not working on our side"]);
    let apology = heard_after(&run, answered(&run), "something is not working on our side");
    assert!(apology <= 1_000, "{apology} ms in\n{}", run.text());
}

#[test]
fn a_slow_voice_is_bridged_by_words_that_it_has_ready() {
    let run = Sim::new().voice(&[&[Fault::None; 4][..], &[Fault::Slow(3_000), Fault::None]].concat()).says(QUESTION).run();
    run.tells(&[
        "= turn 1",
        "> caller: Sorry, one moment please.",
        "> caller: On Saturday we are open",
        "= answered On Saturday",
        "anything else",
    ])
    .never("= trouble");
    assert_eq!(run.count("= interrupted"), 0, "{}", run.text());
}

#[test]
fn a_voice_that_waits_while_the_caller_holds_is_not_late() {
    // The greeting waits for half a minute, as a telephone on hold hears nothing.
    let held = |voice: Fault| {
        Sim::new()
            .voice(&[voice, Fault::None])
            .step(Cue::At(100), CallerDoes::Holds(true))
            .step(Cue::Then(30_000), CallerDoes::Holds(false))
            .says(QUESTION)
            .run()
    };
    held(Fault::Slow(30_500)).tells(&["> caller: Hello", "= turn 1", "we are open"]).never("= trouble");
    // One that has died is noticed all the same, once the caller is back.
    let run = held(Fault::Dies);
    run.tells(&["= trouble voice: tried again", "= notice automation", "we are open"]);
    assert!(run.time_of("= trouble voice") > 30_000);
}

#[test]
fn a_call_does_not_wait_for_its_last_words_while_the_caller_holds() {
    let run = Sim::new().says("Goodbye").step(Cue::When("> caller: Thank you for calling", 300), CallerDoes::Holds(true)).run();
    run.tells(&["> caller: Thank you for calling", "> stop speaking", "= end"]);
    // Held before there were any.
    let run = Sim::new().step(Cue::AfterBot(500), CallerDoes::Holds(true)).run();
    run.tells(&["= end"]).never("Thank you for calling");
}

#[test]
fn a_service_that_died_is_noticed() {
    let run = Sim::new().service(&[Fault::Dies]).says("Where is my order?").says("four five seven one two nine").run();
    run.tells(&["> look up", "One moment, I am looking that up", "= look-up order failed", "= handoff to orders", "= bridged with maria"]);
}

#[test]
fn with_every_driver_dead_the_call_still_ends_and_nobody_is_kept() {
    let dead = &[Fault::Dies];
    let run = Sim::new().recogniser(dead).understanding(dead).voice(dead).service(dead).queue(dead).says_on(Cue::At(5_000), QUESTION).run();
    run.tells(&["= trouble voice", "= handoff to", "> end"]);
}

#[test]
fn a_failed_recogniser_over_the_bots_words_lets_the_bot_go_on() {
    let run = Sim::new()
        .recogniser(&[Fault::None, Fault::Fails, Fault::None])
        .says("I forgot my password")
        .says_for(Cue::Over("Choose sign in", 500), "Wait a moment please", 900)
        .run();
    run.tells(&["> be still", "= trouble recogniser: went on", "> speak up", "anything else"]).never("= interrupted");
}

#[test]
fn an_engine_elsewhere_that_is_no_help_is_on_the_record_once() {
    let falls = CallerDoes::FallsBack(Engine::Recogniser);
    let run = Sim::new()
        .step(Cue::At(4_000), falls.clone())
        .step(Cue::Then(10), falls)
        .step(Cue::Then(10), CallerDoes::FallsBack(Engine::Voice))
        .says(QUESTION)
        .run();
    run.tells(&["= trouble remote recogniser: no answer in time: heard with the built-in one", "= trouble remote voice", "we are open"]);
    assert_eq!(run.lines.iter().filter(|line| line.contains("remote recogniser")).count(), 1);
}

#[test]
fn a_voice_whose_end_is_reported_before_its_beginning_is_over() {
    let mut sim = Sim::new().says_for(Cue::At(14_000), QUESTION, 1_000).hangs_up(Cue::At(30_000));
    // A short sound in the pause behind the question.
    let leg = LegId::CALLER;
    sim.world.at(15_310, Happening::Tell(Event::VoiceStopped { leg, at: Time(15_300) }));
    sim.world.at(15_320, Happening::Tell(Event::VoiceStarted { leg, at: Time(15_250) }));
    let run = sim.run();
    run.tells(&["> transcribe caller 14000..15000", "> transcribe caller 14000..15300", "= turn 1", "we are open"]);
    assert!(run.time_of("= turn 1") < 18_000, "{}", run.text());
}
