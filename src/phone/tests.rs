//! Two telephones call each other.

use std::{net::SocketAddr, time::Duration};

use super::{Phone, Sound};
use crate::clock;

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const LIMIT: Duration = Duration::from_secs(10);

fn address_of(phone: &Phone) -> SocketAddr {
    phone.address().rsplit('@').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_carries_sound_and_keys_both_ways() {
    let origin = clock::now();
    let caller = Phone::bind("caller", ANY, origin).await.unwrap();
    let agent = Phone::bind("agent", ANY, origin).await.unwrap();
    let (outgoing, incoming) = tokio::join!(caller.call("agent", address_of(&agent)), async {
        let ringing = agent.ring(LIMIT).await.unwrap();
        assert!(ringing.let_ring(Duration::from_millis(50)).await.unwrap());
        ringing.answer().await
    });
    let (outgoing, incoming) = (outgoing.unwrap(), incoming.unwrap());

    let before = incoming.media.now();
    let span = outgoing.media.say(&Sound::tone(1_000.0, 300)).await.unwrap();
    assert!(span.end > span.start);
    let last = incoming.media.wait_for_silence_of(Duration::from_millis(100), before, LIMIT).await.unwrap();
    assert!(last >= span.end);
    outgoing.media.press('5').await.unwrap();
    incoming.media.say(&Sound::tone(600.0, 300)).await.unwrap();
    outgoing.media.wait_for_silence_of(Duration::from_millis(100), before, LIMIT).await.unwrap();

    let heard = incoming.media.heard_between(span.start, last).trimmed();
    assert!(heard.strength(1_000.0) > 0.9 && heard.strength(600.0) < 0.01);
    let heard = outgoing.media.heard_since(before).trimmed();
    assert!(heard.strength(600.0) > 0.9 && heard.strength(1_000.0) < 0.01);
    assert_eq!(incoming.media.tape(|tape| tape.keys.iter().map(|(_, key)| *key).collect::<String>()), "5");

    incoming.hang_up().await.unwrap();
    outgoing.wait_for_hang_up(LIMIT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_says_why() {
    let origin = clock::now();
    let caller = Phone::bind("caller", ANY, origin).await.unwrap();
    let agent = Phone::bind("agent", ANY, origin).await.unwrap();
    let (call, refused) =
        tokio::join!(caller.call("agent", address_of(&agent)), async { agent.ring(LIMIT).await.unwrap().refuse("486 Busy Here").await });
    refused.unwrap();
    assert!(call.unwrap_err().to_string().contains("486"));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_seen_once_and_in_order() {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind(ANY).unwrap();
    let api = super::Api::new(listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1_024];
        let _ = stream.read(&mut request).unwrap();
        let events = [r#"{"seq":1,"what":"answered"}"#, r#"{"seq":1,"what":"answered"}"#, r#"{"seq":2,"what":"ended"}"#];
        let body: String = events.iter().map(|data| format!(": comment\nevent: entry\ndata: {data}\n\n")).collect();
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n{body}").unwrap();
    });
    let events = api.follow("/api/v1/calls/c/events", |_| {});
    events.wait_for(LIMIT, |event| (event["what"] == "ended").then_some(())).await.unwrap();
    server.join().unwrap();
    assert_eq!(events.all().len(), 2);
}
