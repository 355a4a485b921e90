//! Live events of one call, and of the list.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpSocket,
};
use warmline::{
    call::{ids::CallId, outcome::Outcome},
    http::Options,
};

use super::support::{code, served, served_with};
use crate::store::samples::{ended, harmful_words, hearing, said, whole_call};

#[tokio::test]
async fn a_reader_gets_what_was_and_what_comes_and_the_end() {
    let served = served().await;
    let mut call = served.live("one", 0);
    call.write(100, said("first"));
    call.write(200, said("second"));
    let mut stream = served.stream("/api/v1/calls/one/events", None).await;
    let past = stream.take(2).await;
    assert_eq!((past[0].id, past[0].name.as_str(), &past[0].data["text"]), (Some(1), "entry", &"first".into()));
    assert_eq!(
        (past[1].id, &past[1].data["seq"], &past[1].data["at"], &past[1].data["what"]),
        (Some(2), &2.into(), &200.into(), &"caller_turn".into())
    );
    call.write(300, said("third"));
    assert_eq!(stream.next().await.unwrap().data["text"], "third");
    call.write(400, ended(Outcome::Contained));
    drop(call);
    let rest = stream.rest().await;
    assert_eq!(rest.iter().map(|got| got.name.as_str()).collect::<Vec<_>>(), ["entry", "end"]);
}

#[tokio::test]
async fn a_returning_reader_misses_nothing_and_gets_nothing_twice() {
    let served = served().await;
    let mut call = served.live("one", 0);
    for index in 0..10 {
        call.write(index, said("word"));
    }
    let mut stream = served.stream("/api/v1/calls/one/events", None).await;
    let seen = stream.take(4).await.last().unwrap().id;
    drop(stream);
    call.write(100, said("while away"));
    let mut stream = served.stream("/api/v1/calls/one/events", seen).await;
    let ids: Vec<_> = stream.take(7).await.iter().map(|got| got.id.unwrap()).collect();
    assert_eq!(ids, [5, 6, 7, 8, 9, 10, 11]);
    let mut stream = served.stream("/api/v1/calls/one/events?after=10", None).await;
    assert_eq!(stream.next().await.unwrap().id, Some(11));
}

#[tokio::test]
async fn a_call_that_only_the_store_knows_is_played_to_its_end() {
    let served = served().await;
    let mut call = served.live("one", 0);
    for what in whole_call() {
        call.write(1_000, what);
    }
    call.write(2_000, ended(Outcome::HandedOver));
    drop(call);
    // So many later calls that the hub has forgotten this one.
    for index in 0..300 {
        drop(served.live(&format!("later-{index}"), 1));
    }
    served.parts.store.flush().await;
    assert!(served.parts.hub.head(&CallId("one".to_owned())).is_none());
    let all = served.stream("/api/v1/calls/one/events", None).await.rest().await;
    // Everything but the partial words.
    assert_eq!(all.len(), whole_call().len() + 1);
    assert_eq!(all.last().unwrap().name, "end");
    let last = all[all.len() - 2].id.unwrap();
    let rest = served.stream("/api/v1/calls/one/events", Some(last - 1)).await.rest().await;
    assert_eq!(rest.iter().map(|got| got.id).collect::<Vec<_>>(), [Some(last), None]);
}

#[tokio::test]
async fn a_call_longer_than_the_hub_remembers_comes_whole() {
    let served = served().await;
    let mut call = served.live("one", 0);
    for index in 0..2_500 {
        call.write(index, said("word"));
    }
    served.parts.store.flush().await;
    let mut stream = served.stream("/api/v1/calls/one/events", None).await;
    let ids: Vec<_> = stream.take(2_500).await.iter().map(|got| got.id.unwrap()).collect();
    assert!(ids.iter().copied().eq(1..=2_500));
    drop(call);
}

