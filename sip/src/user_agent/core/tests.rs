//! The core in virtual time: the standard's timers to the millisecond, and two cores over a network that loses, repeats and reorders.

mod keys;
mod lines;
mod peers;
mod prack;
mod redial;
mod refer;
mod registrar;
mod replaces;
mod script;
mod session_timer;
mod transfer;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::super::command::{Command, DialRequest, Offers, ReferRequest, Way};
use super::super::config::Config;
use super::super::event::{Event, LegId, TransactionId};
use super::super::locate::Target;
use super::{ConnectionId, Core, Hop, LocalAddress, LocalAddresses, Output, Packet};
use crate::dtmf::Digit;
use crate::guard::{Arrival, Guard, MessageLimits, Rate, Verdict};
use crate::message::Message;
use crate::transport::Transport;

const SDP: &[u8] = b"v=0\r\n";

fn address(n: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, n], 5060))
}

#[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
fn origin() -> Instant {
    Instant::now()
}

fn core(n: u8) -> Core {
    let mut config = Config::default();
    config.limits.new_requests = Rate { per_second: 1_000, burst: 1_000 };
    let local = |transport| LocalAddress { transport, told: address(n), any: false };
    Core::new(config, LocalAddresses(vec![local(Transport::Udp), local(Transport::Tcp)]), [n; 32])
}

/// In every other world sessions have to be refreshed every few seconds, and transfers may be asked for.
fn restless(n: u8, seed: u64) -> Core {
    let mut core = core(n);
    if seed % 2 == 1 {
        (core.config.timers.session_expires, core.config.timers.min_se) = (Duration::from_secs(12), Duration::from_secs(6));
        core.config.replaces_from = vec!["192.0.2.0/24".parse().unwrap()];
    }
    core
}

fn clean(bytes: &[u8], source: SocketAddr) -> Message {
    match Guard::new(MessageLimits::default()).inspect(bytes, source, Arrival::Datagram) {
        Verdict::Pass(message) => message,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(bytes)),
    }
}

/// One core, a peer that is a script, and the times at which things were sent.
pub(super) struct Story {
    pub(super) core: Core,
    start: Instant,
    pub(super) now: Instant,
    pub(super) sent: Vec<(u128, String)>,
    pub(super) events: Vec<Event>,
}

impl Story {
    pub(super) fn new() -> Self {
        let start = origin();
        Self { core: core(1), start, now: start, sent: Vec::new(), events: Vec::new() }
    }

    pub(super) fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Send(_, bytes) => {
                    self.sent.push(((self.now - self.start).as_millis(), String::from_utf8_lossy(&bytes).into_owned()));
                }
                Output::Event(event) => self.events.push(event),
                Output::Count(kind) => panic!("{kind:?}"),
                Output::Resolve { .. } => panic!("nothing to look up here"),
            }
        }
    }

    fn hears(&mut self, text: &str) {
        let message = clean(text.as_bytes(), address(2));
        self.core.receive(self.now, Packet { from: Hop::to(Transport::Udp, address(2)), message });
        self.drain();
    }

    fn told(&mut self, command: Command) {
        self.core.command(self.now, command);
        self.drain();
    }

    pub(super) fn passes(&mut self, seconds: u64) {
        let until = self.now + Duration::from_secs(seconds);
        while let Some(at) = self.core.next_deadline().filter(|at| *at <= until) {
            self.now = at.max(self.now);
            self.core.tick(self.now);
            self.drain();
        }
        self.now = until;
    }

    pub(super) fn times_of(&self, start: &str) -> Vec<u128> {
        self.sent.iter().filter(|(_, text)| text.starts_with(start)).map(|(at, _)| *at).collect()
    }

    fn incoming(&mut self) -> LegId {
        self.hears(&request("INVITE", ""));
        match self.events.last() {
            Some(Event::Incoming(call)) => call.leg,
            other => panic!("{other:?}"),
        }
    }
}

