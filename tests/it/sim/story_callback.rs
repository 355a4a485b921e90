//! A promised callback is kept: an agent first, then the caller; and what follows when either cannot be had.

use warmline::call::{
    action::Action,
    event::{AgentChoice, DialFailure, TransferTo},
    outcome::HandoffOutcome,
    record::{HandoffStep, NotReached, What},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    run::Run,
    script::{CallerDoes, Cue, Sim, fails},
};

fn not_reached(run: &Run) -> Option<NotReached> {
    run.record.iter().find_map(|entry| match &entry.what {
        What::Handoff { step: HandoffStep::CallerNotReached { why } } => Some(*why),
        _ => None,
    })
}

fn ended(run: &Run) -> Option<HandoffOutcome> {
    run.record.iter().rev().find_map(|entry| match &entry.what {
        What::Handoff { step: HandoffStep::Ended { outcome, .. } } => Some(*outcome),
        _ => None,
    })
}

#[test]
fn the_agent_is_told_then_the_caller_is_rung_and_both_are_bridged() {
    let run = Sim::new().keeps_promise("maria").hangs_up(Cue::At(60_000)).run();
    run.tells(&[
        "= calls back for call-0",
        "= owner queue complaints",
        "> dial maria as agent 1",
        "> agent 1: Hello Maria, a callback that we have promised. | The caller is Ioana Pop.",
        "Press one or say accept, and I ring them",
        "> agent 1: I am ringing them now",
        "> ring the caller at via:isp/+40721000111",
        "> patch [agent 1~ringback]",
        "this is the callback that you asked for. I am putting you through to Maria",
        "= owner agent maria",
        "> patch [caller<agent 1, agent 1<caller]",
        "> release maria WrapUp",
        "> end HandedOver",
    ]);
    run.never("= answer ");
    assert_eq!(run.count("> caller: Thank you"), 0);
    assert_eq!(ended(&run), Some(HandoffOutcome::Bridged));
}

#[test]
fn nothing_is_said_to_the_caller_before_they_are_there() {
    let run = Sim::new()
        .agents(vec![fails("maria", "Maria", DialFailure::NoAnswer), Agent::accepting("dan", "Dan")])
        .keeps_promise("maria")
        .run();
    run.tells(&["> dial maria", "> dial dan", "> ring the caller", "> caller:"]);
    assert!(run.time_of("> caller:") > run.time_of("> ring the caller"));
}

#[test]
fn whoever_passes_it_on_is_followed_by_the_next_at_the_same_place() {
    let declines = Agent::with("maria", "Maria", Phone::Answers(1_000)).does(Moment::Briefed, 300, Does::Press('9'));
    let run = Sim::new().agents(vec![declines, Agent::accepting("dan", "Dan")]).keeps_promise("maria").run();
    run.tells(&["> release maria Free", "> find agent for complaints, not maria", "> dial dan", "> ring the caller", "= owner agent dan"]);
}

#[test]
fn no_agent_means_that_the_caller_is_not_disturbed() {
    let run = Sim::new().agent(fails("maria", "Maria", DialFailure::Busy)).keeps_promise("maria").run();
    run.tells(&["> release maria Resting", "> find agent for complaints", "> end CallbackPutOff"]);
    run.never("> ring the caller");
    run.never("> caller:");
    assert_eq!(ended(&run), Some(HandoffOutcome::PutOff));
}

#[test]
fn a_caller_who_cannot_be_reached_is_said_to_the_agent() {
    for (phone, why) in [
        (Phone::Fails(DialFailure::Busy, 900), NotReached::Busy),
        (Phone::Fails(DialFailure::NoAnswer, 30_000), NotReached::NoAnswer),
        (Phone::Fails(DialFailure::Declined, 4_000), NotReached::Declined),
        (Phone::Fails(DialFailure::NoLine, 5), NotReached::Unreachable),
        (Phone::Forgotten, NotReached::NoAnswer),
    ] {
        let run = Sim::new().keeps_promise("maria").called_back(phone).run();
        run.tells(&[
            "> ring the caller",
            "> agent 1: They could not be reached",
            "> hang up agent 1",
            "> release maria Free",
            "> end CallerNotReached",
        ]);
        assert_eq!((not_reached(&run), ended(&run)), (Some(why), Some(HandoffOutcome::NotReached)), "{phone:?}");
        run.never("> caller:");
    }
}

