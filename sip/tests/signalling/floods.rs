//! A minute of a thousand messages a second from one address, of every kind, in virtual time: somebody else is served as if nothing were.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use warmline_sip::transport::Transport;
use warmline_sip::user_agent::{Config, Event, LegId, Outcome, Unwired};

use crate::support::{ANSWER, Call, OFFER, header, tag};

/// Messages a second, and seconds.
const RATE: u32 = 1_000;
const SECONDS: u32 = 60;

fn flooder() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 5060))
}

fn good() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 7], 5060))
}

#[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
fn origin() -> Instant {
    Instant::now()
}

/// A user agent whose application answers the good caller and turns everybody else away.
struct Flood {
    agent: Unwired,
    now: Instant,
    /// What the good caller was sent.
    heard: Vec<String>,
    /// How much the flooder was sent.
    echoed: usize,
    /// The good caller's call, and how many of its calls have ended.
    good: Option<LegId>,
    ended: u32,
}

impl Flood {
    fn new() -> Self {
        let now = origin();
        let agent = Unwired::new(Config::default(), SocketAddr::from(([192, 0, 2, 1], 5060)), [7; 32], now);
        Self { agent, now, heard: Vec::new(), echoed: 0, good: None, ended: 0 }
    }

    fn hear(&mut self, from: SocketAddr, text: &[u8]) {
        self.agent.hear(self.now, Transport::Udp, from, text);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(outcome) = self.agent.poll(self.now) {
            match outcome {
                Outcome::Sent { to, bytes, .. } if to == good() => self.heard.push(String::from_utf8_lossy(&bytes).into_owned()),
                Outcome::Sent { to, .. } => {
                    assert_eq!(to, flooder());
                    self.echoed += 1;
                }
                Outcome::Told(Event::Incoming(call)) if call.source == good() => {
                    self.good = Some(call.leg);
                    self.agent.answer(self.now, call.leg, ANSWER.as_bytes().to_vec());
                }
                Outcome::Told(Event::Incoming(call)) => self.agent.reject(self.now, call.leg, 486),
                Outcome::Told(Event::Ended { leg, .. }) if self.good == Some(leg) => self.ended += 1,
                Outcome::Told(_) => {}
            }
        }
    }

    fn passes(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.agent.next_deadline().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.agent.tick(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// A whole call of the good caller: answered at once, whatever else happens.
    fn good_call(&mut self) {
        let mut call = Call::new(good(), "good");
        self.heard.clear();
        self.hear(good(), call.invite().as_bytes());
        let answer = self.heard.iter().find(|text| text.starts_with("SIP/2.0 200")).expect("the good caller is answered");
        call.learn(answer);
        self.hear(good(), call.request("ACK", 1, "", "").as_bytes());
        self.heard.clear();
        self.hear(good(), call.request("BYE", 2, "", "").as_bytes());
        assert!(self.heard[0].starts_with("SIP/2.0 200") && !tag(&header(&self.heard[0], "To")).is_empty());
    }

    /// A minute of it. Returns the most that was held.
    fn runs(&mut self, message: impl Fn(u32) -> Vec<u8>) -> usize {
        let mut most = 0;
        for n in 0..RATE * SECONDS {
            self.hear(flooder(), &message(n));
            if n % RATE == RATE / 2 {
                self.good_call();
            }
            self.passes(Duration::from_secs(1) / RATE);
            most = most.max(self.agent.held());
        }
        assert_eq!(self.ended, SECONDS);
        // Three minutes are the longest deadline of a call.
        self.passes(Duration::from_secs(200));
        assert_eq!(self.agent.held(), 0, "nothing is left of it");
        most
    }
}

fn request(method: &'static str, body: &'static str) -> impl Fn(u32) -> Vec<u8> {
    move |n| Call { branch: n * 10, ..Call::new(flooder(), "flood") }.request(method, 1, "", body).into_bytes()
}

#[test]
fn garbage_and_requests_without_a_call_hold_nothing() {
    for (kind, message) in [
        ("garbage", Box::new(|n: u32| n.to_string().into_bytes()) as Box<dyn Fn(u32) -> Vec<u8>>),
        ("broken", Box::new(|n| request("INVITE", OFFER)(n).into_iter().map(|byte| if byte == b'<' { b'"' } else { byte }).collect())),
        ("OPTIONS", Box::new(request("OPTIONS", ""))),
        ("REGISTER", Box::new(request("REGISTER", ""))),
        ("BYE", Box::new(request("BYE", ""))),
    ] {
        let mut flood = Flood::new();
        let most = flood.runs(message);
        // The good caller's own transactions only.
        assert!(most < 2_000, "{kind}: {most} entries");
        // By default 400 a second are answered, as many refused, and the rest is met with silence.
        assert!(flood.echoed < 51_000, "{kind}: {} answers", flood.echoed);
    }
}

#[test]
fn calls_that_are_turned_away_cost_a_bounded_while() {
    let mut flood = Flood::new();
    let most = flood.runs(request("INVITE", OFFER));
    // A refusal that nobody acknowledges is kept for half a minute (RFC 3261 §17.2.1), and so many new requests a second are taken.
    assert!(most < 400 * 33 * 8, "{most} entries");
}