fn request(method: &str, to_tag: &str) -> String {
    format!(
        "{method} sip:a@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\nFrom: <sip:b@x>;tag=f\r\nTo: <sip:a@x>{to_tag}\r\n\
         Call-ID: c\r\nCSeq: 1 {method}\r\nContact: <sip:b@192.0.2.2>\r\nContent-Length: 0\r\n\r\n"
    )
}

#[test]
fn a_200_without_ack_is_repeated_as_the_standard_says_and_all_is_released() {
    let mut story = Story::new();
    let leg = story.incoming();
    story.told(Command::Answer { leg, sdp: SDP.to_vec() });
    story.passes(200);
    let expected = [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    assert_eq!(story.times_of("SIP/2.0 200"), expected);
    assert_eq!(story.times_of("BYE")[0], 32_000);
    assert!(matches!(story.events[1..], [Event::Ended { .. }]), "{:?}", story.events);
    let stats = story.core.stats();
    assert_eq!((stats.legs, stats.transactions, story.core.next_deadline()), (0, 0, None));
}

#[test]
fn a_refusal_is_repeated_until_its_ack() {
    let mut story = Story::new();
    let leg = story.incoming();
    story.told(Command::Reject { leg, status: 486, reason: None, headers: Vec::new() });
    story.passes(5);
    assert_eq!(story.times_of("SIP/2.0 486"), [0, 500, 1_500, 3_500]);
    story.hears(&request("ACK", ""));
    story.passes(200);
    assert_eq!(story.times_of("SIP/2.0 486").len(), 4);
    assert_eq!((story.core.stats().transactions, story.core.next_deadline()), (0, None));
}

#[test]
fn a_call_that_is_turned_away_is_told_so_once_for_each_time_that_it_asks() {
    let mut story = Story::new();
    for asked in 1..=2 {
        let leg = story.incoming();
        story.told(Command::TurnAway { leg, status: 404 });
        assert_eq!(story.core.stats().transactions, 0);
        story.passes(1_000);
        assert_eq!(story.times_of("SIP/2.0").len(), asked, "{:?}", story.sent);
        assert!(matches!(story.events.last(), Some(Event::Ended { .. })));
        assert_eq!((story.core.held(), story.core.next_deadline()), (0, None));
    }
    let [first, again] = &story.sent[..] else { panic!("{:?}", story.sent) };
    assert!(first.1.starts_with("SIP/2.0 404") && first.1 == again.1, "{again:?}");
    story.hears(&request("ACK", ""));
    assert_eq!(story.sent.len(), 2);
}

#[test]
fn an_invite_gets_100_after_a_while_and_then_its_refusal_is_repeated() {
    let mut story = Story::new();
    let leg = story.incoming();
    story.passes(1);
    assert_eq!(story.times_of("SIP/2.0 100"), [200]);
    story.hears(&request("INVITE", ""));
    assert_eq!(story.times_of("SIP/2.0 100"), [200, 1_000]);
    story.told(Command::TurnAway { leg, status: 503 });
    story.passes(5);
    assert_eq!(story.times_of("SIP/2.0 503"), [1_000, 1_500, 2_500, 4_500]);
    assert!(story.sent.iter().filter(|(_, text)| text.starts_with("SIP/2.0 503")).all(|(_, text)| text.contains("Retry-After: 5\r\n")));
    // Whoever is answered at once hears nothing before.
    let mut story = Story::new();
    let leg = story.incoming();
    story.told(Command::Answer { leg, sdp: SDP.to_vec() });
    story.passes(1);
    assert_eq!(story.times_of("SIP/2.0 100").len(), 0);
}

#[test]
fn an_unheard_invite_is_repeated_with_doubling_intervals_and_given_up() {
    let mut story = Story::new();
    story.told(dial(LegId(2), false));
    story.passes(60);
    assert_eq!(story.times_of("INVITE"), [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert!(matches!(story.events[..], [Event::Failed { status: None, .. }]));
    assert_eq!((story.core.stats().legs, story.core.stats().transactions), (0, 0));
}

#[test]
fn a_bye_over_udp_is_repeated_up_to_t2() {
    let mut story = Story::new();
    let leg = story.incoming();
    story.told(Command::Answer { leg, sdp: SDP.to_vec() });
    let tag = story.core.legs[&leg].dialog.local_tag.clone();
    story.hears(&request("ACK", &format!(";tag={tag}")).replace("z9hG4bK1", "z9hG4bK2"));
    story.told(Command::Bye { leg, reason: None });
    story.passes(60);
    assert_eq!(story.times_of("BYE"), [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(story.times_of("SIP/2.0 200"), [0]);
    assert_eq!(story.core.stats().legs, 0);
}

#[test]
fn an_offer_that_the_application_forgets_is_refused_and_the_call_stays() {
    let mut story = Story::new();
    let leg = story.incoming();
    story.told(Command::Answer { leg, sdp: SDP.to_vec() });
    let tag = format!(";tag={}", story.core.legs[&leg].dialog.local_tag);
    story.hears(&request("ACK", &tag).replace("z9hG4bK1", "z9hG4bK2"));
    story.hears(&request("INVITE", &tag).replace("z9hG4bK1", "z9hG4bK3").replace("CSeq: 1", "CSeq: 2"));
    story.passes(11);
    assert_eq!(story.times_of("SIP/2.0 500"), [10_000, 10_500]);
    assert_eq!(story.core.stats().calls, 1);
}

/// A target from which nothing ever comes.
pub(super) const DEAD: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 99)), 5060);

fn dial(leg: LegId, tcp: bool) -> Command {
    dial_to(leg, &address(2).to_string(), tcp)
}

pub(super) fn dial_to(leg: LegId, host: &str, tcp: bool) -> Command {
    let target = format!("sip:b@{host}{}", if tcp { ";transport=tcp" } else { "" });
    Command::Dial(Box::new(DialRequest {
        leg,
        target: target.parse().unwrap(),
        account: None,
        from: "a".to_owned(),
        display_name: None,
        offers: Offers::everywhere(SDP.to_vec()),
        headers: Vec::new(),
        ring_timeout: Duration::from_secs(40),
        follow_redirects: false,
        may_refer: false,
        way: Way::default(),
    }))
}

/// A message on its way: when it arrives, a running number, to whom, what.
type Letter = (Instant, u64, usize, Vec<u8>);

/// Two cores and a network between them.
struct World {
    rng: StdRng,
    cores: [Core; 2],
    start: Instant,
    now: Instant,
    tcp: bool,
    network: BinaryHeap<Reverse<Letter>>,
    sent: u64,
    /// What each side was told about each leg.
    heard: [BTreeMap<LegId, Vec<Event>>; 2],
    offers: [HashMap<LegId, TransactionId>; 2],
    transfers: [HashMap<LegId, TransactionId>; 2],
    /// How many transfers each side asked for on a leg that was not over.
    referred: [HashMap<LegId, usize>; 2],
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let start = origin();
        let tcp = rng.random_bool(0.2);
        Self {
            rng,
            cores: [restless(1, seed), restless(2, seed)],
            start,
            now: start,
            tcp,
            network: BinaryHeap::new(),
            sent: 0,
            heard: Default::default(),
            offers: Default::default(),
            transfers: Default::default(),
            referred: Default::default(),
        }
    }

    /// Loses 15 % of the datagrams, repeats 10 %, delays each by up to 0.3 s, so that they overtake each other. A stream keeps its order.
    fn drain(&mut self) {
        for from in 0..2 {
            while let Some(output) = self.cores[from].poll_output() {
                match output {
                    Output::Send(hop, _) if hop.remote == DEAD => {}
                    Output::Send(_, bytes) if self.tcp => {
                        self.sent += 1;
                        self.network.push(Reverse((self.now + Duration::from_millis(20), self.sent, 1 - from, bytes.to_vec())));
                    }
                    Output::Send(_, bytes) => {
                        let copies = if self.rng.random_bool(0.15) { 0 } else { 1 + usize::from(self.rng.random_bool(0.1)) };
                        for _ in 0..copies {
                            self.sent += 1;
                            let at = self.now + Duration::from_millis(self.rng.random_range(1..300));
                            self.network.push(Reverse((at, self.sent, 1 - from, bytes.to_vec())));
                        }
                    }
                    Output::Event(event) => self.note(from, event),
                    Output::Count(kind) => panic!("{kind:?}"),
                    Output::Resolve { leg, uri } => {
                        let transport = if uri.wants_tcp() { Transport::Tcp } else { Transport::Udp };
                        let targets = [DEAD, address(2)].map(|address| Target { transport, address });
                        self.cores[from].resolved(self.now, leg, &targets);
                    }
                }
            }
        }
    }

    fn note(&mut self, side: usize, event: Event) {
        let leg = leg_of(&event);
        if let Event::Reoffer { transaction, .. } = event {
            self.offers[side].insert(leg, transaction);
        }
        if let Event::TransferAsked { transaction, .. } = event {
            self.transfers[side].insert(leg, transaction);
        }
        self.heard[side].entry(leg).or_default().push(event);
    }

    fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let arrival = self.network.peek().map(|Reverse((at, ..))| *at);
            let deadlines = self.cores.iter().filter_map(Core::next_deadline);
            let Some(next) = deadlines.chain(arrival).min().filter(|at| *at <= until) else { break };
            self.now = next.max(self.now);
            if arrival == Some(next)
                && let Some(Reverse((_, _, to, bytes))) = self.network.pop()
            {
                let source = address(u8::try_from(2 - to).unwrap());
                let (transport, connection) = if self.tcp { (Transport::Tcp, Some(ConnectionId(1))) } else { (Transport::Udp, None) };
                let from = Hop { connection, ..Hop::to(transport, source) };
                self.cores[to].receive(self.now, Packet { from, message: clean(&bytes, source) });
            }
            let now = self.now;
            self.cores.iter_mut().for_each(|core| core.tick(now));
            self.drain();
        }
        self.now = until;
    }

    fn command(&mut self, side: usize, command: Command) {
        if let Command::Refer { leg, .. } = &command
            && self.cores[side].legs.get(leg).is_some_and(|leg| !leg.told)
        {
            *self.referred[side].entry(*leg).or_default() += 1;
        }
        self.cores[side].command(self.now, command);
        self.drain();
    }

    /// Something that an application might ask for, sensible or not.
    fn whim(&mut self, side: usize, leg: LegId) -> Command {
        let sdp = SDP.to_vec();
        match self.rng.random_range(0..23) {
            0 => Command::Ring { leg, status: 180, sdp: self.rng.random_bool(0.5).then_some(sdp) },
            1..=4 => Command::Answer { leg, sdp },
            5 if self.rng.random_bool(0.3) => Command::TurnAway { leg, status: 404 },
            5 => Command::Reject { leg, status: self.rng.random_range(300..700), reason: None, headers: Vec::new() },
            6 => Command::Cancel { leg, reason: None },
            7 => Command::Bye { leg, reason: None },
            8..=11 => Command::Reinvite { leg, sdp },
            12 => Command::Refer {
                leg,
                request: Box::new(ReferRequest { refer_to: "sip:x@192.0.2.2".to_owned(), ..ReferRequest::default() }),
            },
            13 => Command::Authorise { leg },
            16 => Command::Key { leg, digit: Digit::from_code(self.rng.random_range(0..16)).unwrap() },
            14 => Command::TransferProgress { leg, status: self.rng.random_range(100..700) },
            15 => {
                let transaction = self.transfers[side].remove(&leg).unwrap_or(TransactionId(1));
                Command::AnswerTransfer { leg, transaction, answer: if self.rng.random() { Ok(()) } else { Err(603) } }
            }
            _ => {
                let transaction = self.offers[side].remove(&leg).unwrap_or(TransactionId(1));
                Command::AnswerReinvite { leg, transaction, answer: if self.rng.random() { Ok(sdp) } else { Err(488) } }
            }
        }
    }
}

