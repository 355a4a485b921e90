//! The desk, one behaviour at a time, in virtual time.

use std::collections::BTreeMap;

use warmline::{
    call::{
        action::AgentAfter,
        event::TransferBy,
        ids::{AgentId, CallId, RequestId},
    },
    desk::{Answer, Desk, Limits, Now, Overflow, Profile, Request, StateWord, Strategy},
};

pub(super) fn agent(id: &str, queues: &[&str]) -> Profile {
    Profile {
        id: AgentId(id.to_owned()),
        name: id.to_uppercase(),
        target: format!("sip:{id}@127.0.0.1"),
        transfer: TransferBy::Bridge,
        spoken_claim: false,
        queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        levels: BTreeMap::new(),
        languages: Vec::new(),
        signed_in: true,
        capacity: 1,
    }
}

pub(super) fn desk(agents: &[(&str, &[&str])]) -> Desk {
    Desk::new(Limits::default(), agents.iter().map(|(id, queues)| agent(id, queues)).collect(), Now(0))
}

pub(super) fn call(id: &str) -> CallId {
    CallId(id.to_owned())
}

pub(super) fn who(id: &str) -> AgentId {
    AgentId(id.to_owned())
}

/// A call that wants anybody of a queue.
pub(super) fn asks(id: &str, queue: &str) -> Request {
    Request {
        call: call(id),
        id: RequestId(1),
        queue: queue.to_owned(),
        language: None,
        not: Vec::new(),
        who: None,
        ahead_ms: 0,
        caller: None,
        prefer: None,
        reads: false,
    }
}

pub(super) fn find(desk: &mut Desk, id: &str, queue: &str, not: &[&str], at: u64) {
    desk.find(Request { not: not.iter().map(|agent| who(agent)).collect(), ..asks(id, queue) }, Now(at));
}

/// What the calls were told, in short.
pub(super) fn told(desk: &mut Desk) -> Vec<String> {
    std::iter::from_fn(|| desk.poll())
        .map(|notice| match notice.answer {
            Answer::Reserved { agent } => format!("{} gets {}", notice.call.0, agent.id.0),
            Answer::Queued { position, estimate_s: None } => format!("{} is {position}", notice.call.0),
            Answer::Queued { position, estimate_s: Some(seconds) } => format!("{} is {position} in {seconds} s", notice.call.0),
            Answer::Nobody => format!("{} gets nobody", notice.call.0),
            Answer::PageClosed { agent } => format!("{} loses the page of {}", notice.call.0, agent.0),
        })
        .collect()
}

pub(super) fn state(desk: &Desk, id: &str) -> StateWord {
    desk.view().into_iter().find(|agent| agent.id.0 == id).unwrap().state
}

#[test]
fn the_agent_who_has_been_idle_longest_is_asked_first() {
    let mut desk = desk(&[("a", &["orders"]), ("b", &["orders"])]);
    find(&mut desk, "one", "orders", &[], 10);
    desk.release(&call("one"), &who("a"), AgentAfter::Free, Now(20));
    find(&mut desk, "two", "orders", &[], 30);
    find(&mut desk, "three", "orders", &[], 30);
    assert_eq!(told(&mut desk), ["one gets a", "two gets b", "three gets a"]);
}

#[test]
fn calls_wait_in_order_and_hear_their_positions() {
    let mut desk = desk(&[("a", &["orders"])]);
    for id in ["one", "two", "three"] {
        find(&mut desk, id, "orders", &[], 10);
    }
    assert_eq!(told(&mut desk), ["one gets a", "two is 1", "three is 2"]);
    desk.release(&call("one"), &who("a"), AgentAfter::Free, Now(20));
    assert_eq!(told(&mut desk), ["two gets a", "three is 1"]);
    desk.ended(&call("two"), Now(30));
    assert_eq!(told(&mut desk), ["three gets a"]);
}

#[test]
fn queues_do_not_wait_for_each_other() {
    let mut desk = desk(&[("a", &["orders"]), ("b", &["billing"])]);
    find(&mut desk, "one", "orders", &[], 10);
    find(&mut desk, "two", "orders", &[], 10);
    find(&mut desk, "three", "billing", &[], 10);
    assert_eq!(told(&mut desk), ["one gets a", "two is 1", "three gets b"]);
}

