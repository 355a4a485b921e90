//! Sound that goes to somebody who did not ask for it stops by itself, and sound stops with its call.

use std::{net::UdpSocket as Bystander, time::Duration};

use super::support::{Caller, Edge, HERE, PATIENCE, offer, sound_of};

/// Packets that wait at a socket.
fn waiting(socket: &Bystander) -> usize {
    socket.set_nonblocking(true).unwrap();
    let count = std::iter::from_fn(|| socket.recv_from(&mut [0; 512]).ok()).count();
    socket.set_nonblocking(false).unwrap();
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_was_aimed_at_a_third_party_stops_with_the_media_timeout() {
    let mut edge = Edge::start(17_530..=17_535, Duration::from_millis(600)).await;
    let caller = Caller::new(edge.address()).await;
    let victim = Bystander::bind("127.0.0.77:0").unwrap();
    victim.set_read_timeout(Some(PATIENCE)).unwrap();
    caller.send("INVITE", "aimed", 1, "", "", &offer(victim.local_addr().unwrap(), "0")).await;
    let mut taken = edge.answer().await;
    let answer = caller.hears().await;
    caller.confirm("aimed", &answer).await;
    // The victim hears the beginning: we cannot know better.
    victim.recv_from(&mut [0; 512]).unwrap();
    let bye = caller.hears().await;
    assert!(bye.starts_with("BYE") && bye.contains("\r\nReason: Q.850;cause=41;"), "the silent call is ended: {bye}");
    taken.ended().await;
    // What was sent before that has arrived: loopback keeps the order. A second call's packets measure the time that passes.
    waiting(&victim);
    let clock = Caller::new(edge.address()).await;
    clock.send("INVITE", "clock", 1, "", "", &clock.offer()).await;
    let _taken = edge.answer().await;
    clock.hears().await;
    for _ in 0..10 {
        tokio::time::timeout(PATIENCE, clock.rtp.recv_from(&mut [0; 512])).await.unwrap().unwrap();
    }
    assert_eq!(waiting(&victim), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_stops_with_the_bye_and_the_port_rests() {
    let mut edge = Edge::start(17_540..=17_543, Duration::from_secs(30)).await;
    let (caller, clock) = (Caller::new(edge.address()).await, Caller::new(edge.address()).await);
    caller.send("INVITE", "over", 1, "", "", &caller.offer()).await;
    let mut taken = edge.answer().await;
    let answer = caller.hears().await;
    let tag = caller.confirm("over", &answer).await;
    tokio::time::timeout(PATIENCE, caller.rtp.recv_from(&mut [0; 512])).await.unwrap().unwrap();
    caller.send("BYE", "over", 2, &tag, "", "").await;
    assert!(caller.hears().await.starts_with("SIP/2.0 200"));
    taken.ended().await;
    // A second call has the other port; five of its packets are 100 ms.
    clock.send("INVITE", "clock", 1, "", "", &clock.offer()).await;
    let _taken = edge.answer().await;
    let other = clock.hears().await;
    assert_ne!(sound_of(&other), sound_of(&answer));
    let hear = async |count: usize| {
        for _ in 0..count {
            tokio::time::timeout(PATIENCE, clock.rtp.recv_from(&mut [0; 512])).await.unwrap().unwrap();
        }
    };
    hear(5).await;
    while caller.rtp.try_recv(&mut [0; 512]).is_ok() {}
    hear(10).await;
    assert!(caller.rtp.try_recv(&mut [0; 512]).is_err(), "RTP after the BYE");
    // The first port rests, the second one is in use: there is none left.
    caller.send("INVITE", "none-left", 1, "", "", &caller.offer()).await;
    let _refused = edge.answer().await;
    assert!(caller.hears().await.starts_with("SIP/2.0 503"));
    // What is sent to the port of the call that is over reaches nobody.
    caller.rtp.send_to(&[0x80; 172], sound_of(&answer)).await.unwrap();
    assert_eq!(sound_of(&answer).ip(), HERE);
}
