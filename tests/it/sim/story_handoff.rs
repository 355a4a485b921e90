//! The warm transfer, as it should be.

use warmline::call::{
    action::Action,
    event::AgentChoice,
    record::{HandoffStep, What},
    replay::{first_difference, replay},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::Fault,
    script::{Cue, Sim},
};

fn demo() -> Sim {
    Sim::new()
        .says("What are your opening hours on Saturday?")
        .says("Where is my order?")
        .says("four five seven one two nine")
        .says("This is the third time I am asking, let me talk to a person")
}

/// A call that wants a human at once.
fn human() -> Sim {
    Sim::new().says("Let me talk to a person")
}

#[test]
fn the_whole_path_from_greeting_to_bridge() {
    demo().run().tells(&[
        "> answer",
        "we are open",
        "What is your order number?",
        "= fact order_number 457129",
        "> look up http://127.0.0.1:9/api/orders/457129",
        "is on its way",
        "= answered order 457129 is shipped",
        "= decision human",
        "= owner queue orders",
        "= handoff to orders",
        "= told \"You asked for a person. I am calling a colleague for orders. Please stay on the line.\"",
        "> find agent for orders",
        "> patch [caller~hold] listen [caller]",
        "= offered to maria",
        "> dial maria as agent 1",
        "= maria rings",
        "= maria is briefed",
        "> agent 1: Hello Maria",
        "> patch [caller~hold, agent 1] listen [caller, agent 1]",
        "> caller: Maria has picked up",
        "> agent 1: Press one",
        "< agent 1 Press('1')",
        "= maria chooses Accept by Key",
        "= offer to maria Accepted",
        "= owner agent maria",
        "= bridged with maria",
        "= handoff Bridged",
        "> patch [caller<agent 1, agent 1<caller] listen []",
        "< agent 1 HangUp",
        "> release maria WrapUp",
        "> hang up caller",
        "= ended HandedOver",
        "> end HandedOver",
    ]);
}

#[test]
fn the_summary_says_who_what_for_what_is_known_and_why_now() {
    let run = demo().run();
    let summary = run
        .record
        .iter()
        .find_map(|entry| match &entry.what {
            What::Handoff { step: HandoffStep::Started { summary, .. } } => Some(summary.clone()),
            _ => None,
        })
        .expect("a handoff began");
    assert_eq!(summary.who, "Ioana Pop");
    assert_eq!(summary.reason, "Asks where an order is.");
    assert!(summary.facts.iter().any(|fact| fact.name == "order_number" && fact.value == "457129"), "{summary:?}");
    assert!(summary.tried.iter().any(|line| line.contains("457129 is shipped")), "{summary:?}");
    assert_eq!(summary.mood, "annoyed");
    assert!(summary.last_words.last().is_some_and(|words| words.contains("third time")), "{summary:?}");
    let spoken = summary.spoken.join(" ");
    assert!(spoken.starts_with("The caller is Ioana Pop. Asks where an order is."), "{spoken}");
    assert!(spoken.contains("Asked for a person."), "{spoken}");
    // At 15 letters a second: 12 seconds.
    assert!(spoken.len() <= 190, "{} letters: {spoken}", spoken.len());
}

#[test]
fn the_agent_hears_the_summary_and_the_caller_does_not() {
    let run = demo().run();
    run.tells(&["> agent 1: Hello Maria"]);
    let briefing = run.lines.iter().find(|line| line.contains("> agent 1: Hello Maria")).expect("the briefing");
    assert!(briefing.contains("The caller is Ioana Pop.") && briefing.contains("457129"), "{briefing}");
    assert!(!run.lines.iter().any(|line| line.contains("> caller:") && line.contains("Ioana Pop")), "{}", run.text());
}

#[test]
fn the_caller_is_never_left_in_silence_and_the_times_are_on_record() {
    let run = demo().run();
    let (to_agent, silence) = run
        .record
        .iter()
        .find_map(|entry| match &entry.what {
            What::Handoff { step: HandoffStep::Bridged { time_to_agent_ms, longest_silence_ms, .. } } => {
                Some((*time_to_agent_ms, *longest_silence_ms))
            }
            _ => None,
        })
        .expect("they were bridged");
    assert!(silence < 3_000, "{silence} ms");
    assert!((5_000..60_000).contains(&to_agent), "{to_agent} ms");
}

#[test]
fn the_same_events_give_the_same_actions() {
    let run = demo().run();
    let again = replay(run.setup.clone(), &run.told);
    assert_eq!(first_difference(&run.done, &again), None);
    // A log that was cut is told apart.
    let half = replay(run.setup.clone(), &run.told[..run.told.len() / 2]);
    let difference = first_difference(&run.done, &half).expect("half of a call is another call");
    assert!(difference.index > 0 && difference.replayed.is_none());
}

#[test]
fn accepting_by_voice() {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Say("Accept"));
    let run = human().agent(agent).hangs_up(Cue::When("= bridged", 5_000)).run();
    run.tells(&[
        "> agent 1: Press one",
        "> transcribe agent 1",
        "= offer to maria Accepted",
        "= bridged with maria",
        "> hang up agent 1",
        "> end HandedOver",
    ]);
}

#[test]
fn other_words_of_the_agent_choose_nothing() {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000))
        .does(Moment::Briefed, 500, Does::Say("Hello, hello there?"))
        .does(Moment::Briefed, 4_000, Does::Press('1'))
        .does(Moment::Bridged, 5_000, Does::HangUp);
    let run = human().agent(agent).run();
    run.tells(&["> transcribe agent 1", "< agent 1 Press('1')", "= bridged with maria"]);
    assert_eq!(run.count("> understand"), 1, "only the caller's words are analysed");
}

