//! IPv4 and IPv6 at once: calls over either, and between the two.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    time::Duration,
};

use warmline::{
    call::{
        event::Event,
        ids::{AgentId, LegId},
        media::patch::{Ear, Patch, Under},
    },
    telephony::{Lines, Outward, over},
    web_call,
};
use warmline_sip::user_agent::{Listener, Transport};

use super::{
    rtp::{Rtp, assert_joined, tone},
    support::{Caller, Edge, HERE, PATIENCE, Peer, Request, Taken, offer, sound_of},
};

const AGENT: LegId = LegId(1);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A gateway at both addresses, with a trunk of these peers.
async fn both(ports: RangeInclusive<u16>, peers: &[&Peer]) -> Edge {
    let outward = Outward { peers: peers.iter().map(|peer| peer.uri()).collect(), ..Outward::default() };
    let lines = Lines { outward: BTreeMap::from([("isp".to_owned(), outward)]), ..Lines::default() };
    Edge::with(ports, Duration::from_secs(30), |options| {
        options.sip.listen.push(Listener::new(Transport::Udp, SocketAddr::new(V6, 0)));
        (options.other_address, options.media.other, options.lines) = (Some(V6), Some(V6), lines);
    })
    .await
}

/// Somebody who calls from this address.
async fn at(edge: &Edge, here: IpAddr) -> Caller {
    Caller::at(here, edge.telephony.user_agent().address(Transport::Udp, here.is_ipv6()).unwrap()).await
}

/// Calls from an address with sound at another one, and is answered there.
async fn call(edge: &mut Edge, from: IpAddr, sound_at: IpAddr) -> (Caller, Rtp, Taken) {
    let (caller, mut rtp) = (at(edge, from).await, Rtp::at(sound_at).await);
    caller.send("INVITE", "family", 1, "", "", &offer(rtp.address(), "0")).await;
    let taken = edge.answer().await;
    let answer = caller.answer_to("family", "1 INVITE").await;
    caller.confirm("family", &answer).await;
    rtp.to = sound_of(&answer);
    assert_eq!(rtp.to.ip(), sound_at, "{answer}");
    (caller, rtp, taken)
}

/// Rings 4021 over the trunk, and joins both once it answers.
async fn ring(taken: &mut Taken) {
    let ear = |leg, other| Ear { leg, hears: vec![other], under: Under::Nothing };
    let ears = vec![ear(LegId::CALLER, AGENT), ear(AGENT, LegId::CALLER)];
    taken.legs.patch(Patch { ears, ..Patch::default() });
    taken.legs.dial(AGENT, (AgentId("desk".to_owned()), over("isp", "4021")), 20_000, String::new(), None).await;
}

/// What a peer is sent, which has to name one of our addresses of its own family everywhere.
async fn invited(peer: &Peer) -> Request {
    let invite = peer.expect("INVITE sip:4021@").await;
    let (network, here) = if peer.address().is_ipv4() { ("IP4 127.0.0.1", "127.0.0.1:") } else { ("IP6 ::1", "[::1]:") };
    let line = |start: &str| invite.text.lines().find(|line| line.starts_with(start)).unwrap_or_default();
    assert!(line("o=").ends_with(&format!(" IN {network}")) && line("c=") == format!("c=IN {network}"), "{}", invite.text);
    assert!(line("Via: ").starts_with(&format!("Via: SIP/2.0/UDP {here}")), "{}", invite.text);
    assert!(line("Contact: ").starts_with(&format!("Contact: <sip:warmline@{here}")), "{}", invite.text);
    invite
}

