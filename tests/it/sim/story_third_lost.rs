//! One of three is lost, or hangs up: the other two go on in the right way, and nothing is left over.

use warmline::call::event::AgentChoice;

use super::{
    agents::{Agent, Does, Moment, Phone},
    run::Run,
    script::{CallerDoes, Cue, Sim},
    story_third::{dan, dan_answers, maria, outside},
};

/// Maria, who consults Dan three seconds after the bridge, and does that so many milliseconds after the bridge.
fn maria_who(at: u64, does: Does, others: Vec<Agent>) -> Sim {
    let consult = Does::Page(AgentChoice::Consult { to: dan() });
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1'));
    let agent = agent.does(Moment::Bridged, 3_000, consult).does(Moment::Bridged, at, does);
    let others = others.into_iter().map(|other| Agent { busy_until: 1, ..other });
    Sim::new().says("Let me talk to a person").agents(std::iter::once(agent).chain(others).collect())
}

/// Everybody's slot is given back once.
#[track_caller]
fn released_once(run: &Run, agents: &[&str]) {
    for agent in agents {
        assert_eq!(run.count(&format!("> release {agent} ")), 1, "{agent} in\n{}", run.text());
    }
}

#[test]
fn the_agent_leaves_or_is_lost_while_they_speak_and_the_colleague_has_the_caller() {
    for does in [Does::HangUp, Does::IsLost] {
        let run = maria_who(9_000, does, vec![dan_answers()]).run();
        run.tells(&[
            "= dan speaks with maria",
            "= dan has the caller from maria",
            "> release maria WrapUp",
            "> patch [caller<agent 2, agent 2<caller]",
            "> end HandedOver",
        ]);
        released_once(&run, &["maria", "dan"]);
    }
}

#[test]
fn the_agent_leaves_while_it_rings_and_the_caller_waits_for_the_colleague() {
    let slow = Agent::with("dan", "Dan", Phone::Answers(8_000)).does(Moment::Briefed, 500, Does::Press('1')).does(
        Moment::Bridged,
        20_000,
        Does::HangUp,
    );
    let run = maria_who(6_000, Does::HangUp, vec![slow]).run();
    run.tells(&[
        "= dan is rung for Maria",
        "= maria hands on to dan",
        "> release maria WrapUp",
        "= owner queue",
        "= offered to dan",
        "> caller: I am ringing Dan now",
        "= dan is briefed",
        "= bridged with dan",
        "> end HandedOver",
    ]);
    assert_eq!(run.count("> dial dan"), 1);
    released_once(&run, &["maria", "dan"]);
}

#[test]
fn the_caller_leaves_whatever_stands_between_the_others() {
    for (at, dans) in [(3_020, 0), (4_500, 1), (9_000, 1)] {
        for lost in [false, true] {
            let does = if lost { CallerDoes::IsLost } else { CallerDoes::HangsUp };
            let run = maria(&[(3_000, AgentChoice::Consult { to: dan() })], vec![dan_answers()])
                .step(Cue::When("= bridged with maria", at), does)
                .run();
            run.tells(&["= maria consults dan", "> hang up agent 1", "> release maria WrapUp", "> end"]);
            assert_eq!(run.count("> hang up agent 2"), dans, "{at} in\n{}", run.text());
            assert_eq!(run.count("is out: CallEnded"), 1, "{at} in\n{}", run.text());
        }
    }
}

#[test]
fn each_of_a_conference_may_leave() {
    let does = [(3_000, AgentChoice::Consult { to: dan() }), (8_000, AgentChoice::Conference)];
    let run = maria(&does, vec![dan_answers()]).run();
    run.tells(&["= dan has joined", "= dan has the caller from maria", "> end HandedOver"]);
    released_once(&run, &["maria", "dan"]);
    let leaves = Agent::with("dan", "Dan", Phone::Answers(2_000)).does(Moment::Answered, 9_000, Does::IsLost);
    let run = maria(&does, vec![leaves]).run();
    run.tells(&["= dan has joined", "= dan is out: Lost", "> agent 1: Dan has left", "> patch [caller<agent 1, agent 1<caller]"]);
    released_once(&run, &["maria", "dan"]);
    let run = maria(&does, vec![dan_answers()]).hangs_up(Cue::When("= dan has joined", 3_000)).run();
    run.tells(&["= dan has joined", "> hang up agent 2", "> hang up agent 1", "> end HandedOver"]);
    released_once(&run, &["maria", "dan"]);
    // The agent ends the call for everybody.
    let ends = [does[0].clone(), does[1].clone(), (12_000, AgentChoice::HangUp)];
    let run = maria(&ends, vec![dan_answers()]).run();
    run.tells(&["= dan has joined", "= dan is out: CallEnded", "> end HandedOver"]).never("has the caller from");
    released_once(&run, &["maria", "dan"]);
}

#[test]
fn a_machine_does_not_get_the_caller_when_the_agent_is_lost() {
    let machine = Agent::with("+4021", "Outside", Phone::Answers(1_000)).does(Moment::Answered, 1_000, Does::SoundsLikeAMachine);
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000))
        .does(Moment::Briefed, 500, Does::Press('1'))
        .does(Moment::Bridged, 3_000, Does::Page(AgentChoice::Add { to: outside() }))
        .does(Moment::Bridged, 9_000, Does::IsLost);
    let run = Sim::new()
        .says("Let me talk to a person")
        .agents(vec![agent, Agent { busy_until: 1, ..Agent::accepting("dan", "Dan") }])
        .outside(machine)
        .run();
    run.tells(&["= +4021 may be a machine", "= +4021 is out: CallEnded", "> hang up agent 2", "= offered to dan", "= bridged with dan"]);
    run.never("has the caller from");
}

#[test]
fn the_agent_sends_the_caller_to_the_bot_and_the_colleague_goes() {
    let does = [(3_000, AgentChoice::Consult { to: dan() }), (9_000, AgentChoice::ToBot { node: None })];
    let run = maria(&does, vec![dan_answers()]).hangs_up(Cue::When("= owner bot", 6_000)).run();
    run.tells(&["= dan speaks with maria", "= dan is out: Parted", "= maria sends the caller to the bot", "= owner bot"]);
    released_once(&run, &["maria", "dan"]);
}

#[test]
fn the_gateway_shuts_down_in_a_conference() {
    let does = [(3_000, AgentChoice::Consult { to: dan() }), (8_000, AgentChoice::Conference)];
    let run = maria(&does, vec![dan_answers()]).step(Cue::When("= dan has joined", 2_000), CallerDoes::Drains).run();
    run.tells(&["= dan is out: CallEnded", "> end Drained"]);
    released_once(&run, &["maria", "dan"]);
}
