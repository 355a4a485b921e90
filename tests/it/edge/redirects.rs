//! A trunk's peer says that the callee is elsewhere.

use std::{collections::BTreeMap, time::Duration};

use warmline::{
    call::{
        event::{DialFailure, Event},
        ids::{AgentId, LegId},
    },
    telephony::{Lines, Outward, over},
};

use super::support::{Caller, Edge, Peer, Taken, offer};

const AGENT: LegId = LegId(1);

/// A caller is on the line, and 4021 is rung over the trunk, whose peer answers 302.
async fn redirected(follow_redirects: bool, ports: std::ops::RangeInclusive<u16>) -> (Edge, Caller, Taken, Peer) {
    let (first, second) = (Peer::new().await, Peer::new().await);
    let outward = Outward { peers: vec![first.uri()], follow_redirects, ..Outward::default() };
    let lines = Lines { outward: BTreeMap::from([("pbx".to_owned(), outward)]), ..Lines::default() };
    let mut edge = Edge::over(lines, ports, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    caller.send("INVITE", "moved", 1, "", "", &caller.offer()).await;
    let mut taken = edge.answer().await;
    let answer = caller.hears().await;
    caller.confirm("moved", &answer).await;
    taken.legs.dial(AGENT, (AgentId("desk".to_owned()), over("pbx", "4021")), 20_000, String::new(), None).await;
    let invite = first.expect("INVITE sip:4021@").await;
    first.respond_at(&invite, "302 Moved Temporarily", second.address(), "").await;
    first.expect("ACK").await;
    (edge, caller, taken, second)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_that_may_sends_the_call_elsewhere() {
    let (_edge, caller, mut taken, second) = redirected(true, 17_550..=17_557).await;
    let invite = second.expect("INVITE sip:4022@").await;
    second.respond(&invite, "200 OK", &offer(caller.rtp.local_addr().unwrap(), "0")).await;
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
