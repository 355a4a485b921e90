//! What an agent does who has the caller.

use warmline::call::event::{AgentChoice, TransferTo};

use super::{
    agents::{Agent, Does, Moment, Phone},
    script::{Cue, Sim},
};

/// Maria takes the call and does these things, each so many milliseconds after the bridge.
fn maria(does: &[(u64, AgentChoice)]) -> Sim {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1'));
    let agent = does.iter().fold(agent, |agent, (at, choice)| agent.does(Moment::Bridged, *at, Does::Page(choice.clone())));
    let agent = agent.does(Moment::Bridged, 30_000, Does::HangUp);
    Sim::new().says("Let me talk to a person").agents(vec![agent, Agent::accepting("dan", "Dan").busy_until(1)])
}

#[test]
fn hold_is_music_and_nobody_hears() {
    let run = maria(&[(2_000, AgentChoice::Hold), (9_000, AgentChoice::Hold), (10_000, AgentChoice::Resume)]).run();
    run.tells(&[
        "> patch [caller<agent 1, agent 1<caller]",
        "= maria holds",
        "> patch [caller~hold, agent 1] listen []",
        "= maria is back",
        "> patch [caller<agent 1, agent 1<caller]",
        "> end HandedOver",
    ]);
    assert_eq!(run.count("= maria holds"), 1);
}

#[test]
fn mute_is_one_way() {
    let run =
        maria(&[(2_000, AgentChoice::Mute), (4_000, AgentChoice::Hold), (6_000, AgentChoice::Resume), (8_000, AgentChoice::Unmute)]).run();
    run.tells(&[
        "= maria is muted",
        "> patch [caller, agent 1<caller]",
        "> patch [caller~hold, agent 1]",
        "> patch [caller, agent 1<caller]",
        "= maria is heard again",
        "> patch [caller<agent 1, agent 1<caller]",
    ]);
}

#[test]
fn only_whoever_has_the_caller_holds_and_mutes() {
    let agent = Agent::with("maria", "Maria", Phone::Answers(2_000))
        .does(Moment::Rung, 500, Does::Page(AgentChoice::Hold))
        .does(Moment::Answered, 500, Does::Page(AgentChoice::Mute))
        .does(Moment::Briefed, 500, Does::Press('1'))
        .does(Moment::Bridged, 5_000, Does::HangUp);
    let run = Sim::new().says("Let me talk to a person").agent(agent).run();
    run.tells(&["= bridged with maria"]).never("= maria holds").never("= maria is muted");
}

#[test]
fn the_page_hands_on_to_a_queue_an_agent_and_a_number() {
    let queue = TransferTo::Queue { queue: "complaints".to_owned() };
    maria(&[(3_000, AgentChoice::Transfer { to: queue })]).run().tells(&[
        "= bridged with maria",
        "= maria hands on to complaints",
        "= owner queue complaints",
        "> find agent for complaints, not maria",
        "= offered to dan",
        "= bridged with dan",
        "> end HandedOver",
    ]);
    let dan = TransferTo::Agent { agent: warmline::call::ids::AgentId("dan".to_owned()), replaces: None };
    maria(&[(3_000, AgentChoice::Transfer { to: dan })]).run().tells(&["= maria hands on to dan", "= bridged with dan"]);
    let number = TransferTo::Number { number: "+4021".to_owned(), target: "via:isp/021".to_owned(), replaces: None };
    let outside = Agent::with("+4021", "Outside", Phone::Answers(3_000)).does(Moment::Bridged, 5_000, Does::HangUp);
    let run = maria(&[(3_000, AgentChoice::Transfer { to: number })]).outside(outside).run();
    run.tells(&["= maria hands on to +4021", "> dial +4021 as agent 2", "= bridged with +4021"]).never("> tell agent 1");
}

#[test]
fn nobody_there_and_the_agent_has_the_caller_back() {
    let nobody = TransferTo::Agent { agent: warmline::call::ids::AgentId("nobody".to_owned()), replaces: None };
    maria(&[(3_000, AgentChoice::Transfer { to: nobody })]).run().tells(&[
        "= maria hands on to nobody",
        "= maria has the caller back",
        "> patch [caller<agent 1, agent 1<caller]",
        "> end HandedOver",
    ]);
}

#[test]
fn the_bot_goes_on_where_the_agent_says_and_remembers() {
    let node = Some("order_number".to_owned());
    let run = maria(&[(4_000, AgentChoice::ToBot { node })])
        .send_back("order_number")
        .says_on(Cue::When("> caller: What is your order number", 4_000), "four five seven one two nine")
        .hangs_up(Cue::AfterBot(900))
        .run();
    run.tells(&[
        "= bridged with maria",
        "= maria sends the caller to order_number",
        "> hang up agent 1",
        "> release maria WrapUp",
        "= owner bot",
        "> caller: What is your order number?",
        "= fact order_number 457129",
        "is on its way",
        "> end HandedOver",
    ]);
}

#[test]
fn without_a_step_the_bot_asks_what_else_there_is() {
    let run = maria(&[(4_000, AgentChoice::ToBot { node: None })])
        .says_on(Cue::When("> caller: All right, you have me again", 5_000), "What are your opening hours on Saturday?")
        .hangs_up(Cue::AfterBot(900))
        .run();
    run.tells(&["= maria sends the caller to the bot", "you have me again", "we are open", "> end HandedOver"]);
}

#[test]
fn a_step_that_the_flow_does_not_list_is_nowhere() {
    let node = Some("order_number".to_owned());
    maria(&[(4_000, AgentChoice::ToBot { node })]).run().tells(&["= bridged with maria", "> end HandedOver"]).never("sends the caller");
}
