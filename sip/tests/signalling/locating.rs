//! Peers by name (RFC 3263): which one is called, and which one next.

use std::net::SocketAddr;
use std::time::Duration;

use warmline_sip::user_agent::{Config, DialRequest, Event, FailWhy, Listener, Offers, Transport};

use crate::certificates::{Authority, everything};
use crate::names::{NameServer, Record};
use crate::support::{ANSWER, Agent, Call, OFFER, Peer, header, quick, request};

fn ip(text: &str) -> Record {
    Record::Address(text.parse().unwrap())
}

fn srv(priority: u16, port: u16, host: &'static str) -> Record {
    Record::Srv { priority, port, host }
}

/// An agent that asks this name server.
async fn asking(names: &NameServer, config: Config) -> Agent {
    let mut config = Config { nameserver: Some(names.address), ..config };
    config.timers.failover = Duration::from_millis(100);
    Agent::start(config).await
}

/// Two peers behind one name, the first of them preferred, and a caller.
async fn two_peers() -> (NameServer, Agent, Peer, Peer) {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let (mut first, mut second) = (Peer::new(nobody).await, Peer::new(nobody).await);
    let names = NameServer::start(&[
        ("_sip._udp.pbx.test", srv(20, second.address().port(), "b.pbx.test")),
        ("_sip._udp.pbx.test", srv(10, first.address().port(), "a.pbx.test")),
        ("a.pbx.test", ip("127.0.0.1")),
        ("b.pbx.test", ip("127.0.0.1")),
        ("pbx.test", ip("127.0.0.99")),
    ])
    .await;
    let caller = asking(&names, quick()).await;
    (first.agent, second.agent) = (caller.udp(), caller.udp());
    (names, caller, first, second)
}

/// The second peer takes the call: same call, new transaction.
async fn taken(caller: &mut Agent, peer: &Peer, before: &str) {
    let invite = peer.expect("INVITE").await;
    assert_eq!(header(&invite, "Call-ID"), header(before, "Call-ID"));
    assert_eq!(header(&invite, "From"), header(before, "From"));
    assert_ne!(header(&invite, "Via"), header(before, "Via"));
    peer.respond(&invite, "200 OK", "second", ANSWER).await;
    assert!(matches!(caller.event().await, Event::Answered { sdp: Some(_), .. }));
    peer.expect("ACK").await;
}

#[tokio::test]
async fn a_target_that_is_overloaded_is_left_for_the_next() {
    let (_names, mut caller, first, second) = two_peers().await;
    caller.dial("sip:support@pbx.test").await;
    let invite = first.expect("INVITE").await;
    assert!(invite.starts_with("INVITE sip:support@pbx.test SIP/2.0"), "{invite}");
    first.respond(&invite, "503 Service Unavailable", "first", "").await;
    let ack = first.expect("ACK").await;
    assert_eq!(header(&ack, "Via"), header(&invite, "Via"));
    taken(&mut caller, &second, &invite).await;
}

#[tokio::test]
async fn a_target_that_refuses_packets_is_left_for_the_next() {
    let (_names, mut caller, first, second) = two_peers().await;
    drop(first);
    caller.dial("sip:support@pbx.test").await;
    let invite = second.expect("INVITE").await;
    second.respond(&invite, "200 OK", "second", ANSWER).await;
    assert!(matches!(caller.event().await, Event::Answered { .. }));
}

#[tokio::test]
async fn a_silent_target_that_wakes_up_late_is_told_that_it_is_too_late() {
    let (_names, mut caller, first, second) = two_peers().await;
    caller.dial("sip:support@pbx.test").await;
    let invite = first.expect("INVITE").await;
    taken(&mut caller, &second, &invite).await;
    first.respond(&invite, "180 Ringing", "first", "").await;
    let cancel = first.expect("CANCEL").await;
    assert_eq!(header(&cancel, "Via"), header(&invite, "Via"));
    first.respond(&cancel, "200 OK", "first", "").await;
    // It answered at the same time: ACK and BYE, and the call stays with the second one.
    first.respond(&invite, "200 OK", "first", ANSWER).await;
    first.expect("ACK").await;
    let bye = first.expect("BYE").await;
    first.respond(&bye, "200 OK", "first", "").await;
    assert_eq!(caller.handle.stats().await.calls, 1);
    assert!(caller.events.try_recv().is_err());
}

#[tokio::test]
async fn a_name_with_addresses_of_both_families_is_called_at_each_with_the_offer_for_it() {
    let listen = ["127.0.0.1:0", "[::1]:0"].map(|address| Listener::new(Transport::Udp, address.parse().unwrap())).to_vec();
    let names = NameServer::start(&[("pbx.test", ip("127.0.0.1")), ("pbx.test", ip("::1"))]).await;
    let mut caller = asking(&names, Config { listen, ..quick() }).await;
    let own = caller.handle.address(Transport::Udp, true).unwrap();
    // Nobody listens at that port on IPv4.
    let peer = Peer { socket: tokio::net::UdpSocket::bind("[::1]:0").await.unwrap(), agent: own };
    let offers = Offers { v4: Some(OFFER.as_bytes().to_vec()), v6: Some(OFFER.replace("IP4 127.0.0.1", "IP6 ::1").into_bytes()) };
    let target = format!("sip:support@pbx.test:{}", peer.address().port());
    caller.handle.dial(DialRequest { offers, ..request(caller.handle.new_leg(), &target) }).await;
    let invite = peer.expect("INVITE").await;
    assert!(header(&invite, "Via").starts_with("SIP/2.0/UDP [::1]:") && header(&invite, "Contact").contains("@[::1]:"), "{invite}");
    assert!(invite.contains("c=IN IP6 ::1\r\n") && !invite.contains("IP4"), "{invite}");
    peer.respond(&invite, "200 OK", "six", ANSWER).await;
    assert!(matches!(caller.event().await, Event::Answered { sdp: Some(_), .. }));
    peer.expect("ACK").await;
}

