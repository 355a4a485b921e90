//! The caller's first words are in another language than the flow's: the flow for that language goes on with the call.

use std::{collections::BTreeMap, sync::Arc};

use warmline::call::flow::Flow;

use super::script::{Cue, Sim};

pub(super) fn romanian() -> Arc<Flow> {
    let text = include_str!("../../../config/flows/support.ro.yaml");
    let flow = Flow::parse(text, "support.ro.yaml").expect("the Romanian flow is sound");
    let services = BTreeMap::from([("orders".to_owned(), "http://127.0.0.1:9/api".to_owned())]);
    Arc::new(flow.bind(&services).expect("it needs one service"))
}

fn either() -> Sim {
    Sim::new().others(vec![romanian()])
}

#[test]
fn the_first_words_choose_the_flow_and_its_notices_are_told() {
    let run = either().says("[ro] where is my order").presses(Cue::AfterBot(500), "457129").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&[
        "How can I help",
        "= language ro",
        "> hold in ro",
        "= turn 1 \"where is my order\"",
        "asistentul automat",
        "înregistrată",
        "tonul",
        "numărul comenzii",
        "Comanda 457129",
    ])
    .never("Cu ce vă pot ajuta")
    .never("What is your order number");
    assert_eq!(run.count("> hold in"), 1);
}

#[test]
fn a_handoff_goes_on_in_the_chosen_language() {
    let run = either().says("[ro] where is my order").says("let me talk to a person").run();
    run.tells(&["= language ro", "= turn 2", "Sun un coleg", "maria is briefed", "Sună Ioana Pop", "Apasă unu"])
        .never("I am calling a colleague");
}

#[test]
fn after_the_first_turn_no_other_language_is_listened_for() {
    let run = either().says("Where is my order?").says("[ro] unu doi").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["> hold in en", "= turn 1", "What is your order number?", "= turn 2"]).never("= language");
}

#[test]
fn a_language_without_a_flow_changes_nothing() {
    let run = either().says("[cs] where is my order").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["= turn 1", "What is your order number?"]).never("= language");
    // A route with one flow never asks.
    let run = Sim::new().says("Where is my order?").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["= turn 1", "What is your order number?"]).never("> hold in");
}

#[test]
fn words_that_go_on_are_heard_in_the_chosen_language() {
    let run = either()
        .says_for(Cue::AfterBot(800), "[ro] where is", 900)
        .says_on(Cue::Then(1_000), "my order")
        .hangs_up(Cue::AfterBot(1_000))
        .run();
    run.tells(&["= language ro", "= turn"]);
    assert_eq!(run.count("= language"), 1);
}
