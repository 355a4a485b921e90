//! The time that waiting callers are told: near what they then wait, on random days, and right about whom they wait for.

use std::{fs, process::Command};

use serde_json::Value;
use warmline::{call::action::AgentAfter, desk::Now};

use super::stories::{call, desk, find, told, who};

/// Three conversations of a minute, wrap-up included, that "a" has had in each of these queues.
fn after_three(agents: &[(&str, &[&str])], queues: &[&str]) -> (warmline::desk::Desk, u64) {
    let (mut desk, mut at) = (desk(agents), 0);
    for (number, queue) in queues.iter().flat_map(|queue| [queue; 3]).enumerate() {
        let id = format!("before-{number}");
        find(&mut desk, &id, queue, &[], at);
        let agent = told(&mut desk)[0].rsplit(' ').next().unwrap().to_owned();
        desk.bridged(&call(&id), &who(&agent), Now(at));
        desk.release(&call(&id), &who(&agent), AgentAfter::WrapUp, Now(at + 50_000));
        at += 60_000;
        desk.handle_timeout(Now(at));
    }
    (desk, at)
}

#[test]
fn whoever_waits_for_the_same_agent_in_another_queue_counts() {
    let (mut desk, at) = after_three(&[("a", &["orders", "billing"])], &["orders", "billing"]);
    find(&mut desk, "one", "orders", &[], at);
    find(&mut desk, "two", "billing", &[], at);
    find(&mut desk, "three", "orders", &[], at);
    // Each is the first of their queue but "one" of all: "three" is behind a caller of another queue.
    assert_eq!(told(&mut desk), ["one gets a", "two is 1 in 60 s", "three is 1 in 120 s"]);
}

#[test]
fn how_long_they_have_talked_already_counts_and_the_agents_who_come_and_go() {
    let (mut desk, at) = after_three(&[("a", &["orders"]), ("b", &["orders"])], &["orders"]);
    desk.set_available(&who("b"), false, Now(at));
    find(&mut desk, "one", "orders", &[], at);
    desk.bridged(&call("one"), &who("a"), Now(at));
    find(&mut desk, "two", "orders", &[], at + 45_000);
    assert_eq!(told(&mut desk), ["one gets a", "two is 1 in 15 s"]);
    find(&mut desk, "three", "orders", &[], at + 45_000);
    assert_eq!(told(&mut desk), ["three is 2 in 75 s"]);
    // The one comes who takes the first of them, and goes again.
    desk.set_available(&who("b"), true, Now(at + 46_000));
    assert_eq!(told(&mut desk), ["two gets b", "three is 1 in 14 s"]);
    desk.set_available(&who("a"), false, Now(at + 46_000));
    assert_eq!(told(&mut desk), ["three is 1 in 60 s"]);
}

#[test]
fn the_time_that_callers_are_told_is_near_what_they_wait() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("waits.json");
    let run = Command::new(env!("CARGO_BIN_EXE_warmline")).args(["eval", "waits", "--days", "3", "--json"]).arg(&file).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let all: Vec<Value> = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(all.len(), 12, "four desks at three loads");
    for one in &all {
        let figure = |key: &str| one[key].as_f64().unwrap();
        // Of one agent the next conversation is all there is: nobody knows how long it will last.
        let alone = one["desk"] == "1 agent";
        assert!(figure("told") >= 50.0, "{one}");
        // "About two minutes" is never ten, but for one in twenty where there is one agent, and for one in a hundred elsewhere.
        assert!(figure("far_too_short") <= if alone { 6.0 } else { 1.0 }, "{one}");
        assert!(figure("within") >= if alone { 40.0 } else { 65.0 }, "{one}");
        assert!(figure("bias_s").abs() <= if alone { 200.0 } else { 40.0 }, "{one}");
    }
}
