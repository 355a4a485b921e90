//! Every message of RFC 4475 and RFC 5118 at the whole gateway: after each one it still answers an OPTIONS.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use tokio::{net::UdpSocket, time::timeout};

use super::{LIMIT, gateway};

/// One try of an OPTIONS over UDP.
const TRY: Duration = Duration::from_secs(2);

/// The messages as they go over the wire.
fn messages() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sip/tests/data/torture");
    let mut found = Vec::new();
    for set in fs::read_dir(folder).unwrap().flatten() {
        for file in fs::read_dir(set.path()).into_iter().flatten().flatten() {
            let name = format!("{}/{}", set.file_name().to_string_lossy(), file.file_name().to_string_lossy());
            found.push((name, fs::read(file.path()).unwrap()));
        }
    }
    found.sort();
    found
}

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