#[test]
fn a_machine_at_the_callers_is_not_put_through() {
    let mut sim = Sim::new().keeps_promise("maria");
    sim.world.machine = Some(1_500);
    let run = sim.run();
    run.tells(&[
        "> caller: Hello, this is the callback",
        "> hang up caller",
        "> agent 1: They could not be reached",
        "> end CallerNotReached",
    ]);
    run.never("= owner agent");
    assert_eq!(not_reached(&run), Some(NotReached::Machine));
}

#[test]
fn an_agent_who_leaves_while_it_rings_stops_the_ringing() {
    for does in [Does::HangUp, Does::IsLost] {
        let leaves = Agent::with("maria", "Maria", Phone::Answers(1_000)).does(Moment::Briefed, 300, Does::Press('1')).does(
            Moment::Answered,
            40_000,
            does,
        );
        let run = Sim::new().agent(leaves).keeps_promise("maria").called_back(Phone::Forgotten).run();
        run.tells(&["> ring the caller", "> hang up caller", "> release maria Free", "> end CallbackPutOff"]);
        assert_eq!(not_reached(&run), Some(NotReached::AgentLeft));
    }
}

#[test]
fn an_agent_who_has_had_it_ring_long_enough_says_so_on_the_page() {
    let ends = Agent::with("maria", "Maria", Phone::Answers(1_000)).does(Moment::Briefed, 300, Does::Press('1')).does(
        Moment::Answered,
        40_000,
        Does::Page(AgentChoice::HangUp),
    );
    let run = Sim::new().agent(ends).keeps_promise("maria").called_back(Phone::Forgotten).run();
    run.tells(&["> ring the caller", "> hang up caller", "> agent 1: They could not be reached", "> end CallerNotReached"]);
    assert_eq!(not_reached(&run), Some(NotReached::NoAnswer));
}

#[test]
fn an_agent_who_is_lost_with_the_caller_on_the_line_is_followed_by_the_next() {
    let lost = Agent::with("maria", "Maria", Phone::Answers(1_000)).does(Moment::Briefed, 300, Does::Press('1')).does(
        Moment::Bridged,
        800,
        Does::IsLost,
    );
    let run = Sim::new().agents(vec![lost, Agent::accepting("dan", "Dan")]).keeps_promise("maria").run();
    run.tells(&["= owner agent maria", "= owner queue complaints", "> dial dan", "= owner agent dan", "> end HandedOver"]);
    assert_eq!(run.count("> ring the caller"), 1, "the caller was there all the time");
}

#[test]
fn a_caller_who_hangs_up_at_once_leaves_nothing_behind() {
    let run = Sim::new().keeps_promise("maria").hangs_up(Cue::When("> caller: Hello, this is the callback", 500)).run();
    run.tells(&["> caller: Hello, this is the callback", "> agent 1: The caller left", "> release maria Free", "> end Abandoned"]);
}

/// Takes the call, and sends the caller to the bot after eight seconds.
fn sends_back() -> Agent {
    Agent::with("maria", "Maria", Phone::Answers(1_000)).does(Moment::Briefed, 300, Does::Press('1')).does(
        Moment::Bridged,
        8_000,
        Does::Page(AgentChoice::ToBot { node: None }),
    )
}

#[test]
fn an_agent_sends_the_caller_to_the_bot_who_knows_what_was_known() {
    let run = Sim::new()
        .agent(sends_back())
        .keeps_promise("maria")
        .says_on(Cue::When("= owner bot", 4_000), "Where is my order?")
        .hangs_up(Cue::Then(15_000))
        .run();
    run.tells(&["= owner agent maria", "= owner bot", "> look up http://127.0.0.1:9/api/orders/457129"]);
}

