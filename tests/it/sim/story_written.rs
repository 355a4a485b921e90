//! What caller and agent say to each other is written down, and nothing else of it.

use warmline::call::{
    event::{AgentChoice, Event},
    flow::policy::Transcribe,
    ids::AgentId,
    record::{Entry, What},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::{Fault, Faults},
    run::Run,
    script::{Cue, Sim},
};

/// Maria accepts, and does this so long after the bridge.
fn maria(steps: &[(u64, Does)]) -> Agent {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1'));
    steps.iter().fold(agent, |agent, (after, does)| agent.does(Moment::Bridged, *after, does.clone()))
}

fn human(steps: &[(u64, Does)]) -> Sim {
    Sim::new().says("Let me talk to a person").agent(maria(steps))
}

/// The turns behind the bridge: who, words, from, to.
fn turns(run: &Run) -> Vec<(String, String, u64, u64)> {
    let bridged = run.record.iter().position(|entry| format!("{:?}", entry.what).contains("Bridged")).expect("they were bridged");
    let turn = |entry: &Entry| match &entry.what {
        What::CallerTurn { text, from, to, understood: None, .. } => Some(("caller".to_owned(), text.clone(), from.0, to.0)),
        What::AgentTurn { agent, text, from, to, .. } => Some((agent.0.clone(), text.clone(), from.0, to.0)),
        _ => None,
    };
    run.record[bridged..].iter().filter_map(turn).collect()
}

fn words(run: &Run) -> Vec<String> {
    turns(run).into_iter().map(|(who, text, ..)| format!("{who}: {text}")).collect()
}

#[test]
fn both_are_written_down_with_their_times() {
    let run = human(&[(1_000, Does::Say("Hello, this is Maria")), (9_000, Does::HangUp)])
        .says_on(Cue::When("= bridged", 3_000), "My lamp came broken")
        .run();
    run.tells(&[
        "> patch [caller<agent 1, agent 1<caller] listen [] write [caller, agent 1]",
        "= maria says \"Hello, this is Maria\"",
        "My lamp came broken",
        "> end HandedOver",
    ]);
    assert_eq!(words(&run), ["maria: Hello, this is Maria", "caller: My lamp came broken"]);
    for (_, text, from, to) in turns(&run) {
        let said = run.world.said.iter().find(|said| said.text == text).expect("somebody said it");
        assert_eq!((from, to), (said.from, said.to), "{text}");
    }
}

#[test]
fn nothing_is_written_down_on_hold_and_of_whom_the_other_one_does_not_hear() {
    let page = |choice| Does::Page(choice);
    let run = human(&[
        (1_000, page(AgentChoice::Hold)),
        (1_500, Does::Say("Dan, how long does it take?")),
        (4_000, page(AgentChoice::Resume)),
        (5_000, Does::Say("It takes two days")),
        (7_000, page(AgentChoice::Mute)),
        (7_500, Does::Say("He is still there")),
        (10_000, page(AgentChoice::Unmute)),
        (13_000, Does::HangUp),
    ])
    .says_on(Cue::When("maria holds", 500), "what are they doing")
    .says_on(Cue::When("maria is muted", 500), "I will wait")
    .run();
    run.tells(&["= maria holds", "= maria is back", "= maria is muted", "> end HandedOver"]);
    assert_eq!(words(&run), ["maria: It takes two days", "caller: I will wait"]);
}

#[test]
fn whoever_is_cut_off_by_the_hold_is_written_down_up_to_it() {
    let run = human(&[(1_000, Does::Say("One moment please")), (1_300, Does::Page(AgentChoice::Hold)), (6_000, Does::HangUp)]).run();
    let turns = turns(&run);
    assert_eq!(turns.len(), 1);
    assert!(turns[0].3 <= run.time_of("maria holds") + 20, "{turns:?}");
}

#[test]
fn the_flow_says_whose_words() {
    let told = |whose| {
        let steps = [(1_000, Does::Say("Hello there")), (9_000, Does::HangUp)];
        words(&human(&steps).transcribe(whose).says_on(Cue::When("= bridged", 3_000), "My lamp came broken").run())
    };
    assert_eq!(told(Transcribe::Caller), ["caller: My lamp came broken"]);
    assert!(told(Transcribe::Off).is_empty());
}

