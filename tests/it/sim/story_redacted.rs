//! What nobody asked for and nobody may read later: used while the call goes on, struck out of everything that is written down.

use warmline::call::{
    action::Action,
    record::{Entry, HandoffStep, What},
    redact::{Kind, Rules},
};

use super::{
    agents::Agent,
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
