//! Registrations, health checks and the registrar in virtual time.

use std::time::{Duration, Instant};

use super::{Core, Hop, LocalAddress, LocalAddresses, Output, Packet, Target, Transport, address, clean, dial, origin};
use crate::auth::Secret;
use crate::user_agent::command::Command;
use crate::user_agent::config::Config;
use crate::user_agent::event::{Event, LegId};
use crate::user_agent::lines::{Account, Health, Registration, RegistrationState};

/// One core, what it sent where and when, and a peer that is a script.
pub(super) struct Bench {
    pub(super) core: Core,
    start: Instant,
    pub(super) now: Instant,
    pub(super) sent: Vec<(u128, Hop, String)>,
    pub(super) events: Vec<Event>,
}

impl Bench {
    pub(super) fn new(config: Config) -> Self {
        let start = origin();
        let local = |transport| LocalAddress { transport, told: address(1), any: false };
        let local = LocalAddresses([Transport::Udp, Transport::Tcp].map(local).to_vec());
        let mut bench = Self { core: Core::new(config, local, [3; 32]), start, now: start, sent: Vec::new(), events: Vec::new() };
        bench.core.start(start);
        bench.passes(Duration::ZERO);
        bench
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Send(hop, bytes) => {
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    self.sent.push(((self.now - self.start).as_millis(), hop, text));
                }
                Output::Event(event) => self.events.push(event),
                Output::Count(_) => {}
                Output::Resolve { leg, uri } => {
                    let target = Target { transport: Transport::Udp, address: address(2) };
                    let found: &[Target] = if uri.host.to_string() == "registrar.example" { &[target] } else { &[] };
                    self.core.resolved(self.now, leg, found);
                }
            }
        }
    }

    pub(super) fn passes(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.core.next_deadline().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.core.tick(self.now);
            self.drain();
        }
        self.now = until;
        self.drain();
    }

    pub(super) fn hears(&mut self, source: std::net::SocketAddr, text: &str) {
        let message = clean(text.as_bytes(), source);
        self.core.receive(self.now, Packet { from: Hop::to(Transport::Udp, source), message });
        self.drain();
    }

    /// The last message sent.
    pub(super) fn last(&self) -> &str {
        self.sent.last().map_or("", |(.., text)| text.as_str())
    }

    /// Answers the last request that was sent.
    fn answers(&mut self, status: &str, lines: &str) {
        let request = self.last().to_owned();
        let echoed: String =
            ["Via", "From", "To", "Call-ID", "CSeq"].iter().map(|name| format!("{name}: {}\r\n", header(&request, name))).collect();
        self.hears(address(2), &format!("SIP/2.0 {status}\r\n{echoed}{lines}Content-Length: 0\r\n\r\n"));
    }

    /// Waits for the next request and returns how long it took.
    fn next_request(&mut self) -> Duration {
        let (before, from) = (self.sent.len(), self.now);
        while self.sent.len() == before {
            let at = self.core.next_deadline().expect("something to come");
            self.passes(at.saturating_duration_since(self.now));
        }
        self.now - from
    }

    fn states(&mut self) -> Vec<RegistrationState> {
        let states =
            self.events.drain(..).filter_map(|event| if let Event::Registration { state, .. } = event { Some(state) } else { None });
        states.collect()
    }
}

pub(super) fn header(message: &str, name: &str) -> String {
    let prefix = format!("{name}: ");
    message.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default().to_owned()
}

fn line() -> Registration {
    Registration { contact_user: "line-1".into(), ..Registration::new("trunk", "sip:registrar.example".parse().unwrap(), "4021") }
}

fn registering() -> Bench {
    let account = Account {
        name: "a".into(),
        realm: None,
        user: "4021".into(),
        password: Secret::password("p"),
        peers: vec![address(2).ip().into()],
    };
    Bench::new(Config { accounts: vec![account], registrations: vec![line()], ..Config::default() })
}

const CONTACT: &str = "Contact: <sip:other@192.0.2.77>;expires=7200, <sip:line-1@192.0.2.1:5060>;expires=100, <sip:x@y>;expires=1\r\n";

