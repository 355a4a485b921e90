//! What nobody asked for and nobody may read later: used while the call goes on, struck out of everything that is written down.

use warmline::call::{
    action::Action,
    flow::policy::Transcribe,
    record::{Entry, HandoffStep, What},
    redact::{Kind, Rules},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    run::Run,
    script::{Cue, Sim},
};

const CARD: &str = "My card is four one one one, one one one one, one one one one, one one one one. Where is my order?";

/// Everything that was written down of a call, as text.
fn written(run: &Run) -> String {
    run.record.iter().map(|entry: &Entry| format!("{entry:?}\n")).collect()
}

/// The stretches of the recording that are silence.
fn silent(run: &Run) -> Vec<(u64, u64)> {
    let strikes =
        run.done.iter().filter_map(|(_, action)| if let Action::Strike { from, to } = action { Some((from.0, to.0)) } else { None });
    strikes.collect()
}

#[test]
fn a_card_number_is_struck_out_of_the_turn_and_of_the_recording() {
    let run = Sim::new().says(CARD).hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["> strike", "= turn 1 \"My card is ••••. Where is my order?\"", "= redacted cards", "What is your order number?"]);
    assert!(!written(&run).contains("one one"), "{}", written(&run));
    let turn =
        run.record.iter().find_map(|entry| if let What::CallerTurn { from, to, .. } = entry.what { Some((from.0, to.0)) } else { None });
    let ((from, to), (silent_from, silent_to)) = (turn.unwrap(), silent(&run)[0]);
    assert!(silent_from <= from && to <= silent_to, "the whole turn is silence");
}

#[test]
fn an_order_number_is_not_touched() {
    let run = Sim::new().says("Where is my order?").says("four five seven one two nine").says("yes").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["= turn 2 \"four five seven one two nine\"", "= fact order_number 457129"]).never("> strike").never("= redacted");
}

#[test]
fn agents_learn_nothing_of_it_either() {
    let run = Sim::new()
        .agent(Agent::accepting("maria", "Maria"))
        .says("My password is correct horse battery staple")
        .says("Let me talk to a person")
        .run();
    run.tells(&["= turn 1 \"My password is ••••\"", "= redacted passwords", "= handoff to", "= bridged with maria"]);
    assert!(!written(&run).contains("horse"), "{}", written(&run));
    let said =
        run.done.iter().filter_map(|(_, action)| if let Action::Speak { clauses, .. } = action { Some(clauses.join(" ")) } else { None });
    assert!(said.into_iter().all(|words| !words.contains("horse")), "nobody says it");
}

#[test]
fn a_number_over_two_turns_is_struck_out_of_both() {
    let run = Sim::new()
        .says("four one one one, one one one one, one one one")
        .says("one, one one one one")
        .says("Let me talk to a person")
        .agent(Agent::accepting("maria", "Maria"))
        .run();
    run.tells(&["= turn 2 \"••••\"", "= redacted cards", "= handoff to"]);
    let first =
        run.record.iter().find_map(|entry| if let What::CallerTurn { turn: 1, from, .. } = entry.what { Some(from.0) } else { None });
    assert!(silent(&run)[0].0 <= first.unwrap(), "the recording is silent from the first of them on");
    let summary = run.record.iter().find_map(|entry| match &entry.what {
        What::Handoff { step: HandoffStep::Started { summary, .. } } => Some(format!("{summary:?}")),
        _ => None,
    });
    assert!(!summary.expect("a handoff").contains("one one"), "what the agent reads has neither");
}

#[test]
fn keys_are_dots_behind_the_first_and_a_keyed_card_is_silence() {
    let run = Sim::new().presses(Cue::AfterBot(500), "4111111111111111").hangs_up(Cue::Then(3_000)).run();
    let keys: String =
        run.record.iter().filter_map(|entry| if let What::Key { digit } = entry.what { Some(digit) } else { None }).collect();
    assert_eq!(keys, "4•••••••••••••••");
    run.tells(&["= redacted cards"]);
    assert!(silent(&run).iter().any(|(from, to)| to - from >= 15 * 200), "{:?}", silent(&run));
}

#[test]
fn personal_codes_are_for_who_wants_them_struck_out() {
    let code = "My personal code is 1850315123455";
    let run = Sim::new().says(code).hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["= turn 1 \"My personal code is 1850315123455\""]).never("> strike");
    let rules = Rules { kinds: vec![Kind::Cnp], ..Rules::none() };
    let run = Sim::new().redact(rules).says(code).hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["= turn 1 \"My personal code is ••••\"", "= redacted cnp"]);
}

