//! A third person on the call: consulted in private, joined for a conference, left with the caller, added from outside.

use warmline::call::{
    event::{AgentChoice, DialFailure, TransferTo},
    ids::AgentId,
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    script::{Sim, fails},
};

pub(super) fn dan() -> TransferTo {
    TransferTo::Agent { agent: AgentId("dan".to_owned()), replaces: None }
}

pub(super) fn outside() -> TransferTo {
    TransferTo::Number { number: "+4021".to_owned(), target: "via:isp/021".to_owned(), replaces: None }
}

/// Dan, who picks up after two seconds and leaves fifty seconds later, or twenty after he has the caller.
pub(super) fn dan_answers() -> Agent {
    Agent::with("dan", "Dan", Phone::Answers(2_000)).does(Moment::Answered, 50_000, Does::HangUp).does(
        Moment::Bridged,
        20_000,
        Does::HangUp,
    )
}

/// Maria has the caller and does these things, each so many milliseconds after the bridge; the others are there, too.
pub(super) fn maria(does: &[(u64, AgentChoice)], others: Vec<Agent>) -> Sim {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1'));
    let agent = does.iter().fold(agent, |agent, (at, choice)| agent.does(Moment::Bridged, *at, Does::Page(choice.clone())));
    let agent = agent.does(Moment::Bridged, 40_000, Does::HangUp);
    // Whoever is first is rung first.
    let others = others.into_iter().map(|other| Agent { busy_until: other.busy_until.max(1), ..other });
    Sim::new().says("Let me talk to a person").agents(std::iter::once(agent).chain(others).collect())
}

#[test]
fn a_colleague_is_asked_in_private_and_leaves_again() {
    let run = maria(&[(3_000, AgentChoice::Consult { to: dan() }), (12_000, AgentChoice::Part)], vec![dan_answers()]).run();
    run.tells(&[
        "= bridged with maria",
        "= maria consults dan",
        "= maria holds",
        "> caller: One moment please, Maria is asking a colleague",
        "> patch [caller~hold, agent 1]",
        "= dan is rung for Maria",
        "> dial dan as agent 2",
        "> patch [caller~hold, agent 1~ringback]",
        "= dan speaks with maria",
        "> patch [caller~hold, agent 1<agent 2, agent 2<agent 1]",
        "= dan is out: Parted",
        "> hang up agent 2",
        "> release dan WrapUp",
        "= maria is back",
        "> patch [caller<agent 1, agent 1<caller]",
        "> release maria WrapUp",
        "> end HandedOver",
    ]);
    run.never("has joined").never("caller<agent 2");
}

#[test]
fn the_colleague_gets_the_caller() {
    let run = maria(&[(3_000, AgentChoice::Consult { to: dan() }), (12_000, AgentChoice::Complete)], vec![dan_answers()]).run();
    run.tells(&[
        "= dan speaks with maria",
        "= dan has the caller from maria",
        "= owner agent dan",
        "> hang up agent 1",
        "> release maria WrapUp",
        "> patch [caller<agent 2, agent 2<caller]",
        "> release dan WrapUp",
        "> end HandedOver",
    ]);
    run.never("= owner queue complaints");
}

#[test]
fn all_three_talk_and_then_two_of_them() {
    let does = [
        (3_000, AgentChoice::Consult { to: dan() }),
        (9_000, AgentChoice::Conference),
        (12_000, AgentChoice::Hold),
        (15_000, AgentChoice::Resume),
        (20_000, AgentChoice::Part),
    ];
    maria(&does, vec![dan_answers()]).run().tells(&[
        "= maria is back",
        "= dan has joined",
        "> patch [caller<agent 1<agent 2, agent 1<caller<agent 2, agent 2<caller<agent 1]",
        "= maria holds",
        "> patch [caller~hold, agent 1<agent 2, agent 2<agent 1]",
        "> patch [caller<agent 1<agent 2, agent 1<caller<agent 2, agent 2<caller<agent 1]",
        "= dan is out: Parted",
        "> patch [caller<agent 1, agent 1<caller]",
    ]);
}

#[test]
fn nobody_takes_the_caller_off_hold_while_a_colleague_is_asked() {
    let does = [(3_000, AgentChoice::Consult { to: dan() }), (6_000, AgentChoice::Resume), (8_000, AgentChoice::Hold)];
    let run = maria(&does, vec![dan_answers()]).run();
    assert_eq!((run.count("= maria holds"), run.count("= maria is back")), (1, 0));
    run.tells(&["= dan speaks with maria", "= dan has the caller from maria", "> end HandedOver"]);
}

#[test]
fn whoever_cannot_be_had_is_told_of_and_the_caller_is_back() {
    for (why, told) in [
        (DialFailure::Declined, "Dan cannot take it"),
        (DialFailure::Busy, "Dan is not free"),
        (DialFailure::NoAnswer, "Dan does not answer"),
        (DialFailure::Unreachable, "Dan cannot be reached"),
        (DialFailure::NoLine, "Dan cannot be reached"),
    ] {
        let run = maria(&[(3_000, AgentChoice::Consult { to: dan() })], vec![fails("dan", "Dan", why)]).run();
        run.tells(&[
            "> dial dan as agent 2",
            &format!("= dan is out: {why:?}"),
            "= maria is back",
            &format!("> agent 1: {told}"),
            "> patch [caller<agent 1, agent 1<caller]",
            "> end HandedOver",
        ]);
        assert_eq!(run.count("> release dan"), 1);
    }
}