#[test]
fn a_registration_is_challenged_granted_refreshed_and_taken_back() {
    let mut bench = registering();
    assert!(bench.last().starts_with("REGISTER sip:registrar.example SIP/2.0\r\n"), "{}", bench.last());
    assert_eq!(header(bench.last(), "To"), "<sip:4021@registrar.example>");
    assert_eq!(header(bench.last(), "Contact"), "<sip:line-1@192.0.2.1:5060>;expires=600");
    let call_id = header(bench.last(), "Call-ID");
    bench.answers("401 Unauthorized", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n");
    assert!(header(bench.last(), "Authorization").ends_with("nc=00000001"), "{}", bench.last());
    assert_eq!((header(bench.last(), "CSeq").as_str(), header(bench.last(), "Call-ID")), ("2 REGISTER", call_id.clone()));
    bench.answers("200 OK", &format!("{CONTACT}Service-Route: <sip:192.0.2.5;lr>, <sip:second.example;lr>\r\n"));
    assert_eq!(bench.states(), [RegistrationState::Registered { expires: Duration::from_secs(100) }]);
    // The nonce is used again, so that a refresh takes one round trip.
    for (count, cseq) in [("nc=00000002", "3 REGISTER"), ("nc=00000003", "4 REGISTER"), ("nc=00000004", "5 REGISTER")] {
        let wait = bench.next_request();
        assert!((Duration::from_secs(50)..=Duration::from_secs(90)).contains(&wait), "{wait:?}");
        assert!(header(bench.last(), "Authorization").ends_with(count), "{}", bench.last());
        assert_eq!((header(bench.last(), "CSeq").as_str(), header(bench.last(), "Call-ID")), (cseq, call_id.clone()));
        bench.answers("200 OK", CONTACT);
    }
    assert_eq!(bench.states(), []);
    bench.core.command(bench.now, Command::Shutdown);
    bench.drain();
    assert_eq!(header(bench.last(), "Contact"), "<sip:line-1@192.0.2.1:5060>;expires=0");
    assert!(!bench.core.is_idle());
    bench.answers("200 OK", "");
    assert_eq!((bench.states().as_slice(), bench.core.is_idle()), ([RegistrationState::Unregistered].as_slice(), true));
    bench.passes(Duration::from_secs(1_000));
    assert_eq!((bench.core.stats().transactions, bench.core.next_deadline()), (0, None));
}

#[test]
fn a_dead_registrar_is_tried_ever_less_often_and_never_in_step() {
    let mut bench = registering();
    let mut waits = Vec::new();
    for _ in 0..12 {
        bench.answers("500 Oops", "");
        waits.push(bench.next_request().as_secs_f64());
    }
    for (n, wait) in waits.iter().enumerate() {
        let upper = (4.0 * f64::from(1 << n.min(10))).min(300.0);
        assert!((upper / 2.0..=upper).contains(wait), "try {n}: {waits:?}");
    }
    let states = bench.states();
    assert!(states.iter().all(|state| matches!(state, RegistrationState::Failed { status: Some(500), .. })) && states.len() == 12);
    bench.answers("200 OK", CONTACT);
    bench.next_request();
    bench.answers("500 Oops", "");
    assert!(bench.next_request() <= Duration::from_secs(4), "a success begins anew");
}

#[test]
fn a_registrar_that_says_nothing_or_cannot_be_found_counts_as_failed() {
    let mut bench = registering();
    bench.passes(Duration::from_secs(32));
    assert!(matches!(bench.states()[..], [RegistrationState::Failed { status: None, .. }]));
    let lost = Registration { registrar: "sip:nowhere.example".parse().unwrap(), ..line() };
    let mut bench = Bench::new(Config { registrations: vec![lost], ..Config::default() });
    assert!(matches!(bench.states()[..], [RegistrationState::Failed { status: None, .. }]) && bench.sent.is_empty());
    bench.core.command(bench.now, Command::Shutdown);
    assert!(bench.core.is_idle());
}

#[test]
fn min_expires_and_retry_after_are_obeyed() {
    let mut bench = registering();
    bench.answers("423 Interval Too Brief", "Min-Expires: 1800\r\n");
    assert_eq!((header(bench.last(), "Expires").as_str(), header(bench.last(), "CSeq").as_str()), ("1800", "2 REGISTER"));
    // The same again makes no loop.
    bench.answers("423 Interval Too Brief", "Min-Expires: 1800\r\n");
    assert!(bench.next_request() >= Duration::from_secs(2));
    bench.answers("503 Busy", "Retry-After: 120 (maintenance)\r\n");
    assert_eq!(bench.next_request(), Duration::from_secs(120));
    bench.answers("423 Interval Too Brief", "Min-Expires: 4294967295\r\n");
    assert!(bench.next_request() >= Duration::from_secs(2) && header(bench.last(), "Expires") == "1800");
}

#[test]
fn a_wrong_password_is_not_hammered() {
    let mut bench = registering();
    for n in 0..2 {
        bench.answers("401 Unauthorized", &format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"{n}\", qop=\"auth\"\r\n"));
    }
    assert!(matches!(bench.states()[..], [RegistrationState::Failed { status: Some(401), .. }]));
    assert!(bench.next_request() >= Duration::from_secs(2));
}

