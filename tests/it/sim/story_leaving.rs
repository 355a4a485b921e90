//! Somebody leaves: the caller at any point, both at once, the gateway itself.

use warmline::call::event::{Event, LegEnd};

use super::{
    agents::{Agent, Does, Moment, Phone},
    script::{CallerDoes, Cue, Sim},
    world::Happening,
};

fn human() -> Sim {
    Sim::new().says("Let me talk to a person")
}

#[test]
fn a_fax_machine_is_not_talked_to() {
    let run = Sim::new().step(Cue::Over("How can I help", 300), CallerDoes::IsFax).run();
    run.tells(&["= on the Caller's line: Fax", "> hang up caller", "> end Fax"]).never("> find agent");
}

#[test]
fn before_the_answer() {
    let mut sim = Sim::new();
    sim.world.at(20, Happening::Tell(Event::LegEnded { leg: warmline::call::ids::LegId::CALLER, why: LegEnd::HungUp }));
    sim.run().tells(&["> answer", "> end Abandoned"]).never("> caller:");
}

#[test]
fn after_an_answer_the_caller_was_served() {
    let run = Sim::new().says("What are your opening hours on Saturday?").hangs_up(Cue::AfterBot(300)).run();
    run.tells(&["we are open", "> end Contained"]).never("> hang up caller");
}

#[test]
fn without_an_answer_the_caller_was_not() {
    Sim::new().hangs_up(Cue::At(2_000)).run().tells(&["> end Abandoned"]);
}

#[test]
fn a_lost_caller_is_lost() {
    Sim::new().step(Cue::AfterBot(300), CallerDoes::IsLost).run().tells(&["> end Lost"]);
}

#[test]
fn in_the_goodbye_the_outcome_stays() {
    let run =
        Sim::new().says("What are your opening hours on Saturday?").says("No thank you, goodbye").hangs_up(Cue::Over("Goodbye", 100)).run();
    run.tells(&["> end Contained"]);
}

#[test]
fn in_the_queue() {
    let run = human().agent(Agent::accepting("maria", "Maria").busy_until(90_000)).hangs_up(Cue::When("= waiting at 1", 500)).run();
    run.tells(&["= waiting at 1", "< LegEnded", "> leave queue", "= handoff CallerLeft", "> end Abandoned"]);
}

#[test]
fn while_the_agent_rings_the_phone_stops_at_once() {
    let run = human().hangs_up(Cue::When("= maria rings", 300)).run();
    run.tells(&[
        "= maria rings",
        "< LegEnded",
        "> hang up agent 1",
        "= offer to maria CallerLeft",
        "> release maria Free",
        "= handoff CallerLeft",
        "> end Abandoned",
    ]);
    assert_eq!(run.time_of("> hang up agent 1"), run.time_of("< LegEnded"));
}

#[test]
fn in_the_briefing_the_agent_is_told_and_free_within_a_second() {
    let run = human().hangs_up(Cue::When("= maria is briefed", 2_000)).run();
    run.tells(&[
        "= maria is briefed",
        "< LegEnded",
        "> stop speaking",
        "= handoff CallerLeft",
        "> agent 1: The caller left",
        "> hang up agent 1",
        "= offer to maria CallerLeft",
        "> release maria Free",
        "> end Abandoned",
    ])
    .never("= bridged");
    assert!(run.time_of("> hang up agent 1") - run.time_of("< LegEnded") <= 1_000);
}

#[test]
fn while_the_agent_chooses() {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000));
    let run = human().agent(agent).hangs_up(Cue::When("listen [caller, agent 1]", 3_000)).run();
    run.tells(&["listen [caller, agent 1]", "< LegEnded", "> agent 1: The caller left", "> release maria Free"]);
}

#[test]
fn accepting_and_hanging_up_at_once_never_bridges_a_dead_leg() {
    // 20 ms apart, in both orders, around the moment of the key and of the bridge.
    for at in [440, 480, 500, 520, 560, 2_900, 2_980, 3_000, 3_020] {
        let run = human().hangs_up(Cue::When("> agent 1: Press one", 3_900 + at)).run();
        run.tells(&["< LegEnded", "> release maria", "> end"]);
    }
}

#[test]
fn both_leave_at_once() {
    for agent_ms in [2_990, 3_000, 3_010] {
        let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Answered, agent_ms, Does::HangUp);
        let run = human().agent(agent).hangs_up(Cue::When("= maria is briefed", 3_000)).run();
        run.tells(&["= maria is briefed", "> end Abandoned"]);
        assert_eq!(run.count("> release maria"), 1, "{}", run.text());
    }
}

#[test]
fn an_agent_who_is_reserved_after_the_caller_changed_their_mind_is_given_back() {
    let run = human()
        .agent(Agent::accepting("maria", "Maria").busy_until(60_000))
        .says_on(Cue::When("= waiting at 2", 6_000), "Oh never mind")
        .says("Where is my order?")
        .says_on(Cue::At(58_000), "What are your opening hours on Saturday?")
        .run();
    run.tells(&["> leave queue", "= owner bot", "> release maria Free"]).never("> dial");
}

#[test]
fn no_ack_no_call() {
    let mut sim = Sim::new();
    sim.world.never_acks = true;
    let run = sim.run();
    run.tells(&["> answer", "> hang up caller", "> end Lost"]).never("> caller:");
    assert_eq!(run.time_of("> end Lost"), 33_000);
}

#[test]
fn the_gateway_shuts_down_while_the_bot_talks() {
    let run = Sim::new().says("I forgot my password").step(Cue::Over("You can set", 500), CallerDoes::Drains).run();
    run.tells(&["You can set", "> stop speaking", "we have to end this call", "> hang up caller", "> end Drained"]);
}

#[test]
fn the_gateway_shuts_down_while_an_agent_rings() {
    let run = human().step(Cue::When("= maria rings", 300), CallerDoes::Drains).run();
    run.tells(&["> hang up agent 1", "= offer to maria Withdrawn", "> release maria Free", "we have to end this call", "> end Drained"]);
}

#[test]
fn the_gateway_shuts_down_after_the_bridge() {
    let run = human().step(Cue::When("= bridged", 3_000), CallerDoes::Drains).run();
    run.tells(&[
        "= bridged",
        "> hang up agent 1",
        "> release maria WrapUp",
        "we have to end this call",
        "> patch [caller] listen []",
        "> end Drained",
    ]);
}

#[test]
fn the_gateway_shuts_down_before_the_answer() {
    Sim::new().step(Cue::At(10), CallerDoes::Drains).run().tells(&["> reject 503", "> end Drained"]).never("> hang up caller");
}
