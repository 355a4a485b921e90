//! The whole user agent in virtual time, with an application that takes calls, refuses them, places them and hangs up. Whatever comes:
//! what it sends is clean and goes only to those who spoke to it, and when all is over, nothing is held.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use warmline_sip::auth::Secret;
use warmline_sip::guard::{Arrival, Guard, Rate, Verdict};
use warmline_sip::transport::Transport;
use warmline_sip::user_agent::{
    Config, DialRequest, Event, LegId, Offers, Outcome, ReferRequest, Registrar, RegistrarUser, TransactionId, Unwired, Way,
};

use super::pieces::Pieces;
use super::script::{self, Heard};

/// The peer whom we also call, and somebody else.
const PEERS: [[u8; 4]; 2] = [[192, 0, 2, 2], [198, 51, 100, 9]];
const SDP: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n";
/// Every call, registration and transaction is over after this.
const EVER: Duration = Duration::from_secs(10_000);

static EPOCH: LazyLock<Instant> = LazyLock::new(epoch);

#[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
fn epoch() -> Instant {
    Instant::now()
}

/// Nobody has a password, everybody may replace calls.
pub(crate) fn agent(bytes: &[u8]) {
    let replaces_from = vec!["0.0.0.0/0".parse().expect("a network")];
    World::new(Config { replaces_from, ..Config::default() }).run(bytes);
}

/// Telephones register.
pub(crate) fn registrar(bytes: &[u8]) {
    let user = |name: &str| RegistrarUser { user: name.into(), secret: Secret::password(script::PASSWORD) };
    let mut registrar = Registrar::new("phones", vec![user(script::USER), user("ben")]);
    registrar.challenge_calls = vec!["192.0.2.0/24".parse().expect("a network")];
    World::new(Config { registrar: Some(registrar), ..Config::default() }).run(bytes);
}

/// The user agent, its application, and what its peers remember.
struct World {
    agent: Unwired,
    now: Instant,
    heard: Heard,
    dialled: u64,
    last: Option<LegId>,
    reoffer: Option<(LegId, TransactionId)>,
    transfer: Option<(LegId, TransactionId)>,
}

impl World {
    fn new(mut config: Config) -> Self {
        config.limits.new_requests = Rate { per_second: 1_000, burst: 1_000 };
        config.limits.calls = 8;
        let here = SocketAddr::from(([192, 0, 2, 1], 5060));
        let agent = Unwired::new(config, here, [5; 32], *EPOCH);
        Self { agent, now: *EPOCH, heard: Heard::default(), dialled: 0, last: None, reoffer: None, transfer: None }
    }

    /// What is said about a piece: from whom (two bits), how much time passes after it, what the application does then (three bits each).
    fn run(mut self, bytes: &[u8]) {
        for (about, piece) in Pieces(bytes).take(64) {
            self.hears(about & 3, piece);
            self.does(about >> 2 & 7);
            self.passes([0, 0, 100, 600, 5_000, 11_000, 40_000, 200_000][usize::from(about >> 5)]);
        }
        self.agent.shut_down(self.now);
        self.drain();
        self.passes(EVER.as_millis() as u64);
        assert_eq!(self.agent.held(), 0, "something is left behind");
    }

    fn hears(&mut self, from: u8, piece: &[u8]) {
        let (ip, transport) = match from {
            0 => (PEERS[0], Transport::Udp),
            1 => (PEERS[0], Transport::Tcp),
            2 => (PEERS[1], Transport::Udp),
            _ => {
                // A response to our last request, from where that went.
                let Some((to, transport, reply)) = self.heard.reply(piece) else { return };
                self.agent.hear(self.now, transport, to, &reply);
                return self.drain();
            }
        };
        let text = self.heard.filled_in(piece);
        self.agent.hear(self.now, transport, SocketAddr::from((ip, 5060)), &text);
        self.drain();
    }