#[test]
fn calls_over_a_registered_line_pass_where_the_registrar_says() {
    let mut bench = Bench::new(Config { registrations: vec![Registration { account: Some("a".into()), ..line() }], ..Config::default() });
    bench.answers("200 OK", &format!("{CONTACT}Service-Route: <sip:192.0.2.5;transport=tcp;lr>, nonsense\r\n"));
    for (account, expected) in [
        (Some("a"), Hop::to(Transport::Tcp, address(5))),
        (None, Hop::to(Transport::Udp, address(9))),
        (Some("b"), Hop::to(Transport::Udp, address(9))),
    ] {
        let Command::Dial(mut request) = dial(LegId(bench.sent.len() as u64 * 2), false) else { panic!() };
        request.target = "sip:+431234@192.0.2.9".parse().unwrap();
        request.account = account.map(str::to_owned);
        bench.core.command(bench.now, Command::Dial(request));
        bench.drain();
        let (_, hop, invite) = bench.sent.last().unwrap();
        assert!(invite.starts_with("INVITE sip:+431234@192.0.2.9 SIP/2.0"), "{invite}");
        assert_eq!(*hop, expected);
        let route = if account == Some("a") { "<sip:192.0.2.5;transport=tcp;lr>" } else { "" };
        assert_eq!(header(invite, "Route"), route);
    }
}

#[test]
fn an_outbound_proxy_gets_the_registration_with_a_route() {
    let proxied = Registration { outbound_proxy: Some("sip:192.0.2.8;transport=tcp".parse().unwrap()), ..line() };
    let bench = Bench::new(Config { registrations: vec![proxied], ..Config::default() });
    let (_, hop, register) = bench.sent.last().unwrap();
    assert_eq!((*hop, header(register, "Route").as_str()), (Hop::to(Transport::Tcp, address(8)), "<sip:192.0.2.8;transport=tcp;lr>"));
    assert!(register.starts_with("REGISTER sip:registrar.example SIP/2.0"), "{register}");
    assert_eq!(header(register, "Contact"), "<sip:line-1@192.0.2.1:5060;transport=tcp>;expires=600");
}

#[test]
fn a_peer_is_gone_after_two_misses_and_back_with_the_first_answer() {
    let mut bench = Bench::new(Config { health: vec![Health::new("sbc", "sip:registrar.example".parse().unwrap())], ..Config::default() });
    let alive = |bench: &mut Bench| {
        let told = bench.events.drain(..).filter_map(|event| if let Event::Health { alive, .. } = event { Some(alive) } else { None });
        told.collect::<Vec<_>>()
    };
    bench.passes(Duration::from_millis(7));
    bench.answers("404 Not Found", "");
    assert!(
        matches!(&bench.events[..], [Event::Health { name, alive: true, round_trip: Some(time) }] if name == "sbc" && time.as_millis() == 7)
    );
    alive(&mut bench);
    for (status, told) in
        [("503 Down", vec![]), ("408 Late", vec![false]), ("503 Down", vec![]), ("200 OK", vec![true]), ("200 OK", vec![])]
    {
        assert!(bench.next_request() <= Duration::from_secs(30));
        bench.answers(status, "");
        assert_eq!(alive(&mut bench), told, "{status}");
    }
    // Silence: the questions of 30 and 60 s are missed at 60 and 90 s.
    bench.passes(Duration::from_secs(89));
    assert!(alive(&mut bench).is_empty());
    bench.passes(Duration::from_secs(2));
    assert_eq!(alive(&mut bench), [false]);
    bench.passes(Duration::from_secs(3_600));
    assert!(bench.core.stats().transactions <= 1 && alive(&mut bench).is_empty());
    bench.core.command(bench.now, Command::Shutdown);
    bench.passes(Duration::from_secs(100));
    assert_eq!((bench.core.stats().transactions, bench.core.next_deadline()), (0, None));
}
