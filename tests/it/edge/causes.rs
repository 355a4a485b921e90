//! What the network says of a leg that does not come up or is gone reaches the call, and the network is told why we end one.

use std::{ops::RangeInclusive, time::Duration};

use warmline::call::{
    event::{DialFailure, Event, LegCause, LegEnd},
    ids::{AgentId, LegId},
};

use super::support::{Caller, Edge, Peer, Taken, offer};

const AGENT: LegId = LegId(1);

/// A caller who is on the line.
async fn called(ports: RangeInclusive<u16>) -> (Edge, Caller, Taken, String) {
    let mut edge = Edge::start(ports, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    caller.send("INVITE", "call", 1, "", "", &caller.offer()).await;
    let taken = edge.answer().await;
    let tag = caller.confirm("call", &caller.hears().await).await;
    (edge, caller, taken, tag)
}

async fn ring(taken: &mut Taken, peer: &Peer) {
    let target = format!("sip:desk@{}", peer.address());
    taken.legs.dial(AGENT, (AgentId("desk".to_owned()), target), 20_000, String::new(), None).await;
}

/// What is said of a leg, and what comes right after that.
async fn explained(taken: &mut Taken, whose: LegId) -> (LegCause, Event) {
    loop {
        if let Event::LegCause { leg, cause } = taken.next().await {
            assert_eq!(leg, whose);
            return (cause, taken.next().await);
        }
    }
}

/// The Reason header of a request.
fn reason(request: &str) -> Option<&str> {
    request.lines().find_map(|line| line.strip_prefix("Reason: "))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_with_its_status_its_cause_and_when_to_come_back() {
    let (_edge, _caller, mut taken, _tag) = called(18_200..=18_207).await;
    let peer = Peer::new().await;
    ring(&mut taken, &peer).await;
    let invite = peer.expect("INVITE").await;
    let more = "Reason: Q.850;cause=42;text=\"Congestion\"\r\nRetry-After: 18 (soon)\r\n";
    peer.respond_with(&invite, "503 Service Unavailable", more, "").await;
    let (cause, then) = explained(&mut taken, AGENT).await;
    assert_eq!(cause, LegCause { sip: Some(503), q850: Some(42), retry_after_s: Some(18) });
    assert_eq!(then, Event::LegFailed { leg: AGENT, why: DialFailure::Unreachable });
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_status_says_little_the_networks_cause_decides() {
    let (_edge, _caller, mut taken, _tag) = called(18_240..=18_259).await;
    let peer = Peer::new().await;
    for (status, cause, expected) in [
        ("480 Temporarily Unavailable", 17, DialFailure::Busy),
        ("503 Service Unavailable", 19, DialFailure::NoAnswer),
        ("500 Server Internal Error", 21, DialFailure::Declined),
        ("503 Service Unavailable", 1, DialFailure::Rejected),
        ("480 Temporarily Unavailable", 34, DialFailure::Unreachable),
        // It says nothing more, and a plain status is believed.
        ("480 Temporarily Unavailable", 31, DialFailure::NoAnswer),
        ("486 Busy Here", 1, DialFailure::Busy),
    ] {
        ring(&mut taken, &peer).await;
        let invite = peer.expect("INVITE").await;
        peer.respond_with(&invite, status, &format!("Reason: Q.850;cause={cause}\r\n"), "").await;
        peer.expect("ACK").await;
        let (heard, then) = explained(&mut taken, AGENT).await;
        assert_eq!((heard.q850, then), (Some(cause), Event::LegFailed { leg: AGENT, why: expected }), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_may_say_why() {
    let (_edge, caller, mut taken, tag) = called(18_210..=18_217).await;
    let peer = Peer::new().await;
    ring(&mut taken, &peer).await;
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, "200 OK", &offer(caller.rtp.local_addr().unwrap(), "0")).await;
    peer.expect("ACK").await;
    peer.says(&invite, "BYE", "Reason: Q.850;cause=38;text=\"Network out of order\"\r\n").await;
    let (cause, then) = explained(&mut taken, AGENT).await;
    assert_eq!((cause.sip, cause.q850), (None, Some(38)));
    assert_eq!(then, Event::LegEnded { leg: AGENT, why: LegEnd::HungUp });
    caller.send("BYE", "call", 2, &tag, "Reason: SIP;cause=200;text=\"elsewhere\", Q.850;cause=16\r\n", "").await;
    let (cause, then) = explained(&mut taken, LegId::CALLER).await;
    assert_eq!((cause.sip, cause.q850), (Some(200), Some(16)));
    assert_eq!(then, Event::LegEnded { leg: LegId::CALLER, why: LegEnd::HungUp });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_network_is_told_why_we_end_a_leg() {
    let (_edge, caller, mut taken, _tag) = called(18_220..=18_227).await;
    let (rung, up) = (Peer::new().await, Peer::new().await);
    ring(&mut taken, &rung).await;
    let invite = rung.expect("INVITE").await;
    rung.respond(&invite, "180 Ringing", "").await;
    while taken.next().await != (Event::LegRinging { leg: AGENT }) {}
    taken.legs.hang_up(AGENT).await;
    assert_eq!(reason(&rung.expect("CANCEL").await.text), Some("Q.850;cause=16;text=\"Normal call clearing\""));

    ring(&mut taken, &up).await;
    let invite = up.expect("INVITE").await;
    up.respond(&invite, "200 OK", &offer(caller.rtp.local_addr().unwrap(), "0")).await;
    up.expect("ACK").await;
    taken.legs.hang_up(AGENT).await;
    assert_eq!(reason(&up.expect("BYE").await.text), Some("Q.850;cause=16;text=\"Normal call clearing\""));
    taken.legs.hang_up(LegId::CALLER).await;
    let bye = caller.hears().await;
    assert!(bye.starts_with("BYE"), "{bye}");
    assert_eq!(reason(&bye), Some("Q.850;cause=16;text=\"Normal call clearing\""));
}