#[test]
fn nobody_means_that_nobody_who_could_take_it_is_there() {
    let mut desk = desk(&[("a", &["orders"])]);
    find(&mut desk, "one", "nowhere", &[], 10);
    find(&mut desk, "two", "orders", &["a"], 10);
    assert_eq!(told(&mut desk), ["one gets nobody", "two gets nobody"]);
    find(&mut desk, "three", "orders", &[], 10);
    find(&mut desk, "four", "orders", &[], 10);
    // The agent will leave after the call at hand: there is nothing to wait for.
    assert!(desk.set_available(&who("a"), false, Now(20)));
    assert_eq!(told(&mut desk), ["three gets a", "four is 1", "four gets nobody"]);
    desk.release(&call("three"), &who("a"), AgentAfter::Free, Now(30));
    assert_eq!(state(&desk, "a"), StateWord::Away);
}

#[test]
fn a_call_whose_offer_failed_keeps_its_place() {
    let mut desk = desk(&[("a", &["orders"]), ("b", &["orders"])]);
    for id in ["one", "two", "three"] {
        find(&mut desk, id, "orders", &[], 10);
    }
    assert_eq!(told(&mut desk), ["one gets a", "two gets b", "three is 1"]);
    desk.release(&call("one"), &who("a"), AgentAfter::Resting, Now(20));
    find(&mut desk, "one", "orders", &["a"], 20);
    assert_eq!(told(&mut desk), ["one is 1", "three is 2"]);
    desk.release(&call("two"), &who("b"), AgentAfter::Free, Now(30));
    assert_eq!(told(&mut desk), ["one gets b", "three is 1"]);
}

#[test]
fn pauses_end_by_themselves_and_bring_the_next_call() {
    let mut desk = desk(&[("a", &["orders"])]);
    find(&mut desk, "one", "orders", &[], 0);
    desk.bridged(&call("one"), &who("a"), Now(5_000));
    find(&mut desk, "two", "orders", &[], 6_000);
    assert_eq!(told(&mut desk), ["one gets a", "two is 1"]);
    desk.release(&call("one"), &who("a"), AgentAfter::WrapUp, Now(60_000));
    assert_eq!((state(&desk, "a"), desk.poll_timeout()), (StateWord::WrapUp, Some(Now(70_000))));
    desk.handle_timeout(Now(69_999));
    assert!(told(&mut desk).is_empty());
    desk.handle_timeout(Now(70_000));
    assert_eq!(told(&mut desk), ["two gets a"]);
    desk.release(&call("two"), &who("a"), AgentAfter::Resting, Now(80_000));
    assert_eq!((state(&desk, "a"), desk.poll_timeout()), (StateWord::Resting, Some(Now(110_000))));
    // An agent who says so is there at once.
    assert!(desk.set_available(&who("a"), true, Now(81_000)));
    assert_eq!((state(&desk, "a"), desk.poll_timeout()), (StateWord::Available, None));
}

#[test]
fn an_estimate_is_given_when_there_is_something_to_tell_it_from() {
    let mut desk = desk(&[("a", &["orders"])]);
    let mut at = 0;
    for id in ["one", "two", "three"] {
        find(&mut desk, id, "orders", &[], at);
        desk.bridged(&call(id), &who("a"), Now(at));
        find(&mut desk, "waits", "orders", &[], at);
        desk.leave(&call("waits"), RequestId(1), Now(at));
        desk.release(&call(id), &who("a"), AgentAfter::WrapUp, Now(at + 50_000));
        at += 60_000;
        desk.handle_timeout(Now(at));
    }
    assert_eq!(told(&mut desk), ["one gets a", "waits is 1", "two gets a", "waits is 1", "three gets a", "waits is 1"]);
    find(&mut desk, "four", "orders", &[], at);
    find(&mut desk, "five", "orders", &[], at);
    find(&mut desk, "six", "orders", &[], at);
    // Three conversations of 50 s with 10 s of wrap-up each.
    assert_eq!(told(&mut desk), ["four gets a", "five is 1 in 60 s", "six is 2 in 120 s"]);
}

#[test]
fn leaving_the_queue_frees_an_agent_who_was_just_reserved() {
    let mut desk = desk(&[("a", &["orders"])]);
    find(&mut desk, "one", "orders", &[], 0);
    find(&mut desk, "two", "orders", &[], 0);
    // The report "one gets a" is still on its way.
    desk.leave(&call("one"), RequestId(1), Now(1));
    assert_eq!(told(&mut desk), ["one gets a", "two is 1", "two gets a"]);
    // What the first call says later about an agent who is no longer its own is without effect.
    desk.release(&call("one"), &who("a"), AgentAfter::Resting, Now(2));
    desk.leave(&call("one"), RequestId(1), Now(2));
    assert_eq!((state(&desk, "a"), told(&mut desk).len()), (StateWord::Ringing, 0));
}

