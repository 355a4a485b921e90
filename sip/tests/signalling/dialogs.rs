//! Session timers, reliable provisional responses, transfers and take-overs between real sockets.

use std::time::Duration;

use warmline_sip::user_agent::{Config, DialRequest, EndedBy, Event, ReferProgress, ReferRequest};

use crate::support::{ANSWER, Agent, Call, OFFER, Peer, body, header, quick, request, tag};

/// Sessions of two seconds.
fn short() -> Config {
    let mut config = quick();
    (config.timers.session_expires, config.timers.min_se) = (Duration::from_secs(2), Duration::from_secs(1));
    config
}

#[tokio::test]
async fn we_refresh_a_session_again_and_again() {
    let mut agent = Agent::start(short()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "refreshed");
    peer.send(call.request("INVITE", 1, "Supported: timer\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n", OFFER)).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    let ok = peer.expect("SIP/2.0 200").await;
    assert_eq!(header(&ok, "Session-Expires"), "2;refresher=uas");
    call.learn(&ok);
    peer.send(call.request("ACK", 1, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    for number in 1..=3 {
        let update = loop {
            let update = peer.expect("UPDATE").await;
            if header(&update, "CSeq") == format!("{number} UPDATE") {
                break update;
            }
        };
        assert_eq!((header(&update, "Session-Expires").as_str(), body(&update)), ("2;refresher=uac", ""));
        peer.respond(&update, "200 OK\r\nSession-Expires: 2;refresher=uac", "", "").await;
    }
    assert!(agent.events.try_recv().is_err());
    peer.send(call.request("BYE", 2, "Reason: Q.850;cause=16\r\n", "")).await;
    let Event::Ended { by: EndedBy::Remote, reason, .. } = agent.event().await else { panic!("expected the end") };
    assert_eq!(reason.as_deref(), Some("Q.850;cause=16"));
}

#[tokio::test]
async fn a_session_that_its_caller_never_refreshes_is_ended() {
    let mut agent = Agent::start(short()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "expires");
    let wish = "Supported: timer\r\nSession-Expires: 2;refresher=uac\r\n";
    peer.send(call.request("INVITE", 1, &wish.replace("2;", "0;"), OFFER)).await;
    assert_eq!(header(&peer.expect("SIP/2.0 422").await, "Min-SE"), "1");
    peer.send(call.request("INVITE", 2, wish, OFFER)).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    let ok = peer.expect("SIP/2.0 200").await;
    assert_eq!((header(&ok, "Session-Expires").as_str(), header(&ok, "Require").as_str()), ("2;refresher=uac", "timer"));
    call.learn(&ok);
    peer.send(call.request("ACK", 2, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    let bye = peer.expect("BYE").await;
    peer.respond(&bye, "200 OK", "", "").await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Timeout, .. }));
    agent.settled().await;
}

#[tokio::test]
async fn early_media_between_two_agents_is_acknowledged_before_the_answer() {
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(quick()).await);
    caller.dial(&format!("sip:support@{}", callee.udp())).await;
    let call = callee.incoming().await;
    callee.handle.ring(call.leg, 183, Some(ANSWER.as_bytes().to_vec())).await;
    callee.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await;
    assert!(matches!(caller.event().await, Event::Progress { status: 183, sdp: Some(_), .. }));
    assert!(matches!(caller.event().await, Event::Answered { sdp: Some(_), .. }));
    assert!(matches!(callee.event().await, Event::Confirmed { .. }));
}

#[tokio::test]
async fn a_caller_that_requires_reliable_responses_is_served() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "100rel");
    peer.send(call.request("INVITE", 1, "Require: 100rel\r\n", OFFER)).await;
    let leg = agent.incoming().await.leg;
    agent.handle.ring(leg, 180, None).await;
    let ringing = peer.expect("SIP/2.0 180").await;
    let again = peer.expect("SIP/2.0 180").await;
    assert_eq!(ringing, again);
    call.learn(&ringing);
    peer.send(call.request("PRACK", 2, &format!("RAck: {} 1 INVITE\r\n", header(&ringing, "RSeq")), "")).await;
    peer.expect("SIP/2.0 200").await;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    assert_eq!(body(&peer.expect("SIP/2.0 200").await), ANSWER);
}

#[tokio::test]
async fn a_redirected_call_arrives() {
    let mut agent = Agent::start(quick()).await;
    let (first, second) = (Peer::new(agent.udp()).await, Peer::new(agent.udp()).await);
    let leg = agent.handle.new_leg();
    agent.handle.dial(DialRequest { follow_redirects: true, ..request(leg, &first.uri()) }).await;
    let invite = first.expect("INVITE").await;
    let moved = crate::support::response(&invite, "302 Moved Temporarily", "t", second.address(), "");
    first.send(moved).await;
    first.expect("ACK").await;
    let again = second.expect("INVITE").await;
    assert_eq!((header(&again, "Call-ID"), body(&again)), (header(&invite, "Call-ID"), OFFER));
    second.respond(&again, "200 OK", "t2", ANSWER).await;
    assert!(matches!(agent.event().await, Event::Answered { .. }));
}