#[test]
fn last_words_are_written_down_and_hold_up_nobody() {
    let run = human(&[(1_000, Does::Say("Hello"))])
        .says_on(Cue::When("= bridged", 5_000), "Thank you and goodbye")
        .hangs_up(Cue::Then(100))
        .run();
    run.tells(&["< LegEnded", "> hang up agent 1", "> release maria WrapUp", "Thank you and goodbye", "> end HandedOver"]);
    // Everybody hears at once that it is over, and the words come behind it.
    for told in ["> release maria WrapUp", "= ended HandedOver"] {
        assert!(run.time_of(told) <= run.time_of("< LegEnded") + 20, "{told} in\n{}", run.text());
    }
    assert!(run.time_of("= ended HandedOver") < run.time_of("= turn 2 \"Thank you"), "{}", run.text());
    assert_eq!(run.count("= ended"), 1);
    let agent = human(&[(4_000, Does::Say("Goodbye")), (4_700, Does::HangUp)]).run();
    agent.tells(&["> release maria WrapUp", "> hang up caller", "= ended HandedOver", "= maria says \"Goodbye\"", "> end HandedOver"]);
    assert_eq!(agent.time_of("= ended HandedOver"), agent.time_of("> hang up caller"));
}

#[test]
fn words_that_never_come_end_no_call_and_hold_none() {
    for fault in [Fault::Fails, Fault::Dies, Fault::Overloaded] {
        let mut sim = human(&[(1_000, Does::Say("Hello")), (4_000, Does::Say("Hello?")), (9_000, Does::HangUp)]);
        sim.world.writes = Faults([fault].into());
        let run = sim.run();
        run.tells(&["= bridged", "> end HandedOver"]).never("= maria says");
        assert_eq!(run.count("= trouble transcript"), usize::from(fault != Fault::Dies), "once, whatever is missing");
        assert!(run.time_of("> end") - run.time_of("> release maria WrapUp") <= 4_100);
    }
}

#[test]
fn nothing_is_known_of_how_agents_speak() {
    // By their shape: an answer to `WriteDown` and a turn of an agent have words, and no place for a voice, a tone or a meaning. Whoever adds one comes by here.
    let run = human(&[(1_000, Does::Say("This is ridiculous!")), (9_000, Does::HangUp)]).run();
    let mut turns = 0;
    for entry in &run.record {
        if let What::AgentTurn { agent: AgentId(_), text: _, confidence: _, from: _, to: _ } = &entry.what {
            turns += 1;
        }
    }
    let shape = |event: &Event| matches!(event, Event::WrittenDown { id: _, text: _, confidence: _ });
    let written =
        run.told.iter().filter(|(_, told)| if let warmline::call::replay::Told::Event { event } = told { shape(event) } else { false });
    assert_eq!((turns, written.count()), (1, 1));
    // And nothing follows from their words: the checker of every story holds that they are never asked what they mean.
    let bridged = run.lines.iter().position(|line| line.contains("= bridged")).expect("they were bridged");
    assert!(!run.lines[bridged..].iter().any(|line| line.contains("> understand") || line.contains("= decision")), "{}", run.text());
}

fn asked(run: &Run) -> Vec<String> {
    let asked = |entry: &Entry| {
        if let What::AskedAgain { about, question, .. } = &entry.what { Some(format!("{about}: {question}")) } else { None }
    };
    run.record.iter().filter_map(asked).collect()
}

#[test]
fn what_the_agent_asks_that_was_on_the_card_is_counted() {
    let steps = [
        (1_000, Does::Say("Hello. What is your order number?")),
        (5_000, Does::Say("So is your order number four five seven one two nine?")),
        (9_000, Does::Say("Your order number is a long one.")),
        (13_000, Does::Say("How can I help you?")),
        (17_000, Does::Say("Which colour is it?")),
        (25_000, Does::HangUp),
    ];
    let known = Sim::new()
        .says("Where is my order?")
        .says("four five seven one two nine")
        .says("Let me talk to a person")
        .agent(maria(&steps))
        .run();
    assert_eq!(asked(&known), ["order_number: What is your order number?", "matter: How can I help you?"], "{}", known.text());
    // Of whom nothing is known, everything may be asked.
    let unknown = human(&steps).run();
    assert!(asked(&unknown).is_empty(), "{}", unknown.text());
}