    fn does(&mut self, what: u8) {
        let now = self.now;
        match (what, self.last) {
            (1, Some(leg)) => self.agent.answer(now, leg, SDP.to_vec()),
            (2, Some(leg)) => self.agent.reject(now, leg, 486),
            (3, Some(leg)) => self.agent.hang_up(now, leg),
            (4, _) => self.dials(),
            (5, Some(leg)) => self.agent.ring(now, leg, 183, Some(SDP.to_vec())),
            (6, Some(leg)) => {
                let request = ReferRequest { refer_to: "sip:ben@192.0.2.2".to_owned(), ..ReferRequest::default() };
                self.agent.refer(now, leg, request);
            }
            (7, Some(leg)) => self.decides(leg),
            _ => {}
        }
        self.drain();
    }

    fn dials(&mut self) {
        self.dialled += 2;
        let leg = LegId(self.dialled);
        self.agent.dial(
            self.now,
            DialRequest {
                leg,
                target: "sip:ben@192.0.2.2".parse().expect("a URI"),
                account: None,
                from: "bot".to_owned(),
                display_name: Some("Bot".to_owned()),
                offers: Offers::everywhere(SDP.to_vec()),
                headers: vec![("X-Case".to_owned(), "7".to_owned())],
                ring_timeout: Duration::from_secs(60),
                follow_redirects: true,
                may_refer: false,
                way: Way { peers: vec!["sip:ben@192.0.2.2:5070".parse().expect("a URI")], ..Way::default() },
            },
        );
        self.last = Some(leg);
    }

    /// Answers what the peer asked inside a call.
    fn decides(&mut self, leg: LegId) {
        self.agent.authorise(self.now, leg);
        if let Some((leg, transaction)) = self.reoffer.take() {
            self.agent.answer_reoffer(self.now, leg, transaction, Ok(SDP.to_vec()));
        }
        if let Some((leg, transaction)) = self.transfer.take() {
            self.agent.answer_transfer(self.now, leg, transaction, Ok(()));
        }
    }

    fn passes(&mut self, milliseconds: u64) {
        let until = self.now + Duration::from_millis(milliseconds);
        let mut steps = 0;
        while let Some(at) = self.agent.next_deadline().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.agent.tick(self.now);
            self.drain();
            steps += 1;
            assert!(steps < 20_000, "timers go round in circles");
        }
        self.now = until;
    }

    fn drain(&mut self) {
        let mut sent = 0;
        while let Some(outcome) = self.agent.poll(self.now) {
            match outcome {
                Outcome::Sent { transport, to, bytes } => {
                    sent += 1;
                    // Whom we call may send us on; who calls us may not.
                    let known = PEERS.iter().any(|ip| to.ip() == SocketAddr::from((*ip, 0)).ip());
                    assert!(known || self.dialled > 0, "aimed at {to}");
                    clean(&bytes);
                    self.heard.note(transport, to, &bytes);
                }
                Outcome::Told(event) => self.told(event),
            }
        }
        assert!(sent <= 64, "{sent} messages at once");
    }

    fn told(&mut self, event: Event) {
        match event {
            Event::Incoming(call) => self.last = Some(call.leg),
            Event::Reoffer { leg, transaction, .. } => self.reoffer = Some((leg, transaction)),
            Event::TransferAsked { leg, transaction, .. } => self.transfer = Some((leg, transaction)),
            _ => {}
        }
    }
}

/// What we send is a message that we would take ourselves. Only the guard's refusal of what is broken echoes what is broken.
fn clean(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Guard::default().inspect(bytes, super::guard::source(), Arrival::Datagram) {
        Verdict::Pass(_) | Verdict::KeepAlive => {}
        Verdict::Refuse(_) if text.starts_with("SIP/2.0 ") && !text.contains("\r\nServer: ") => {}
        Verdict::Refuse(refusal) => panic!("{:?}: {text}", refusal.kind),
    }
}