#[tokio::test]
async fn an_attended_transfer_joins_caller_and_agent() {
    let mut config = quick();
    config.replaces_from = vec!["127.0.0.1/32".parse().unwrap()];
    let (mut bot, mut human) = (Agent::start(quick()).await, Agent::start(config).await);
    let caller = Peer::new(bot.udp()).await;
    let mut call = Call::new(caller.address(), "transferred");
    caller.send(call.invite()).await;
    let leg = bot.incoming().await.leg;
    bot.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&caller.expect("SIP/2.0 200").await);
    caller.send(call.request("ACK", 1, "", "")).await;
    assert!(matches!(bot.event().await, Event::Confirmed { .. }));
    let briefing = bot.dial(&format!("sip:human@{}", human.udp())).await;
    let briefed = human.incoming().await.leg;
    human.handle.answer(briefed, ANSWER.as_bytes().to_vec()).await;
    assert!(matches!(bot.event().await, Event::Answered { .. }));
    assert!(matches!(human.event().await, Event::Confirmed { .. }));

    let refer_to = format!("sip:human@{}", human.udp());
    bot.handle.refer(leg, ReferRequest { refer_to, replaces: Some(briefing), ..ReferRequest::default() }).await;
    let refer = caller.expect("REFER").await;
    caller.respond(&refer, "202 Accepted", "", "").await;
    assert!(matches!(bot.event().await, Event::Referred { progress: ReferProgress::Accepted, .. }));
    // The caller does as asked: it calls the human and takes the briefing's place.
    let replaces = header(&refer, "Refer-To");
    let replaces = replaces.split("Replaces=").nth(1).unwrap().trim_end_matches('>').replace("%3B", ";").replace("%3D", "=");
    let mut joined = Call::new(caller.address(), "joined");
    let to_human = Peer { socket: tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap(), agent: human.udp() };
    joined.own = to_human.address();
    to_human.send(joined.request("INVITE", 1, &format!("Require: replaces\r\nReplaces: {replaces}\r\n"), OFFER)).await;
    let incoming = human.incoming().await;
    assert_eq!(incoming.replaces, Some(briefed));
    human.handle.answer(incoming.leg, ANSWER.as_bytes().to_vec()).await;
    human.handle.bye(briefed, None).await;
    assert!(matches!(bot.event().await, Event::Ended { leg, .. } if leg == briefing));
    let done = "Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n";
    caller.send(call.request("NOTIFY", 2, done, "SIP/2.0 200 OK\r\n").replace("application/sdp", "message/sipfrag")).await;
    assert!(matches!(bot.event().await, Event::Referred { progress: ReferProgress::Succeeded(200), .. }));
    assert_eq!(tag(&header(&caller.expect("SIP/2.0 200").await, "To")), call.to_tag);
    assert_eq!(bot.handle.stats().await.calls, 1);
}

#[tokio::test]
async fn a_transfer_that_an_authorised_agent_asks_for_is_the_application_s_to_do() {
    let (mut gateway, mut phone) = (Agent::start(quick()).await, Agent::start(quick()).await);
    let leg = gateway.dial(&format!("sip:agent@{}", phone.udp())).await;
    let ours = phone.incoming().await.leg;
    phone.handle.answer(ours, ANSWER.as_bytes().to_vec()).await;
    assert!(matches!(gateway.event().await, Event::Answered { .. }));
    assert!(matches!(phone.event().await, Event::Confirmed { .. }));
    let to = ReferRequest { refer_to: "sip:second-level@127.0.0.1".to_owned(), ..ReferRequest::default() };
    phone.handle.refer(ours, to.clone()).await;
    assert!(matches!(phone.event().await, Event::Referred { progress: ReferProgress::Refused(405), .. }));
    gateway.handle.authorise(leg).await;
    phone.handle.refer(ours, to).await;
    let Event::TransferAsked { transaction, refer_to, .. } = gateway.event().await else { panic!("expected a transfer") };
    assert_eq!(refer_to, "sip:second-level@127.0.0.1");
    gateway.handle.answer_transfer(leg, transaction, Ok(())).await;
    gateway.handle.transfer_progress(leg, 486).await;
    let mut progress = Vec::new();
    while !progress.last().copied().is_some_and(ReferProgress::is_final) {
        let Event::Referred { progress: step, .. } = phone.event().await else { panic!("expected progress") };
        progress.push(step);
    }
    assert_eq!((progress.first(), progress.last()), (Some(&ReferProgress::Accepted), Some(&ReferProgress::Failed(486))));
}
