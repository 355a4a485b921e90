//! A caller is recorded only if they agree, where the flow asks.

use super::{
    agents::Agent,
    flow_with,
    script::{Cue, Sim},
};

/// The flow of the stories, which asks first.
fn asks() -> Sim {
    let slot = "slots:\n  may_record:\n    label: consent to the recording\n    read: yes_no\n    ask: May we record this call?\n    consent: recording\n";
    let nodes = "nodes:\n  consent: { ask: may_record, next: after_consent }\n  after_consent: { say: Thank you. }\n";
    Sim::with_flow(flow_with(&[("slots:\n", slot), ("nodes:\n", nodes), ("intents:\n", "begin: consent\nintents:\n")]))
}

#[test]
fn who_agrees_is_recorded() {
    let run = asks().says("Yes").says("Where is my order?").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["May we record this call?", "= consent recording Asked", "= consent recording Given", "What is your order number?"])
        .never("> unrecord");
}

#[test]
fn who_refuses_is_not_and_the_call_goes_on() {
    let run = asks().says("No").says("Where is my order?").hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["= consent recording Asked", "= consent recording Refused", "> unrecord", "What is your order number?"]);
    assert_eq!(run.count("> unrecord"), 1);
}

#[test]
fn who_never_answers_has_not_agreed() {
    let run = asks().hangs_up(Cue::AfterBot(1_000)).run();
    run.tells(&["= consent recording Asked", "> unrecord", "= ended"]);
    let run = asks().says("Let me talk to a person").agent(Agent::accepting("maria", "Maria")).run();
    run.tells(&["= consent recording Asked", "= bridged with maria", "> unrecord", "= ended"]).never("= consent recording Given");
}
