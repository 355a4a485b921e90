//! TLS: calls, who is believed, bad and slow clients, new certificates.

use std::net::SocketAddr;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;
use warmline_sip::guard::RefusalKind;
use warmline_sip::user_agent::{EndedBy, Event, FailWhy, Transport, bind};

use crate::calls::connected;
use crate::certificates::{Authority, everything};
use crate::support::{Agent, PATIENCE, quick};

/// The secure address of an agent as a target.
fn sips(agent: &Agent) -> String {
    format!("sips:support@{}", tls(agent))
}

fn tls(agent: &Agent) -> SocketAddr {
    agent.handle.address(Transport::Tls, false).unwrap()
}

/// Whether the agent closes the connection.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 512];
    loop {
        match timeout(PATIENCE, stream.read(&mut bytes)).await.expect("an end in time") {
            Ok(0) | Err(_) => return true,
            // An alert before the end.
            Ok(_) => {}
        }
    }
}

async fn unreachable(agent: &mut Agent) {
    let event = agent.event().await;
    assert!(matches!(event, Event::Failed { status: None, why: FailWhy::Unreachable, .. }), "{event:?}");
    agent.settled().await;
}

#[tokio::test]
async fn a_call_over_tls_uses_one_connection_both_ways() {
    let authority = Authority::new("calls");
    let config = everything(authority.issue(&["127.0.0.1"]));
    let (mut caller, mut callee) = (Agent::start(config.clone()).await, Agent::start(config).await);
    for (scheme, parameter) in [("sips", ""), ("sip", ";transport=tls")] {
        let target = format!("{scheme}:support@{}{parameter}", tls(&callee));
        let (ours, theirs) = connected(&mut caller, &mut callee, &target).await;
        callee.handle.bye(theirs, None).await;
        assert!(matches!(callee.event().await, Event::Ended { leg, by: EndedBy::Local, .. } if leg == theirs));
        assert!(matches!(caller.event().await, Event::Ended { leg, by: EndedBy::Remote, .. } if leg == ours));
        caller.settled().await;
        callee.settled().await;
        assert_eq!((caller.handle.stats().await.connections, callee.handle.stats().await.connections), (1, 1));
    }
}

#[tokio::test]
async fn contact_says_how_we_are_reached() {
    let authority = Authority::new("contact");
    let config = everything(authority.issue(&["127.0.0.1"]));
    let (caller, mut callee) = (Agent::start(config.clone()).await, Agent::start(config).await);
    caller.dial(&sips(&callee)).await;
    let call = callee.incoming().await;
    assert_eq!(call.transport, Transport::Tls);
    assert!(call.request_uri.starts_with("sips:support@"), "{}", call.request_uri);
    // What the answer says about the callee shows in where the ACK goes; the caller's From names its TLS address.
    assert_eq!(call.from, format!("sip:4021@{}", tls(&caller)));
}

#[tokio::test]
async fn a_server_that_another_authority_vouches_for_is_refused() {
    let (good, evil) = (Authority::new("good"), Authority::new("evil"));
    let mut callee = Agent::start(everything(evil.issue(&["127.0.0.1"]))).await;
    let mut caller = Agent::start(everything(good.issue(&["127.0.0.1"]))).await;
    caller.dial(&sips(&callee)).await;
    unreachable(&mut caller).await;
    // The right authority for another name is as good as nothing.
    let mut other = Agent::start(everything(good.issue(&["elsewhere.example"]))).await;
    caller.dial(&sips(&other)).await;
    unreachable(&mut caller).await;
    assert!(callee.events.try_recv().is_err() && other.events.try_recv().is_err());
    // Only somebody who says so in so many words takes any certificate.
    let mut config = everything(good.trust());
    config.listen.truncate(2);
    config.tls.insecure = true;
    let (mut careless, target) = (Agent::start(config).await, sips(&callee));
    connected(&mut careless, &mut callee, &target).await;
}

#[tokio::test]
async fn sips_never_goes_out_in_clear() {
    let authority = Authority::new("clear");
    let mut caller = Agent::start(everything(authority.issue(&["127.0.0.1"]))).await;
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap();
    let datagrams = UdpSocket::bind(address).await.unwrap();
    caller.dial(&format!("sips:support@{address}")).await;
    let (mut stream, _) = plain.accept().await.unwrap();
    let mut bytes = [0; 1_024];
    let count = stream.read(&mut bytes).await.unwrap();
    assert_eq!(bytes[0], 0x16, "a TLS handshake: {}", String::from_utf8_lossy(&bytes[..count]));
    stream.write_all(b"SIP/2.0 200 OK\r\n\r\n").await.unwrap();
    unreachable(&mut caller).await;
    assert!(datagrams.try_recv(&mut bytes).is_err());
}

#[tokio::test]
async fn each_client_sees_the_certificate_of_the_name_that_it_asks_for() {
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let mut tls_config = first.issue(&["127.0.0.1", "first.example"]);
    let further = (second.file().with_file_name("further.pem"), second.file().with_file_name("further.key"));
    second.issue_into(&["second.example", "*.second.example"], &further.0, &further.1);
    tls_config.further = vec![further.clone()];
    let agent = Agent::start(everything(tls_config)).await;
    let name = |name: &'static str| ServerName::try_from(name).unwrap();
    for (asked, of_first) in [("first.example", true), ("second.example", false), ("pbx.second.example", false), ("127.0.0.1", true)] {
        assert_eq!(first.connect_to(name(asked), tls(&agent)).await.is_ok(), of_first, "{asked}");
        assert_eq!(second.connect_to(name(asked), tls(&agent)).await.is_ok(), !of_first, "{asked}");
    }
    // A name that none is for gets the first one.
    let unknown = first.connect_to(name("third.example"), tls(&agent)).await.unwrap_err();
    assert!(unknown.to_string().contains("first.example"), "{unknown}");
    // Further ones are renewed as the first one is, and one that cannot be used is named and changes nothing.
    let third = Authority::new("third");
    third.issue_into(&["second.example"], &further.0, &further.1);
    agent.handle.reload_certificates().await.unwrap();
    assert!(third.connect_to(name("second.example"), tls(&agent)).await.is_ok());
    second.issue_into(&["second.example"], &further.0, &further.1.with_file_name("lost.key"));
    let error = agent.handle.reload_certificates().await.unwrap_err().to_string();
    assert!(error.contains("further.pem cannot be used"), "{error}");
    assert!(third.connect_to(name("second.example"), tls(&agent)).await.is_ok());
    assert!(first.connect_to(name("first.example"), tls(&agent)).await.is_ok());
}

