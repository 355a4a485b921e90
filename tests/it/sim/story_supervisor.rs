//! A supervisor listens, whispers and joins.

use warmline::call::event::{AgentChoice, DialFailure, Supervision};

use super::{
    agents::{Agent, Does, Moment, Phone},
    script::{Cue, Sim, fails},
    story_third::dan,
    world::BOSS,
};

/// Maria has the caller; meanwhile this happens, each so many milliseconds after the bridge. Eva's phone is that.
fn watched(steps: &[(u64, Does)], eva: Agent) -> Sim {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1'));
    let agent = steps.iter().fold(agent, |agent, (at, does)| agent.does(Moment::Bridged, *at, does.clone()));
    let dan = Agent::with("dan", "Dan", Phone::Answers(2_000)).does(Moment::Bridged, 20_000, Does::HangUp).busy_until(1);
    Sim::new().says("Let me talk to a person").agents(vec![agent.does(Moment::Bridged, 40_000, Does::HangUp), dan]).outside(eva)
}

fn eva() -> Agent {
    Agent::with(BOSS, "Eva", Phone::Answers(1_000))
}

fn wants(wish: Supervision) -> Does {
    Does::Supervised(wish)
}

#[test]
fn listening_whispering_and_joining_are_three_things() {
    let steps = [
        (2_000, wants(Supervision::Listen)),
        (8_000, wants(Supervision::Whisper)),
        (12_000, wants(Supervision::Join)),
        (16_000, wants(Supervision::End)),
    ];
    let run = watched(&steps, eva()).run();
    run.tells(&[
        "= supervisor ~eva Rung",
        "> dial ~eva as agent 2",
        "= supervisor ~eva Listens",
        "> patch [caller<agent 1, agent 1<caller, agent 2<caller<agent 1]",
        "= supervisor ~eva Whispers",
        "> patch [caller<agent 1, agent 1<caller<agent 2, agent 2<caller<agent 1]",
        "= supervisor ~eva Joined",
        "> patch [caller<agent 1<agent 2, agent 1<caller<agent 2, agent 2<caller<agent 1]",
        "= supervisor ~eva Left",
        "> patch [caller<agent 1, agent 1<caller] listen []",
        "> end HandedOver",
    ]);
    assert_eq!(run.count("> hang up agent 2"), 1);
    run.never("> release ~eva");
}

#[test]
fn who_is_on_hold_or_muted_is_not_listened_to_either() {
    let steps = [
        (2_000, wants(Supervision::Listen)),
        (6_000, Does::Page(AgentChoice::Hold)),
        (9_000, Does::Page(AgentChoice::Resume)),
        (11_000, Does::Page(AgentChoice::Mute)),
    ];
    watched(&steps, eva()).run().tells(&[
        "= supervisor ~eva Listens",
        "> patch [caller~hold, agent 1, agent 2]",
        "> patch [caller<agent 1, agent 1<caller, agent 2<caller<agent 1]",
        "> patch [caller, agent 1<caller, agent 2<caller]",
    ]);
}

#[test]
fn a_consultation_is_heard_and_the_watch_goes_on_with_the_colleague() {
    let steps = [
        (2_000, wants(Supervision::Listen)),
        (6_000, Does::Page(AgentChoice::Consult { to: dan() })),
        (14_000, Does::Page(AgentChoice::Complete)),
    ];
    watched(&steps, eva()).run().tells(&[
        "> patch [caller~hold, agent 1<agent 3, agent 3<agent 1, agent 2<agent 1<agent 3]",
        "= dan has the caller from maria",
        "> patch [caller<agent 3, agent 3<caller, agent 2<caller<agent 3]",
        "= supervisor ~eva Left",
        "> end HandedOver",
    ]);
}

#[test]
fn whoever_cannot_be_rung_changes_nothing() {
    for phone in [fails(BOSS, "Eva", DialFailure::Busy), Agent::with(BOSS, "Eva", Phone::Forgotten)] {
        let run = watched(&[(2_000, wants(Supervision::Join))], phone).run();
        run.tells(&["= supervisor ~eva Rung", "= supervisor ~eva NotReached", "> end HandedOver"]).never("agent 1<caller<agent 2");
    }
    let beeps = eva().does(Moment::Answered, 500, Does::Beeps);
    watched(&[(2_000, wants(Supervision::Join))], beeps).run().tells(&["= supervisor ~eva Joined", "= supervisor ~eva Left"]);
}

#[test]
fn the_watch_ends_with_the_conversation_and_their_own_hang_up() {
    let listens = (2_000, wants(Supervision::Listen));
    let run = watched(std::slice::from_ref(&listens), eva()).hangs_up(Cue::When("= supervisor ~eva Listens", 3_000)).run();
    run.tells(&["= supervisor ~eva Left", "> end HandedOver"]);
    assert_eq!(run.count("> hang up agent 2"), 1);
    let run = watched(std::slice::from_ref(&listens), eva().does(Moment::Answered, 5_000, Does::IsLost)).run();
    run.tells(&["= supervisor ~eva Left", "> patch [caller<agent 1, agent 1<caller] listen []", "> end HandedOver"]);
    let handed_on = (9_000, Does::Page(AgentChoice::Transfer { to: dan() }));
    let run = watched(&[listens.clone(), handed_on], eva()).run();
    run.tells(&["= supervisor ~eva Listens", "= maria hands on to dan", "= supervisor ~eva Left", "= offered to dan"]);
    let to_bot = (9_000, Does::Page(AgentChoice::ToBot { node: None }));
    let run = watched(&[listens, to_bot], eva()).hangs_up(Cue::When("= owner bot", 8_000)).run();
    run.tells(&["= supervisor ~eva Left", "= owner bot"]);
}

#[test]
fn nobody_is_followed_who_has_no_agent() {
    let agent = Agent::with("maria", "Maria", Phone::Answers(9_000))
        .does(Moment::Rung, 1_000, wants(Supervision::Listen))
        .does(Moment::Briefed, 500, Does::Press('1'))
        .does(Moment::Bridged, 4_000, Does::HangUp);
    let run = Sim::new().says("Let me talk to a person").agent(agent).outside(eva()).run();
    run.tells(&["= bridged with maria"]).never("= supervisor").never("> dial ~eva");
}
