//! Every way in which a call can end or come to nothing.

use std::time::Duration;

use warmline_sip::user_agent::{EndedBy, Event, FailWhy};

use crate::support::{ANSWER, Agent, Call, OFFER, PATIENCE, Peer, header, quick, request, tag};

/// How an outbound call to a peer that answers `status` ends.
async fn fate(status: &str) -> Event {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    agent.dial(&peer.uri()).await;
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, status, "t", "").await;
    let event = agent.event().await;
    let ack = peer.expect("ACK").await;
    assert_eq!(header(&ack, "Via"), header(&invite, "Via"), "the ACK of a refusal belongs to the INVITE's transaction");
    agent.settled().await;
    event
}

#[tokio::test]
async fn refusals_are_told_apart() {
    for (status, code, meaning) in [
        ("486 Busy Here", 486, FailWhy::Busy),
        ("600 Busy Everywhere", 600, FailWhy::Busy),
        ("603 Decline", 603, FailWhy::Declined),
        ("480 Gone", 480, FailWhy::NoAnswer),
        ("408 Timeout", 408, FailWhy::NoAnswer),
        ("503 Overload", 503, FailWhy::Unreachable),
        ("404 Nobody", 404, FailWhy::Rejected),
        ("302 Elsewhere", 302, FailWhy::Rejected),
        ("401 Unauthorized", 401, FailWhy::Rejected),
        ("407 Proxy", 407, FailWhy::Rejected),
        ("488 No", 488, FailWhy::Rejected),
    ] {
        let event = fate(status).await;
        assert!(matches!(event, Event::Failed { status: Some(s), why, .. } if s == code && why == meaning), "{status}: {event:?}");
    }
}

#[tokio::test]
async fn a_peer_that_says_nothing_is_given_up() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    agent.dial(&peer.uri()).await;
    assert!(matches!(agent.event().await, Event::Failed { status: None, why: FailWhy::Timeout, .. }));
    agent.settled().await;
}

#[tokio::test]
async fn a_refused_tcp_connection_fails_at_once() {
    let agent_config = quick();
    let mut agent = Agent::start(agent_config).await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    agent.dial(&format!("sip:x@{free};transport=tcp")).await;
    assert!(matches!(agent.event().await, Event::Failed { status: None, why: FailWhy::Unreachable, .. }));
    agent.settled().await;
}

#[tokio::test]
async fn a_refused_datagram_fails_before_any_timer() {
    // Standard timers: without the ICMP report this would take 32 s.
    let mut config = quick();
    config.timers = warmline_sip::user_agent::Timers::default();
    let mut agent = Agent::start(config).await;
    let free = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    agent.dial(&format!("sip:x@{free}")).await;
    assert!(matches!(agent.event().await, Event::Failed { status: None, why: FailWhy::Unreachable, .. }));
    agent.settled().await;
}

#[tokio::test]
async fn an_unknown_name_and_a_secure_target_are_unreachable() {
    let mut agent = Agent::start(quick()).await;
    for target in ["sip:x@nobody.invalid", "sips:x@127.0.0.1"] {
        agent.dial(target).await;
        assert!(matches!(agent.event().await, Event::Failed { status: None, why: FailWhy::Unreachable, .. }), "{target}");
    }
    agent.settled().await;
}

#[tokio::test]
async fn ringing_too_long_is_no_answer_and_sends_a_cancel() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let leg = agent.handle.new_leg();
    let mut dial = request(leg, &peer.uri());
    dial.ring_timeout = Duration::from_millis(100);
    agent.handle.dial(dial).await;
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, "180 Ringing", "t", "").await;
    assert!(matches!(agent.event().await, Event::Progress { status: 180, .. }));
    assert!(matches!(agent.event().await, Event::Failed { status: None, why: FailWhy::NoAnswer, .. }));
    let cancel = peer.expect("CANCEL").await;
    assert_eq!((header(&cancel, "Via"), header(&cancel, "Call-ID")), (header(&invite, "Via"), header(&invite, "Call-ID")));
    peer.respond(&cancel, "200 OK", "t", "").await;
    peer.respond(&invite, "487 Request Terminated", "t", "").await;
    peer.expect("ACK").await;
    agent.settled().await;
}

#[tokio::test]
async fn a_cancel_waits_for_the_first_provisional_response() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let leg = agent.dial(&peer.uri()).await;
    let invite = peer.expect("INVITE").await;
    agent.handle.cancel(leg).await;
    assert!(matches!(agent.event().await, Event::Failed { why: FailWhy::Cancelled, .. }));
    // Until something is heard only the INVITE is repeated (RFC 3261 section 9.1).
    assert!(peer.receive().await.starts_with("INVITE"));
    peer.respond(&invite, "100 Trying", "", "").await;
    let cancel = peer.expect("CANCEL").await;
    peer.respond(&cancel, "200 OK", "t", "").await;
    peer.respond(&invite, "487 Request Terminated", "t", "").await;
    peer.expect("ACK").await;
    agent.settled().await;
}

#[tokio::test]
async fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let leg = agent.dial(&peer.uri()).await;
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, "180 Ringing", "t", "").await;
    assert!(matches!(agent.event().await, Event::Progress { .. }));
    agent.handle.cancel(leg).await;
    assert!(matches!(agent.event().await, Event::Failed { why: FailWhy::Cancelled, .. }));
    peer.respond(&invite, "200 OK", "t", ANSWER).await;
    peer.expect("ACK").await;
    let bye = peer.expect("BYE").await;
    assert_eq!(tag(&header(&bye, "To")), "t");
    peer.respond(&bye, "200 OK", "", "").await;
    agent.settled().await;
}

