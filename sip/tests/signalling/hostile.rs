//! Floods, bombs, races and retransmissions.

use warmline_sip::guard::{Rate, RefusalKind};
use warmline_sip::user_agent::Event;

use crate::support::{ANSWER, Agent, Call, OFFER, Peer, header, quick, tag};

#[tokio::test]
async fn oversized_and_nested_messages_cost_no_call() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let own = peer.address();
    let call = |name| Call::new(own, name);
    let vias: String = (0..800).map(|n| format!("Via: SIP/2.0/UDP h{n}.example;branch=z9hG4bK{n}\r\n")).collect();
    let headers: String = (0..3_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    let nested: String = (0..300).map(|n| format!("--b{n}\r\nContent-Type: multipart/mixed;boundary=b{}\r\n\r\n", n + 1)).collect();
    let multipart = call("nested").request("INVITE", 1, "", &nested).replace("application/sdp", "multipart/mixed;boundary=b0");
    let bombs = [
        "x".repeat(65_000),
        call("datagram").request("INVITE", 1, "", &"a=x\r\n".repeat(12_500)),
        call("uri").invite().replacen("sip:support", &format!("sip:{}", "u".repeat(60_000)), 1),
        call("uri").invite().replacen("sip:support", &format!("sip:{}", "u".repeat(20_000)), 1),
        call("via").request("INVITE", 1, &vias, OFFER),
        call("headers").request("INVITE", 1, &headers, OFFER),
        multipart,
        call("parens").request("INVITE", 1, &format!("Subject: {}\r\n", "(".repeat(20_000)), OFFER),
        call("quotes").invite().replace("\"Ana\"", &"\"".repeat(8_001)),
        call("commas").request("INVITE", 1, &format!("Require: {}\r\n", ",".repeat(8_000)), ""),
    ];
    for bomb in &bombs {
        peer.send(bomb).await;
        let answer = peer.options().await;
        assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    }
    let mut calls = 0;
    while let Ok(event) = agent.events.try_recv() {
        // The empty Require list asks for nothing: that one is a call.
        assert!(matches!(event, Event::Incoming(ref call) if call.call_id.starts_with("commas")), "{event:?}");
        calls += 1;
    }
    assert_eq!((calls, agent.handle.stats().await.legs), (1, 1));
}

#[tokio::test]
async fn numbers_out_of_range_are_refused() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let length = format!("Content-Length: {}", OFFER.len());
    for (from, to) in [
        (length.as_str(), "Content-Length: -1"),
        (length.as_str(), "Content-Length: 18446744073709551616"),
        (length.as_str(), "Content-Length: 4294967295"),
        ("CSeq: 1 INVITE", "CSeq: 4294967296 INVITE"),
        ("CSeq: 1 INVITE", "CSeq: -1 INVITE"),
        ("CSeq: 1 INVITE", "CSeq: 0x1 INVITE"),
        ("Max-Forwards: 70", "Max-Forwards: 256"),
        ("Max-Forwards: 70", "Expires: 100000000000000000000000000"),
    ] {
        let text = Call::new(peer.address(), "number").invite().replace(from, to);
        peer.send(text).await;
        let answer = peer.receive().await;
        assert!(answer.starts_with("SIP/2.0 400"), "{to}: {answer}");
    }
    assert!(agent.events.try_recv().is_err());
    assert_eq!(agent.handle.stats().await.legs, 0);
}

#[tokio::test]
async fn a_retransmitted_invite_is_one_call_with_one_tag_and_a_merged_one_is_482() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let call = Call::new(peer.address(), "again");
    for _ in 0..4 {
        peer.send(call.invite()).await;
    }
    let leg = agent.incoming().await.leg;
    agent.handle.ring(leg, 180, None).await;
    peer.send(call.invite()).await;
    let first = tag(&header(&peer.expect("SIP/2.0 180").await, "To"));
    assert_eq!(tag(&header(&peer.expect("SIP/2.0 180").await, "To")), first);
    let merged = Call { branch: 77_000_000, ..call.clone() };
    peer.send(merged.invite()).await;
    peer.expect("SIP/2.0 482").await;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    assert_eq!(tag(&header(&peer.expect("SIP/2.0 200").await, "To")), first);
    assert!(agent.events.try_recv().is_err());
    assert_eq!(agent.handle.stats().await.calls, 1);
}

#[tokio::test]
async fn invite_and_cancel_in_any_order_leave_nothing_open() {
    let mut agent = Agent::start(quick()).await;
    let handle = agent.handle.clone();
    let answering = tokio::spawn(async move {
        let mut over = 0;
        while let Some(event) = agent.events.recv().await {
            match event {
                // Every second call is answered, so that answer and CANCEL cross in both orders.
                Event::Incoming(call) if call.leg.0 % 4 == 1 => agent.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await,
                Event::Incoming(_) | Event::Confirmed { .. } => {}
                Event::Cancelled { .. } | Event::Ended { .. } => over += 1,
                other => panic!("unexpected {other:?}"),
            }
            if over == 50 {
                break;
            }
        }
        agent
    });
    let peer = Peer::new(handle.udp_address().unwrap()).await;
    for _ in 0..50 {
        let mut call = Call::new(peer.address(), "race");
        peer.send(call.invite()).await;
        peer.send(call.request("CANCEL", 1, "", "")).await;
        loop {
            let message = peer.receive().await;
            if header(&message, "Call-ID") != call.call_id || !header(&message, "CSeq").ends_with("INVITE") {
                continue;
            }
            if message.starts_with("SIP/2.0 487") {
                call.learn(&message);
                peer.send(call.request("ACK", 1, "", "")).await;
                break;
            }
            if message.starts_with("SIP/2.0 200") {
                call.learn(&message);
                peer.send(call.request("ACK", 1, "", "").replace("z9hG4bK", "z9hG4bKack")).await;
                peer.send(call.request("BYE", 2, "", "")).await;
                break;
            }
        }
    }
    let agent = answering.await.unwrap();
    agent.settled().await;
}

