//! Two user agents call each other, and hand-made peers call one.

use warmline_sip::user_agent::{EndedBy, Event, LegId, Transport};

use crate::support::{ANSWER, Agent, Call, OFFER, Peer, body, header, quick};

/// A call between two agents that is up: caller leg, callee leg.
pub(crate) async fn connected(caller: &mut Agent, callee: &mut Agent, target: &str) -> (LegId, LegId) {
    let leg = caller.dial(target).await;
    let call = callee.incoming().await;
    assert_eq!(call.offer.as_deref(), Some(OFFER.as_bytes()));
    callee.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await;
    let answered = caller.event().await;
    assert!(matches!(answered, Event::Answered { leg: l, sdp: Some(ref sdp) } if l == leg && sdp == ANSWER.as_bytes()), "{answered:?}");
    let confirmed = callee.event().await;
    assert!(matches!(confirmed, Event::Confirmed { leg: l, answer: None } if l == call.leg), "{confirmed:?}");
    (leg, call.leg)
}

#[tokio::test]
async fn a_call_over_udp_is_answered_and_ended_by_the_caller() {
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    let target = format!("sip:support@{}", callee.udp());
    let (ours, theirs) = connected(&mut caller, &mut callee, &target).await;
    caller.handle.bye(ours, Some("Q.850;cause=16".to_owned())).await;
    assert!(matches!(caller.event().await, Event::Ended { leg, by: EndedBy::Local, .. } if leg == ours));
    let ended = callee.event().await;
    assert!(
        matches!(ended, Event::Ended { leg, by: EndedBy::Remote, reason: Some(ref why) } if leg == theirs && why == "Q.850;cause=16"),
        "{ended:?}"
    );
    caller.settled().await;
    callee.settled().await;
}

#[tokio::test]
async fn a_call_over_tcp_is_answered_and_ended_by_the_callee() {
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    let target = format!("sip:support@{};transport=tcp", callee.tcp());
    let (ours, theirs) = connected(&mut caller, &mut callee, &target).await;
    callee.handle.bye(theirs, None).await;
    assert!(matches!(callee.event().await, Event::Ended { leg, by: EndedBy::Local, .. } if leg == theirs));
    assert!(matches!(caller.event().await, Event::Ended { leg, by: EndedBy::Remote, .. } if leg == ours));
    caller.settled().await;
    callee.settled().await;
    // Both directions of the call went over the one connection that the caller opened.
    assert_eq!((caller.handle.stats().await.connections, callee.handle.stats().await.connections), (1, 1));
}

#[tokio::test]
async fn what_the_caller_says_about_itself_arrives_and_nothing_more() {
    let (caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    caller.dial(&format!("sip:support@{}", callee.udp())).await;
    let call = callee.incoming().await;
    assert_eq!(call.display_name.as_deref(), Some("Order \"desk\""));
    assert_eq!(call.from, format!("sip:4021@{}", caller.udp()));
    assert_eq!((call.source, call.transport), (caller.udp(), Transport::Udp));
    // A line break in a value stays inside that value, and no protocol header can be forged.
    let reason = call.headers.iter().find(|(name, _)| name == "X-Reason").map(|(_, value)| value.as_str());
    assert_eq!(reason, Some("late order  Via: evil"));
    assert!(call.headers.iter().all(|(name, _)| name != "Via"));
}

#[tokio::test]
async fn ringing_and_early_media_are_reported() {
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    let leg = caller.dial(&format!("sip:support@{}", callee.udp())).await;
    let call = callee.incoming().await;
    callee.handle.ring(call.leg, 180, None).await;
    assert!(matches!(caller.event().await, Event::Progress { leg: l, status: 180, sdp: None } if l == leg));
    callee.handle.ring(call.leg, 183, Some(ANSWER.as_bytes().to_vec())).await;
    assert!(matches!(caller.event().await, Event::Progress { status: 183, sdp: Some(_), .. }));
}

#[tokio::test]
async fn hold_and_resume_and_a_refused_offer_leave_the_call_up() {
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    let target = format!("sip:support@{}", callee.udp());
    let (ours, theirs) = connected(&mut caller, &mut callee, &target).await;
    for answer in [Ok(ANSWER.as_bytes().to_vec()), Err(488), Ok(ANSWER.as_bytes().to_vec())] {
        caller.handle.reinvite(ours, OFFER.as_bytes().to_vec()).await;
        let Event::Reoffer { leg, transaction, offer: Some(offer) } = callee.event().await else { panic!("expected an offer") };
        assert_eq!((leg, offer.as_slice()), (theirs, OFFER.as_bytes()));
        callee.handle.answer_reinvite(leg, transaction, answer.clone()).await;
        let Event::Reanswered { result, .. } = caller.event().await else { panic!("expected an answer") };
        assert_eq!(result, answer.map(Some));
    }
    callee.handle.reinvite(theirs, OFFER.as_bytes().to_vec()).await;
    let Event::Reoffer { leg, transaction, .. } = caller.event().await else { panic!("expected an offer") };
    caller.handle.answer_reinvite(leg, transaction, Ok(ANSWER.as_bytes().to_vec())).await;
    assert!(matches!(callee.event().await, Event::Reanswered { result: Ok(Some(_)), .. }));
    assert_eq!((caller.handle.stats().await.calls, callee.handle.stats().await.calls), (1, 1));
}

#[tokio::test]
async fn offers_that_cross_get_491_on_both_sides_and_the_call_goes_on() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "glare");
    peer.send(call.invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&peer.expect("SIP/2.0 200").await);
    peer.send(call.request("ACK", 1, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    agent.handle.reinvite(leg, OFFER.as_bytes().to_vec()).await;
    let ours = peer.expect("INVITE").await;
    peer.send(call.request("INVITE", 2, "", OFFER)).await;
    peer.expect("SIP/2.0 491").await;
    peer.send(call.request("ACK", 2, "", "")).await;
    peer.respond(&ours, "491 Request Pending", "", "").await;
    assert!(matches!(agent.event().await, Event::Reanswered { result: Err(491), .. }));
    peer.expect("ACK").await;
    peer.send(call.request("BYE", 3, "", "")).await;
    peer.expect("SIP/2.0 200").await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Remote, .. }));
    agent.settled().await;
}

