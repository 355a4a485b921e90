//! Handing on: the caller's own side connects them, and agents send callers on.

use warmline::call::{
    event::{DialFailure, TransferBy, TransferTo},
    ids::AgentId,
    outcome::TransferOutcome,
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    script::{Cue, Sim, fails},
    world::Refers,
};

fn human() -> Sim {
    Sim::new().says("Let me talk to a person")
}

/// Maria is reached in that way; Dan is bridged as everybody is.
fn maria(by: TransferBy, refers: Refers) -> Sim {
    human().agents(vec![Agent::accepting("maria", "Maria").by(by), Agent::accepting("dan", "Dan")]).refers(refers)
}

fn to_dan(replaces: Option<&str>) -> Does {
    Does::HandsOn(TransferTo::Agent { agent: AgentId("dan".to_owned()), replaces: replaces.map(str::to_owned) })
}

fn to_number() -> Does {
    let (number, target) = ("+40213000000".to_owned(), "via:isp/0213000000".to_owned());
    Does::HandsOn(TransferTo::Number { number, target, replaces: None })
}

/// Maria has the caller, and does this five seconds later.
fn bridged_then(does: Does) -> Agent {
    Agent::with("maria", "Maria", Phone::Answers(2_000)).does(Moment::Briefed, 500, Does::Press('1')).does(Moment::Bridged, 5_000, does)
}

#[test]
fn an_attended_transfer_takes_the_place_of_the_agents_leg() {
    let run = maria(TransferBy::Attended, Refers::Says(TransferOutcome::Connected, 3_000)).run();
    run.tells(&[
        "= maria is briefed",
        "I am connecting you with Maria",
        "= transferring to maria",
        "> transfer caller to sip:maria@127.0.0.1 in place of agent 1",
        "= transfer to maria Connected",
        "= offer to maria Accepted",
        "= owner agent maria",
        "= handoff Transferred",
        "> release maria WrapUp",
        "> hang up caller",
        "> end HandedOver",
    ])
    .never("= bridged");
}

#[test]
fn an_attended_transfer_that_fails_is_a_bridge() {
    for outcome in [TransferOutcome::Refused, TransferOutcome::Failed, TransferOutcome::Busy, TransferOutcome::Unknown] {
        let run = maria(TransferBy::Attended, Refers::Says(outcome, 3_000)).run();
        run.tells(&["= transferring to maria", &format!("= transfer to maria {outcome:?}"), "= bridged with maria", "> end HandedOver"]);
        assert_eq!(run.count("> dial"), 1);
    }
}

#[test]
fn a_blind_transfer_rings_nobody_through_us() {
    let run = maria(TransferBy::Blind, Refers::Says(TransferOutcome::Connected, 6_000)).run();
    run.tells(&[
        "= offered to maria",
        "I am connecting you with Maria",
        "> transfer caller to sip:maria@127.0.0.1",
        "= transfer to maria Connected",
        "= owner agent maria",
        "> end HandedOver",
    ])
    .never("> dial");
}

#[test]
fn a_blind_transfer_that_finds_nobody_leaves_the_caller_with_the_next_agent() {
    for (outcome, offer) in [
        (TransferOutcome::Busy, "Busy"),
        (TransferOutcome::NoAnswer, "NoAnswer"),
        (TransferOutcome::Declined, "Declined"),
        (TransferOutcome::Failed, "Unreachable"),
        (TransferOutcome::Unknown, "Unreachable"),
    ] {
        let run = maria(TransferBy::Blind, Refers::Says(outcome, 6_000)).run();
        run.tells(&[&format!("= transfer to maria {outcome:?}"), &format!("= offer to maria {offer}"), "> dial dan", "= bridged with dan"]);
    }
}

#[test]
fn where_the_callers_side_takes_no_transfers_agents_are_bridged() {
    let run = maria(TransferBy::Blind, Refers::Says(TransferOutcome::Refused, 100)).run();
    run.tells(&["= transfer to maria Refused", "> dial maria as agent 1", "= maria is briefed", "= bridged with maria"]);
    assert_eq!(run.count("> transfer caller"), 1);
}

#[test]
fn a_transfer_of_which_nothing_is_heard_comes_to_an_end() {
    let run = maria(TransferBy::Blind, Refers::Forgets).run();
    run.tells(&["= transferring to maria", "I am ringing Maria", "= transfer to maria Unknown", "= bridged with dan"]);
    assert_eq!(run.time_of("= transfer to maria Unknown") - run.time_of("= transferring to maria"), 25_000);
}

#[test]
fn a_callers_side_that_hangs_up_as_soon_as_it_tries() {
    let run = maria(TransferBy::Blind, Refers::HangsUp(2_000)).run();
    run.tells(&["= transferring to maria", "= transfer to maria Unknown", "= handoff Transferred", "> end HandedOver"]).never("> dial");
}