#[test]
fn a_colleague_who_is_busy_or_unknown_is_not_waited_for() {
    let busy = dan_answers().busy_until(90_000);
    let run = maria(&[(3_000, AgentChoice::Consult { to: dan() })], vec![busy]).run();
    run.tells(&["> leave queue", "= nobody is out: NobodyFree", "= maria is back", "> agent 1: dan is not free", "> end HandedOver"]);
    let nobody = TransferTo::Agent { agent: AgentId("nobody".to_owned()), replaces: None };
    maria(&[(3_000, AgentChoice::Consult { to: nobody })], vec![]).run().tells(&["= nobody is out: NobodyFree", "= maria is back"]);
    let queue = TransferTo::Queue { queue: "complaints".to_owned() };
    let run = maria(&[(3_000, AgentChoice::Consult { to: queue }), (9_000, AgentChoice::Complete)], vec![dan_answers()]).run();
    run.tells(&["= maria consults complaints", "= dan is rung for Maria", "= dan has the caller from maria"]);
}

#[test]
fn one_at_a_time_and_nobody_asks_themselves() {
    let me = TransferTo::Agent { agent: AgentId("maria".to_owned()), replaces: None };
    let does = [
        (2_000, AgentChoice::Consult { to: me }),
        (3_000, AgentChoice::Consult { to: dan() }),
        (4_000, AgentChoice::Consult { to: dan() }),
        (5_000, AgentChoice::Transfer { to: dan() }),
        (8_000, AgentChoice::Part),
        (9_000, AgentChoice::Part),
        (10_000, AgentChoice::Complete),
        (11_000, AgentChoice::Conference),
    ];
    let run = maria(&does, vec![dan_answers()]).run();
    assert_eq!((run.count("consults"), run.count("> dial dan"), run.count("is out")), (1, 1, 1));
    run.never("hands on").never("has the caller").never("has joined");
}

#[test]
fn the_colleague_declines_or_leaves_on_their_page() {
    let declines = Agent::with("dan", "Dan", Phone::Answers(9_000)).does(Moment::Rung, 1_000, Does::Page(AgentChoice::HangUp));
    let run = maria(&[(3_000, AgentChoice::Consult { to: dan() })], vec![declines]).run();
    run.tells(&["= dan is rung for Maria"]);
    let leaves = dan_answers().does(Moment::Answered, 3_000, Does::Page(AgentChoice::HangUp));
    maria(&[(3_000, AgentChoice::Consult { to: dan() })], vec![leaves]).run().tells(&[
        "= dan speaks with maria",
        "= dan is out: HungUp",
        "> hang up agent 2",
        "> release dan WrapUp",
        "= maria is back",
        "> agent 1: Dan has left",
    ]);
}

#[test]
fn somebody_outside_joins_after_the_agent_has_heard_them() {
    let person = Agent::with("+4021", "Outside", Phone::Answers(3_000)).does(Moment::Answered, 60_000, Does::HangUp);
    let does = [(3_000, AgentChoice::Add { to: outside() }), (20_000, AgentChoice::Part)];
    let run = maria(&does, vec![]).outside(person).run();
    run.tells(&[
        "= maria adds +4021",
        "> dial +4021 as agent 2",
        "= +4021 speaks with maria",
        "> patch [caller<agent 1, agent 1<caller<agent 2, agent 2<agent 1]",
        "= +4021 has joined",
        "> patch [caller<agent 1<agent 2, agent 1<caller<agent 2, agent 2<caller<agent 1]",
        "= +4021 is out: Parted",
        "> hang up agent 2",
        "> patch [caller<agent 1, agent 1<caller]",
        "> end HandedOver",
    ]);
    run.never("= maria holds").never("> release +4021");
    assert_eq!(run.time_of("has joined") - run.time_of("= +4021 speaks with maria"), 3_000);
}

#[test]
fn a_machine_outside_never_joins_by_itself() {
    let machine = || {
        Agent::with("+4021", "Outside", Phone::Answers(3_000)).does(Moment::Answered, 1_500, Does::SoundsLikeAMachine).does(
            Moment::Answered,
            40_000,
            Does::HangUp,
        )
    };
    let add = (3_000, AgentChoice::Add { to: outside() });
    let run = maria(&[add.clone(), (25_000, AgentChoice::Part)], vec![]).outside(machine()).run();
    run.tells(&["= +4021 may be a machine", "> agent 1: Perhaps a machine has answered", "= +4021 is out: Parted"]).never("has joined");
    // The agent knows better.
    let run = maria(&[add.clone(), (15_000, AgentChoice::Conference)], vec![]).outside(machine()).run();
    run.tells(&["= +4021 may be a machine", "= +4021 has joined"]);
    // After the tone there is no doubt.
    let run = maria(&[add], vec![]).outside(machine().does(Moment::Answered, 2_500, Does::Beeps)).run();
    run.tells(&["= +4021 is out: Machine", "> hang up agent 2", "> agent 1: A machine has answered for +4021"]).never("has joined");
}