fn leg_of(event: &Event) -> LegId {
    match event {
        Event::Incoming(call) => call.leg,
        Event::Cancelled { leg, .. }
        | Event::Confirmed { leg, .. }
        | Event::Progress { leg, .. }
        | Event::Answered { leg, .. }
        | Event::Failed { leg, .. }
        | Event::Reoffer { leg, .. }
        | Event::Reanswered { leg, .. }
        | Event::Refreshed { leg, .. }
        | Event::Referred { leg, .. }
        | Event::TransferAsked { leg, .. }
        | Event::KeyNotTaken { leg, .. }
        | Event::Info { leg, .. }
        | Event::Ended { leg, .. } => *leg,
        Event::Registration { .. } | Event::Bindings { .. } | Event::Health { .. } => panic!("of no leg: {event:?}"),
    }
}

fn is_end(event: &Event) -> bool {
    matches!(event, Event::Cancelled { .. } | Event::Failed { .. } | Event::Ended { .. })
}

/// Whatever happens, in whatever order: every leg ends once, nothing is said after its end, and nothing is left.
#[test]
fn random_calls_over_a_bad_network_always_end_and_leave_nothing() {
    let (mut answered, mut renegotiated, mut transferred) = (0, 0, 0);
    for seed in 0..4_000 {
        let mut world = World::new(seed);
        for n in 1..4 {
            let tcp = world.tcp;
            // The third one is found by name, behind a target that says nothing.
            let call = if n == 3 { dial_to(LegId(n * 2), "pbx.example", tcp) } else { dial(LegId(n * 2), tcp) };
            world.command(0, call);
        }
        for _ in 0..25 {
            let pause = Duration::from_millis(world.rng.random_range(0..2_000));
            world.run(pause);
            let side = world.rng.random_range(0..2);
            let legs: Vec<LegId> = world.heard[side].keys().copied().chain([LegId(2)]).collect();
            let leg = legs[world.rng.random_range(0..legs.len())];
            let command = world.whim(side, leg);
            world.command(side, command);
        }
        world.command(0, Command::Shutdown);
        world.command(1, Command::Shutdown);
        world.run(Duration::from_secs(400));
        for side in 0..2 {
            let stats = world.cores[side].stats();
            let left = (stats.calls, stats.legs, stats.transactions, world.cores[side].next_deadline());
            assert_eq!(left, (0, 0, 0, None), "seed {seed}, side {side}, {:?} after the start", world.now - world.start);
            let core = &world.cores[side];
            assert_eq!((core.tags.len(), core.server_keys.len(), core.branches.len(), core.merges.len()), (0, 0, 0, 0), "seed {seed}");
            for (leg, events) in &world.heard[side] {
                let ends = events.iter().filter(|event| is_end(event)).count();
                assert!(ends == 1 && events.last().is_some_and(is_end), "seed {seed}, side {side}, {leg:?}: {events:?}");
                let outcomes =
                    events.iter().filter(|event| matches!(event, Event::Referred { progress, .. } if progress.is_final())).count();
                let asked = world.referred[side].get(leg).copied().unwrap_or_default();
                assert_eq!(outcomes, asked, "seed {seed}, side {side}, {leg:?}: {events:?}");
                transferred += outcomes;
                answered += usize::from(events.iter().any(|event| matches!(event, Event::Answered { .. })));
                renegotiated += usize::from(events.iter().any(|event| matches!(event, Event::Reanswered { result: Ok(_), .. })));
            }
        }
    }
    let reached = answered > 3_000 && renegotiated > 150 && transferred > 500;
    assert!(reached, "the schedules must reach far enough: {answered}, {renegotiated} and {transferred}");
}

/// A Contact at a third address is followed only where the allow-list trusts that address.
#[test]
fn requests_go_to_the_peer_and_never_to_where_a_stranger_points() {
    let mut story = Story::new();
    story.hears(&request("INVITE", "").replace("<sip:b@192.0.2.2>", "<sip:b@198.51.100.9>"));
    let Some(Event::Incoming(call)) = story.events.last() else { panic!("{:?}", story.events) };
    let leg = &story.core.legs[&call.leg];
    assert_eq!(leg.next_hop(&[]), Hop::to(Transport::Udp, address(2)));
    let trusted = ["198.51.100.0/24".parse().unwrap()];
    assert_eq!(leg.next_hop(&trusted), Hop::to(Transport::Udp, SocketAddr::from(([198, 51, 100, 9], 5060))));
}
