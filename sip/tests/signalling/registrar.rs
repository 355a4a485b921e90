//! Telephones register, are called and call; guessers learn nothing.

use std::net::SocketAddr;
use std::time::Duration;

use warmline_sip::auth::{Secret, Session, challenges, strongest};
use warmline_sip::guard::RefusalKind;
use warmline_sip::user_agent::{
    Account, Config, DialRequest, Event, FailWhy, Registrar, RegistrarUser, Registration, RegistrationState, Target, Transport,
};

use crate::support::{ANSWER, Agent, Call, OFFER, Peer, header, quick, request, tag};

fn registrar() -> Registrar {
    let user = |user: &str, password: &str| RegistrarUser { user: user.to_owned(), secret: Secret::password(password) };
    Registrar::new("phones", vec![user("ana", "sesame"), user("ben", "basil")])
}

fn with(registrar: Registrar) -> Config {
    Config { registrar: Some(registrar), ..quick() }
}

/// A telephone made of a bare socket.
struct Phone {
    peer: Peer,
    user: &'static str,
    call_id: String,
    contact: String,
    cseq: u32,
    branch: u32,
}

impl Phone {
    async fn new(agent: &Agent, user: &'static str) -> Self {
        let peer = Peer::new(agent.udp()).await;
        let own = Call::new(peer.address(), "phone");
        let contact = format!("<sip:{user}@{}>", peer.address());
        Self { peer, user, call_id: own.call_id, contact, cseq: 0, branch: own.branch }
    }

    fn text(&self, lines: &str) -> String {
        let Self { peer, user, call_id, cseq, branch, .. } = self;
        format!(
            "REGISTER sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK{branch};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:{user}@127.0.0.1>;tag=f{branch}\r\nTo: <sip:{user}@127.0.0.1>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\n\
             {lines}Content-Length: 0\r\n\r\n",
            peer.address()
        )
    }

    /// Sends one REGISTER and returns its answer.
    async fn asks(&mut self, lines: &str) -> String {
        (self.cseq, self.branch) = (self.cseq + 1, self.branch + 1);
        self.peer.send(self.text(lines)).await;
        loop {
            let answer = self.peer.receive().await;
            if answer.starts_with("SIP/2.0") && header(&answer, "CSeq") == format!("{} REGISTER", self.cseq) {
                return answer;
            }
        }
    }

    /// Registers as any telephone does: asked for its password, it says it.
    async fn registers(&mut self, password: &str, lines: &str) -> String {
        let challenge = self.asks(lines).await;
        assert!(challenge.starts_with("SIP/2.0 401"), "{challenge}");
        let credentials = answer(&challenge, "WWW-Authenticate", self.user, password, "REGISTER", 1);
        self.asks(&format!("Authorization: {credentials}\r\n{lines}")).await
    }

    fn contact_line(&self) -> String {
        format!("Contact: {}\r\n", self.contact)
    }

    /// Registers its own contact and waits until that is known.
    async fn is_registered(agent: &mut Agent, user: &'static str, password: &str) -> Self {
        let mut phone = Self::new(agent, user).await;
        let line = phone.contact_line();
        let ok = phone.registers(password, &line).await;
        assert!(ok.starts_with("SIP/2.0 200"), "{ok}");
        assert!(matches!(agent.event().await, Event::Bindings { user: of, .. } if of == user));
        phone
    }
}

fn answer(response: &str, field: &str, user: &str, password: &str, method: &str, count: u32) -> String {
    let lines: Vec<&str> = response.lines().filter_map(|line| line.strip_prefix(field)?.strip_prefix(": ")).collect();
    let secret = Secret::password(password);
    let challenge = strongest(&challenges(lines.into_iter()), Some("phones"), &secret).unwrap();
    let mut session = Session::new(challenge, "c0ffee".to_owned());
    (0..count).map(|_| session.answer(user, &secret, method, "sip:127.0.0.1").unwrap()).last().unwrap()
}

