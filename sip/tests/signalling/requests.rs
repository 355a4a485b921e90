//! Requests that are no calls, or no good ones: the standard's answer, and nothing that tells a stranger anything.

use warmline_sip::guard::RefusalKind;
use warmline_sip::user_agent::{EndedBy, Event};

use crate::support::{ANSWER, Agent, Call, OFFER, Peer, header, quick};

async fn answer_to(peer: &Peer, text: impl AsRef<[u8]>) -> String {
    peer.send(text).await;
    loop {
        let message = peer.receive().await;
        if !message.starts_with("SIP/2.0 100") {
            return message;
        }
    }
}

fn status(message: &str) -> &str {
    message.get(8..11).unwrap_or("")
}

#[tokio::test]
async fn options_gets_the_same_answer_for_every_user_and_no_version() {
    let agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let call = Call::new(peer.address(), "options");
    let text = call.request("OPTIONS", 1, "", "");
    let known = answer_to(&peer, &text).await;
    let unknown = answer_to(&peer, text.replace("sip:support@", "sip:nobody100@")).await;
    assert_eq!(known.replace("support", "nobody100"), unknown.replace("support", "nobody100"));
    assert_eq!((status(&known), header(&known, "Server").as_str()), ("200", "Warmline"));
    assert_eq!(header(&known, "Allow"), "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, NOTIFY");
    assert_eq!(header(&known, "Accept"), "application/sdp");
    assert!(known.len() <= 2 * text.len(), "no amplifier: {} bytes for {}", known.len(), text.len());
}

#[tokio::test]
async fn methods_that_we_do_not_have_or_that_belong_to_no_call() {
    let agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    for (method, expected) in [
        ("REGISTER", "405"),
        ("MESSAGE", "405"),
        ("PUBLISH", "405"),
        ("REFER", "405"),
        ("FROBNICATE", "405"),
        ("SUBSCRIBE", "489"),
        ("BYE", "481"),
        ("INFO", "481"),
        ("UPDATE", "481"),
        ("NOTIFY", "481"),
        ("PRACK", "481"),
        ("CANCEL", "481"),
    ] {
        let answer = answer_to(&peer, Call::new(peer.address(), "method").request(method, 1, "", "")).await;
        assert_eq!(status(&answer), expected, "{method}");
        assert!(expected != "405" || header(&answer, "Allow").contains("INVITE"), "{answer}");
    }
    // A stray ACK is never answered.
    peer.send(Call::new(peer.address(), "ack").request("ACK", 1, "", "")).await;
    assert!(peer.options().await.starts_with("SIP/2.0 200"));
}

#[tokio::test]
async fn requests_inside_a_call_that_does_not_exist_get_481() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    for method in ["INVITE", "BYE", "INFO", "UPDATE", "OPTIONS", "REFER", "MESSAGE"] {
        let call = Call { to_tag: "nowhere".to_owned(), ..Call::new(peer.address(), "stray") };
        assert_eq!(status(&answer_to(&peer, call.request(method, 7, "", "")).await), "481", "{method}");
    }
    assert!(agent.events.try_recv().is_err());
}

