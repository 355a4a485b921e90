//! Figures for the supervisors' wall, and how webhooks stand.

use serde_json::json;
use warmline::{
    call::{
        ids::CallId,
        outcome::{HandoffOutcome, Outcome},
        record::{HandoffStep, What},
    },
    desk::{ServiceLevel, ServiceLevels},
    store::{QueueFigures, Store},
    view::Stamp,
};

use super::support::{Served, code, served};
use crate::store::samples::{STARTED_MS, asks_again, ended, escalates, handoff_ended, maria, new_call, said, step, summary, write};

/// Calls of ten minutes: two with the bot alone, four who wanted a human and got one after so many milliseconds, one who hung up, one callback.
async fn calls(store: &Store) {
    for (minute, to_agent) in [None, None, Some(4_000), Some(9_000), Some(21_000), Some(60_000)].into_iter().enumerate() {
        let mut log = store.begin(new_call(&format!("call-{minute}"), minute as u64));
        write(&mut log, 10, said("Hello?"));
        if let Some(ms) = to_agent {
            write(&mut log, 20, escalates());
            write(&mut log, 25, handoff_started());
            write(&mut log, 30, step(HandoffStep::Bridged { agent: maria(), time_to_agent_ms: ms, longest_silence_ms: 1 }));
            write(&mut log, 40, step(handoff_ended(HandoffOutcome::Bridged)));
            (0..u32::try_from(ms / 30_000).unwrap() + u32::from(ms < 5_000)).for_each(|_| _ = write(&mut log, 45, asks_again()));
        }
        write(&mut log, 50, ended(if to_agent.is_some() { Outcome::HandedOver } else { Outcome::Contained }));
    }
    for (minute, outcome) in [(8, HandoffOutcome::CallerLeft), (9, HandoffOutcome::Callback)] {
        let mut log = store.begin(new_call(&format!("call-{minute}"), minute));
        write(&mut log, 20, escalates());
        write(&mut log, 30, handoff_started());
        write(&mut log, 40, step(handoff_ended(outcome)));
        write(&mut log, 50, ended(Outcome::Abandoned));
    }
    // And one that keeps that promise: it did not arrive, and nobody waited on the line.
    let mut log = store.begin(new_call("call-10", 10));
    write(&mut log, 10, What::CallsBack { of: CallId("call-9".to_owned()) });
    write(&mut log, 20, escalates());
    write(&mut log, 25, handoff_started());
    write(&mut log, 30, step(HandoffStep::Bridged { agent: maria(), time_to_agent_ms: 100, longest_silence_ms: 1 }));
    write(&mut log, 40, step(handoff_ended(HandoffOutcome::Bridged)));
    write(&mut log, 50, ended(Outcome::HandedOver));
    store.flush().await;
}

fn handoff_started() -> What {
    step(HandoffStep::Started { queue: "orders".to_owned(), summary: summary() })
}

#[tokio::test]
async fn calls_are_counted_from_a_moment_on() {
    let served: Served = served().await;
    calls(&served.parts.store).await;
    let all = served.parts.store.figures(Stamp(STARTED_MS), 20_000).await.unwrap();
    let got = serde_json::to_value(&all).unwrap();
    let wanted = json!({
        "calls": 8, "contained": 2, "escalated": 6, "handed_over": 4, "in_time": 2, "callbacks": 1, "gave_up": 1,
        "median_to_agent_ms": 9_000, "longest_to_agent_ms": 60_000, "reasons": [{"reason": "asked_for_human", "calls": 6}], "asked_again": 3,
        "asked_again_by": [{"agent": "maria", "flow": "support.en", "questions": 3, "calls": 2}],
    });
    assert_eq!(got, wanted);
    let late = served.parts.store.figures(Stamp(STARTED_MS + 5 * 60_000), 60_000).await.unwrap();
    assert_eq!((late.calls, late.in_time, late.median_to_agent_ms), (3, 1, Some(60_000)));
    let none = served.parts.store.figures(Stamp(STARTED_MS + 60 * 60_000), 60_000).await.unwrap();
    assert_eq!(none, warmline::store::Figures::default());
}

#[tokio::test]
async fn each_queue_is_held_to_its_own_promise() {
    let served: Served = served().await;
    calls(&served.parts.store).await;
    let mut levels = ServiceLevels::default();
    let of = async |levels: &ServiceLevels| served.parts.store.queue_figures(Stamp(STARTED_MS), levels).await.unwrap();
    let queues = of(&levels).await;
    assert_eq!(queues["orders"], QueueFigures { wanted: 6, answered: 4, in_time: 2, gave_up: 1 });
    assert_eq!(queues["orders"].level(), Some(40.0), "who was called back instead is neither");
    levels.queues.insert("orders".to_owned(), ServiceLevel { percent: 90, within_s: 21 });
    assert_eq!(of(&levels).await["orders"].in_time, 3);
    assert_eq!(QueueFigures::default().level(), None);
    assert!(served.parts.store.queue_figures(Stamp(STARTED_MS + 60 * 60_000), &levels).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_wall_asks_for_minutes() {
    let served = served().await;
    let wall = served.json("/api/v1/figures?minutes=60").await;
    assert_eq!((&wall["service_level_s"], &wall["figures"]["calls"]), (&json!(20), &json!(0)));
    for wrong in ["minutes=0", "minutes=10081", "minutes=x", "hours=1"] {
        assert_eq!(code(served.get(&format!("/api/v1/figures?{wrong}")).await).await, (400, "bad_request".to_owned()), "{wrong}");
    }
}

#[tokio::test]
async fn webhooks_that_are_not_there_are_told_so() {
    let served = served().await;
    assert_eq!(served.json("/api/v1/webhooks").await, json!({"webhooks": []}));
    assert_eq!(code(served.get("/api/v1/webhooks/crm/dead").await).await, (404, "no_such_webhook".to_owned()));
    assert_eq!(code(served.post("/api/v1/webhooks/crm/replay", &json!({})).await).await, (404, "no_such_webhook".to_owned()));
    assert_eq!(code(served.post("/api/v1/webhooks/crm/dead/x/replay", &json!({})).await).await, (404, "no_such_message".to_owned()));
}