async fn answered(taken: &mut Taken) {
    while !matches!(taken.next().await, Event::LegAnswered { leg: AGENT }) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_either_family_are_bridged_to_agents_of_either() {
    // The description alone says where the sound is, and not the way that it came.
    for (n, (from, sound_at, agent_at)) in [(HERE, HERE, V6), (V6, V6, HERE), (V6, HERE, V6), (HERE, V6, V6)].into_iter().enumerate() {
        let peer = Peer::at(agent_at).await;
        let first = 17_820 + 8 * n as u16;
        let mut edge = both(first..=first + 7, &[&peer]).await;
        let (_caller, mut caller, mut taken) = call(&mut edge, from, sound_at).await;
        ring(&mut taken).await;
        let (invite, mut agent) = (invited(&peer).await, Rtp::at(agent_at).await);
        agent.to = sound_of(&invite.text);
        peer.respond(&invite, "200 OK", &offer(agent.address(), "0")).await;
        answered(&mut taken).await;
        assert_joined(&mut caller, &mut agent).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_of_the_other_family_is_tried_next_with_an_offer_of_its_own() {
    let (first, second) = (Peer::at(V6).await, Peer::at(HERE).await);
    let mut edge = both(17_860..=17_867, &[&first, &second]).await;
    let (_caller, mut caller, mut taken) = call(&mut edge, HERE, HERE).await;
    ring(&mut taken).await;
    // The first has sound before the answer already, and then no line after all.
    let (invite, mut early) = (invited(&first).await, Rtp::at(V6).await);
    early.to = sound_of(&invite.text);
    first.respond(&invite, "183 Session Progress", &offer(early.address(), "0")).await;
    early.talk(5, tone(700.0)).await;
    first.respond(&invite, "503 Service Unavailable", "").await;
    let (invite, mut agent) = (invited(&second).await, Rtp::at(HERE).await);
    agent.to = sound_of(&invite.text);
    assert_eq!(agent.to.port(), early.to.port());
    for status in ["183 Session Progress", "200 OK"] {
        second.respond(&invite, status, &offer(agent.address(), "0")).await;
    }
    answered(&mut taken).await;
    assert_joined(&mut caller, &mut agent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_offers_nothing_is_offered_the_family_they_call_over_and_stays_in_it() {
    let mut edge = both(17_868..=17_875, &[]).await;
    let (caller, mut rtp) = (at(&edge, V6).await, Rtp::at(V6).await);
    caller.send("INVITE", "family", 1, "", "", "").await;
    let mut taken = edge.answer().await;
    let ours = caller.answer_to("family", "1 INVITE").await;
    rtp.to = sound_of(&ours);
    assert_eq!(rtp.to.ip(), V6, "{ours}");
    let tag = Caller::tag_of(&ours);
    caller.send("ACK", "family", 1, &tag, "", &offer(rtp.address(), "0")).await;
    assert!(matches!(taken.next().await, Event::LegAnswered { leg: LegId::CALLER }));
    let music = Ear { leg: LegId::CALLER, hears: vec![], under: Under::Hold };
    taken.legs.patch(Patch { ears: vec![music], ..Patch::default() });
    // It cannot take its sound elsewhere; the call goes on as it was.
    caller.send("INVITE", "family", 2, &tag, "", &offer(Rtp::at(HERE).await.address(), "0")).await;
    assert!(caller.answer_to("family", "2 INVITE").await.starts_with("SIP/2.0 488"));
    rtp.talk(40, tone(440.0)).await;
    assert!(rtp.peak() > 500, "no music");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_of_one_family_refuses_the_others_sound() {
    let mut edge = Edge::with(17_876..=17_883, Duration::from_secs(30), |options| {
        options.sip.listen = vec![Listener::new(Transport::Udp, SocketAddr::new(V6, 0))];
        (options.media_address, options.media.bind) = (V6, V6);
    })
    .await;
    let caller = at(&edge, V6).await;
    caller.send("INVITE", "four", 1, "", "", &offer(Rtp::at(HERE).await.address(), "0")).await;
    assert!(caller.answer_to("four", "1 INVITE").await.starts_with("SIP/2.0 488"));
    assert!(edge.is_quiet());
    let (_caller, mut rtp, taken) = call(&mut edge, V6, V6).await;
    let music = Ear { leg: LegId::CALLER, hears: vec![], under: Under::Hold };
    taken.legs.patch(Patch { ears: vec![music], ..Patch::default() });
    rtp.talk(40, tone(440.0)).await;
    assert!(rtp.peak() > 500, "no music");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_a_candidate_of_either_family_and_heard_wherever_its_checks_come_from() {
    let peer = Peer::at(HERE).await;
    let mut edge = both(18_490..=18_497, &[&peer]).await;
    let mine = format!("{}a=ice-ufrag:page\r\na=ice-pwd:0123456789012345678901\r\na=rtcp-mux\r\n", offer(SocketAddr::new(HERE, 9), "0"));
    let (reply, answered_page) = tokio::sync::oneshot::channel();
    edge.pages.send(web_call::Request::Call { called: "support".to_owned(), name: None, offer: mine, reply }).await.unwrap();
    let mut taken = edge.answer().await;
    let page = tokio::time::timeout(PATIENCE, answered_page).await.expect("an answer in time").unwrap().unwrap();
    let line = |start: &str| page.answer.lines().filter_map(|line| line.strip_prefix(start)).map(str::to_owned).collect::<Vec<_>>();
    let port = sound_of(&page.answer).port();
    let expected = [format!("1 1 udp 2130706431 127.0.0.1 {port} typ host"), format!("2 1 udp 2130706175 ::1 {port} typ host")];
    assert_eq!(line("a=candidate:"), expected);
    ring(&mut taken).await;
    let (invite, mut agent) = (invited(&peer).await, Rtp::at(HERE).await);
    agent.to = sound_of(&invite.text);
    peer.respond(&invite, "200 OK", &offer(agent.address(), "0")).await;
    answered(&mut taken).await;
    // Its description named IPv4. It is found in IPv6, and then, while packets go across, in IPv4 after all, and back.
    let (name, password) = (format!("{}:page", line("a=ice-ufrag:")[0]), line("a=ice-pwd:")[0].clone());
    for (here, priority) in [(V6, 10), (HERE, 20), (V6, 30)] {
        let mut sound = Rtp::at(here).await;
        sound.to = SocketAddr::new(here, port);
        sound.checks((&name, &password), priority).await;
        assert_joined(&mut sound, &mut agent).await;
    }
}