#[test]
fn asking_twice_gives_the_same_answer_once_more() {
    let mut desk = desk(&[("a", &["orders"])]);
    find(&mut desk, "one", "orders", &[], 0);
    find(&mut desk, "one", "orders", &[], 1);
    find(&mut desk, "two", "orders", &[], 2);
    find(&mut desk, "two", "orders", &[], 3);
    assert_eq!(told(&mut desk), ["one gets a", "one gets a", "two is 1", "two is 1"]);
}

#[test]
fn a_full_queue_takes_no_more() {
    let mut desk = Desk::new(Limits { queue_places: 1, ..Limits::default() }, vec![agent("a", &["orders"])], Now(0));
    for id in ["one", "two", "three"] {
        find(&mut desk, id, "orders", &[], 0);
    }
    assert_eq!(told(&mut desk), ["one gets a", "two is 1", "three gets nobody"]);
}

#[test]
fn languages_are_matched_by_their_first_part() {
    let mut ro = agent("a", &["orders"]);
    ro.languages = vec!["ro".to_owned()];
    let mut en = agent("b", &["orders"]);
    en.languages = vec!["en-GB".to_owned()];
    let mut desk = Desk::new(Limits::default(), vec![ro, en], Now(0));
    let ask = |id: &str, language: &str| Request { language: Some(language.to_owned()), ..asks(id, "orders") };
    desk.find(ask("one", "en"), Now(0));
    desk.find(ask("two", "de"), Now(0));
    desk.find(ask("three", "ro-RO"), Now(0));
    assert_eq!(told(&mut desk), ["one gets b", "two gets nobody", "three gets a"]);
}

fn ask(desk: &mut Desk, id: &str, queue: &str, ahead_s: u64, caller: Option<&str>, at: u64) {
    desk.find(Request { ahead_ms: ahead_s * 1_000, caller: caller.map(str::to_owned), ..asks(id, queue) }, Now(at));
}

#[test]
fn who_looks_after_a_caller_is_asked_first_if_they_are_free() {
    let mut desk = desk(&[("a", &["orders"]), ("b", &["orders"]), ("c", &["accounts"])]);
    let wants = |id: &str, prefer: &str| Request { prefer: Some(who(prefer)), ..asks(id, "orders") };
    desk.find(wants("1", "b"), Now(0));
    assert_eq!(told(&mut desk), ["1 gets b"]);
    // Theirs is busy: then anybody, and at once.
    desk.find(wants("2", "b"), Now(1));
    assert_eq!(told(&mut desk), ["2 gets a"]);
    // Whoever does not serve the queue is not asked for it, whoever looks after the caller.
    desk.find(wants("3", "c"), Now(2));
    assert_eq!(told(&mut desk), ["3 is 1"]);
}

#[test]
fn an_urgent_call_goes_ahead_of_those_who_have_not_waited_for_so_long() {
    let mut desk = desk(&[("a", &["orders"])]);
    ask(&mut desk, "1", "orders", 0, None, 0);
    ask(&mut desk, "2", "orders", 0, None, 10_000);
    ask(&mut desk, "3", "orders", 0, None, 50_000);
    told(&mut desk);
    ask(&mut desk, "urgent", "orders", 30, None, 60_000);
    assert_eq!(told(&mut desk), ["urgent is 2", "3 is 3"], "behind who has waited for 50 s, before who has for 10 s");
    // However many urgent calls come, who has waited longer than they go ahead is served before them.
    desk.release(&call("1"), &who("a"), AgentAfter::Free, Now(61_000));
    assert_eq!(told(&mut desk)[0], "2 gets a");
}

#[test]
fn who_rings_again_gets_the_same_agent_if_they_are_free() {
    let mut desk = desk(&[("a", &["orders"]), ("b", &["orders"])]);
    let talk = |desk: &mut Desk, id: &str, at: u64| {
        ask(desk, id, "orders", 0, Some("+40722"), at);
        let told = told(desk);
        let agent = who(told[0].split(' ').next_back().unwrap());
        desk.bridged(&call(id), &agent, Now(at + 1_000));
        desk.release(&call(id), &agent, AgentAfter::Free, Now(at + 60_000));
        desk.ended(&call(id), Now(at + 60_000));
        told
    };
    assert_eq!(talk(&mut desk, "1", 0), ["1 gets a"]);
    assert_eq!(talk(&mut desk, "2", 100_000), ["2 gets a"], "though b has been idle longer");
    ask(&mut desk, "other", "orders", 0, Some("+40733"), 200_000);
    assert_eq!(told(&mut desk), ["other gets b"]);
    // Their agent has a call: another one is better than waiting.
    desk.ended(&call("other"), Now(201_000));
    assert!(desk.set_available(&who("a"), false, Now(201_000)));
    assert_eq!(talk(&mut desk, "3", 202_000), ["3 gets b"]);
    assert!(desk.set_available(&who("a"), true, Now(300_000)));
    assert_eq!(talk(&mut desk, "4", 400_000), ["4 gets b"], "the last one counts");
    assert_eq!(talk(&mut desk, "5", 400_000 + 25 * 3_600_000), ["5 gets a"], "long ago is forgotten");
}

