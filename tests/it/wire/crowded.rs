//! A thousand connections to the pages that want nothing, or never say all of it: a call, its events and everybody's questions go on beside them. The gateway
//! starts with as few descriptors as a system usually gives (1,024).

use std::{fs, net::SocketAddr, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use warmline::{
    clock,
    config::Transfer,
    phone::{Rig, Setup},
};

use super::{Folder, LIMIT, maria, phone, places::Place, torture::Held};

/// Connections at once that the configuration allows by itself.
const PLACES: usize = 1_024;
const CROWD: usize = 1_000;
/// What they may cost together, in kB: a tenth of a megabyte each, of a build for tests.
const MEMORY_KB: u64 = 100 * 1_024;

const QUESTION: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Somebody from one of the loopback addresses.
async fn comes(from: usize, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("127.0.0.{from}:0").parse().unwrap()).unwrap();
    socket.connect(address).await.unwrap()
}

/// A connection that has begun to ask, or nothing yet, or was answered and stays: one address may not have them all.
async fn joins(number: usize, address: SocketAddr) -> TcpStream {
    let mut stream = comes(2 + number % 2, address).await;
    match number % 4 {
        0 => {}
        1 => stream.write_all(&QUESTION[..30]).await.unwrap(),
        _ => assert_eq!(asks(&mut stream).await, "HTTP/1.1 200"),
    }
    stream
}

/// The beginning of the answer to a question on a connection that stays.
async fn asks(stream: &mut TcpStream) -> String {
    stream.write_all(QUESTION).await.unwrap();
    let mut buffer = [0; 2_048];
    let read = timeout(LIMIT, stream.read(&mut buffer)).await.expect("it is answered").unwrap();
    String::from_utf8_lossy(&buffer[..read.min(12)]).into_owned()
}

/// How many of further connections are told that there is no place, up to the first that is: everything they hear.
async fn fills_up(address: SocketAddr, crowd: &mut Vec<TcpStream>) -> String {
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(QUESTION).await.unwrap();
        let mut told = [0; 12];
        timeout(LIMIT, stream.read_exact(&mut told)).await.expect("it is answered or refused").unwrap();
        if told == *b"HTTP/1.1 200" {
            crowd.push(stream);
            assert!(crowd.len() <= PLACES, "more connections than places");
            continue;
        }
        let mut rest = String::from_utf8_lossy(&told).into_owned();
        timeout(LIMIT, stream.read_to_string(&mut rest)).await.expect("it is closed").unwrap();
        return rest;
    }
}

/// Looks again and again until it is so.
async fn until(so: impl Fn() -> bool) {
    let looks = async {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        while !so() {
            look.tick().await;
        }
    };
    timeout(LIMIT, looks).await.expect("connections are taken, and given back");
}

/// A gateway with room for little.
async fn gateway(folder: &Path, place: &Place) -> Rig {
    let binary = folder.join("narrow");
    fs::write(&binary, format!("#!/bin/sh\nulimit -S -n 1024\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_warmline"))).unwrap();
    fs::set_permissions(&binary, fs::Permissions::from_mode(0o755)).unwrap();
    let agents = vec![maria("sip:maria@127.0.0.1:9", Transfer::Bridge)];
    let setup = Setup { binary, folder: folder.to_owned(), models: None, agents, wished_ports: (0, 0), certificate: None };
    Rig::start_with(setup, |file| file.rtp.ports = place.ports()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_that_want_nothing_are_in_nobodys_way() {
    let (place, folder) = (Place::take().await, Folder::new("crowded"));
    let rig = gateway(&folder.0, &place).await;
    let process = rig.process().unwrap();
    let address: SocketAddr = rig.api().address("").trim_start_matches("http://").parse().unwrap();
    let events = rig.api().follow("/api/v1/stream", |_| {});
    let mut own = TcpStream::connect(address).await.unwrap();
    assert_eq!(asks(&mut own).await, "HTTP/1.1 200");

    let before = Held::by(process);
    // One after the other: of those who come all at once and say nothing, the system itself forgets some.
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        crowd.push(joins(number, address).await);
    }
    until(|| Held::by(process).descriptors >= before.descriptors + CROWD).await;
    let during = Held::by(process);
    println!("before {before:?}, with {CROWD} connections {during:?}");
    assert!(during.resident_kb <= before.resident_kb + MEMORY_KB, "{before:?}, then {during:?}");

    let told = fills_up(address, &mut crowd).await;
    assert!(told.starts_with("HTTP/1.1 503 ") && told.contains("connection: close") && told.ends_with("\r\n\r\n"), "{told}");
    println!("after {} connections there is no place", crowd.len());
    let mut longest = Duration::ZERO;
    for _ in 0..50 {
        let asked = clock::now();
        assert_eq!(asks(&mut own).await, "HTTP/1.1 200");
        longest = longest.max(asked.elapsed());
    }
    println!("of 50 questions of somebody who was there before, the slowest took {} ms", longest.as_millis());

    // Every leg has two descriptors more.
    let caller = phone("caller").await;
    let line = caller.call("support", rig.sip()).await.unwrap();
    line.media.wait_for_sound_of(Duration::from_millis(500), line.answered, LIMIT).await.unwrap();
    line.hang_up().await.unwrap();
    let of = |kind: &'static str| move |event: &Value| (event["type"] == kind).then_some(());
    events.wait_for(LIMIT, of("call.started")).await.unwrap();
    events.wait_for(LIMIT, of("call.ended")).await.unwrap();

    drop(crowd);
    until(|| Held::by(process).descriptors < before.descriptors + CROWD / 2).await;
    rig.api().json("/api/v1/calls").await.unwrap();
}