#[tokio::test]
async fn partial_words_are_shown_live_and_forgotten() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let mut early = served.stream("/api/v1/calls/one/events", None).await;
    for words in ["where", "where is", "where is my"] {
        call.write(10, hearing(words.to_owned()));
    }
    assert_eq!(early.take(3).await[1].data["text"], "where is");
    let mut late = served.stream("/api/v1/calls/one/events", None).await;
    assert_eq!(late.next().await.unwrap().data["text"], "where is my");
    call.write(20, said("Where is my order?"));
    assert_eq!(late.next().await.unwrap().data["what"], "caller_turn");
    let mut later = served.stream("/api/v1/calls/one/events", None).await;
    assert_eq!(later.next().await.unwrap().data["what"], "caller_turn");
}

#[tokio::test]
async fn words_of_callers_stay_inside_their_event() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let mut stream = served.stream("/api/v1/calls/one/events", None).await;
    for (index, words) in (1..).zip(harmful_words()) {
        call.write(10, said(&words));
        let got = stream.next().await.unwrap();
        assert_eq!((got.id, got.name.as_str(), &got.data["text"]), (Some(index), "entry", &words.into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_cut_off_and_nobody_else_notices() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut slow = socket.connect(served.address).await.unwrap();
    slow.write_all(b"GET /api/v1/calls/one/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    slow.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");

    // Far more than the socket's buffers and the hub's patience; the quick reader keeps pace.
    let mut quick = served.stream("/api/v1/calls/one/events", None).await;
    let words = "word ".repeat(8_000);
    for index in 0..600 {
        call.write(index, hearing(words.clone()));
        assert_eq!(quick.next().await.unwrap().id, Some(index + 1));
    }
    // HTTP/1.1 keeps the connection: the end of the stream is its last chunk.
    let mut rest = Vec::new();
    let mut buffer = vec![0; 65_536];
    while !rest.ends_with(b"\r\n0\r\n\r\n") {
        let read = tokio::time::timeout(Duration::from_secs(60), slow.read(&mut buffer)).await.expect("the stream is ended").unwrap();
        assert!(read > 0, "the connection was closed in the middle of the stream");
        rest.extend_from_slice(&buffer[..read]);
    }
    let text = String::from_utf8_lossy(&rest);
    assert!(!text.contains("event: end"), "the call goes on");
    assert!(!text.contains("id: 600\n"), "it did not get everything");
    call.write(700, said("still here"));
    assert_eq!(quick.next().await.unwrap().data["text"], "still here");
}

#[tokio::test]
async fn there_are_only_so_many_streams() {
    let served = served_with(Options { streams: 2, ..Options::new(([127, 0, 0, 1], 0).into()) }).await;
    let call = served.live("one", 0);
    let first = served.stream("/api/v1/calls/one/events", None).await;
    let _second = served.stream("/api/v1/events", None).await;
    assert_eq!(code(served.get("/api/v1/calls/one/events").await).await, (503, "too_many_streams".to_owned()));
    drop(first);
    // The server notices at the next thing that it wants to send.
    let mut call = call;
    let mut look = tokio::time::interval(Duration::from_millis(20));
    loop {
        look.tick().await;
        call.write(1, said("word"));
        if served.get("/api/v1/agents/maria/events").await.status() == 200 {
            break;
        }
    }
}

#[tokio::test]
async fn unknown_calls_have_no_stream() {
    let served = served().await;
    assert_eq!(code(served.get("/api/v1/calls/nobody/events").await).await, (404, "no_such_call".to_owned()));
    assert_eq!(code(served.get("/api/v1/calls/one/events?after=x").await).await, (400, "bad_request".to_owned()));
}

#[tokio::test]
async fn the_list_is_told_of_every_change() {
    let served = served().await;
    let first = served.live("one", 0);
    let mut stream = served.stream("/api/v1/events", None).await;
    let got = stream.next().await.unwrap();
    assert_eq!((got.name.as_str(), &got.data["id"], &got.data["state"]), ("call", &"one".into(), &"live".into()));
    let mut second = served.live("two", 1);
    assert_eq!(stream.next().await.unwrap().data["id"], "two");
    second.write(10, said("Where is my order?"));
    assert_eq!(stream.next().await.unwrap().data["intent"], "order_status");
    second.write(20, ended(Outcome::Contained));
    let got = stream.next().await.unwrap();
    assert_eq!((&got.data["state"], &got.data["outcome"], &got.data["duration_ms"]), (&"ended".into(), &"contained".into(), &20.into()));
    drop((first, second));
}
