//! A gateway on IPv6.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use warmline::{
    call::{
        event::Event,
        ids::{AgentId, LegId},
        media::patch::{Ear, Patch, Under},
    },
    telephony::{Lines, Outward, over},
};
use warmline_sip::user_agent::{Listener, Transport};

use super::{
    rtp::{Rtp, tone},
    support::{Caller, Edge, HERE, Peer, offer, sound_of},
};

const AGENT: LegId = LegId(1);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn bridge() -> Patch {
    let ear = |leg, other| Ear { leg, hears: vec![other], under: Under::Nothing };
    Patch { ears: vec![ear(LegId::CALLER, AGENT), ear(AGENT, LegId::CALLER)], ..Patch::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_version_six_callers_are_bridged_and_sound_of_version_four_is_refused() {
    let peer = Peer::at(V6).await;
    let outward = Outward { peers: vec![peer.uri()], ..Outward::default() };
    let lines = Lines { outward: BTreeMap::from([("isp".to_owned(), outward)]), ..Lines::default() };
    let mut edge = Edge::with(17_820..=17_827, Duration::from_secs(30), |options| {
        options.sip.listen = vec![Listener::new(Transport::Udp, SocketAddr::new(V6, 0))];
        (options.media_address, options.media.bind, options.lines) = (V6, V6, lines);
    })
    .await;
    let to = edge.telephony.user_agent().address(Transport::Udp, true).unwrap();
    let calling = Caller::at(V6, to).await;
    calling.send("INVITE", "four", 1, "", "", &offer(Rtp::at(HERE).await.address(), "0")).await;
    assert!(calling.answer_to("four", "1 INVITE").await.starts_with("SIP/2.0 488"));
    assert!(edge.is_quiet());

    let (mut caller, mut agent) = (Rtp::at(V6).await, Rtp::at(V6).await);
    calling.send("INVITE", "six", 1, "", "", &offer(caller.address(), "0")).await;
    let mut taken = edge.answer().await;
    let answer = calling.answer_to("six", "1 INVITE").await;
    calling.confirm("six", &answer).await;
    caller.to = sound_of(&answer);
    assert_eq!(caller.to.ip(), V6, "{answer}");
    taken.legs.patch(bridge());
    taken.legs.dial(AGENT, (AgentId("desk".to_owned()), over("isp", "4021")), 20_000, String::new(), None).await;
    let invite = peer.expect("INVITE sip:4021@[::1]").await;
    agent.to = sound_of(&invite.text);
    assert_eq!(agent.to.ip(), V6, "{}", invite.text);
    peer.respond(&invite, "200 OK", &offer(agent.address(), "0")).await;
    while !matches!(taken.next().await, Event::LegAnswered { leg: AGENT }) {}
    for _ in 0..60 {
        caller.drain();
        caller.say(tone(440.0)).await;
        agent.talk(1, tone(1_000.0)).await;
    }
    caller.drain();
    assert!(caller.strength(1_000.0) > 0.95 && agent.strength(440.0) > 0.95);
}
