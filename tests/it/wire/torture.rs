//! Every message of RFC 4475 and RFC 5118 at the whole gateway, as it is and in 24,000 mutants, over UDP and TCP: it still answers an OPTIONS, and
//! has as much memory and as many descriptors as before.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpSocket, UdpSocket},
    time::timeout,
};

use super::{Gateway, LIMIT, gateway, newest_call};

#[path = "../../../sip/tests/signalling/mutants.rs"]
mod mutants;

use mutants::{messages, mutant};

/// Half of them over UDP, half over TCP.
const MUTANTS: usize = 24_000;
/// After so many of them it is asked with an OPTIONS.
const BATCH: usize = 100;
/// What 21,000 of them may leave in memory, of which most is the record of calls: 24 MB.
const MEMORY_KB: u64 = 24 * 1_024;
/// Mutants that are calls are answered, hear a greeting, and are given up when nobody confirms: 32 s (RFC 3261 §13.3.1.4).
const CALLS_END: Duration = Duration::from_secs(90);

/// One try of an OPTIONS over UDP.
const TRY: Duration = Duration::from_secs(2);

/// Asks with OPTIONS until an answer with our Call-ID comes.
async fn answers(socket: &UdpSocket, gateway: SocketAddr, number: usize) -> bool {
    let local = socket.local_addr().unwrap();
    let call = format!("torture-{number}-{}", std::process::id());
    let options = format!(
        "OPTIONS sip:support@{gateway} SIP/2.0\r\nVia: SIP/2.0/UDP {local};branch=z9hG4bK-{call};rport\r\nMax-Forwards: 70\r\n\
         From: <sip:test@{local}>;tag=t{number}\r\nTo: <sip:support@{gateway}>\r\nCall-ID: {call}\r\nCSeq: 1 OPTIONS\r\n\
         Contact: <sip:test@{local}>\r\nContent-Length: 0\r\n\r\n"
    );
    let mut buffer = [0; 8_192];
    let attempts = LIMIT.as_secs() / TRY.as_secs();
    for _ in 0..attempts {
        socket.send_to(options.as_bytes(), gateway).await.unwrap();
        while let Ok(Ok((length, _))) = timeout(TRY, socket.recv_from(&mut buffer)).await {
            let text = String::from_utf8_lossy(&buffer[..length]);
            if text.starts_with("SIP/2.0 200") && text.contains(&call) {
                return true;
            }
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_answers_after_every_torture_message() {
    let messages = messages();
    assert!(messages.len() >= 60, "only {} messages", messages.len());
    let gateway = gateway("torture", "sip:maria@127.0.0.1:9").await;
    let sip = gateway.rig.sip();
    let process = gateway.rig.process().unwrap();
    for (number, (name, bytes)) in messages.iter().enumerate() {
        // Each from a port of its own, so that no limit per source hides what the message does.
        let hostile = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        hostile.send_to(bytes, sip).await.unwrap();
        let asking = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        assert!(answers(&asking, sip, number).await, "no answer to OPTIONS after {name}");
    }
    assert_eq!(gateway.rig.process().unwrap(), process, "the gateway has not been restarted");
}

/// What a process holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) descriptors: usize,
    /// Resident memory in kB.
    pub(super) resident_kb: u64,
}

impl Held {
    pub(super) fn by(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        Self { descriptors: fs::read_dir(format!("/proc/{process}/fd")).unwrap().count(), resident_kb: resident.unwrap() }
    }
}

/// An address of loopback that has not sent much yet, so that no limit by address hides what a message does.
fn somebody(rng: &mut StdRng) -> SocketAddr {
    (Ipv4Addr::new(127, rng.random_range(1..250), rng.random_range(0..250), rng.random_range(1..250)), 0).into()
}

async fn torture(gateway: &Gateway, rng: &mut StdRng, count: usize, first: usize) {
    let (sip, originals) = (gateway.rig.sip(), messages());
    for number in first..first + count {
        let bytes = mutant(rng, &originals, 1);
        if number % 2 == 0 {
            UdpSocket::bind(somebody(rng)).await.unwrap().send_to(&bytes, sip).await.unwrap();
        } else {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(somebody(rng)).unwrap();
            let mut stream = socket.connect(sip).await.unwrap();
            // It may hang up before everything is said.
            let _ = stream.write_all(&bytes).await;
        }
        if number % BATCH == BATCH - 1 {
            let asking = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            assert!(answers(&asking, sip, number).await, "no answer to OPTIONS after mutant {number}: {}", String::from_utf8_lossy(&bytes));
        }
    }
}

/// Waits until no call is left, then says what the gateway holds.
async fn afterwards(gateway: &Gateway) -> Held {
    let none = |calls: &serde_json::Value| calls["calls"].as_array().is_some_and(Vec::is_empty).then_some(());
    gateway.rig.api().until("/api/v1/calls?state=live", CALLS_END, none).await.unwrap();
    Held::by(gateway.rig.process().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_four_thousand_mutants_leave_no_call_no_descriptor_and_no_memory_behind() {
    let gateway = gateway("mutants", "sip:maria@127.0.0.1:9").await;
    let process = gateway.rig.process().unwrap();
    let mut rng = StdRng::seed_from_u64(24_000);
    // The first eighth warms it up: caches, stacks, buffers.
    torture(&gateway, &mut rng, MUTANTS / 8, 0).await;
    let before = afterwards(&gateway).await;
    torture(&gateway, &mut rng, MUTANTS - MUTANTS / 8, MUTANTS / 8).await;
    let after = afterwards(&gateway).await;
    println!("after an eighth {before:?}, after all {after:?}");
    assert_eq!(gateway.rig.process().unwrap(), process, "the gateway has not been restarted");
    // Connections that are closed at the other end are noticed when they are read.
    assert!(after.descriptors <= before.descriptors + 8, "{before:?}, then {after:?}");
    assert!(after.resident_kb <= before.resident_kb + MEMORY_KB, "{before:?}, then {after:?}");
    // Some of them were calls.
    newest_call(&gateway.rig).await;
}