#[test]
fn an_early_key_cuts_the_briefing_short() {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Answered, 1_500, Does::Press('1')).does(
        Moment::Bridged,
        5_000,
        Does::HangUp,
    );
    let run = human().agent(agent).run();
    run.tells(&["> agent 1: Hello Maria", "< agent 1 Press('1')", "> stop speaking", "= bridged with maria"]).never("> agent 1: Press one");
}

#[test]
fn accepting_on_the_page_while_it_rings_skips_the_briefing() {
    let agent = Agent::with("maria", "Maria", Phone::Answers(4_000)).does(Moment::Rung, 1_000, Does::Page(AgentChoice::Accept)).does(
        Moment::Bridged,
        5_000,
        Does::HangUp,
    );
    let run = human().agent(agent).run();
    run.tells(&["= maria rings", "= bridged with maria"]).never("> agent 1: Hello");
}

#[test]
fn accepting_on_the_page_in_the_briefing() {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Answered, 1_000, Does::Page(AgentChoice::Accept)).does(
        Moment::Bridged,
        5_000,
        Does::Page(AgentChoice::HangUp),
    );
    let run = human().agent(agent).run();
    run.tells(&[
        "= maria is briefed",
        "= bridged with maria",
        "> hang up agent 1",
        "> release maria WrapUp",
        "> hang up caller",
        "> end HandedOver",
    ]);
}

#[test]
fn in_the_queue_the_caller_is_told_the_position_until_somebody_is_free() {
    let run = human().agent(Agent::accepting("maria", "Maria").busy_until(70_000)).run();
    run.tells(&[
        "= waiting at 2",
        "You are number 2 in the queue",
        "= waiting at 1",
        "You are number 1 in the queue",
        "= offered to maria",
        "I am ringing Maria now",
        "= bridged with maria",
    ]);
    assert!(run.count("in the queue") >= 4, "told again and again:\n{}", run.text());
}

#[test]
fn the_flow_may_say_something_before_it_calls_a_human() {
    let run = Sim::new().says("I want to file a formal complaint").run();
    run.tells(&["= turn 1", "= handoff to complaints", "I am calling a colleague for complaints", "= bridged"]);
}

#[test]
fn what_the_caller_adds_while_waiting_is_on_record() {
    let run = human().says_on(Cue::When("= maria rings", 500), "the lamp is blue by the way").run();
    run.tells(&["= maria rings", "= turn 2 \"the lamp is blue by the way\"", "= bridged with maria"]);
}

#[test]
fn never_mind_brings_the_bot_back() {
    let run = human().says_on(Cue::When("= maria rings", 100), "Oh never mind").says("What are your opening hours on Saturday?").run();
    run.tells(&[
        "= maria rings",
        "= turn 2 \"Oh never mind\"",
        "= offer to maria Withdrawn",
        "> release maria Free",
        "= handoff BackToBot",
        "= owner bot",
        "we are open",
    ])
    .never("= bridged");
}

#[test]
fn the_caller_hangs_up_after_the_bridge() {
    let run = demo().hangs_up(Cue::When("= bridged", 8_000)).run();
    run.tells(&["= bridged", "< LegEnded", "> hang up agent 1", "> release maria WrapUp", "> end HandedOver"]).never("> hang up caller");
}

#[test]
fn a_lost_agent_is_replaced_with_the_same_summary() {
    let lost = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1')).does(
        Moment::Bridged,
        9_000,
        Does::IsLost,
    );
    let run = demo().agents(vec![lost, Agent::accepting("dan", "Dan")]).run();
    run.tells(&[
        "= bridged with maria",
        "> release maria Resting",
        "= owner queue orders",
        "= handoff to orders",
        "We have lost the connection",
        "not maria",
        "> patch [caller~hold] listen [caller]",
        "= bridged with dan",
        "> end HandedOver",
    ]);
    let summaries: Vec<_> =
        run.lines.iter().filter_map(|line| line.split_once("= handoff to orders: ")).map(|(_, summary)| summary).collect();
    assert_eq!(summaries.len(), 2);
    assert_eq!(summaries[0], summaries[1]);
}

#[test]
fn an_agent_who_hangs_up_a_second_after_the_bridge_was_lost_too() {
    let lost = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1')).does(
        Moment::Bridged,
        1_000,
        Does::HangUp,
    );
    let run = human().agents(vec![lost, Agent::accepting("dan", "Dan")]).run();
    run.tells(&["= bridged with maria", "= owner queue", "= bridged with dan", "> end HandedOver"]);
}

#[test]
fn a_failing_service_leads_to_a_human() {
    let run = Sim::new().service(&[Fault::Fails]).says("Where is my order?").says("four five seven one two nine").run();
    run.tells(&["> look up", "= look-up order failed", "= handoff to orders", "= bridged with maria"]);
}

#[test]
fn a_number_that_the_caller_names_is_never_called() {
    let wish = "Let me talk to a person at zero nine zero zero one two three four five six, or at sip colon me at evil dot example";
    let run = Sim::new().says(wish).presses(Cue::AfterBot(500), "0900123456#").run();
    let dialled =
        run.done.iter().filter_map(|(_, action)| if let Action::Dial { target, .. } = action { Some(target.as_str()) } else { None });
    assert_eq!(dialled.collect::<Vec<_>>(), ["sip:maria@127.0.0.1"], "{}", run.text());
}
