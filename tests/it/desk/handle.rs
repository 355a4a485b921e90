//! The desk as calls use it.

use std::{collections::BTreeMap, time::Duration};

use tokio::sync::mpsc;
use warmline::{
    call::{
        action::AgentAfter,
        event::{Event, TransferBy},
        ids::{AgentId, CallId, RequestId},
    },
    desk::{DeskHandle, Limits, Profile, Request},
};

use super::stories::asks;

fn maria() -> AgentId {
    AgentId("maria".to_owned())
}

fn open(limits: Limits) -> DeskHandle {
    let target = "sip:maria@127.0.0.1".to_owned();
    DeskHandle::open(
        limits,
        vec![Profile {
            id: maria(),
            name: "Maria".to_owned(),
            target,
            transfer: TransferBy::Bridge,
            spoken_claim: false,
            queues: vec!["orders".to_owned()],
            levels: BTreeMap::new(),
            languages: Vec::new(),
            signed_in: true,
            capacity: 1,
        }],
    )
}

fn request(call: &str) -> Request {
    Request { id: RequestId(7), ..asks(call, "orders") }
}

#[tokio::test]
async fn answers_reach_the_calls_that_asked() {
    let desk = open(Limits::default());
    let (one, mut hears_one) = mpsc::channel(8);
    let (two, mut hears_two) = mpsc::channel(8);
    desk.find(request("one"), &one);
    desk.find(request("two"), &two);
    assert!(matches!(hears_one.recv().await, Some(Event::AgentReserved { id: RequestId(7), agent }) if agent.id == maria()));
    assert_eq!(hears_two.recv().await, Some(Event::Queued { id: RequestId(7), position: 1, estimate_s: None }));
    desk.release(&CallId("one".to_owned()), &maria(), AgentAfter::Free);
    assert!(matches!(hears_two.recv().await, Some(Event::AgentReserved { .. })));
    desk.ended(&CallId("two".to_owned()));
    assert!(desk.watch().borrow()[0].calls.is_empty());
}

#[tokio::test]
async fn a_pause_ends_without_anybody_asking() {
    let desk = open(Limits { wrap_up_ms: 50, ..Limits::default() });
    let (one, mut hears_one) = mpsc::channel(8);
    let (two, mut hears_two) = mpsc::channel(8);
    desk.find(request("one"), &one);
    desk.bridged(&CallId("one".to_owned()), &maria());
    desk.find(request("two"), &two);
    desk.release(&CallId("one".to_owned()), &maria(), AgentAfter::WrapUp);
    assert!(hears_one.recv().await.is_some());
    assert!(matches!(hears_two.recv().await, Some(Event::Queued { .. })));
    let served = tokio::time::timeout(Duration::from_secs(30), hears_two.recv()).await.unwrap();
    assert!(matches!(served, Some(Event::AgentReserved { .. })));
}

#[tokio::test]
async fn an_answer_that_must_arrive_waits_for_a_full_channel() {
    let desk = open(Limits::default());
    let (one, mut hears_one) = mpsc::channel(1);
    one.send(Event::Drain).await.unwrap();
    desk.find(request("one"), &one);
    assert_eq!(hears_one.recv().await, Some(Event::Drain));
    assert!(matches!(hears_one.recv().await, Some(Event::AgentReserved { .. })));
}

#[tokio::test]
async fn an_agent_of_a_call_that_is_gone_is_free_again() {
    let desk = open(Limits::default());
    let (one, hears_one) = mpsc::channel(1);
    desk.find(request("one"), &one);
    drop(hears_one);
    let task = tokio::spawn({
        let at_desk = desk.enter(CallId("one".to_owned()));
        async move {
            let _at_desk = at_desk;
            panic!("a call's task fails");
        }
    });
    assert!(task.await.is_err());
    let (two, mut hears_two) = mpsc::channel(1);
    desk.find(request("two"), &two);
    assert!(matches!(hears_two.recv().await, Some(Event::AgentReserved { .. })));
}
