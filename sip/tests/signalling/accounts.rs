//! Our requests are challenged: who gets an answer, and who never does.

use warmline_sip::auth::{Secret, Session, challenges, strongest};
use warmline_sip::guard::Network;
use warmline_sip::user_agent::{Account, Config, Event, FailWhy};

use crate::support::{ANSWER, Agent, Call, OFFER, Peer, body, header, quick, response};

pub(crate) const USER: &str = "trunk-7";
pub(crate) const PASSWORD: &str = "correct horse";

fn account(realm: Option<&str>, peer: &str) -> Account {
    let peers: Vec<Network> = vec![peer.parse().unwrap()];
    Account { name: "trunk".into(), realm: realm.map(str::to_owned), user: USER.into(), password: Secret::password(PASSWORD), peers }
}

pub(crate) fn with_account(realm: Option<&str>, peer: &str) -> Config {
    Config { accounts: vec![account(realm, peer)], ..quick() }
}

/// Answers a request with further header lines.
pub(crate) async fn respond_with(peer: &Peer, request: &str, status: &str, tag: &str, lines: &[&str]) {
    let text = response(request, status, tag, peer.address(), "");
    let more: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    peer.send(text.replacen("Contact:", &format!("{more}Contact:"), 1)).await;
}

/// Whether a request's credentials are the right answer to the strongest of these challenges, with this count.
pub(crate) fn is_proven(request: &str, field: &str, challenge: &str, count: u32) -> bool {
    let credentials = header(request, field);
    let cnonce = credentials.split("cnonce=\"").nth(1).unwrap_or_default().split('"').next().unwrap_or_default();
    let line = request.lines().next().unwrap_or_default();
    let (method, uri) = (line.split(' ').next().unwrap_or_default(), line.split(' ').nth(1).unwrap_or_default());
    let secret = Secret::password(PASSWORD);
    let challenge = strongest(&challenges([challenge].into_iter()), None, &secret).unwrap();
    let mut session = Session::new(challenge, cnonce.to_owned());
    let expected = (0..count).map(|_| session.answer(USER, &secret, method, uri)).last().flatten();
    expected.as_deref() == Some(credentials.as_str())
}

#[tokio::test]
async fn a_challenged_call_is_placed_again_with_the_strongest_algorithm_we_know() {
    let mut agent = Agent::start(with_account(Some("pbx"), "127.0.0.1")).await;
    let peer = Peer::new(agent.udp()).await;
    let leg = agent.dial(&peer.uri()).await;
    let first = peer.expect("INVITE").await;
    assert!(!first.contains("Authorization"), "{first}");
    let unknown = "WWW-Authenticate: Digest realm=\"pbx\", nonce=\"0\", algorithm=SHA-512-256, qop=\"auth\"";
    let offers =
        "Digest realm=\"pbx\", nonce=\"1\", qop=\"auth\", Digest realm=\"pbx\", nonce=\"2\", algorithm=SHA-256, qop=\"auth-int,auth\"";
    respond_with(&peer, &first, "401 Unauthorized", "t", &[unknown, &format!("WWW-Authenticate: {offers}")]).await;
    let ack = peer.expect("ACK").await;
    assert_eq!((header(&ack, "CSeq").as_str(), header(&ack, "Via")), ("1 ACK", header(&first, "Via")));
    let second = peer.expect("INVITE").await;
    assert!(is_proven(&second, "Authorization", offers, 1), "{second}");
    for same in ["Call-ID", "From", "To", "Contact"] {
        assert_eq!(header(&second, same), header(&first, same));
    }
    assert_eq!((header(&second, "CSeq").as_str(), body(&second)), ("2 INVITE", OFFER));
    assert_ne!(header(&second, "Via"), header(&first, "Via"));
    // The first answer comes once more: its ACK is repeated, and nothing else happens.
    respond_with(&peer, &first, "401 Unauthorized", "t", &[]).await;
    assert_eq!(header(&peer.receive().await, "CSeq"), "1 ACK");
    peer.respond(&second, "200 OK", "t", ANSWER).await;
    let ack = peer.expect("ACK").await;
    assert_eq!((header(&ack, "CSeq").as_str(), header(&ack, "Authorization")), ("2 ACK", header(&second, "Authorization")));
    assert!(matches!(agent.event().await, Event::Answered { leg: l, .. } if l == leg));
    // In the call, over a proxy that wants its own credentials; the count of a nonce in use goes on.
    let proxy = "Digest realm=\"pbx\", nonce=\"9\", qop=\"auth\"";
    agent.handle.reinvite(leg, OFFER.as_bytes().to_vec()).await;
    let again = peer.expect("INVITE").await;
    respond_with(&peer, &again, "407 Proxy Authentication Required", "t", &[&format!("Proxy-Authenticate: {proxy}")]).await;
    let again = peer.expect("INVITE").await;
    assert!(is_proven(&again, "Proxy-Authorization", proxy, 1) && header(&again, "CSeq") == "4 INVITE", "{again}");
    peer.respond(&again, "200 OK", "t", ANSWER).await;
    assert!(matches!(agent.event().await, Event::Reanswered { result: Ok(Some(_)), .. }));
    agent.handle.bye(leg, None).await;
    let bye = peer.expect("BYE").await;
    respond_with(&peer, &bye, "407 Proxy Authentication Required", "t", &[&format!("Proxy-Authenticate: {proxy}")]).await;
    let bye = peer.expect("BYE").await;
    assert!(is_proven(&bye, "Proxy-Authorization", proxy, 2) && header(&bye, "CSeq") == "6 BYE", "{bye}");
    peer.respond(&bye, "200 OK", "t", "").await;
    agent.settled().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_once_and_a_stale_nonce_is_tried_again_once() {
    let mut agent = Agent::start(with_account(None, "127.0.0.0/8")).await;
    let peer = Peer::new(agent.udp()).await;
    let challenge = |nonce: &str, more: &str| format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"{nonce}\", qop=\"auth\"{more}");
    for (second, tries) in [("", 2), (", stale=true", 3)] {
        agent.dial(&peer.uri()).await;
        let mut seen = 0;
        let event = loop {
            tokio::select! {
                event = agent.event() => break event,
                invite = peer.expect("INVITE") => {
                    seen += 1;
                    let more = if seen > 1 { second } else { "" };
                    respond_with(&peer, &invite, "401 Unauthorized", "t", &[&challenge(&format!("n{seen}"), more)]).await;
                }
            }
        };
        assert!(matches!(event, Event::Failed { status: Some(401), why: FailWhy::Rejected, .. }), "{event:?}");
        assert_eq!(seen, tries);
    }
    agent.settled().await;
}

