//! The messages of RFC 4475 and RFC 5118, as they are and mutated, over UDP and TCP: after each one the agent answers an OPTIONS.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use warmline_sip::guard::{Arrival, Frame, Framer, Guard, Rate, Verdict};
use warmline_sip::message::Message;
use warmline_sip::user_agent::{Config, Event};

use crate::mutants::{messages, mutant};
use crate::support::{Agent, Call, Peer, Stream, quick};

/// Mutants per test run; each costs two packets.
const MUTANTS: usize = 6_000;

fn open_handed() -> Config {
    let mut config = quick();
    config.limits.new_requests = Rate { per_second: 1_000_000, burst: 1_000_000 };
    config.limits.refusals = config.limits.new_requests;
    config
}

/// Rejects every call, so that each one must be gone at the end.
fn reject_all(mut agent: Agent) -> tokio::task::JoinHandle<Agent> {
    tokio::spawn(async move {
        while let Some(event) = agent.events.recv().await {
            match event {
                Event::Incoming(call) if call.call_id.starts_with("the-end") => break,
                Event::Incoming(call) => agent.handle.reject(call.leg, 486, None, Vec::new()).await,
                _ => {}
            }
        }
        agent
    })
}

async fn settled(peer: &Peer, task: tokio::task::JoinHandle<Agent>) {
    let last = Call::new(peer.address(), "the-end");
    peer.send(last.invite()).await;
    let agent = task.await.unwrap();
    peer.send(last.request("CANCEL", 1, "", "")).await;
    agent.settled().await;
}

#[tokio::test]
async fn the_agent_survives_every_torture_message_over_udp() {
    let agent = Agent::start(open_handed()).await;
    let peer = Peer::new(agent.udp()).await;
    let task = reject_all(agent);
    for (name, bytes) in messages() {
        peer.send(&bytes).await;
        let answer = peer.options().await;
        assert!(answer.starts_with("SIP/2.0 200"), "after {name}: {answer}");
    }
    settled(&peer, task).await;
}

#[tokio::test]
async fn the_agent_survives_every_torture_message_over_tcp() {
    let agent = Agent::start(open_handed()).await;
    let (tcp, peer) = (agent.tcp(), Peer::new(agent.udp()).await);
    let task = reject_all(agent);
    for (name, bytes) in messages() {
        let mut stream = Stream::connect(tcp).await;
        stream.send(&bytes).await;
        let mut probe = Stream::connect(tcp).await;
        let options = Call { transport: "TCP", ..Call::new(probe.address(), "probe") }.request("OPTIONS", 1, "", "");
        probe.send(options).await;
        let answer = probe.receive().await.unwrap_or_default();
        assert!(answer.starts_with("SIP/2.0 200"), "after {name}: {answer}");
    }
    settled(&peer, task).await;
}

/// What the standard (or its section in RFC 4475) wants answered to the requests that are clearly broken.
#[tokio::test]
async fn broken_messages_get_the_answer_that_the_rfc_asks_for() {
    let mut agent = Agent::start(open_handed()).await;
    let peer = Peer::new(agent.udp()).await;
    let all = messages();
    for (name, status) in [
        ("badinv01.dat", ""),
        ("clerr.dat", "400"),
        ("ncl.dat", "400"),
        ("scalar02.dat", "400"),
        ("quotbal.dat", "400"),
        ("ltgtruri.dat", "400"),
        ("lwsruri.dat", "400"),
        ("lwsstart.dat", "400"),
        ("trws.dat", "400"),
        ("escruri.dat", "400"),
        ("badvers.dat", "505"),
        ("mismatch01.dat", "400"),
        ("mismatch02.dat", "400"),
        ("insuf.dat", "400"),
        ("unkscm.dat", "416"),
        ("novelsc.dat", "416"),
        ("bext01.dat", "420"),
        ("invut.dat", "415"),
        ("multi01.dat", "400"),
        ("mcl01.dat", "400"),
        ("sdp01.dat", "406"),
        ("wsinv.dat", "481"),
        ("zeromf.dat", "200"),
        ("scalarlg.dat", ""),
        ("bigcode.dat", ""),
        ("bcast.dat", ""),
        ("ipv6-bad", "400"),
    ] {
        let bytes = &all.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1;
        // Their Via has no rport: without one the answer would go to port 5060.
        let text = String::from_utf8_lossy(bytes).into_owned();
        let at = match text.to_ascii_lowercase().find(";branch=") {
            Some(at) => at,
            None => text.find("\nVia: ").map_or(0, |via| via + 1 + text[via + 1..].find('\r').unwrap_or(0)),
        };
        let mut bytes = bytes.clone();
        bytes.splice(at..at, *b";rport");
        peer.send(&bytes).await;
        let end = Call::new(peer.address(), "end");
        peer.send(end.request("OPTIONS", 1, "", "")).await;
        let answer = peer.receive().await;
        let answered = if answer.contains(&end.call_id) { "" } else { &answer[8..11] };
        assert_eq!(answered, status, "{name}: {answer}");
        if !answered.is_empty() {
            assert!(peer.expect("SIP/2.0 200").await.contains(&end.call_id));
        }
    }
    assert!(agent.events.try_recv().is_err(), "none of them is a call");
}