/// Maria accepts, and says this so long after the bridge.
fn maria(says: &[(u64, &'static str)]) -> Agent {
    let accepts = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1'));
    let says = says.iter().fold(accepts, |agent, (at, text)| agent.does(Moment::Bridged, *at, Does::Say(text)));
    says.does(Moment::Bridged, 40_000, Does::HangUp)
}

/// What both said after the bridge: who, words, from, to.
fn conversation(run: &Run) -> Vec<(&'static str, &str, u64, u64)> {
    let bridged = run.time_of("= bridged");
    let said = run.record.iter().filter_map(|entry| match &entry.what {
        What::CallerTurn { text, from, to, .. } => Some(("caller", text.as_str(), from.0, to.0)),
        What::AgentTurn { text, from, to, .. } => Some(("maria", text.as_str(), from.0, to.0)),
        _ => None,
    });
    said.filter(|(_, _, from, _)| *from >= bridged).collect()
}

fn is_silent(run: &Run, from: u64, to: u64) -> bool {
    silent(run).iter().any(|(start, end)| *start <= from && to <= *end)
}

#[test]
fn a_card_that_is_read_to_an_agent_and_read_back_is_struck_out_of_both() {
    for reads_back in [
        "So it is four one one one, one one one one, one one one one, one one one one",
        "So it is forty-one eleven, eleven eleven, 1111 and eleven eleven",
        "So it is 4111 1111 1111 1111",
    ] {
        let run = Sim::new()
            .agent(maria(&[(1_000, "What is your card number?"), (14_000, reads_back)]))
            .says("Let me talk to a person")
            .says_on(Cue::When("= bridged", 4_000), "It is four one one one, one one one one, one one one one, one one one one")
            .run();
        let said = conversation(&run);
        let words: Vec<_> = said.iter().map(|(who, text, ..)| (*who, *text)).collect();
        assert_eq!(words, [("maria", "What is your card number?"), ("caller", "It is ••••"), ("maria", "So it is ••••")], "{reads_back}");
        assert!(said[1..].iter().all(|(_, _, from, to)| is_silent(&run, *from, *to)), "{said:?} {:?}", silent(&run));
        assert!(!is_silent(&run, said[0].2, said[0].3), "a question is no number");
        for part in ["one one", "eleven", "1111"] {
            assert!(!written(&run).contains(part), "{}", written(&run));
        }
    }
}

#[test]
fn a_number_that_the_agent_says_after_the_caller_part_by_part_is_struck_out_of_both() {
    let parts = ["four one one one", "one one one one", "one one one one", "one one one one"];
    let echoes: Vec<(u64, &'static str)> = (0..).map(|part| 3_500 + 5_000 * part).zip(parts).collect();
    let sim = Sim::new().agent(maria(&echoes)).says("Let me talk to a person").says_on(Cue::When("= bridged", 1_000), parts[0]);
    // Each takes 1,160 ms.
    let run = parts[1..].iter().fold(sim, |sim, part| sim.says_on(Cue::Then(3_840), part)).run();
    let said = conversation(&run);
    let who: Vec<_> = said.iter().map(|(who, ..)| *who).collect();
    assert_eq!(who, ["caller", "maria"].repeat(4), "{said:?}");
    assert_eq!((said[6].1, said[7].1), ("••••", "••••"), "the last of both, which show what it was");
    // The first ones are on record already; they are in the stretches that the store blots and that the recording loses.
    assert!(is_silent(&run, said[0].2, said[6].3) && is_silent(&run, said[1].2, said[7].3), "{said:?} {:?}", silent(&run));
}

#[test]
fn where_an_agents_words_are_not_written_down_nothing_is_found_in_them() {
    let card = "four one one one, one one one one, one one one one, one one one one";
    for (transcribe, cuts) in [(Transcribe::Caller, 1), (Transcribe::Off, 0)] {
        let run = Sim::new()
            .transcribe(transcribe)
            .agent(maria(&[(14_000, card)]))
            .says("Let me talk to a person")
            .says_on(Cue::When("= bridged", 4_000), card)
            .run();
        assert_eq!(silent(&run).len(), cuts, "{transcribe:?}: `warmline flow check` says so");
        assert!(!written(&run).contains("one one"), "{}", written(&run));
    }
}