#[tokio::test]
async fn calls_above_the_capacity_get_503_and_the_others_stay() {
    let mut config = quick();
    config.limits.calls = 3;
    let mut agent = Agent::start(config).await;
    let peer = Peer::new(agent.udp()).await;
    for _ in 0..3 {
        peer.send(Call::new(peer.address(), "fits").invite()).await;
        agent.incoming().await;
    }
    peer.send(Call::new(peer.address(), "too-many").invite()).await;
    let refused = peer.expect("SIP/2.0 503").await;
    assert_eq!(header(&refused, "Retry-After"), "5");
    assert!(agent.events.try_recv().is_err());
    assert_eq!(agent.handle.stats().await.calls, 3);
}

#[tokio::test]
async fn draining_refuses_new_calls_and_keeps_running_ones() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    peer.send(Call::new(peer.address(), "running").invite()).await;
    agent.incoming().await;
    agent.handle.drain().await;
    peer.send(Call::new(peer.address(), "late").invite()).await;
    peer.expect("SIP/2.0 503").await;
    assert_eq!(agent.handle.stats().await.calls, 1);
}

#[tokio::test]
async fn a_flood_from_one_address_is_throttled_and_another_address_is_served() {
    let mut config = quick();
    config.limits.new_requests = Rate { per_second: 1, burst: 10 };
    let mut agent = Agent::start(config).await;
    let flooder = Peer::new(agent.udp()).await;
    for _ in 0..40 {
        flooder.send(Call::new(flooder.address(), "flood").invite()).await;
    }
    let good = Peer { socket: tokio::net::UdpSocket::bind("127.0.0.3:0").await.unwrap(), agent: agent.udp() };
    good.send(Call::new(good.address(), "good").invite()).await;
    let mut flooded = 0;
    loop {
        let call = agent.incoming().await;
        if call.call_id.starts_with("good") {
            break;
        }
        flooded += 1;
    }
    assert!((10..=12).contains(&flooded), "{flooded} calls of the flooder got through");
    let mut buffer = [0; 2048];
    let mut refused = 0;
    while let Ok(length) = flooder.socket.try_recv(&mut buffer) {
        refused += usize::from(buffer[..length].starts_with(b"SIP/2.0 503"));
    }
    assert!((1..=12).contains(&refused), "{refused} refusals, then silence");
}

#[tokio::test]
async fn an_application_that_does_not_read_stops_new_calls_but_not_its_own_commands() {
    let mut config = quick();
    config.limits.events = 4;
    let mut agent = Agent::start(config).await;
    let peer = Peer::new(agent.udp()).await;
    let mut refused = false;
    for _ in 0..12 {
        peer.send(Call::new(peer.address(), "pile").invite()).await;
        let answer = loop {
            let message = peer.receive().await;
            if message.starts_with("SIP/2.0 100") || message.starts_with("SIP/2.0 503") {
                break message;
            }
        };
        refused |= answer.starts_with("SIP/2.0 503");
    }
    assert!(refused);
    let stats = agent.handle.stats().await;
    assert!(stats.calls < 12 && stats.events_waiting <= 4, "{stats:?}");
    for _ in 0..stats.calls {
        let leg = agent.incoming().await.leg;
        agent.handle.reject(leg, 486, None, Vec::new()).await;
    }
    agent.settled().await;
}

#[tokio::test]
async fn answers_go_to_the_source_whatever_via_says() {
    let agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let victim = tokio::net::UdpSocket::bind("127.0.0.77:0").await.unwrap();
    let text = Call::new(victim.local_addr().unwrap(), "reflect").request("OPTIONS", 1, "", "");
    let text = text.replace(";rport", ";rport;maddr=127.0.0.77");
    peer.send(&text).await;
    let answer = peer.receive().await;
    assert!(answer.starts_with("SIP/2.0 200") && answer.contains("received=127.0.0.1"), "{answer}");
    assert!(answer.len() <= 2 * text.len(), "{} bytes for {}", answer.len(), text.len());
    assert!(victim.try_recv(&mut [0; 16]).is_err());
}

#[tokio::test]
async fn a_stranger_cannot_aim_our_requests_at_a_third_party() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let victim = tokio::net::UdpSocket::bind("127.0.0.77:0").await.unwrap();
    let canary = victim.local_addr().unwrap();
    let mut call = Call::new(peer.address(), "aim");
    let text = call.request("INVITE", 1, &format!("Record-Route: <sip:{canary};lr>\r\nRoute: <sip:{canary};lr>\r\n"), OFFER);
    peer.send(text.replace(&format!("<sip:ana@{}>", peer.address()), &format!("<sip:ana@{canary}>"))).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&peer.expect("SIP/2.0 200").await);
    peer.send(call.request("ACK", 1, "", "")).await;
    agent.handle.bye(leg, None).await;
    let bye = peer.expect("BYE").await;
    peer.respond(&bye, "200 OK", "", "").await;
    agent.settled().await;
    assert!(victim.try_recv(&mut [0; 16]).is_err());
}

#[tokio::test]
async fn refusals_are_counted_by_kind() {
    let agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    peer.send("hello").await;
    peer.send(Call::new(peer.address(), "count").request("FROBNICATE", 1, "", "")).await;
    peer.options().await;
    let refusals = agent.handle.stats().await.refusals;
    assert_eq!((refusals.of(RefusalKind::NotSip), refusals.of(RefusalKind::Method), refusals.total()), (1, 1, 2));
}