async fn next_bindings(agent: &mut Agent) -> (String, usize) {
    match agent.event().await {
        Event::Bindings { user, contacts } => (user, contacts),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_phone_registers_refreshes_and_leaves() {
    let mut agent = Agent::start(with(registrar())).await;
    let mut phone = Phone::new(&agent, "ana").await;
    let line = format!("{}Expires: 120\r\n", phone.contact_line());
    let first = phone.asks(&line).await;
    let offered: Vec<&str> = first.lines().filter(|line| line.starts_with("WWW-Authenticate")).collect();
    assert!(offered.len() == 2 && offered[0].contains("SHA-256") && offered[1].contains("algorithm=MD5,"), "{first}");
    let credentials = answer(&first, "WWW-Authenticate", "ana", "sesame", "REGISTER", 1);
    let ok = phone.asks(&format!("Authorization: {credentials}\r\n{line}")).await;
    assert_eq!(header(&ok, "Contact"), format!("{};expires=120", phone.contact));
    assert_eq!(next_bindings(&mut agent).await, ("ana".to_owned(), 1));
    let known = agent.handle.registered("ana").await;
    let [contact] = &known[..] else { panic!("{known:?}") };
    assert_eq!((contact.source, contact.transport), (phone.peer.address(), Transport::Udp));
    assert!(contact.expires_in > Duration::from_secs(110) && agent.handle.registered("ben").await.is_empty());
    // The nonce serves again with the next count; the same count again is a replay, and a retransmission is neither.
    let again = answer(&first, "WWW-Authenticate", "ana", "sesame", "REGISTER", 2);
    let again = format!("Authorization: {again}\r\n{line}");
    assert!(phone.asks(&again).await.starts_with("SIP/2.0 200"));
    phone.peer.send(phone.text(&again)).await;
    assert!(phone.peer.receive().await.starts_with("SIP/2.0 200"));
    let replayed = phone.asks(&again).await;
    assert!(replayed.starts_with("SIP/2.0 401") && header(&replayed, "WWW-Authenticate").ends_with("stale=true"), "{replayed}");
    let gone = phone.registers("sesame", "Contact: *\r\nExpires: 0\r\n").await;
    assert!(gone.starts_with("SIP/2.0 200") && header(&gone, "Contact").is_empty(), "{gone}");
    assert_eq!(next_bindings(&mut agent).await, ("ana".to_owned(), 0));
}

#[tokio::test]
async fn a_stranger_cannot_tell_an_unknown_user_from_a_wrong_password() {
    let agent = Agent::start(with(registrar())).await;
    let mut seen = Vec::new();
    for (user, password) in [("ana", "wrong"), ("nil", "wrong"), ("ben", "wrong")] {
        let mut phone = Phone::new(&agent, user).await;
        let own = (phone.call_id.clone(), phone.peer.address().to_string());
        let line = phone.contact_line();
        let asked = phone.asks(&line).await;
        let refused = phone.registers(password, &line).await;
        assert!(refused.starts_with("SIP/2.0 401") && !refused.contains("stale"), "{refused}");
        seen.push([asked, refused].map(|answer| neutral(&answer, user, &own)));
    }
    assert!(seen.iter().all(|answers| *answers == seen[0]), "{seen:#?}");
    assert_eq!(agent.handle.stats().await.refusals.of(RefusalKind::Credentials), 3);
}

/// An answer without what is of one request: the asker's own words, nonces and tags.
fn neutral(answer: &str, user: &str, (call_id, own): &(String, String)) -> String {
    let port = own.rsplit(':').next().unwrap();
    let text = answer.replace(user, "USER").replace(call_id, "CALL").replace(own, "OWN").replace(&format!("rport={port}"), "rport=PORT");
    let cut = |line: &str| {
        let line = line.split("nonce=\"").enumerate().map(|(n, part)| if n == 0 { part } else { part.split_once('"').unwrap().1 });
        let line: String = line.collect();
        let line = line.split(";tag=").next().unwrap_or_default().to_owned();
        line.split("branch=").next().unwrap_or_default().to_owned()
    };
    text.lines().map(cut).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn ten_wrong_passwords_are_met_with_silence() {
    let agent = Agent::start(with(registrar())).await;
    let mut phone = Phone::new(&agent, "ana").await;
    let line = phone.contact_line();
    for n in 0..10 {
        let refused = phone.registers(&format!("guess {n}"), &line).await;
        assert!(refused.starts_with("SIP/2.0 401"), "{refused}");
    }
    // Even the right one: the next thing heard is the answer to something else.
    phone.peer.send(phone.text(&line).replace("z9hG4bK", "z9hG4bKx")).await;
    assert!(header(&phone.peer.options().await, "CSeq").ends_with("OPTIONS"));
    assert_eq!(agent.handle.stats().await.refusals.of(RefusalKind::Credentials), 11);
    let stats = agent.handle.stats().await;
    assert_eq!((stats.transactions, stats.legs), (0, 0));
}

#[tokio::test]
async fn what_a_registration_may_not_do() {
    let mut agent = Agent::start(with(Registrar { contacts_per_user: 2, ..registrar() })).await;
    let mut phone = Phone::is_registered(&mut agent, "ana", "sesame").await;
    let line = phone.contact_line();
    let six: String = (0..6).map(|n| format!("Contact: <sip:ana@127.0.0.1:{}>\r\n", 6_000 + n)).collect();
    for (lines, status) in [
        (format!("{line}Expires: 5\r\n"), "423"),
        ("Contact: *\r\nExpires: 60\r\n".to_owned(), "400"),
        (format!("Contact: *\r\n{line}Expires: 0\r\n"), "400"),
        ("Contact: <tel:+43>\r\n".to_owned(), "400"),
        (six, "403"),
    ] {
        let refused = phone.registers("sesame", &lines).await;
        assert!(refused.starts_with(&format!("SIP/2.0 {status}")), "{lines}: {refused}");
        assert_eq!(header(&refused, "Min-Expires"), if status == "423" { "60" } else { "" });
    }
    // Nobody registers somebody else.
    let challenge = phone.asks(&line).await;
    let credentials = answer(&challenge, "WWW-Authenticate", "ana", "sesame", "REGISTER", 1);
    phone.user = "ben";
    let refused = phone.asks(&format!("Authorization: {credentials}\r\n{line}")).await;
    assert!(refused.starts_with("SIP/2.0 403"), "{refused}");
    assert_eq!((agent.handle.registered("ana").await.len(), agent.handle.registered("ben").await.len()), (1, 0));
    // Without a registrar there is none.
    let plain = Agent::start(quick()).await;
    let mut phone = Phone::new(&plain, "ana").await;
    assert!(phone.asks(&line).await.starts_with("SIP/2.0 405"));
}

async fn dial_user(agent: &Agent, user: &str) -> warmline_sip::user_agent::LegId {
    let leg = agent.handle.new_leg();
    let target = Target::Registered(user.to_owned());
    agent.handle.dial(DialRequest { target, ..request(leg, "sip:unused@127.0.0.1") }).await;
    leg
}

#[tokio::test]
async fn all_phones_of_a_user_ring_and_the_first_answer_has_the_call() {
    let mut agent = Agent::start(with(registrar())).await;
    // A contact as behind a NAT: nothing must ever be sent there.
    let canary = Peer::new(agent.udp()).await;
    let mut desk = Phone::new(&agent, "ana").await;
    desk.contact = format!("<sip:ana@{}>", canary.address());
    let (line, path) = (desk.contact_line(), "Path: <sip:edge.example;lr>\r\nSupported: path\r\n");
    let ok = desk.registers("sesame", &format!("{line}{path}")).await;
    assert_eq!(header(&ok, "Path"), "<sip:edge.example;lr>");
    next_bindings(&mut agent).await;
    let soft = Phone::is_registered(&mut agent, "ana", "sesame").await;
    let leg = dial_user(&agent, "ana").await;
    let (at_desk, at_soft) = (desk.peer.expect("INVITE").await, soft.peer.expect("INVITE").await);
    assert!(at_desk.starts_with(&format!("INVITE sip:ana@{} SIP/2.0", canary.address())), "{at_desk}");
    assert_eq!((header(&at_desk, "Route").as_str(), header(&at_soft, "Route").as_str()), ("<sip:edge.example;lr>", ""));
    assert_eq!(header(&at_desk, "Call-ID"), header(&at_soft, "Call-ID"));
    soft.peer.respond(&at_soft, "180 Ringing", "s", "").await;
    desk.peer.respond(&at_desk, "180 Ringing", "d", "").await;
    for _ in 0..2 {
        assert!(matches!(agent.event().await, Event::Progress { leg: l, status: 180, .. } if l == leg));
    }
    let ok = crate::support::response(&at_desk, "200 OK", "d", canary.address(), ANSWER);
    desk.peer.send(&ok).await;
    assert!(matches!(agent.event().await, Event::Answered { leg: l, .. } if l == leg));
    desk.peer.expect("ACK").await;
    let cancel = soft.peer.expect("CANCEL").await;
    soft.peer.respond(&cancel, "200 OK", "s", "").await;
    soft.peer.respond(&at_soft, "487 Request Terminated", "s", "").await;
    soft.peer.expect("ACK").await;
    agent.handle.bye(leg, None).await;
    let bye = desk.peer.expect("BYE").await;
    assert!(bye.starts_with(&format!("BYE sip:agent@{} SIP/2.0", canary.address())) && tag(&header(&bye, "To")) == "d", "{bye}");
    desk.peer.respond(&bye, "200 OK", "d", "").await;
    agent.settled().await;
    assert!(header(&canary.options().await, "CSeq").ends_with("OPTIONS"));
}

#[tokio::test]
async fn a_call_to_phones_that_refuse_fails_once_with_the_most_telling_status() {
    let mut agent = Agent::start(with(registrar())).await;
    let phones = [Phone::is_registered(&mut agent, "ana", "sesame").await, Phone::is_registered(&mut agent, "ana", "sesame").await];
    for (answers, status, why) in [
        (["486 Busy Here", "503 No"], 486, FailWhy::Busy),
        (["404 No", "486 Busy Here"], 486, FailWhy::Busy),
        (["480 Away", "487 Gone"], 480, FailWhy::NoAnswer),
        (["180 Ringing", "603 Decline"], 603, FailWhy::Declined),
    ] {
        let leg = dial_user(&agent, "ana").await;
        for (phone, answer) in phones.iter().zip(answers) {
            let invite = phone.peer.expect("INVITE").await;
            phone.peer.respond(&invite, answer, "t", "").await;
            match answer {
                "180 Ringing" => assert!(matches!(agent.event().await, Event::Progress { .. })),
                _ => drop(phone.peer.expect("ACK").await),
            }
        }
        let failed = agent.event().await;
        assert!(matches!(failed, Event::Failed { leg: l, status: Some(s), why: w, .. } if (l, s, w) == (leg, status, why)), "{failed:?}");
    }
    phones[0].peer.expect("CANCEL").await;
    agent.settled().await;
    dial_user(&agent, "ben").await;
    assert!(matches!(agent.event().await, Event::Failed { why: FailWhy::Unreachable, .. }));
}

#[tokio::test]
async fn a_given_up_call_stops_ringing_everywhere() {
    let mut agent = Agent::start(with(registrar())).await;
    let phones = [Phone::is_registered(&mut agent, "ana", "sesame").await, Phone::is_registered(&mut agent, "ana", "sesame").await];
    let leg = dial_user(&agent, "ana").await;
    let (early, late) = (phones[0].peer.expect("INVITE").await, phones[1].peer.expect("INVITE").await);
    phones[0].peer.respond(&early, "180 Ringing", "e", "").await;
    assert!(matches!(agent.event().await, Event::Progress { .. }));
    agent.handle.cancel(leg).await;
    assert!(matches!(agent.event().await, Event::Failed { why: FailWhy::Cancelled, .. }));
    phones[0].peer.expect("CANCEL").await;
    // The other one is heard of only now, and answers all the same.
    phones[1].peer.respond(&late, "180 Ringing", "l", "").await;
    phones[1].peer.expect("CANCEL").await;
    phones[1].peer.respond(&late, "200 OK", "l", ANSWER).await;
    phones[1].peer.expect("ACK").await;
    let bye = phones[1].peer.expect("BYE").await;
    phones[1].peer.respond(&bye, "200 OK", "l", "").await;
    phones[0].peer.respond(&early, "487 Request Terminated", "e", "").await;
    agent.settled().await;
}

#[tokio::test]
async fn a_call_from_a_registered_phone_is_known_and_others_are_not() {
    let mut agent = Agent::start(with(registrar())).await;
    let phone = Phone::is_registered(&mut agent, "ana", "sesame").await;
    phone.peer.send(Call::new(phone.peer.address(), "own").invite()).await;
    assert_eq!(agent.incoming().await.authenticated.as_deref(), Some("ana"));
    // Somebody else with her name.
    let other = Peer::new(agent.udp()).await;
    other.send(Call::new(other.address(), "other").invite()).await;
    assert_eq!(agent.incoming().await.authenticated, None);
}

#[tokio::test]
async fn where_calls_are_challenged_a_password_opens() {
    let challenge_calls = vec!["127.0.0.0/8".parse().unwrap()];
    let mut agent = Agent::start(with(Registrar { challenge_calls, ..registrar() })).await;
    let peer = Peer::new(agent.udp()).await;
    let mut call = Call::new(peer.address(), "challenged");
    peer.send(call.invite()).await;
    let challenge = peer.expect("SIP/2.0 407").await;
    let with = |password| {
        let credentials = answer(&challenge, "Proxy-Authenticate", "ben", password, "INVITE", 1);
        format!("Proxy-Authorization: {credentials}\r\n")
    };
    call.branch += 10;
    peer.send(call.request("INVITE", 2, &with("wrong"), OFFER)).await;
    peer.expect("SIP/2.0 407").await;
    assert_eq!(agent.handle.stats().await.legs, 0);
    call.branch += 10;
    peer.send(call.request("INVITE", 3, &with("basil"), OFFER)).await;
    assert_eq!(agent.incoming().await.authenticated.as_deref(), Some("ben"));
    // The application never sees the credentials.
}

/// Our own registration client against our own registrar, by datagrams and by streams.
#[tokio::test]
async fn two_agents_register_and_call() {
    for transport in ["udp", "tcp"] {
        let mut desk = Agent::start(with(registrar())).await;
        let at: SocketAddr = if transport == "udp" { desk.udp() } else { desk.tcp() };
        let peers = vec![at.ip().into()];
        let account = Account { name: "a".into(), realm: None, user: "ana".into(), password: Secret::password("sesame"), peers };
        let mut line = Registration::new("line", format!("sip:{at};transport={transport}").parse().unwrap(), "ana");
        line.contact_user = "line-7".to_owned();
        let mut phone = Agent::start(Config { accounts: vec![account], registrations: vec![line], ..quick() }).await;
        let registered = phone.event().await;
        let state = RegistrationState::Registered { expires: Duration::from_secs(600) };
        assert!(matches!(&registered, Event::Registration { name, state: s } if name == "line" && *s == state), "{registered:?}");
        assert_eq!(next_bindings(&mut desk).await, ("ana".to_owned(), 1));
        let leg = dial_user(&desk, "ana").await;
        let call = phone.incoming().await;
        assert!(call.request_uri.starts_with("sip:line-7@"), "{call:?}");
        phone.handle.answer(call.leg, ANSWER.as_bytes().to_vec()).await;
        assert!(matches!(desk.event().await, Event::Answered { leg: l, .. } if l == leg));
        assert!(matches!(phone.event().await, Event::Confirmed { .. }));
        desk.handle.bye(leg, None).await;
        assert!(matches!(desk.event().await, Event::Ended { .. }) && matches!(phone.event().await, Event::Ended { .. }));
        desk.settled().await;
        phone.handle.shutdown().await;
        assert!(matches!(phone.event().await, Event::Registration { state: RegistrationState::Unregistered, .. }));
        assert_eq!(next_bindings(&mut desk).await, ("ana".to_owned(), 0));
        assert!(phone.events.recv().await.is_none(), "it stops when the registrar has heard it");
    }
}