#[tokio::test]
async fn what_an_invite_may_not_ask_for() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let invite = |extra: &str| Call::new(peer.address(), "bad").request("INVITE", 1, extra, OFFER);
    let required = answer_to(&peer, invite("Require: 100rel, nothingSupportsThis\r\nProxy-Require: norThis\r\n")).await;
    assert_eq!((status(&required), header(&required, "Unsupported").as_str()), ("420", "nothingSupportsThis, norThis"));
    assert_eq!(status(&answer_to(&peer, invite("").replace("Max-Forwards: 70", "Max-Forwards: 0")).await), "483");
    let options = Call::new(peer.address(), "zero").request("OPTIONS", 1, "", "").replace("Max-Forwards: 70", "Max-Forwards: 0");
    assert_eq!(status(&answer_to(&peer, options).await), "200");
    assert_eq!(
        status(&answer_to(&peer, invite("").replace("sip:support@127.0.0.1 SIP/2.0", "sip:support@127.0.0.1 SIP/3.0")).await),
        "505"
    );
    assert_eq!(status(&answer_to(&peer, invite("").replacen("sip:support", "mailto:support", 1)).await), "416");
    assert_eq!(status(&answer_to(&peer, invite("").replace("application/sdp", "text/html")).await), "415");
    assert_eq!(status(&answer_to(&peer, invite("Content-Encoding: gzip\r\n")).await), "415");
    assert_eq!(status(&answer_to(&peer, invite("Accept: text/plain\r\n")).await), "406");
    assert_eq!(status(&answer_to(&peer, invite("").replace("CSeq: 1 INVITE", "CSeq: 1 BYE")).await), "400");
    for gone in ["From", "To", "Call-ID", "CSeq"] {
        let text: String = invite("").split_inclusive("\r\n").filter(|line| !line.starts_with(&format!("{gone}:"))).collect();
        assert_eq!(status(&answer_to(&peer, text).await), "400", "without {gone}");
    }
    // Without a Via there is no way back.
    let text: String = invite("").split_inclusive("\r\n").filter(|line| !line.starts_with("Via:")).collect();
    peer.send(text).await;
    assert!(peer.options().await.starts_with("SIP/2.0 200"));
    assert!(agent.events.try_recv().is_err());
}

#[tokio::test]
async fn taking_over_a_live_call_with_replaces_is_refused() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "victim");
    peer.send(call.invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&peer.expect("SIP/2.0 200").await);
    peer.send(call.request("ACK", 1, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    let replaces = format!("Replaces: {};to-tag={};from-tag={}\r\n", call.call_id, call.to_tag, call.from_tag);
    let thief = Call::new(peer.address(), "thief");
    assert_eq!(status(&answer_to(&peer, thief.request("INVITE", 1, &replaces, OFFER)).await), "481");
    assert_eq!(status(&answer_to(&peer, call.request("REFER", 2, "Refer-To: <sip:+1900@198.51.100.7>\r\n", "")).await), "405");
    assert_eq!(agent.handle.stats().await.calls, 1);
}

#[tokio::test]
async fn only_the_peer_that_knows_every_tag_can_end_a_call() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "tags");
    peer.send(call.invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&peer.expect("SIP/2.0 200").await);
    peer.send(call.request("ACK", 1, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    let wrong_from = Call { from_tag: "wrong".to_owned(), branch: 1, ..call.clone() };
    let wrong_to = Call { to_tag: "wrong".to_owned(), branch: 2, ..call.clone() };
    let wrong_id = Call { call_id: "wrong".to_owned(), branch: 3, ..call.clone() };
    for stranger in [wrong_from, wrong_to, wrong_id] {
        assert_eq!(status(&answer_to(&peer, stranger.request("BYE", 2, "", "")).await), "481");
    }
    // A replayed request with an old number is out of order (RFC 3261 section 12.2.2).
    assert_eq!(status(&answer_to(&peer, Call { branch: 4, ..call.clone() }.request("BYE", 1, "", "")).await), "500");
    assert_eq!(agent.handle.stats().await.calls, 1);
    assert_eq!(status(&answer_to(&peer, call.request("BYE", 2, "", "")).await), "200");
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Remote, .. }));
    // A retransmitted BYE gets its 200 again, a new one 481.
    assert_eq!(status(&answer_to(&peer, call.request("BYE", 2, "", "")).await), "200");
    assert_eq!(status(&answer_to(&peer, call.request("BYE", 3, "", "")).await), "481");
}

