//! Where the flow says so, an agent reads the card and takes the call on the page before their phone is rung.

use warmline::call::{
    event::{AgentChoice, DeclineReason},
    flow::policy::Mode,
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    script::{Cue, Sim},
};

fn reads(does: &[(u64, AgentChoice)]) -> Agent {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Bridged, 5_000, Does::HangUp);
    does.iter().fold(agent, |agent, (at, choice)| agent.does(Moment::Offered, *at, Does::Page(choice.clone())))
}

fn screen(first: Agent) -> Sim {
    let dan = Agent::accepting("dan", "Dan").does(Moment::Offered, 3_000, Does::Page(AgentChoice::Accept));
    Sim::new().says("Let me talk to a person").mode("asked_for_human", Mode::Screen).agents(vec![first, dan])
}

#[test]
fn the_phone_rings_after_the_card_was_read_and_nothing_is_whispered() {
    let run = screen(reads(&[(6_000, AgentChoice::Accept)])).run();
    run.tells(&[
        "= offered to maria",
        "Maria is being told what this is about",
        "> dial maria as agent 1",
        "= maria rings",
        "= bridged with maria",
    ])
    .never("> agent 1: Hello");
    assert!(run.time_of("> dial maria") >= run.time_of("= offered to maria") + 6_000, "{}", run.text());
}

#[test]
fn whoever_passes_it_on_was_never_rung() {
    let reason = DeclineReason::NotMySkill;
    let run = screen(reads(&[(3_000, AgentChoice::Decline { reason })])).run();
    run.tells(&[
        "= offer to maria DeclinedSkill",
        "> release maria Free",
        "= offered to dan",
        "> dial dan as agent 2",
        "= bridged with dan",
    ])
    .never("> dial maria")
    .never("> hang up agent 1");
}

#[test]
fn a_page_that_nobody_reads_is_no_answer() {
    let run = screen(reads(&[])).run();
    run.tells(&["= offered to maria", "= offer to maria NoAnswer", "> release maria Resting", "= bridged with dan"]).never("> dial maria");
}

#[test]
fn a_page_that_is_closed_while_it_is_read_is_not_waited_for() {
    let run = screen(reads(&[]).does(Moment::Offered, 4_000, Does::ClosesPage)).run();
    run.tells(&["= offer to maria Unreachable", "= offered to dan", "= bridged with dan"]).never("> dial maria");
    assert!(run.time_of("= offered to dan") <= run.time_of("= offered to maria") + 4_200, "{}", run.text());
}

#[test]
fn a_caller_who_leaves_while_it_is_read_leaves_nothing_behind() {
    let run = screen(reads(&[(9_000, AgentChoice::Accept)])).hangs_up(Cue::When("= offered to maria", 4_000)).run();
    run.tells(&["= offer to maria CallerLeft", "> release maria Free", "> end Abandoned"]).never("> dial");
}

#[test]
fn other_calls_ring_at_once() {
    let run = Sim::new().says("Let me talk to a person").mode("anger", Mode::Screen).mode("complaint", Mode::Screen).run();
    run.tells(&["> dial maria as agent 1", "> agent 1: Hello Maria", "= bridged with maria"]);
    let complains = Sim::new().says("I want to file a formal complaint").mode("complaint", Mode::Screen);
    complains.agent(reads(&[(2_000, AgentChoice::Accept)])).run().tells(&[
        "= handoff to complaints",
        "Maria is being told",
        "> dial maria",
        "= bridged with maria",
    ]);
}

#[test]
fn bot_and_rule_in_the_same_turn_are_one_handoff() {
    let run = Sim::new().says("I want to file a formal complaint, and let me talk to a person").run();
    run.tells(&["= bridged with maria", "> end HandedOver"]);
    assert_eq!(run.count("= handoff to"), 1, "{}", run.text());
}