#[test]
fn a_caller_who_leaves_in_an_attended_transfer_has_left() {
    let sim = maria(TransferBy::Attended, Refers::Forgets).hangs_up(Cue::When("= transferring", 2_000));
    sim.run().tells(&["= transferring to maria", "The caller left", "= offer to maria CallerLeft", "> end Abandoned"]);
}

#[test]
fn the_claim_code_is_spoken_where_headers_do_not_arrive() {
    let run = human().agent(Agent::accepting("maria", "Maria").spoken_claim()).run();
    run.tells(&["The code of this call is", "> agent 1: Press one", "= bridged with maria"]);
    human().run().tells(&["= bridged with maria"]).never("The code of this call");
}

#[test]
fn an_agent_hands_the_caller_on_to_another_one() {
    let run = human().agents(vec![bridged_then(to_dan(None)), Agent::accepting("dan", "Dan")]).run();
    run.tells(&[
        "= bridged with maria",
        "> let agent 1 hand on",
        "= maria hands on to dan",
        "= owner queue",
        "> patch [caller~hold]",
        "I am ringing Dan",
        "= dan is briefed",
        "> tell agent 1 connected",
        "> hang up agent 1",
        "> release maria WrapUp",
        "= owner agent dan",
        "= bridged with dan",
        "> end HandedOver",
    ]);
}

#[test]
fn an_agent_who_spoke_with_the_other_one_before_spares_them_the_briefing() {
    let run = human().agents(vec![bridged_then(to_dan(Some("x;to-tag=a;from-tag=b"))), Agent::accepting("dan", "Dan")]).run();
    run.tells(&["= maria hands on to dan", "> dial dan as agent 2 in place of x;to-tag=a;from-tag=b", "= bridged with dan"])
        .never("> agent 2: Hello");
}

#[test]
fn an_agent_hands_the_caller_on_to_a_queue() {
    let queue = Does::HandsOn(TransferTo::Queue { queue: "complaints".to_owned() });
    let run = human().agents(vec![bridged_then(queue), fails("dan", "Dan", DialFailure::Busy), Agent::accepting("ana", "Ana")]).run();
    run.tells(&["= maria hands on to complaints", "a colleague for complaints", "= offer to dan Busy", "= bridged with ana"]);
}

#[test]
fn an_agent_hands_the_caller_on_to_a_number() {
    let outside = Agent::with("+40213000000", "", Phone::Answers(3_000)).does(Moment::Bridged, 9_000, Does::HangUp);
    let run = human().agent(bridged_then(to_number())).outside(outside).run();
    run.tells(&["= maria hands on to +40213000000", "> dial +40213000000 as agent 2", "> hang up agent 1", "= bridged with +40213000000"])
        .never("> agent 2: Hello");
}

#[test]
fn who_hands_on_in_vain_has_the_caller_back() {
    let back = |does, dan| {
        let maria = bridged_then(does).does(Moment::Bridged, 60_000, Does::HangUp);
        let run = human().agents(vec![maria, dan]).run();
        run.tells(&["= maria hands on to", "> tell agent 1 not connected", "= maria has the caller back", "<agent 1", "> end HandedOver"]);
    };
    back(to_dan(None), fails("dan", "Dan", DialFailure::Busy));
    back(to_dan(None), Agent::accepting("dan", "Dan").busy_until(500_000));
    back(to_number(), Agent::accepting("dan", "Dan"));
}

#[test]
fn a_caller_whom_nobody_wants_after_the_agent_has_left_is_not_lost() {
    let maria = bridged_then(to_dan(None)).does(Moment::Bridged, 5_500, Does::HangUp);
    let run = human().agents(vec![maria, fails("dan", "Dan", DialFailure::NoAnswer), Agent::accepting("ana", "Ana")]).run();
    run.tells(&["= maria hands on to dan", "> release maria WrapUp", "= offer to dan NoAnswer", "= bridged with ana"]);
}

#[test]
fn nobody_is_handed_on_by_an_agent_who_has_not_taken_the_call() {
    let early = Agent::accepting("maria", "Maria").does(Moment::Answered, 500, to_dan(None));
    let run = human().agents(vec![early, Agent::accepting("dan", "Dan")]).run();
    run.tells(&["> refuse agent 1 to hand on", "= bridged with maria"]).never("hands on to");
}

#[test]
fn another_telephone_takes_the_agents_place() {
    let moved = |agent: &'static str| {
        let maria = bridged_then(Does::TakenOver(agent)).does(Moment::Bridged, 20_000, Does::HangUp);
        human().agents(vec![maria, Agent::accepting("dan", "Dan").busy_until(900_000)]).run()
    };
    moved("maria").tells(&["= bridged with maria", "= taken over by maria", "> release maria WrapUp", "> end HandedOver"]);
    moved("dan").tells(&["= taken over by dan", "> release maria WrapUp", "= owner agent dan", "> end HandedOver"]);
}