#[tokio::test]
async fn clients_without_a_certificate_are_refused_where_one_is_wanted() {
    let authority = Authority::new("clients");
    let mut config = everything(authority.issue(&["127.0.0.1"]));
    config.tls.client_ca = Some(authority.file());
    let mut callee = Agent::start(config).await;
    let mut bare = quick();
    bare.tls = authority.trust();
    let mut stranger = Agent::start(bare).await;
    stranger.dial(&sips(&callee)).await;
    unreachable(&mut stranger).await;
    let mut known = Agent::start(everything(authority.issue(&["127.0.0.1"]))).await;
    let target = sips(&callee);
    connected(&mut known, &mut callee, &target).await;
}

#[tokio::test]
async fn garbage_and_silence_instead_of_a_handshake_hold_nothing() {
    let authority = Authority::new("garbage");
    let mut config = everything(authority.issue(&["127.0.0.1"]));
    config.timers.handshake = Duration::from_millis(200);
    let mut agent = Agent::start(config.clone()).await;
    let mut streams = Vec::new();
    for bytes in [&b"OPTIONS sip:a@b SIP/2.0\r\n\r\n"[..], b"GET / HTTP/1.1\r\n\r\n", &[0x16, 3, 1, 0xff, 0xff, 1], &[0; 4_096], b""] {
        let mut stream = TcpStream::connect(tls(&agent)).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        streams.push(stream);
    }
    // Meanwhile a caller gets through.
    let mut caller = Agent::start(config).await;
    let target = sips(&agent);
    let (leg, _) = connected(&mut caller, &mut agent, &target).await;
    for stream in &mut streams {
        assert!(is_closed(stream).await);
    }
    caller.handle.bye(leg, None).await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Remote, .. }));
    let stats = agent.handle.stats().await;
    assert_eq!((stats.connections, stats.refusals.of(RefusalKind::Handshake)), (1, 5));
}

#[tokio::test]
async fn unfinished_handshakes_are_capped_and_count_for_their_source() {
    let authority = Authority::new("capped");
    for (handshakes, per_source) in [(2, 100), (100, 2)] {
        let mut config = everything(authority.issue(&["127.0.0.1"]));
        (config.limits.handshakes, config.limits.connections_per_source) = (handshakes, per_source);
        let agent = Agent::start(config).await;
        let _first = TcpStream::connect(tls(&agent)).await.unwrap();
        let _second = TcpStream::connect(tls(&agent)).await.unwrap();
        let mut third = TcpStream::connect(tls(&agent)).await.unwrap();
        assert!(is_closed(&mut third).await);
        assert_eq!(agent.handle.stats().await.connections, 2);
    }
}

#[tokio::test]
async fn new_certificates_are_for_new_connections_and_broken_ones_change_nothing() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let own = old.issue(&["127.0.0.1"]);
    let (certificate, key) = (own.certificate.clone().unwrap(), own.private_key.clone().unwrap());
    let mut callee = Agent::start(everything(own)).await;
    let mut config = quick();
    config.tls = old.trust();
    let mut caller = Agent::start(config).await;
    let target = sips(&callee);
    let (leg, _) = connected(&mut caller, &mut callee, &target).await;
    assert!(new.connect(tls(&callee)).await.is_err());
    new.issue_into(&["127.0.0.1"], &certificate, &key);
    callee.handle.reload_certificates().await.unwrap();
    assert!(new.connect(tls(&callee)).await.is_ok());
    assert!(old.connect(tls(&callee)).await.is_err());
    std::fs::write(&certificate, "no certificate").unwrap();
    let error = callee.handle.reload_certificates().await.unwrap_err();
    assert!(error.to_string().contains("no usable certificate"), "{error}");
    assert!(new.connect(tls(&callee)).await.is_ok());
    // The old call is still there.
    caller.handle.bye(leg, None).await;
    assert!(matches!(callee.event().await, Event::Ended { by: EndedBy::Remote, .. }));
    caller.settled().await;
}

#[tokio::test]
async fn tls_without_a_usable_certificate_does_not_start() {
    let authority = Authority::new("start");
    let mut config = everything(authority.trust());
    assert!(bind(config.clone()).await.unwrap_err().to_string().contains("needs a certificate"));
    let own = authority.issue(&["127.0.0.1"]);
    config.tls = own.clone();
    config.tls.private_key = own.certificate.clone();
    assert!(bind(config.clone()).await.unwrap_err().to_string().contains("no usable private key"));
    config.tls.private_key = Some("nowhere.key".into());
    assert!(bind(config.clone()).await.unwrap_err().to_string().contains("nowhere.key"));
    // The key of another certificate.
    authority.issue_into(&["x"], &authority.file().with_file_name("other.pem"), &authority.file().with_file_name("other.key"));
    config.tls.private_key = Some(authority.file().with_file_name("other.key"));
    assert!(bind(config).await.unwrap_err().to_string().contains("cannot be used"));
}
