//! What a trunk agrees to and may bring is looked at before anything is made of its calls.

use std::{net::IpAddr, ops::RangeInclusive, sync::Arc, time::Duration};

use warmline::{
    call::ids::{AgentId, LegId},
    telephony::{Line, Lines, Outward, over},
    trunk::{Route, Trunk, TrunkTable},
};
use warmline_sip::{codec::Codec, sdp::Encryption};

use super::support::{Caller, Edge, Peer, Taken, line, loopback, offer, trunk_at, trunks};

/// The trunks of a test have their peers at 127.0.0.10 and on.
const FIRST: u8 = 10;

/// A key for SRTP (RFC 4568).
const CRYPTO: &str = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\r\n";

/// An edge with these trunks, on which legs agree to this.
async fn edge(lines: Vec<(Trunk, Line)>, ports: RangeInclusive<u16>) -> Edge {
    let by_name = lines.iter().map(|(trunk, line)| (trunk.name.clone(), line.clone())).collect();
    Edge::with(ports, Duration::from_secs(30), |options| {
        options.lines.trunks = by_name;
        options.trunks = trunks(lines.into_iter().map(|(trunk, _)| trunk).collect());
    })
    .await
}

/// The answer to a call that is refused, and that nobody was to take.
async fn refused(edge: &mut Edge, caller: &Caller, id: &str, offer: &str) -> String {
    caller.send("INVITE", id, 1, "", "", offer).await;
    let answer = caller.answer_to(id, "1 INVITE").await;
    assert!(edge.is_quiet(), "{id}: {answer}");
    answer
}

/// A call that is taken, and its answer.
async fn taken(edge: &mut Edge, caller: &Caller, id: &str, offer: &str) -> (Taken, String) {
    caller.send("INVITE", id, 1, "", "", offer).await;
    let taken = edge.answer().await;
    let answer = caller.answer_to(id, "1 INVITE").await;
    assert!(answer.starts_with("SIP/2.0 200"), "{id}: {answer}");
    caller.confirm(id, &answer).await;
    (taken, answer)
}