#[test]
fn it_is_handed_on_like_any_other_call() {
    let hands_on = Agent::with("maria", "Maria", Phone::Answers(1_000)).does(Moment::Briefed, 300, Does::Press('1')).does(
        Moment::Bridged,
        5_000,
        Does::Page(AgentChoice::Transfer {
            to: TransferTo::Agent { agent: warmline::call::ids::AgentId("dan".to_owned()), replaces: None },
        }),
    );
    let run = Sim::new().agents(vec![hands_on, Agent::accepting("dan", "Dan")]).keeps_promise("maria").run();
    run.tells(&["= owner agent maria", "> dial dan", "= owner agent dan", "> end HandedOver"]);
}

#[test]
fn the_gateway_shuts_down_and_the_promise_stays() {
    let drains =
        Sim::new().keeps_promise("maria").called_back(Phone::Forgotten).step(Cue::When("> ring the caller", 3_000), CallerDoes::Drains);
    let run = drains.run();
    run.tells(&["> ring the caller", "> hang up caller", "> hang up agent 1", "> release maria Free", "> end Drained"]);
    run.never("> caller:");
}

#[test]
fn whoever_waits_when_the_gateway_goes_down_is_called_back() {
    let busy = Agent::accepting("maria", "Maria").busy_until(120_000);
    let run = Sim::new().agent(busy).says("Let me talk to a person").step(Cue::When("You are number 2", 2_000), CallerDoes::Drains).run();
    run.tells(&[
        "> leave queue",
        "= callback to +40721000111",
        "> caller: I am sorry, we have to end this call because of maintenance. | We will call you back on +40721000111",
        "> end Drained",
    ]);
    let withheld = Sim::new().number("").agent(Agent::accepting("maria", "Maria").busy_until(120_000)).says("Let me talk to a person");
    let run = withheld.step(Cue::When("You are number 2", 2_000), CallerDoes::Drains).run();
    run.tells(&["Please call again in a few minutes", "> end Drained"]);
    run.never("= callback to");
}

#[test]
fn whoever_is_sent_away_while_they_wait_is_not_called_back() {
    let busy = Agent::accepting("maria", "Maria").busy_until(120_000);
    let run = Sim::new().agent(busy).says("Let me talk to a person").step(Cue::When("You are number 2", 2_000), CallerDoes::IsEnded).run();
    run.tells(&["> leave queue", "> caller: Thank you for calling. | Goodbye.", "> hang up caller", "> end NobodyCame"]);
    run.never("= callback to").never("maintenance");
}

/// How much earlier than they asked the calls of a run are served.
fn ahead(run: &Run) -> Vec<u64> {
    run.done.iter().filter_map(|(_, action)| if let Action::FindAgent { ahead_ms, .. } = action { Some(*ahead_ms) } else { None }).collect()
}

#[test]
fn whoever_rings_again_while_a_callback_is_owed_takes_that_place() {
    let declines = Agent::with("maria", "Maria", Phone::Answers(1_000)).does(Moment::Briefed, 300, Does::Press('9'));
    let again =
        Sim::new().agents(vec![declines.clone(), Agent::accepting("dan", "Dan")]).says("Let me talk to a person").waited(600_000).run();
    again.tells(&["= handoff to", "> dial maria", "> dial dan", "= owner agent dan"]);
    // Ten minutes, and what this call had lasted when they wanted a human; the next agent is asked for at the same place.
    let this_call = again.time_of("= handoff to");
    assert_eq!(ahead(&again), [600_000 + this_call, 600_000 + this_call]);
    let first = Sim::new().agents(vec![declines, Agent::accepting("dan", "Dan")]).says("Let me talk to a person").run();
    assert_eq!(ahead(&first), [0, 0]);
}

#[test]
fn once_they_have_spoken_with_an_agent_nothing_is_owed() {
    let run = Sim::new()
        .agent(sends_back())
        .waited(600_000)
        .says("Let me talk to a person")
        .says_on(Cue::When("= owner bot", 4_000), "Let me talk to a person")
        .hangs_up(Cue::Then(30_000))
        .run();
    let ahead = ahead(&run);
    assert!(ahead[0] > 600_000 && ahead.len() > 1 && ahead[1..].iter().all(|ahead_ms| *ahead_ms == 0), "{ahead:?}");
}