#[tokio::test]
async fn any_other_refusal_is_final_and_only_the_last_failure_is_reported() {
    let (_names, mut caller, first, second) = two_peers().await;
    caller.dial("sip:support@pbx.test").await;
    let invite = first.expect("INVITE").await;
    first.respond(&invite, "486 Busy Here", "first", "").await;
    assert!(matches!(caller.event().await, Event::Failed { status: Some(486), why: FailWhy::Busy, .. }));
    caller.settled().await;
    caller.dial("sip:support@pbx.test").await;
    for (peer, status) in [(&first, "503 No"), (&second, "503 Neither")] {
        let invite = peer.expect("INVITE").await;
        peer.respond(&invite, status, "t", "").await;
    }
    assert!(matches!(caller.event().await, Event::Failed { status: Some(503), why: FailWhy::Unreachable, .. }));
    caller.settled().await;
    assert!(caller.events.try_recv().is_err());
}

#[tokio::test]
async fn a_call_that_is_cancelled_goes_to_nobody_else() {
    let (_names, mut caller, first, second) = two_peers().await;
    let leg = caller.dial("sip:support@pbx.test").await;
    let invite = first.expect("INVITE").await;
    caller.handle.cancel(leg).await;
    assert!(matches!(caller.event().await, Event::Failed { why: FailWhy::Cancelled, .. }));
    first.respond(&invite, "503 Service Unavailable", "first", "").await;
    caller.settled().await;
    assert!(second.socket.try_recv(&mut [0; 100]).is_err());
}

#[tokio::test]
async fn naptr_chooses_the_transport_and_answers_are_kept() {
    let mut callee = Agent::start(quick()).await;
    let names = NameServer::start(&[
        ("shop.test", Record::Naptr { order: 20, service: "SIP+D2U", replacement: "_sip._udp.wrong.test" }),
        ("shop.test", Record::Naptr { order: 10, service: "SIP+D2T", replacement: "_sip._tcp.lines.test" }),
        ("_sip._tcp.lines.test", srv(1, callee.tcp().port(), "one.lines.test")),
        ("one.lines.test", ip("127.0.0.1")),
    ])
    .await;
    let caller = asking(&names, quick()).await;
    let mut asked = Vec::new();
    for _ in 0..2 {
        caller.dial("sip:support@shop.test").await;
        assert_eq!(callee.incoming().await.transport, Transport::Tcp);
        asked.push(names.asked());
    }
    assert_eq!(asked[0], asked[1]);
}

#[tokio::test]
async fn a_port_or_a_name_without_service_records_is_just_an_address() {
    let listen = ["127.0.0.1:0", "[::1]:0"].map(|address| Listener::new(Transport::Udp, address.parse().unwrap())).to_vec();
    let dual = Config { listen, ..quick() };
    let mut callee = Agent::start(dual.clone()).await;
    let names = NameServer::start(&[("four.test", ip("127.0.0.1")), ("six.test", ip("::1")), ("quiet.silent", ip("127.0.0.1"))]).await;
    let mut caller = asking(&names, dual).await;
    for (name, v6) in [("four.test", false), ("six.test", true)] {
        let port = callee.handle.address(Transport::Udp, v6).unwrap().port();
        caller.dial(&format!("sip:support@{name}:{port}")).await;
        assert_eq!(callee.incoming().await.source.is_ipv6(), v6);
    }
    for target in ["sip:x@nobody.test", "sip:x@nobody.test:5060", "sips:x@nobody.test;transport=tcp"] {
        caller.dial(target).await;
        assert!(matches!(caller.event().await, Event::Failed { status: None, why: FailWhy::Unreachable, .. }), "{target}");
    }
}

#[tokio::test]
async fn a_name_server_that_says_nothing_holds_up_nobody_else() {
    let names = NameServer::start(&[]).await;
    let mut config = quick();
    config.timers.connect = Duration::from_millis(400);
    let mut caller = asking(&names, config).await;
    let lost = caller.dial("sip:support@nobody.silent").await;
    let peer = Peer::new(caller.udp()).await;
    peer.send(Call::new(peer.address(), "meanwhile").invite()).await;
    caller.incoming().await;
    assert!(matches!(caller.event().await, Event::Failed { leg, why: FailWhy::Unreachable, .. } if leg == lost));
}

#[tokio::test]
async fn the_certificate_must_name_the_domain_that_was_called() {
    let authority = Authority::new("domain");
    for (name, fits) in [("shop.test", true), ("node.test", false)] {
        let mut callee = Agent::start(everything(authority.issue(&[name]))).await;
        let port = callee.handle.address(Transport::Tls, false).unwrap().port();
        let names = NameServer::start(&[("_sips._tcp.shop.test", srv(1, port, "node.test")), ("node.test", ip("127.0.0.1"))]).await;
        let mut config = quick();
        config.tls = authority.trust();
        let mut caller = asking(&names, config).await;
        caller.dial("sips:support@shop.test").await;
        if fits {
            let leg = callee.incoming().await.leg;
            callee.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
            assert!(matches!(caller.event().await, Event::Answered { .. }));
        } else {
            assert!(matches!(caller.event().await, Event::Failed { why: FailWhy::Unreachable, .. }));
            assert!(callee.events.try_recv().is_err());
        }
    }
}