#[tokio::test]
async fn of_two_forks_that_answer_the_first_wins_and_the_other_is_ended() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    agent.dial(&peer.uri()).await;
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, "200 OK", "first", ANSWER).await;
    assert!(matches!(agent.event().await, Event::Answered { .. }));
    assert_eq!(tag(&header(&peer.expect("ACK").await, "To")), "first");
    peer.respond(&invite, "200 OK", "second", ANSWER).await;
    assert_eq!(tag(&header(&peer.expect("ACK").await, "To")), "second");
    let bye = peer.expect("BYE").await;
    assert_eq!(tag(&header(&bye, "To")), "second");
    peer.respond(&bye, "200 OK", "", "").await;
    // The first 2xx again (its ACK was lost) gets its ACK again, and the call is still up.
    peer.respond(&invite, "200 OK", "first", ANSWER).await;
    assert_eq!(tag(&header(&peer.expect("ACK").await, "To")), "first");
    assert_eq!(agent.handle.stats().await.calls, 1);
}

#[tokio::test]
async fn the_application_rejects_with_its_own_words() {
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    caller.dial(&format!("sip:support@{}", callee.udp())).await;
    let call = callee.incoming().await;
    callee.handle.reject(call.leg, 486, Some("All lines\r\nbusy".to_owned()), Vec::new()).await;
    assert!(matches!(callee.event().await, Event::Ended { by: EndedBy::Local, .. }));
    assert!(matches!(caller.event().await, Event::Failed { status: Some(486), why: FailWhy::Busy, .. }));
    caller.settled().await;
    callee.settled().await;
}

#[tokio::test]
async fn a_caller_that_cancels_is_reported_and_gets_487() {
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    let leg = caller.dial(&format!("sip:support@{}", callee.udp())).await;
    let call = callee.incoming().await;
    callee.handle.ring(call.leg, 180, None).await;
    assert!(matches!(caller.event().await, Event::Progress { .. }));
    caller.handle.cancel(leg).await;
    assert!(matches!(callee.event().await, Event::Cancelled { leg, .. } if leg == call.leg));
    // A late answer of the application changes nothing.
    callee.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await;
    caller.settled().await;
    callee.settled().await;
}

#[tokio::test]
async fn an_unanswered_call_ends_by_itself() {
    let mut config = quick();
    config.timers.unanswered = Duration::from_millis(50);
    let mut agent = Agent::start(config).await;
    let peer = Peer::new(agent.udp()).await;
    peer.send(Call::new(peer.address(), "unanswered").invite()).await;
    let call = agent.incoming().await;
    peer.expect("SIP/2.0 480").await;
    assert!(matches!(agent.event().await, Event::Ended { leg, by: EndedBy::Timeout, .. } if leg == call.leg));
    agent.settled().await;
}

#[tokio::test]
async fn an_answer_without_ack_is_repeated_and_then_ended_with_a_bye() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    peer.send(Call::new(peer.address(), "no-ack").invite()).await;
    let call = agent.incoming().await;
    agent.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await;
    let mut repeats = 0;
    let bye = loop {
        let message = peer.receive().await;
        if message.starts_with("BYE") {
            break message;
        }
        repeats += usize::from(message.starts_with("SIP/2.0 200"));
    };
    assert!(repeats >= 5, "{repeats} times");
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Timeout, .. }));
    peer.respond(&bye, "200 OK", "", "").await;
    agent.settled().await;
}

#[tokio::test]
async fn a_bye_before_the_ack_waits_for_it() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "early-bye");
    peer.send(call.invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&peer.expect("SIP/2.0 200").await);
    agent.handle.bye(leg, None).await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Local, .. }));
    assert!(peer.receive().await.starts_with("SIP/2.0 200"), "only the 200 until the ACK");
    peer.send(call.request("ACK", 1, "", "")).await;
    let bye = peer.expect("BYE").await;
    peer.respond(&bye, "200 OK", "", "").await;
    agent.settled().await;
}

#[tokio::test]
async fn a_re_invite_to_a_peer_that_forgot_the_call_ends_it() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let leg = agent.dial(&peer.uri()).await;
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, "200 OK", "t", ANSWER).await;
    assert!(matches!(agent.event().await, Event::Answered { .. }));
    agent.handle.reinvite(leg, OFFER.as_bytes().to_vec()).await;
    let again = loop {
        let message = peer.expect("INVITE").await;
        if header(&message, "CSeq") == "2 INVITE" {
            break message;
        }
    };
    peer.respond(&again, "481 Gone", "", "").await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Timeout, .. }));
    let bye = peer.expect("BYE").await;
    peer.respond(&bye, "481 Gone", "", "").await;
    agent.settled().await;
}

#[tokio::test]
async fn shutdown_ends_everything_and_closes_the_queue() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "shutdown");
    peer.send(call.invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&peer.expect("SIP/2.0 200").await);
    peer.send(call.request("ACK", 1, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    let waiting = Call::new(peer.address(), "shutdown-waiting");
    peer.send(waiting.invite()).await;
    agent.incoming().await;
    agent.handle.shutdown().await;
    let (mut bye, mut terminated) = (false, false);
    while !(bye && terminated) {
        let message = peer.receive().await;
        terminated |= message.starts_with("SIP/2.0 487");
        if message.starts_with("BYE") {
            bye = true;
            peer.respond(&message, "200 OK", "", "").await;
        }
    }
    let mut ended = 0;
    while let Some(event) = tokio::time::timeout(PATIENCE, agent.events.recv()).await.unwrap() {
        ended += usize::from(matches!(event, Event::Ended { by: EndedBy::Local, .. }));
    }
    assert_eq!(ended, 2);
    assert_eq!(agent.handle.stats().await.legs, 0);
}
