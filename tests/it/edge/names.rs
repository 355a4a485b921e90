//! A trunk whose peer is a name (RFC 3263).

#[path = "../../../sip/tests/signalling/names.rs"]
mod server;

use std::{collections::BTreeMap, time::Duration};

use warmline::{
    call::{
        event::Event,
        ids::{AgentId, LegId},
    },
    telephony::{Lines, Outward, over},
};

use self::server::{NameServer, Record};
use super::{
    rtp::{Rtp, assert_joined},
    support::{Caller, Edge, Peer, joined, line, offer, sound_of},
};

const AGENT: LegId = LegId(1);

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_a_trunks_name_say_who_is_called_and_who_next_when_the_first_one_is_not_there() {
    let (gone, second) = (Peer::new().await, Peer::new().await);
    let local = Record::Address(super::support::HERE);
    let names = NameServer::start(&[
        ("trunk.test", Record::Naptr { order: 10, service: "SIP+D2U", replacement: "_sip._udp.trunk.test" }),
        ("_sip._udp.trunk.test", Record::Srv { priority: 10, port: gone.address().port(), host: "a.trunk.test" }),
        ("_sip._udp.trunk.test", Record::Srv { priority: 20, port: second.address().port(), host: "b.trunk.test" }),
        ("a.trunk.test", local.clone()),
        ("b.trunk.test", local),
    ])
    .await;
    drop(gone);
    let outward = Outward { peers: vec!["sip:trunk.test".parse().unwrap()], ..Outward::default() };
    let mut edge = Edge::with(18_540..=18_547, Duration::from_secs(30), |options| {
        options.sip.nameserver = Some(names.address);
        options.lines = Lines { outward: BTreeMap::from([("isp".to_owned(), outward)]), ..Lines::default() };
    })
    .await;
    let (calling, mut caller, mut agent) = (Caller::new(edge.address()).await, Rtp::bind().await, Rtp::bind().await);
    calling.send("INVITE", "names", 1, "", "", &offer(caller.address(), "0")).await;
    let mut taken = edge.answer().await;
    let answer = calling.answer_to("names", "1 INVITE").await;
    calling.confirm("names", &answer).await;
    caller.to = sound_of(&answer);
    taken.legs.dial(AGENT, (AgentId("desk".to_owned()), over("isp", "4021")), 20_000, String::new(), None).await;
    let invite = second.expect("INVITE").await;
    assert!(invite.text.starts_with("INVITE sip:4021@trunk.test SIP/2.0\r\n"), "{}", invite.text);
    assert!(names.asked() >= 4 && line(&invite.text, "To").contains("4021@trunk.test"), "{} questions: {}", names.asked(), invite.text);
    agent.to = sound_of(&invite.text);
    second.respond(&invite, "200 OK", &offer(agent.address(), "0")).await;
    while !matches!(taken.next().await, Event::LegAnswered { leg: AGENT }) {}
    taken.legs.patch(joined(LegId::CALLER, AGENT));
    second.expect("ACK").await;
    assert_joined(&mut caller, &mut agent).await;
}