#[tokio::test]
async fn info_and_update_inside_a_call_are_answered() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "inside");
    peer.send(call.invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&peer.expect("SIP/2.0 200").await);
    peer.send(call.request("ACK", 1, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    let info = call.request("INFO", 2, "", "Signal=5").replace("application/sdp", "application/dtmf-relay");
    assert_eq!(status(&answer_to(&peer, info).await), "200");
    let event = agent.event().await;
    assert!(
        matches!(event, Event::Info { ref body, ref content_type, .. } if body == b"Signal=5" && content_type == "application/dtmf-relay")
    );
    assert_eq!(status(&answer_to(&peer, call.request("UPDATE", 3, "", "")).await), "200");
    assert_eq!(status(&answer_to(&peer, call.request("OPTIONS", 4, "", "")).await), "200");
    assert_eq!(status(&answer_to(&peer, call.request("MESSAGE", 5, "", "")).await), "405");
    peer.send(call.request("UPDATE", 6, "", OFFER)).await;
    let Event::Reoffer { transaction, offer: Some(_), .. } = agent.event().await else { panic!("expected an offer") };
    agent.handle.answer_reinvite(leg, transaction, Ok(ANSWER.as_bytes().to_vec())).await;
    let ok = peer.expect("SIP/2.0 200").await;
    assert_eq!(header(&ok, "CSeq"), "6 UPDATE");
    assert!(ok.ends_with(ANSWER));
}

#[tokio::test]
async fn our_own_bye_is_never_repeated_with_credentials() {
    let mut agent = Agent::start(quick()).await;
    let peer = Peer::new(agent.udp()).await;
    let leg = agent.dial(&peer.uri()).await;
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, "200 OK", "t", ANSWER).await;
    assert!(matches!(agent.event().await, Event::Answered { .. }));
    agent.handle.bye(leg, None).await;
    let bye = peer.expect("BYE").await;
    let challenge = "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"evil\", nonce=\"1\", algorithm=MD5";
    peer.respond(&bye, challenge, "", "").await;
    agent.settled().await;
    let answer = peer.options().await;
    assert!(answer.starts_with("SIP/2.0 200"));
}

async fn at(ip: &str, agent: &Agent) -> Peer {
    Peer { socket: tokio::net::UdpSocket::bind((ip, 0)).await.unwrap(), agent: agent.udp() }
}

#[tokio::test]
async fn a_source_that_is_not_on_the_list_gets_nothing() {
    let mut config = quick();
    config.allowed = vec!["127.0.0.2/32".parse().unwrap()];
    let mut agent = Agent::start(config).await;
    let (stranger, known) = (at("127.0.0.1", &agent).await, at("127.0.0.2", &agent).await);
    let mut call = Call::new(known.address(), "listed");
    known.send(call.invite()).await;
    let leg = agent.incoming().await.leg;
    agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
    call.learn(&known.expect("SIP/2.0 200").await);
    known.send(call.request("ACK", 1, "", "")).await;
    assert!(matches!(agent.event().await, Event::Confirmed { .. }));
    let own = Call::new(stranger.address(), "stranger");
    let attempts = [
        own.invite(),
        own.request("OPTIONS", 2, "", ""),
        call.request("BYE", 2, "", ""),
        call.request("CANCEL", 1, "", ""),
        call.request("INVITE", 3, "", &OFFER.replace("127.0.0.1", "127.0.0.77")),
        call.request("UPDATE", 4, "", &OFFER.replace("127.0.0.1", "127.0.0.77")),
        call.request("INFO", 5, "", "Signal=9").replace("application/sdp", "application/dtmf-relay"),
        "x".to_owned(),
    ];
    for text in attempts {
        stranger.send(text).await;
    }
    assert!(known.options().await.starts_with("SIP/2.0 200"));
    assert!(agent.events.try_recv().is_err());
    assert!(stranger.socket.try_recv(&mut [0; 16]).is_err());
    assert_eq!((agent.handle.stats().await.calls, agent.handle.stats().await.refusals.of(RefusalKind::Source)), (1, 7));
}

#[tokio::test]
async fn a_phone_that_we_call_need_not_be_on_the_list() {
    let mut config = quick();
    config.allowed = vec!["127.0.0.2/32".parse().unwrap()];
    let mut agent = Agent::start(config).await;
    let phone = at("127.0.0.5", &agent).await;
    agent.dial(&phone.uri()).await;
    let invite = phone.expect("INVITE").await;
    phone.respond(&invite, "200 OK", "t", ANSWER).await;
    assert!(matches!(agent.event().await, Event::Answered { .. }));
    phone.expect("ACK").await;
    let call = Call {
        call_id: header(&invite, "Call-ID"),
        from_tag: "t".to_owned(),
        to_tag: crate::support::tag(&header(&invite, "From")),
        ..Call::new(phone.address(), "")
    };
    phone.send(call.request("BYE", 1, "", "")).await;
    phone.expect("SIP/2.0 200").await;
    assert!(matches!(agent.event().await, Event::Ended { by: EndedBy::Remote, .. }));
}
