//! Which socket, which address, which transport.

use std::net::{SocketAddr, UdpSocket};

use warmline_sip::user_agent::{Config, EndedBy, Event, Listener, Transport};

use crate::calls::connected;
use crate::support::{ANSWER, Agent, Call, Peer, header, quick, request};

fn listening(addresses: &[(Transport, &str)]) -> Config {
    let listen = addresses.iter().map(|(transport, address)| Listener::new(*transport, address.parse().unwrap())).collect();
    Config { listen, ..quick() }
}

fn dual() -> Config {
    listening(&[
        (Transport::Udp, "127.0.0.1:0"),
        (Transport::Udp, "[::1]:0"),
        (Transport::Tcp, "127.0.0.1:0"),
        (Transport::Tcp, "[::1]:0"),
        (Transport::Udp, "127.0.0.2:0"),
    ])
}

#[tokio::test]
async fn both_families_at_once_and_each_says_its_own_address() {
    let (mut caller, mut callee) = (Agent::start(dual()).await, Agent::start(dual()).await);
    for (transport, v6) in [(Transport::Udp, true), (Transport::Tcp, true), (Transport::Udp, false), (Transport::Tcp, false)] {
        let to = callee.handle.address(transport, v6).unwrap();
        let own = caller.handle.address(transport, v6).unwrap();
        let leg = caller.dial(&format!("sip:support@{to};transport={}", transport.via_name())).await;
        let call = callee.incoming().await;
        assert_eq!((call.transport, call.source.is_ipv6()), (transport, v6));
        assert_eq!(call.from, format!("sip:4021@{own}"));
        callee.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await;
        assert!(matches!(caller.event().await, Event::Answered { .. }), "{transport:?} {v6}");
        assert!(matches!(callee.event().await, Event::Confirmed { .. }));
        callee.handle.bye(call.leg, None).await;
        assert!(matches!(callee.event().await, Event::Ended { by: EndedBy::Local, .. }));
        assert!(matches!(caller.event().await, Event::Ended { leg: l, by: EndedBy::Remote, .. } if l == leg));
        callee.settled().await;
    }
}

/// What the agent answers to an INVITE that `peer` sends, and from where.
async fn answered(agent: &mut Agent, peer: &Peer) -> (String, SocketAddr) {
    peer.send(Call::new(peer.address(), "socket").invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    let mut buffer = vec![0; 4_096];
    loop {
        let (length, from) = peer.socket.recv_from(&mut buffer).await.unwrap();
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.starts_with("SIP/2.0 200") {
            return (text, from);
        }
    }
}

#[tokio::test]
async fn the_answer_leaves_by_the_socket_that_was_asked() {
    let config = listening(&[(Transport::Udp, "127.0.0.1:0"), (Transport::Udp, "127.0.0.3:0")]);
    let mut agent = Agent::start(config).await;
    let first = agent.udp();
    let peer = Peer::new(first).await;
    let (ok, from) = answered(&mut agent, &peer).await;
    assert_eq!((header(&ok, "Contact"), from), (format!("<sip:warmline@{first}>"), first));
}

#[tokio::test]
async fn a_socket_for_every_address_answers_from_the_one_that_was_asked() {
    for (bound, asked) in [("0.0.0.0:0", "127.0.0.7"), ("0.0.0.0:0", "127.0.0.1"), ("[::]:0", "::1")] {
        let mut agent = Agent::start(listening(&[(Transport::Udp, bound)])).await;
        let asked = SocketAddr::new(asked.parse().unwrap(), agent.udp().port());
        let own: SocketAddr = if asked.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" }.parse().unwrap();
        let peer = Peer { socket: tokio::net::UdpSocket::bind(own).await.unwrap(), agent: asked };
        let (ok, from) = answered(&mut agent, &peer).await;
        assert_eq!((header(&ok, "Contact"), from), (format!("<sip:warmline@{asked}>"), asked));
    }
}

/// A port that is free for datagrams and for streams.
fn free() -> SocketAddr {
    loop {
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = datagrams.local_addr().unwrap();
        if std::net::TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

fn long(agent: &Agent, target: &str, length: usize) -> warmline_sip::user_agent::DialRequest {
    let mut dial = request(agent.handle.new_leg(), target);
    dial.headers = vec![("X-Long".to_owned(), "x".repeat(length))];
    dial
}

#[tokio::test]
async fn a_request_too_large_for_a_datagram_goes_by_tcp_to_the_same_address() {
    let address = free();
    let config = Config { listen: vec![Listener::new(Transport::Udp, address), Listener::new(Transport::Tcp, address)], ..quick() };
    let (mut caller, mut callee) = (Agent::start(quick()).await, Agent::start(config).await);
    let target = format!("sip:support@{address}");
    caller.handle.dial(long(&caller, &target, 2_000)).await;
    let call = callee.incoming().await;
    assert_eq!((call.transport, call.headers[0].1.len()), (Transport::Tcp, 2_000));
    callee.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await;
    assert!(matches!(caller.event().await, Event::Answered { .. }));
    assert!(matches!(callee.event().await, Event::Confirmed { .. }));
    callee.handle.bye(call.leg, None).await;
    assert!(matches!(caller.event().await, Event::Ended { by: EndedBy::Remote, .. }));
    // A short one goes as it was asked for.
    let _ = callee.event().await;
    connected(&mut caller, &mut callee, &target).await;
}

#[tokio::test]
async fn where_tcp_is_refused_a_large_request_goes_as_a_datagram() {
    let mut caller = Agent::start(quick()).await;
    let peer = Peer::new(caller.udp()).await;
    caller.handle.dial(long(&caller, &peer.uri(), 2_000)).await;
    let invite = peer.expect("INVITE").await;
    assert!(header(&invite, "Via").starts_with(&format!("SIP/2.0/UDP {}", caller.udp())), "{invite}");
    peer.respond(&invite, "486 Busy Here", "t", "").await;
    peer.expect("ACK").await;
    assert!(matches!(caller.event().await, Event::Failed { status: Some(486), .. }));
    caller.settled().await;
}
