//! The one stream of what happens to all calls.

use serde_json::json;
use warmline::call::{ids::CallId, outcome::Outcome};

use super::support::{code, served};
use crate::store::samples::{ended, said, whole_call};

#[tokio::test]
async fn a_call_is_told_in_the_words_of_webhooks() {
    let served = served().await;
    let mut stream = served.stream("/api/v1/stream", None).await;
    let mut call = served.live("one", 0);
    for what in whole_call() {
        call.write(7_000, what);
    }
    call.write(9_000, ended(Outcome::HandedOver));
    let got = stream.take(8).await;
    let names: Vec<&str> = got.iter().map(|event| event.name.as_str()).collect();
    let wanted = ["started", "turn", "turn", "escalated", "offered", "accepted", "bridged", "ended"].map(|word| format!("call.{word}"));
    assert_eq!(names, wanted);
    for event in &got {
        assert_eq!((&event.data["type"], &event.data["data"]["call"]["id"]), (&json!(event.name), &json!("one")));
        assert_eq!(event.data["id"], event.id.unwrap().to_string());
    }
    assert!(got.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert_eq!(got[1].data["data"]["entry"]["text"], "Where is my order?");
    assert_eq!(got[7].data["timestamp"], "2026-11-22T10:46:09.000Z");
    assert_eq!(got[7].data["data"]["call"]["outcome"], "handed_over");
}

#[tokio::test]
async fn a_returning_reader_misses_nothing_and_gets_nothing_twice() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let mut stream = served.stream("/api/v1/stream", None).await;
    for index in 0..10 {
        call.write(index, said("word"));
    }
    let seen = stream.take(4).await.last().unwrap().id;
    drop(stream);
    call.write(100, said("while away"));
    let mut stream = served.stream("/api/v1/stream", seen).await;
    let ids: Vec<_> = stream.take(7).await.iter().map(|got| got.id.unwrap()).collect();
    let wanted: Vec<_> = (1..=7).map(|step| seen.unwrap() + step).collect();
    assert_eq!(ids, wanted);
    let mut stream = served.stream(&format!("/api/v1/stream?after={}&types=call.turn", wanted[5]), None).await;
    assert_eq!(stream.next().await.unwrap().data["data"]["entry"]["text"], "while away");
}

#[tokio::test]
async fn a_reader_who_was_away_too_long_is_told_so() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let mut stream = served.stream("/api/v1/stream", None).await;
    call.write(1, said("first"));
    let first = stream.next().await.unwrap().id;
    for index in 0..8_192 {
        call.write(index, said("word"));
    }
    // The one that it has is just gone: nothing is missed.
    let mut stream = served.stream("/api/v1/stream", first).await;
    assert_eq!(stream.next().await.unwrap().id, first.map(|id| id + 1));
    call.write(9_000, said("one more"));
    let mut stream = served.stream("/api/v1/stream", first).await;
    assert_eq!(stream.next().await.unwrap().name, "missed");
    assert_eq!(stream.next().await.unwrap().id, first.map(|id| id + 2));
    // So is somebody who has been told of by an earlier run.
    let mut stream = served.stream("/api/v1/stream?after=5", None).await;
    assert_eq!(stream.next().await.unwrap().name, "missed");
}

#[tokio::test]
async fn only_wanted_kinds_are_told() {
    let served = served().await;
    let mut stream = served.stream("/api/v1/stream?types=call.ended,%20call.started", None).await;
    let mut call = served.live("one", 0);
    for what in whole_call() {
        call.write(7_000, what);
    }
    // Its task breaks down: that is an end, too.
    drop(call);
    let names: Vec<_> = stream.take(2).await.into_iter().map(|event| event.name).collect();
    assert_eq!(names, ["call.started", "call.ended"]);
    assert_eq!(code(served.get("/api/v1/stream?types=call.paused").await).await, (400, "bad_request".to_owned()));
    assert_eq!(code(served.get("/api/v1/stream?types=").await).await, (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn an_end_is_told_at_once_and_last_words_come_behind_it() {
    let served = served().await;
    let mut stream = served.stream("/api/v1/stream?types=call.ended,call.turn", None).await;
    let mut call = served.live("one", 0);
    let mut own = served.stream("/api/v1/calls/one/events", None).await;
    call.write(5_000, ended(Outcome::HandedOver));
    assert_eq!(stream.next().await.unwrap().name, "call.ended");
    std::fs::write(served.parts.store.recording_path(&CallId("one".to_owned())), b"sound").unwrap();
    let head = served.json("/api/v1/calls/one").await["head"].clone();
    assert_eq!((&head["state"], &head["recording"]), (&json!("ended"), &json!(false)), "what is not whole yet is not given out");
    assert_eq!(served.get("/api/v1/calls/one/recording").await.status(), 404);
    assert_eq!(code(served.get("/api/v1/calls/one/vcon").await).await, (409, "call_live".to_owned()));

    call.write(4_800, said("Thank you and goodbye"));
    assert_eq!(stream.next().await.unwrap().data["data"]["entry"]["text"], "Thank you and goodbye");
    assert_eq!(own.take(2).await[1].data["text"], "Thank you and goodbye");
    drop(call);
    served.parts.store.flush().await;
    let whole = served.json("/api/v1/calls/one").await;
    assert_eq!((&whole["head"]["recording"], &whole["head"]["duration_ms"]), (&json!(true), &json!(5_000)));
    assert_eq!(whole["entries"].as_array().unwrap().len(), 2);
}
