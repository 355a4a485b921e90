//! TCP: framing, smuggling, slow and idle peers, connection caps.

use std::time::Duration;

use warmline_sip::guard::RefusalKind;
use warmline_sip::user_agent::{EndedBy, Event};

use crate::support::{ANSWER, Agent, Call, Stream, header, quick};

fn call(stream: &Stream, name: &str) -> Call {
    Call { transport: "TCP", ..Call::new(stream.address(), name) }
}

#[tokio::test]
async fn two_requests_in_one_write_and_one_request_in_many() {
    let agent = Agent::start(quick()).await;
    let mut stream = Stream::connect(agent.tcp()).await;
    let (one, two) = (call(&stream, "one"), call(&stream, "two"));
    stream.send(format!("\r\n{}\r\n{}", one.request("OPTIONS", 1, "", ""), two.request("OPTIONS", 1, "", ""))).await;
    assert_eq!(header(&stream.expect("SIP/2.0 200").await, "Call-ID"), one.call_id);
    assert_eq!(header(&stream.expect("SIP/2.0 200").await, "Call-ID"), two.call_id);
    let three = call(&stream, "three");
    for byte in three.request("OPTIONS", 1, "", "").replace("Content-Length:", "l  :").bytes() {
        stream.send([byte]).await;
    }
    assert_eq!(header(&stream.expect("SIP/2.0 200").await, "Call-ID"), three.call_id);
}

#[tokio::test]
async fn an_ambiguous_length_gets_400_and_the_connection_is_closed() {
    let agent = Agent::start(quick()).await;
    for (from, to) in [
        ("Content-Length: 0", "Content-Length: 0\r\nContent-Length: 500"),
        ("Content-Length: 0", "Content-Length: 0\r\nl: 0"),
        ("Content-Length: 0", "Content-Length: -1"),
        ("Content-Length: 0", "Content-Length: 0x10"),
        ("Content-Length: 0\r\n", ""),
    ] {
        let mut stream = Stream::connect(agent.tcp()).await;
        let smuggled = call(&stream, "smuggled").request("OPTIONS", 1, "", "");
        stream.send(call(&stream, "smuggler").request("OPTIONS", 1, "", "").replace(from, to) + &smuggled).await;
        let answer = stream.receive().await.expect("an answer");
        assert!(answer.starts_with("SIP/2.0 400") && header(&answer, "Call-ID").starts_with("smuggler"), "{to}: {answer}");
        assert_eq!(stream.receive().await, None, "{to}");
    }
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_before_its_bytes_come() {
    let agent = Agent::start(quick()).await;
    for length in ["Content-Length: 18446744073709551616", "Content-Length: 18446744073709551615", "Content-Length: 1000000000"] {
        let mut stream = Stream::connect(agent.tcp()).await;
        stream.send(call(&stream, "huge").request("OPTIONS", 1, "", "").replace("Content-Length: 0", length)).await;
        assert!(stream.receive().await.expect("an answer").starts_with("SIP/2.0 513"));
        assert_eq!(stream.receive().await, None);
    }
    let mut endless = Stream::connect(agent.tcp()).await;
    endless.send(call(&endless, "endless").request("OPTIONS", 1, "", "").replace("\r\n\r\n", "\r\n") + &"X: y\r\n".repeat(20_000)).await;
    while endless.receive().await.is_some() {}
    assert!(agent.handle.stats().await.refusals.of(RefusalKind::TooLarge) >= 4);
}

#[tokio::test]
async fn a_message_that_does_not_become_whole_closes_the_connection() {
    let mut config = quick();
    config.timers.partial_message = Duration::from_millis(100);
    let agent = Agent::start(config).await;
    let mut stream = Stream::connect(agent.tcp()).await;
    stream.send("OPTIONS sip:a@b SIP/2.0\r\nVia: ").await;
    // Dripping on does not extend the time: the clock runs from the message's first byte.
    let mut drip = tokio::time::interval(Duration::from_millis(20));
    let closed = loop {
        tokio::select! {
            message = stream.receive() => break message,
            _ = drip.tick() => {}
        }
        stream.send("x").await;
    };
    assert_eq!(closed, None);
    assert_eq!(agent.handle.stats().await.refusals.of(RefusalKind::Slow), 1);
}

#[tokio::test]
async fn a_connection_without_a_call_is_closed_and_one_with_a_call_stays() {
    let mut config = quick();
    config.timers.connection_idle = Duration::from_millis(200);
    let mut agent = Agent::start(config).await;
    let mut busy = Stream::connect(agent.tcp()).await;
    let mut idle = Stream::connect(agent.tcp()).await;
    let mut own = call(&busy, "stays");
    busy.send(own.invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    own.learn(&busy.expect("SIP/2.0 200").await);
    busy.send(own.request("ACK", 1, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    assert_eq!(idle.receive().await, None);
    // The idle one was closed after the time limit; the call's is still good for a BYE from our side.
    agent.handle.bye(leg, None).await;
    let bye = busy.expect("BYE").await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Local, .. }));
    busy.send(crate::support::response(&bye, "200 OK", "", own.own, "")).await;
    agent.settled().await;
}

#[tokio::test]
async fn connections_are_capped_and_keep_alives_answered() {
    let mut config = quick();
    config.limits.connections_per_source = 2;
    let agent = Agent::start(config).await;
    let mut first = Stream::connect(agent.tcp()).await;
    let mut second = Stream::connect(agent.tcp()).await;
    for stream in [&mut first, &mut second] {
        let options = call(stream, "cap").request("OPTIONS", 1, "", "");
        stream.send(format!("\r\n\r\n{options}")).await;
        let answer = stream.receive().await.expect("an answer");
        assert!(answer.starts_with("\r\nSIP/2.0 200"), "a CRLF for the keep-alive, then the answer: {answer}");
    }
    let mut third = Stream::connect(agent.tcp()).await;
    assert_eq!(third.receive().await, None);
    assert_eq!(agent.handle.stats().await.connections, 2);
}

#[tokio::test]
async fn an_unknown_method_does_not_close_the_connection() {
    let agent = Agent::start(quick()).await;
    let mut stream = Stream::connect(agent.tcp()).await;
    stream.send(call(&stream, "unknown").request("FROBNICATE", 1, "", "")).await;
    stream.expect("SIP/2.0 405").await;
    stream.send(call(&stream, "known").request("OPTIONS", 1, "", "")).await;
    stream.expect("SIP/2.0 200").await;
}