#[test]
fn the_best_at_it_is_asked_first_where_skills_count() {
    let skilled = |id: &str, level| Profile { levels: BTreeMap::from([("orders".to_owned(), level)]), ..agent(id, &["orders"]) };
    let agents = || vec![skilled("a", 2), skilled("b", 4), skilled("c", 4)];
    let mut idle = Desk::new(Limits::default(), agents(), Now(0));
    ask(&mut idle, "1", "orders", 0, None, 0);
    assert_eq!(told(&mut idle), ["1 gets a"]);
    let mut skill = Desk::new(Limits { strategy: Strategy::BestSkill, ..Limits::default() }, agents(), Now(0));
    for (id, agent) in [("1", "b"), ("2", "c"), ("3", "a")] {
        ask(&mut skill, id, "orders", 0, None, 0);
        assert_eq!(told(&mut skill), [format!("{id} gets {agent}")]);
    }
}

#[test]
fn a_call_that_has_waited_goes_to_the_other_queues_agents_too() {
    let overflow = BTreeMap::from([("orders".to_owned(), Overflow { to: "general".to_owned(), after_ms: 60_000 })]);
    let agents = vec![agent("a", &["orders"]), agent("g", &["general"])];
    let mut desk = Desk::new(Limits { overflow, ..Limits::default() }, agents, Now(0));
    ask(&mut desk, "1", "orders", 0, None, 0);
    ask(&mut desk, "2", "orders", 0, None, 1_000);
    assert_eq!(told(&mut desk), ["1 gets a", "2 is 1"], "g is free, and not asked yet");
    // Until then their pages may come back after the start.
    desk.handle_timeout(Now(10_000));
    assert_eq!(desk.poll_timeout(), Some(Now(61_000)));
    desk.handle_timeout(Now(61_000));
    assert_eq!(told(&mut desk), ["2 gets g"]);
    desk.release(&call("2"), &who("g"), AgentAfter::Free, Now(70_000));
    desk.ended(&call("2"), Now(70_000));
    // Nobody of the queue is there: no need to wait.
    assert!(desk.set_available(&who("a"), false, Now(71_000)));
    ask(&mut desk, "3", "orders", 0, None, 72_000);
    assert_eq!(told(&mut desk), ["3 gets g"]);
}

#[test]
fn a_colleague_who_is_asked_is_busy_and_the_caller_is_not_theirs_until_they_have_them() {
    let mut desk = desk(&[("a", &["orders"]), ("b", &["orders"])]);
    let ask = |desk: &mut Desk, id: &str, request: u64, queue: &str, at: u64| {
        desk.find(Request { id: RequestId(request), caller: Some("+40721".to_owned()), ..asks(id, queue) }, Now(at));
    };
    ask(&mut desk, "one", 1, "orders", 10);
    desk.bridged(&call("one"), &who("a"), Now(20));
    ask(&mut desk, "one", 2, "orders", 30);
    desk.consulted(&call("one"), &who("b"), Now(40));
    assert_eq!(told(&mut desk), ["one gets a", "one gets b"]);
    assert_eq!((state(&desk, "a"), state(&desk, "b")), (StateWord::Busy, StateWord::Busy));
    ask(&mut desk, "two", 1, "orders", 50);
    assert_eq!(told(&mut desk), ["two is 1"], "b has one call, and no second one");
    desk.leave(&call("two"), RequestId(1), Now(60));
    // b was only asked: whoever rings back is a's.
    desk.release(&call("one"), &who("b"), AgentAfter::WrapUp, Now(70));
    assert_eq!(state(&desk, "b"), StateWord::WrapUp);
    desk.ended(&call("one"), Now(80));
    desk.handle_timeout(Now(60_000));
    ask(&mut desk, "three", 1, "orders", 60_010);
    assert_eq!(told(&mut desk), ["three gets a"]);
    // Now b has the caller, and is who is known to them.
    ask(&mut desk, "three", 2, "orders", 60_020);
    desk.consulted(&call("three"), &who("b"), Now(60_030));
    desk.bridged(&call("three"), &who("b"), Now(60_040));
    desk.ended(&call("three"), Now(60_050));
    desk.handle_timeout(Now(120_000));
    ask(&mut desk, "four", 1, "orders", 120_010);
    assert_eq!(told(&mut desk), ["three gets b", "four gets b"]);
}