#[tokio::test]
async fn an_invite_without_an_offer_gets_ours_and_answers_in_its_ack() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "late-offer");
    peer.send(call.request("INVITE", 1, "", "")).await;
    let incoming = agent.incoming().await;
    assert_eq!(incoming.offer, None);
    agent.handle.answer(incoming.leg, OFFER.as_bytes().to_vec()).await;
    let ok = peer.expect("SIP/2.0 200").await;
    assert_eq!(body(&ok), OFFER);
    call.learn(&ok);
    peer.send(call.request("ACK", 1, "", ANSWER)).await;
    let confirmed = agent.event().await;
    assert!(matches!(confirmed, Event::Confirmed { answer: Some(ref sdp), .. } if sdp == ANSWER.as_bytes()), "{confirmed:?}");
}

#[tokio::test]
async fn a_latin_1_name_and_a_multipart_body_do_not_cost_the_call() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let call = Call::new(peer.address(), "latin");
    let parts =
        format!("--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1\r\nContent-Type: application/sdp\r\n\r\n{OFFER}\r\n--b1--\r\n");
    let text = call.request("INVITE", 1, "Content-Type: multipart/mixed;boundary=\"b1\"\r\n", &parts);
    let text = text.replace("Content-Type: application/sdp\r\nContent-Length", "Content-Length").replace("\"Ana\"", "\"J\u{1}rg\"");
    let bytes: Vec<u8> = text.bytes().map(|b| if b == 1 { 0xf6 } else { b }).collect();
    peer.send(bytes).await;
    let incoming = agent.incoming().await;
    assert_eq!(incoming.display_name.as_deref(), Some("J\u{f6}rg"));
    assert_eq!(incoming.offer.as_deref(), Some(OFFER.as_bytes()));
}

#[tokio::test]
async fn a_route_set_is_kept_and_used_in_order() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "routes");
    let own = peer.address();
    let record = format!("Record-Route: <sip:{own};lr>, <sip:second.example;lr>\r\n");
    peer.send(call.request("INVITE", 1, &record, OFFER)).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    let ok = peer.expect("SIP/2.0 200").await;
    assert_eq!(header(&ok, "Record-Route"), format!("<sip:{own};lr>, <sip:second.example;lr>"));
    call.learn(&ok);
    peer.send(call.request("ACK", 1, "", "")).await;
    agent.handle.bye(leg, None).await;
    let bye = peer.expect("BYE").await;
    let routes: Vec<&str> = bye.lines().filter_map(|line| line.strip_prefix("Route: ")).collect();
    assert_eq!(routes, [format!("<sip:{own};lr>"), "<sip:second.example;lr>".to_owned()]);
    assert!(bye.starts_with(&format!("BYE sip:ana@{own} SIP/2.0")), "{bye}");
}

#[tokio::test]
async fn a_hundred_calls_at_once_are_all_answered_and_ended() {
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    let target = format!("sip:support@{}", callee.udp());
    for _ in 0..100 {
        caller.dial(&target).await;
    }
    let answers = tokio::spawn(async move {
        let mut ended = 0;
        while ended < 100 {
            match callee.event().await {
                Event::Incoming(call) => callee.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await,
                Event::Ended { .. } => ended += 1,
                _ => {}
            }
        }
        callee
    });
    let mut legs = std::collections::HashSet::new();
    while legs.len() < 100 {
        match caller.event().await {
            Event::Answered { leg, .. } => assert!(legs.insert(leg), "{leg:?} answered twice"),
            Event::Progress { .. } => {}
            other => panic!("unexpected {other:?}"),
        }
    }
    for leg in legs {
        caller.handle.bye(leg, None).await;
    }
    let callee = answers.await.unwrap();
    callee.settled().await;
    caller.settled().await;
}
