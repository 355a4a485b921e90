//! The bot introduces agent and caller to each other, and leaves.

use warmline::call::{event::AgentChoice, flow::policy::Mode};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::{Fault, Faults},
    run::Run,
    script::{Cue, Sim},
    story_third::dan,
};

fn maria(steps: &[(u64, Does)]) -> Sim {
    after(Sim::new(), steps)
}

/// The caller asks for a person after that, and Maria takes the call and does these things.
fn after(sim: Sim, steps: &[(u64, Does)]) -> Sim {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1'));
    let agent = steps.iter().fold(agent, |agent, (at, does)| agent.does(Moment::Bridged, *at, does.clone()));
    sim.says("Let me talk to a person")
        .mode("asked_for_human", Mode::Introduction)
        .agents(vec![agent.does(Moment::Bridged, 40_000, Does::HangUp), Agent::accepting("dan", "Dan").busy_until(1)])
}

/// How long after the bridge it was over.
#[track_caller]
fn over_after(run: &Run) -> u64 {
    run.time_of("= maria is introduced") - run.time_of("= bridged with maria")
}

#[test]
fn both_hear_who_is_there_and_the_bot_leaves() {
    let run = maria(&[]).run();
    run.tells(&[
        "= maria is briefed",
        "= bridged with maria",
        "> agent 1: Ioana Pop, this is Maria from customer service",
        "> caller: Ioana Pop, this is Maria from customer service",
        "> patch [caller<agent 1, agent 1<caller] listen [agent 1]",
        "= maria is introduced",
        "> patch [caller<agent 1, agent 1<caller] listen []",
        "> end HandedOver",
    ]);
    // Nobody knows yet what it is about, and so nothing is said of it.
    run.never("introduced, in part").never("my note");
    assert!(over_after(&run) > 2_000, "it takes its time: {}", over_after(&run));
}

#[test]
fn the_agents_voice_and_keys_end_it() {
    let whole = over_after(&maria(&[]).run());
    for does in [Does::Say("Hello, Maria speaking"), Does::Press('5')] {
        let run = maria(&[(1_000, does)]).run();
        run.tells(&["= bridged with maria", "> stop speaking", "= maria is introduced, in part", "> end HandedOver"]);
        assert!(over_after(&run) < whole, "it was cut short");
        run.never("> transcribe agent 1").never("> understand \"Hello");
    }
}

#[test]
fn what_the_agent_does_meanwhile_ends_it_too() {
    let consult = Does::Page(AgentChoice::Consult { to: dan() });
    maria(&[(1_000, consult)]).run().tells(&["= maria is introduced, in part", "= maria consults dan", "> caller: One moment please"]);
    let hand_on = Does::Page(AgentChoice::Transfer { to: dan() });
    let run = maria(&[(1_000, hand_on)]).run();
    run.tells(&["= maria is introduced, in part", "= maria hands on to dan", "= bridged with dan"]);
    // Dan was told by Maria: nobody introduces him.
    assert_eq!(run.count("is introduced"), 1);
    let run = maria(&[(1_000, Does::IsLost)]).run();
    run.tells(&["= bridged with maria", "> caller: We have lost the connection"]);
}

#[test]
fn a_voice_that_fails_keeps_nobody_apart() {
    let mut sim = maria(&[]);
    // All that is said before is said.
    sim.world.speaks = Faults(std::iter::repeat_n(Fault::None, 9).chain([Fault::Dies]).collect());
    sim.run().tells(&["= bridged with maria", "= maria is introduced", "> end HandedOver"]);
}

#[test]
fn the_caller_may_leave_meanwhile() {
    let run = maria(&[]).hangs_up(Cue::When("= bridged with maria", 1_500)).run();
    run.tells(&["= bridged with maria", "> hang up agent 1", "> release maria WrapUp", "> end HandedOver"]);
}

#[test]
fn what_is_known_is_said_to_both() {
    let run = after(Sim::new().says("Where is my order?"), &[]).run();
    run.tells(&["= bridged with maria", "> caller: Ioana Pop, this is Maria", "= maria is introduced"]);
    assert!(
        run.lines.iter().any(|line| line.contains("> caller: Ioana Pop") && line.contains("already has my note: Asks where an order is.")),
        "{}",
        run.text()
    );
}