/// NEGATIVE B6: whoever is not the trunk gets no hash to guess at, whatever it asks and whenever.
#[tokio::test]
async fn credentials_never_go_to_a_stranger() {
    for (config, what) in [
        (with_account(None, "192.0.2.1"), "another address"),
        (with_account(Some("pbx"), "127.0.0.1"), "another realm"),
        (Config { accounts: vec![Account { peers: Vec::new(), ..account(None, "::1") }], ..quick() }, "an account without peers"),
    ] {
        let mut agent = Agent::start(config).await;
        let peer = Peer::new(agent.udp()).await;
        let challenges = [
            "WWW-Authenticate: Digest realm=\"mine\", nonce=\"1\", qop=\"auth\"",
            "Proxy-Authenticate: Digest realm=\"mine\", nonce=\"2\"",
        ];
        // A call of ours.
        agent.dial(&peer.uri()).await;
        let invite = peer.expect("INVITE").await;
        respond_with(&peer, &invite, "407 Proxy Authentication Required", "t", &challenges).await;
        assert!(matches!(agent.event().await, Event::Failed { status: Some(407), .. }), "{what}");
        // A call of the stranger's: our re-INVITE and our BYE in it.
        let mut call = Call::new(peer.address(), "stranger");
        peer.send(call.invite()).await;
        let leg = agent.incoming().await.leg;
        agent.handle.answer(leg, ANSWER.as_bytes().to_vec()).await;
        call.learn(&peer.expect("SIP/2.0 200").await);
        peer.send(call.request("ACK", 1, "", "")).await;
        agent.event().await;
        agent.handle.reinvite(leg, OFFER.as_bytes().to_vec()).await;
        let reinvite = peer.expect("INVITE").await;
        respond_with(&peer, &reinvite, "401 Unauthorized", "t", &challenges).await;
        assert!(matches!(agent.event().await, Event::Reanswered { result: Err(401), .. }), "{what}");
        agent.handle.bye(leg, None).await;
        let bye = peer.expect("BYE").await;
        respond_with(&peer, &bye, "401 Unauthorized", "t", &challenges).await;
        agent.settled().await;
        // Nothing more comes: the next packet is the answer to a question of ours.
        let next = peer.options().await;
        assert!(next.starts_with("SIP/2.0 200"), "{what}: {next}");
    }
}

#[tokio::test]
async fn a_call_over_a_named_account_uses_no_other() {
    let mut config = with_account(None, "127.0.0.1");
    config.accounts.insert(0, Account { name: "other".into(), user: "wrong".into(), ..account(None, "127.0.0.1") });
    let mut agent = Agent::start(config).await;
    let peer = Peer::new(agent.udp()).await;
    let challenge = "Digest realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"";
    for (name, proven) in [("trunk", true), ("other", false), ("none", false)] {
        let leg = agent.handle.new_leg();
        let mut request = crate::support::request(leg, &peer.uri());
        request.account = Some(name.to_owned());
        agent.handle.dial(request).await;
        let invite = peer.expect("INVITE").await;
        respond_with(&peer, &invite, "401 Unauthorized", "t", &[&format!("WWW-Authenticate: {challenge}")]).await;
        if name == "none" {
            assert!(matches!(agent.event().await, Event::Failed { status: Some(401), .. }));
            continue;
        }
        let again = peer.expect("INVITE").await;
        assert_eq!(is_proven(&again, "Authorization", challenge, 1), proven, "{again}");
        peer.respond(&again, "486 Busy Here", "t", "").await;
        assert!(matches!(agent.event().await, Event::Failed { status: Some(486), .. }));
    }
    agent.settled().await;
}

/// A call that was given up while its challenge was on the way is not placed again.
#[tokio::test]
async fn a_cancelled_call_is_not_placed_again() {
    let mut agent = Agent::start(with_account(None, "127.0.0.1")).await;
    let peer = Peer::new(agent.udp()).await;
    let leg = agent.dial(&peer.uri()).await;
    let invite = peer.expect("INVITE").await;
    agent.handle.cancel(leg).await;
    assert!(matches!(agent.event().await, Event::Failed { why: FailWhy::Cancelled, .. }));
    respond_with(&peer, &invite, "401 Unauthorized", "t", &["WWW-Authenticate: Digest realm=\"r\", nonce=\"n\""]).await;
    peer.expect("ACK").await;
    assert!(peer.options().await.starts_with("SIP/2.0 200"));
    agent.settled().await;
}
