//! A trunk's peer says that the callee is elsewhere.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use tokio::{net::UdpSocket, time::timeout};
use warmline::{
    call::{
        event::{DialFailure, Event},
        ids::{AgentId, LegId},
    },
    telephony::{Lines, Outward, over},
};

use super::support::{Caller, Edge, HERE, PATIENCE, Taken, offer};

const AGENT: LegId = LegId(1);

/// Where the trunk's calls arrive.
struct Peer(UdpSocket);

impl Peer {
    async fn new() -> Self {
        Self(UdpSocket::bind((HERE, 0)).await.unwrap())
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// The next request of this kind, and who sent it.
    async fn expect(&self, method: &str) -> (String, SocketAddr) {
        let mut buffer = vec![0; 8_192];
        loop {
            let (length, from) = timeout(PATIENCE, self.0.recv_from(&mut buffer)).await.expect("a request in time").unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.starts_with(method) {
                return (text, from);
            }
        }
    }

    async fn respond(&self, (request, from): &(String, SocketAddr), status: &str, contact: SocketAddr, body: &str) {
        let header = |name: &str| request.lines().find(|line| line.starts_with(&format!("{name}: "))).unwrap();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let text = format!(
            "SIP/2.0 {status}\r\n{}\r\n{}\r\n{};tag=peer\r\n{}\r\n{}\r\nContact: <sip:4022@{contact}>\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            header("Via"),
            header("From"),
            header("To"),
            header("Call-ID"),
            header("CSeq"),
            body.len()
        );
        self.0.send_to(text.as_bytes(), from).await.unwrap();
    }
}

/// A caller is on the line, and 4021 is rung over the trunk, whose peer answers 302.
async fn redirected(follow_redirects: bool, ports: std::ops::RangeInclusive<u16>) -> (Edge, Caller, Taken, Peer) {
    let (first, second) = (Peer::new().await, Peer::new().await);
    let peer = format!("sip:{}", first.address()).parse().unwrap();
    let outward = Outward { peers: vec![peer], follow_redirects, ..Outward::default() };
    let lines = Lines { outward: BTreeMap::from([("pbx".to_owned(), outward)]), ..Lines::default() };
    let mut edge = Edge::over(lines, ports, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    caller.send("INVITE", "moved", 1, "", "", &caller.offer()).await;
    let mut taken = edge.answer().await;
    let answer = caller.hears().await;
    caller.confirm("moved", &answer).await;
    taken.legs.dial(AGENT, (AgentId("desk".to_owned()), over("pbx", "4021")), 20_000, String::new(), None).await;
    let invite = first.expect("INVITE sip:4021@").await;
    first.respond(&invite, "302 Moved Temporarily", second.address(), "").await;
    first.expect("ACK").await;
    (edge, caller, taken, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_may_sends_the_call_elsewhere() {
    let (_edge, caller, mut taken, second) = redirected(true, 17_550..=17_557).await;
    let invite = second.expect("INVITE sip:4022@").await;
    second.respond(&invite, "200 OK", second.address(), &offer(caller.rtp.local_addr().unwrap(), "0")).await;
    loop {
        match taken.next().await {
            Event::LegAnswered { leg: AGENT } => break,
            Event::LegFailed { leg, why } => panic!("{leg:?} {why:?}"),
            _ => {}
        }
    }
    second.expect("ACK").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_has_its_call_rejected() {
    let (_edge, _caller, mut taken, _second) = redirected(false, 17_560..=17_567).await;
    loop {
        if let Event::LegFailed { leg: AGENT, why } = taken.next().await {
            return assert_eq!(why, DialFailure::Rejected);
        }
    }
}