/// The offer of a caller, in clear and encrypted.
fn offers(caller: &Caller) -> (String, String) {
    let plain = caller.offer();
    let encrypted = plain.replace("RTP/AVP", "RTP/SAVP") + CRYPTO;
    (plain, encrypted)
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_is_encrypted_as_the_trunk_says() {
    let policies = [("never", Encryption::Never), ("offered", Encryption::IfOffered), ("required", Encryption::Required)];
    let trunk = |(index, (name, encryption)): (usize, (&str, Encryption))| {
        (trunk_at(name, loopback(FIRST + index as u8)), Line { encryption, ..Line::default() })
    };
    let mut edge = edge(policies.into_iter().enumerate().map(trunk).collect(), 18_000..=18_015).await;
    for (index, (name, encryption)) in policies.into_iter().enumerate() {
        let caller = Caller::at(loopback(FIRST + index as u8), edge.address()).await;
        let (plain, encrypted) = offers(&caller);
        let (in_clear, in_secret) = (format!("{name}-plain"), format!("{name}-encrypted"));
        if encryption == Encryption::Required {
            assert!(refused(&mut edge, &caller, &in_clear, &plain).await.starts_with("SIP/2.0 488"));
        } else {
            let (call, answer) = taken(&mut edge, &caller, &in_clear, &plain).await;
            assert!(answer.contains(" RTP/AVP ") && !answer.contains("a=crypto"), "{answer}");
            assert_eq!(call.caller.trunk.as_deref(), Some(name));
        }
        if encryption == Encryption::Never {
            assert!(refused(&mut edge, &caller, &in_secret, &encrypted).await.starts_with("SIP/2.0 488"));
        } else {
            let (_call, answer) = taken(&mut edge, &caller, &in_secret, &encrypted).await;
            assert!(answer.contains(" RTP/SAVP ") && answer.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80"), "{answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_the_trunks_codecs_is_refused() {
    let line = Line { codecs: vec![Codec::G722], ..Line::default() };
    let mut edge = edge(vec![(trunk_at("wide", loopback(FIRST)), line)], 18_020..=18_027).await;
    let caller = Caller::at(loopback(FIRST), edge.address()).await;
    let of = |types: &str| offer(caller.rtp.local_addr().unwrap(), types);
    assert!(refused(&mut edge, &caller, "narrow", &of("0 8")).await.starts_with("SIP/2.0 488"));
    let (_call, answer) = taken(&mut edge, &caller, "both", &of("0 8 9")).await;
    assert!(answer.contains(" RTP/AVP 9"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_beyond_the_trunks_bound_are_told_to_come_later() {
    let trunk = Trunk { calls: Some(1), ..trunk_at("one", loopback(FIRST)) };
    let trunks = vec![(trunk, Line::default()), (trunk_at("two", loopback(FIRST + 1)), Line::default())];
    let mut edge = edge(trunks, 18_030..=18_045).await;
    let caller = Caller::at(loopback(FIRST), edge.address()).await;
    let (mut call, answer) = taken(&mut edge, &caller, "first", &caller.offer()).await;
    let busy = refused(&mut edge, &caller, "second", &caller.offer()).await;
    assert!(busy.starts_with("SIP/2.0 503") && busy.contains("\r\nRetry-After: "), "{busy}");
    // Another trunk has places of its own, and whoever offers nonsense takes none.
    let other = Caller::at(loopback(FIRST + 1), edge.address()).await;
    let _other = taken(&mut edge, &other, "other", &other.offer()).await;
    caller.send("BYE", "first", 2, &Caller::tag_of(&answer), "", "").await;
    call.ended().await;
    assert!(refused(&mut edge, &caller, "nonsense", "hello").await.starts_with("SIP/2.0 400"));
    let _next = taken(&mut edge, &caller, "next", &caller.offer()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_come_too_fast_are_told_to_come_later() {
    let trunk = Trunk { calls_per_second: Some(1), ..trunk_at("slow", loopback(FIRST)) };
    let mut edge = edge(vec![(trunk, Line::default())], 18_050..=18_065).await;
    let caller = Caller::at(loopback(FIRST), edge.address()).await;
    let ids = ["a", "b", "c", "d", "e"];
    for id in ids {
        caller.send("INVITE", id, 1, "", "", &caller.offer()).await;
    }
    let _first = edge.answer().await;
    // How many fit into the bound, the machine decides; five that come at once never do.
    let mut refused = 0;
    while refused == 0 {
        let answer = caller.hears().await;
        if answer.starts_with("SIP/2.0 503") {
            assert!(answer.contains("\r\nRetry-After: "), "{answer}");
            refused += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_trunk_has_its_routes_and_strangers_have_none() {
    let route = |trunk: &str, called: &str| Route { trunks: vec![trunk.to_owned()], called: called.to_owned(), ..Route::default() };
    let trunks = vec![trunk_at("isp", loopback(FIRST)), trunk_at("pbx", loopback(FIRST + 1))];
    let routes = vec![route("isp", "support"), route("pbx", "support"), route("pbx", "sales")];
    let table = Arc::new(TrunkTable::new(trunks, Vec::new(), routes));
    let mut edge = Edge::with(18_070..=18_077, Duration::from_secs(30), |options| options.trunks = table).await;
    for (index, trunk) in ["isp", "pbx"].into_iter().enumerate() {
        let caller = Caller::at(loopback(FIRST + index as u8), edge.address()).await;
        caller.send("INVITE", trunk, 1, "", "", &caller.offer()).await;
        let arrival = edge.arrives().await;
        assert_eq!((arrival.route, arrival.caller.trunk.as_deref(), arrival.caller.called.as_str()), (index, Some(trunk), "support"));
    }
    let stranger = Caller::at(loopback(FIRST + 2), edge.address()).await;
    assert!(refused(&mut edge, &stranger, "stranger", &stranger.offer()).await.starts_with("SIP/2.0 403"));
    // It does not even learn whether we read its offer.
    assert!(refused(&mut edge, &stranger, "nonsense", "hello").await.starts_with("SIP/2.0 403"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_is_told_the_address_that_it_reaches_us_at() {
    let (peer, told): (Peer, IpAddr) = (Peer::at(loopback(FIRST)).await, "198.51.100.7".parse().unwrap());
    let outward = Outward { peers: vec![peer.uri()], ..Outward::default() };
    let line = Line { advertised: vec![told], ..Line::default() };
    let mut edge = Edge::with(18_080..=18_095, Duration::from_secs(30), |options| {
        options.lines = Lines { trunks: [("isp".to_owned(), line)].into(), outward: [("isp".to_owned(), outward)].into() };
        options.trunks = trunks(vec![trunk_at("isp", loopback(FIRST)), trunk_at("pbx", loopback(FIRST + 1))]);
        options.sip.advertised_to = vec![(loopback(FIRST).to_string().parse().unwrap(), told)];
    })
    .await;
    let caller = Caller::at(loopback(FIRST), edge.address()).await;
    let (mut call, answer) = taken(&mut edge, &caller, "isp", &caller.offer()).await;
    assert!(answer.contains("Contact: <sip:warmline@198.51.100.7") && answer.contains("c=IN IP4 198.51.100.7"), "{answer}");
    let other = Caller::at(loopback(FIRST + 1), edge.address()).await;
    let (_other, answer) = taken(&mut edge, &other, "pbx", &other.offer()).await;
    assert!(!answer.contains("198.51.100.7"), "{answer}");

    call.legs.dial(LegId(1), (AgentId("desk".to_owned()), over("isp", "4021")), 5_000, String::new(), None).await;
    let invite = peer.expect("INVITE").await.text;
    let says = |start: &str| invite.lines().any(|line| line.starts_with(start));
    assert!(
        says("Via: SIP/2.0/UDP 198.51.100.7") && says("Contact: <sip:warmline@198.51.100.7") && says("c=IN IP4 198.51.100.7"),
        "{invite}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_full_is_called_after_the_others_for_as_long_as_it_says() {
    let (full, other) = (Peer::new().await, Peer::new().await);
    let outward = Outward { peers: vec![full.uri(), other.uri()], ..Outward::default() };
    let lines = Lines { outward: [("isp".to_owned(), outward)].into(), ..Lines::default() };
    let mut edge = Edge::over(lines, 18_096..=18_111, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    let (mut call, _) = taken(&mut edge, &caller, "full", &caller.offer()).await;
    for leg in [LegId(1), LegId(2)] {
        call.legs.dial(leg, (AgentId("desk".to_owned()), over("isp", "4021")), 5_000, String::new(), None).await;
        if leg == LegId(1) {
            let invite = full.expect("INVITE").await;
            full.respond_with(&invite, "503 Service Unavailable", "Retry-After: 60\r\n", "").await;
        }
        let invite = other.expect("INVITE").await;
        other.respond(&invite, "486 Busy Here", "").await;
        other.expect("ACK").await;
    }
    // Nothing but the end of the first call came there.
    assert!(full.expect("ACK").await.text.contains("SIP/2.0") && full.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trunk_with_a_proxy_is_called_through_it_in_the_name_that_the_trunk_has() {
    let proxy = Peer::new().await;
    let (user, host) = (Some("0213000000".to_owned()), Some("example.net".to_owned()));
    let peers = vec!["sip:pbx.invalid".parse().unwrap()];
    let outward = Outward { peers, proxy: Some(proxy.uri()), from_user: user, from_host: host, ..Outward::default() };
    let lines = Lines { outward: [("isp".to_owned(), outward)].into(), ..Lines::default() };
    let mut edge = Edge::over(lines, 18_550..=18_557, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    let (mut call, _) = taken(&mut edge, &caller, "proxy", &caller.offer()).await;
    call.legs.dial(LegId(1), (AgentId("desk".to_owned()), over("isp", "4021")), 5_000, String::new(), None).await;
    // The name of the peer is the proxy's to look up.
    let invite = proxy.expect("INVITE sip:4021@pbx.invalid SIP/2.0\r\n").await;
    assert_eq!(line(&invite.text, "Route"), format!("<sip:{};lr>", proxy.address()));
    assert!(line(&invite.text, "From").contains("<sip:0213000000@example.net>"), "{}", invite.text);
    proxy.respond(&invite, "486 Busy Here", "").await;
    proxy.expect("ACK").await;
}
