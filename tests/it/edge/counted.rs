//! What strangers send is dropped, and counted where operators look.

use std::time::Duration;

use tokio::{net::UdpSocket, time::timeout};
use warmline::call::ids::LegId;
use warmline_sip::guard::RefusalKind;

use super::support::{Caller, Edge, HERE, PATIENCE, sound_of};
use crate::http::metrics_text;

/// A counter's value; 0 before it has counted.
async fn counted(series: &str) -> u64 {
    let text = metrics_text().await;
    text.lines().find_map(|line| line.strip_prefix(series)).map_or(0, |value| value.trim().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_messages_are_counted_by_kind() {
    let mut edge = Edge::start(18_300..=18_307, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    metrics_text().await;
    for text in ["hello\r\n\r\n", "what\r\n\r\n", "INVITE\r\n\r\n"] {
        caller.says(text).await;
    }
    caller.send("MESSAGE", "message", 1, "", "", "").await;
    while !caller.hears().await.starts_with("SIP/2.0 405") {}
    // It came after the others, over the same socket.
    caller.send("INVITE", "good", 1, "", "", &caller.offer()).await;
    let _call = edge.answer().await;
    edge.telephony.count().await;
    let refusals = edge.telephony.user_agent().stats().await.refusals;
    assert!(refusals.total() >= 3, "{refusals:?}");
    for (kind, count) in refusals.iter().filter(|(_, count)| *count > 0) {
        assert_eq!(counted(&format!("warmline_sip_refused_total{{kind=\"{}\"}}", kind.name())).await, count, "{kind:?}");
    }
    // Kinds that have not come yet are there, so that their first time can be seen.
    let text = metrics_text().await;
    assert!(RefusalKind::ALL.iter().all(|kind| text.contains(&format!("kind=\"{}\"", kind.name()))), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dropped_packets_are_counted_by_reason() {
    let mut edge = Edge::start(18_310..=18_317, Duration::from_secs(30)).await;
    let caller = Caller::new(edge.address()).await;
    let series = |why: &str| format!("warmline_rtp_dropped_total{{why=\"{why}\"}}");
    let before = [counted(&series("stranger")).await, counted(&series("malformed")).await, counted(&series("unknown_payload")).await];
    caller.send("INVITE", "call", 1, "", "", &caller.offer()).await;
    let mut call = edge.answer().await;
    let answer = caller.hears().await;
    caller.confirm("call", &answer).await;
    // What waits at a port when a leg begins is not looked at: it has begun when it is heard.
    timeout(PATIENCE, caller.rtp.recv_from(&mut [0; 512])).await.unwrap().unwrap();
    // Its own sound comes from where it said, so that everybody else is a stranger.
    let (port, stranger) = (sound_of(&answer), UdpSocket::bind((HERE, 0)).await.unwrap());
    let packet = |number: u8, payload: u8| {
        let mut packet = vec![0xff; 172];
        packet[..12].copy_from_slice(&[0x80, payload, 0, number, 0, 0, number, 0, 1, 2, 3, 4]);
        packet
    };
    for number in 0..4 {
        caller.rtp.send_to(&packet(number, 0), port).await.unwrap();
    }
    for number in 4..7 {
        stranger.send_to(&packet(number, 0), port).await.unwrap();
        caller.rtp.send_to(b"this is no RTP at all", port).await.unwrap();
        caller.rtp.send_to(&packet(number, 18), port).await.unwrap();
    }
    // A packet of its own for each tick; five ticks later everything has been read.
    while caller.rtp.try_recv(&mut [0; 512]).is_ok() {}
    for _ in 0..5 {
        timeout(PATIENCE, caller.rtp.recv_from(&mut [0; 512])).await.unwrap().unwrap();
    }
    call.legs.hang_up(LegId::CALLER).await;
    assert!(caller.hears().await.starts_with("BYE"));
    for (why, before) in ["stranger", "malformed", "unknown_payload"].into_iter().zip(before) {
        let all = async {
            let mut look = tokio::time::interval(Duration::from_millis(50));
            while counted(&series(why)).await < before + 3 {
                look.tick().await;
            }
        };
        timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("not every one was counted: {why}"));
    }
}