#[tokio::test]
async fn torturous_but_valid_invites_are_calls() {
    let mut agent = Agent::start(open_handed()).await;
    let peer = Peer::new(agent.udp()).await;
    let all = messages();
    for name in ["inv2543.dat", "longreq.dat", "esc01.dat", "badbranch.dat", "mult-ip-in-sdp", "unreason.dat"] {
        let bytes = &all.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("no {name}")).1;
        let is_invite = bytes.starts_with(b"INVITE");
        peer.send(bytes).await;
        peer.options().await;
        let event = agent.events.try_recv();
        assert_eq!(matches!(event, Ok(Event::Incoming(_))), is_invite, "{name}: {event:?}");
    }
}

#[tokio::test]
async fn the_agent_survives_mutated_messages() {
    let agent = Agent::start(open_handed()).await;
    let peer = Peer::new(agent.udp()).await;
    let handle = agent.handle.clone();
    let task = reject_all(agent);
    let originals = messages();
    let mut rng = StdRng::seed_from_u64(4475);
    for n in 0..MUTANTS {
        let bytes = mutant(&mut rng, &originals, 1);
        peer.send(&bytes).await;
        // Datagrams to a busy agent can be dropped by the kernel: wait for it now and then.
        if n % 20 == 0 {
            assert!(peer.options().await.starts_with("SIP/2.0 200"), "after mutant {n}: {}", String::from_utf8_lossy(&bytes));
        }
    }
    settled(&peer, task).await;
    let stats = handle.stats().await;
    assert_eq!((stats.calls, stats.legs), (0, 0));
}

/// The pure part alone takes more: mutants as datagrams and as streams cut anywhere. What passes is whole, what is answered is a refusal.
#[test]
fn the_guard_survives_mutated_messages_and_streams() {
    let (originals, mut rng) = (messages(), StdRng::seed_from_u64(5118));
    let (mut guard, source) = (Guard::default(), "192.0.2.9:5060".parse().unwrap());
    let (mut passed, mut refused, mut broken) = (0, 0, 0);
    for _ in 0..20_000 {
        let bytes = mutant(&mut rng, &originals, 0);
        match guard.inspect(&bytes, source, Arrival::Datagram) {
            Verdict::Pass(Message::Request(request)) => {
                assert!(!request.essentials.call_id.is_empty() && request.essentials.cseq < 1 << 31);
                passed += 1;
            }
            Verdict::Pass(Message::Response(response)) => assert!((100..700).contains(&response.status)),
            Verdict::KeepAlive => {}
            Verdict::Refuse(refusal) => {
                if let Some((address, reply)) = refusal.reply {
                    assert_eq!(
                        Some(&reply[..12]),
                        refusal.kind.status().map(|status| format!("SIP/2.0 {status} ")).as_deref().map(str::as_bytes)
                    );
                    assert_eq!(address.ip(), "192.0.2.9".parse::<std::net::IpAddr>().unwrap());
                }
                refused += 1;
            }
        }
        let mut framer = Framer::new(32_768);
        for chunk in bytes.chunks(rng.random_range(1..200)) {
            framer.push(chunk);
            let error = loop {
                match framer.next() {
                    Ok(Some(Frame::Message(message))) => drop(guard.inspect(&message, source, Arrival::Stream)),
                    Ok(Some(Frame::Ping)) => {}
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            };
            if let Some(error) = error {
                guard.refuse_stream(framer.partial(), source, error);
                broken += 1;
                break;
            }
        }
    }
    assert!(passed > 2_000 && refused > 2_000 && broken > 2_000, "{passed}, {refused}, {broken}");
}
