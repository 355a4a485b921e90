//! Transactions, dialogs and legs as one pure state machine: packets, commands and time go in; packets and events come out.
//! Transactions follow RFC 3261 §17 with RFC 6026, dialogs §12, calls §13 to §15.

mod bindings;
mod causes;
mod client;
mod credentials;
mod errand;
mod failover;
mod gate;
mod health;
mod hop;
mod inbound;
mod leg;
mod legs;
mod midcall;
mod names;
mod outbound;
mod peers;
mod prack;
mod redial;
mod refer;
mod refresh;
mod registrar;
mod registration;
mod reliable;
mod replaces;
mod rests;
mod ring_all;
mod server;
mod session_timer;
#[cfg(test)]
mod tests;
mod transfer;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::command::Command;
use super::config::Config;
use super::event::{Event, LegId, Stats};
use crate::auth::Session;
use crate::guard::{ACCEPT, ALLOW, Admission, Limiter, RefusalKind, SUPPORTED};
use crate::message::{Message, Method, Request, ResponseParts};
use crate::transport::Transport;
use crate::uri::Uri;
use bindings::Bindings;
use client::ClientTx;
use credentials::SessionKey;
use gate::Gate;
use health::Pulse;
pub(crate) use hop::{Hop, ListenerId, Local, LocalAddress, LocalAddresses};
use leg::Leg;
use names::Names;
use registration::Line;
use rests::Rests;
use server::ServerTx;

/// One connection, numbered by the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// A clean message and where it came from.
#[derive(Debug)]
pub(crate) struct Packet {
    /// The way back to the very socket that it came from.
    pub(crate) from: Hop,
    pub(crate) message: Message,
}

/// What the core wants done.
#[derive(Debug)]
pub(crate) enum Output {
    Send(Hop, Bytes),
    Event(Event),
    /// A request was met with silence.
    Count(RefusalKind),
    /// Look up where that may be reached (RFC 3263) and tell [`Core::resolved`].
    Resolve {
        leg: LegId,
        uri: Uri,
    },
}

/// One server or client transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TxId(u64);

/// Every deadline has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// An INVITE gets 100, if it was not answered meanwhile.
    Trying(TxId),
    /// Timer G: a final response to INVITE is sent again (RFC 3261 §17.2.1).
    ServerResend(TxId),
    /// Timers H, I, J, L: the server transaction is forgotten.
    ServerEnd(TxId),
    /// Timers A, E: the request is sent again.
    ClientResend(TxId),
    /// A target that says nothing is left for the next one.
    ClientLeave(TxId),
    /// Timers B, D, F, K, M: the client transaction ends.
    ClientEnd(TxId),
    /// An unanswered leg, in either direction, has rung long enough.
    LegLimit(LegId),
    /// A 2xx is sent again until its ACK comes (RFC 3261 §13.3.1.4).
    AckResend(LegId, u32),
    /// No ACK came.
    AckLimit(LegId, u32),
    /// The application did not answer a re-INVITE or UPDATE.
    ReofferLimit(LegId, TxId),
    /// The session is to be refreshed, or was not (RFC 4028).
    Session(LegId),
    /// A reliable provisional response is sent again, or given up (RFC 3262 §3).
    Reliable(LegId),
    /// Nothing more is heard about a transfer (RFC 3515 §2.4.7).
    Referral(LegId),
    /// The application did not answer a REFER.
    TransferLimit(LegId, TxId),
    /// A registration is to be tried, or refreshed.
    Register(usize),
    /// A peer is to be asked whether it is there.
    Health(usize),
    /// A registered contact expires, or its way through a NAT has to be used.
    Binding(u64),
}

/// The state of all calls.
pub(crate) struct Core {
    config: Config,
    local: LocalAddresses,
    names: Names,
    /// Addresses that took no stream for a large request, and until when that is believed.
    streamless: HashMap<SocketAddr, Instant>,
    rests: Rests,
    rng: StdRng,
    limiter: Limiter,
    refusals: Limiter,
    legs: HashMap<LegId, Leg>,
    /// Our tags: the way from a request inside a dialog to its leg.
    tags: HashMap<String, LegId>,
    servers: HashMap<TxId, ServerTx>,
    server_keys: HashMap<Arc<str>, TxId>,
    /// Call-ID, From tag and CSeq of pending INVITEs, to tell merged requests (RFC 3261 §8.2.2.2).
    merges: HashMap<Arc<str>, TxId>,
    clients: HashMap<TxId, ClientTx>,
    branches: HashMap<String, TxId>,
    /// Challenges in use, by account.
    sessions: HashMap<SessionKey, Session>,
    /// Registrations at peers, in the order of the configuration.
    lines: Vec<Line>,
    /// Registered telephones, and who may be one.
    bindings: Bindings,
    gate: Option<Box<Gate>>,
    /// Peers that are asked for signs of life, in the order of the configuration.
    health: Vec<Pulse>,
    timers: BinaryHeap<Reverse<(Instant, Timer)>>,
    outputs: VecDeque<Output>,
    calls: usize,
    next_id: u64,
    /// The application does not keep up: no new calls.
    behind: bool,
    draining: bool,
}

impl Core {
    pub(crate) fn new(config: Config, local: LocalAddresses, seed: [u8; 32]) -> Self {
        Self {
            limiter: Limiter::new(config.limits.new_requests),
            refusals: Limiter::new(config.limits.refusals),
            config,
            local,
            names: Names::default(),
            streamless: HashMap::new(),
            rests: Rests::default(),
            rng: StdRng::from_seed(seed),
            legs: HashMap::new(),
            tags: HashMap::new(),
            servers: HashMap::new(),
            server_keys: HashMap::new(),
            merges: HashMap::new(),
            clients: HashMap::new(),
            branches: HashMap::new(),
            sessions: HashMap::new(),
            lines: Vec::new(),
            bindings: Bindings::default(),
            gate: None,
            health: Vec::new(),
            timers: BinaryHeap::new(),
            outputs: VecDeque::new(),
            calls: 0,
            next_id: 0,
            behind: false,
            draining: false,
        }
    }

    /// Takes in one message.
    pub(crate) fn receive(&mut self, now: Instant, packet: Packet) {
        let Packet { from, message } = packet;
        match message {
            Message::Response(response) => self.response(now, &response, from),
            Message::Request(request) => {
                let remote = if from.is_reliable() { from.remote } else { request.essentials.via.reply_address(from.remote) };
                let sips = request.uri.secure && from.transport.is_secure();
                self.request(now, *request, from.remote, Hop { remote, sips, ..from });
            }
        }
    }

    fn request(&mut self, now: Instant, request: Request, source: SocketAddr, hop: Hop) {
        let method = request.method().clone();
        if method == Method::Ack {
            return self.ack(now, &request);
        }
        if method == Method::Cancel && self.config.allows(source.ip()) {
            return self.cancel_received(now, &request, source, hop);
        }
        if let Some(&tx) = self.server_keys.get(server::key(&request, &method).as_str()) {
            return self.repeat_response(tx);
        }
        if !request.essentials.to.tag().is_empty() {
            return self.in_dialog(now, request, source, hop);
        }
        if !self.config.allows(source.ip()) {
            return self.outputs.push_back(Output::Count(RefusalKind::Source));
        }
        match self.limiter.admit(source.ip(), now) {
            Admission::Pass if method == Method::Invite => self.invite(now, request, source, hop),
            Admission::Pass if method == Method::Register && self.gate.is_some() => self.register_received(now, request, source, hop),
            Admission::Pass => self.stranger(&request, hop),
            Admission::Refuse => self.refuse_for_now(&request, hop),
            Admission::Ignore => self.outputs.push_back(Output::Count(RefusalKind::Rate)),
        }
    }

    /// Answers what needs no state: retransmissions get the same answer (RFC 3261 §8.2.7). Every user gets the same OPTIONS answer, so
    /// nobody learns which ones exist.
    fn stranger(&mut self, request: &Request, hop: Hop) {
        let allow = ("Allow", ALLOW.to_owned());
        match request.method() {
            Method::Options => {
                let (accept, supported) = (("Accept", ACCEPT.to_owned()), ("Supported", SUPPORTED.to_owned()));
                self.stateless(request, hop, 200, vec![allow, accept, supported, ("Accept-Language", "en".to_owned())]);
            }
            Method::Bye | Method::Info | Method::Update | Method::Prack | Method::Notify => self.stateless(request, hop, 481, Vec::new()),
            Method::Subscribe => self.stateless(request, hop, 489, vec![allow]),
            Method::Register | Method::Refer | Method::Message | Method::Publish | Method::Other(_) => {
                self.stateless(request, hop, 405, vec![allow]);
            }
            Method::Invite | Method::Ack | Method::Cancel => {}
        }
    }

    /// Whether a source may still be told what is wrong with its messages. These are counted apart from its calls, so that garbage in its
    /// name costs it no call.
    pub(crate) fn may_refuse(&mut self, now: Instant, source: SocketAddr) -> bool {
        self.refusals.admit(source.ip(), now) == Admission::Pass
    }

    /// A request for a call that does not exist.
    fn no_such_call(&mut self, now: Instant, request: &Request, source: SocketAddr, hop: Hop) {
        if !self.config.allows(source.ip()) {
            self.outputs.push_back(Output::Count(RefusalKind::Source));
        } else if self.may_refuse(now, source) {
            self.stateless(request, hop, 481, Vec::new());
        }
    }

    /// 503 with Retry-After, without keeping anything.
    fn refuse_for_now(&mut self, request: &Request, hop: Hop) {
        self.stateless(request, hop, 503, vec![self.retry_after()]);
    }

    fn retry_after(&self) -> (&'static str, String) {
        ("Retry-After", self.config.limits.retry_after.as_secs().max(1).to_string())
    }

    /// Answers without a transaction. The tag is the same for each retransmission, and different for each call.
    fn stateless(&mut self, request: &Request, hop: Hop, status: u16, mut extra: Vec<(&str, String)>) {
        extra.push(("Server", self.config.user_agent.clone()));
        let tag = request.essentials.via.branch();
        let tag: String = tag.bytes().rev().filter(u8::is_ascii_alphanumeric).take(16).map(char::from).collect();
        let to_tag = Some(if tag.is_empty() { "none" } else { &tag });
        let bytes = ResponseParts { status, to_tag, extra, ..ResponseParts::default() }.write(&request.headers);
        self.outputs.push_back(Output::Send(hop, bytes));
    }

    /// Does what the application asks. Commands for legs that are over, or in another state, change nothing.
    pub(crate) fn command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Ring { leg, status, sdp } => self.ring(now, leg, status, sdp.as_deref()),
            Command::Answer { leg, sdp } => self.answer(now, leg, &sdp),
            Command::Reject { leg, status, reason, headers } => self.reject(now, leg, status, reason.as_deref(), &headers),
            Command::TurnAway { leg, status } => self.turn_away(now, leg, status),
            Command::Dial(request) => self.dial(now, request),
            Command::Cancel { leg, reason } => self.cancel(now, leg, super::event::FailWhy::Cancelled, reason.as_deref()),
            Command::Bye { leg, reason } => self.bye(now, leg, reason),
            Command::Reinvite { leg, sdp } => self.reinvite(now, leg, sdp),
            Command::AnswerReinvite { leg, transaction, answer } => self.answer_reinvite(now, leg, TxId(transaction.0), answer),
            Command::Key { leg, digit } => self.key(now, leg, digit),
            Command::Refer { leg, request } => self.refer(now, leg, &request),
            Command::Authorise { leg } => self.authorise(leg),
            Command::AnswerTransfer { leg, transaction, answer } => self.answer_transfer(now, leg, TxId(transaction.0), answer),
            Command::TransferProgress { leg, status } => self.transfer_progress(now, leg, status),
            Command::Registered { user, reply } => drop(reply.send(self.registered(now, &user))),
            Command::Drain => self.draining = true,
            Command::Shutdown => self.shutdown(now),
            // These are the driver's.
            Command::Stats(_) | Command::Tls(_) => {}
        }
    }

    fn shutdown(&mut self, now: Instant) {
        self.draining = true;
        self.health.clear();
        self.unregister(now);
        let legs: Vec<LegId> = self.legs.keys().copied().collect();
        for leg in legs {
            self.reject(now, leg, 487, None, &[]);
            self.cancel(now, leg, super::event::FailWhy::Cancelled, None);
            self.bye(now, leg, None);
        }
    }

    /// The next moment at which [`Core::tick`] has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant) {
        while let Some(&Reverse((at, timer))) = self.timers.peek() {
            if at > now {
                return;
            }
            self.timers.pop();
            // An entry whose deadline was moved or taken back is still in the heap: the owner knows better.
            match timer {
                Timer::Trying(tx) => self.trying(now, tx),
                Timer::ServerResend(tx) => self.server_resend(at, now, tx),
                Timer::ServerEnd(tx) => self.server_end(at, tx),
                Timer::ClientResend(tx) => self.client_resend(at, now, tx),
                Timer::ClientLeave(tx) => self.client_leave(at, now, tx),
                Timer::ClientEnd(tx) => self.client_end(at, now, tx),
                Timer::LegLimit(leg) => self.leg_limit(at, now, leg),
                Timer::AckResend(leg, cseq) => self.ack_resend(at, now, leg, cseq),
                Timer::AckLimit(leg, cseq) => self.ack_limit(now, leg, cseq),
                Timer::ReofferLimit(leg, tx) => self.reoffer_limit(now, leg, tx),
                Timer::Session(leg) => self.session_due(at, now, leg),
                Timer::Reliable(leg) => self.reliable_due(at, now, leg),
                Timer::Referral(leg) => self.referral_due(at, leg),
                Timer::TransferLimit(leg, tx) => self.answer_transfer(now, leg, tx, Err(603)),
                Timer::Register(n) => self.register_due(at, now, n),
                Timer::Binding(id) => self.binding_due(at, now, id),
                Timer::Health(n) => self.probe(now, n),
            }
        }
    }

    fn arm(&mut self, at: Instant, timer: Timer) {
        self.timers.push(Reverse((at, timer)));
    }

    /// The next thing to be done outside.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Tells whether the application keeps up with the events.
    pub(crate) fn set_behind(&mut self, behind: bool) {
        self.behind = behind;
    }

    /// Packets to that address are refused: requests that wait for a first answer will get none.
    pub(crate) fn unreachable(&mut self, now: Instant, transport: Transport, address: SocketAddr) {
        let lost: Vec<TxId> = self
            .clients
            .iter()
            .filter(|(_, tx)| tx.is_unheard() && tx.hop.address() == address && tx.hop.transport == transport)
            .map(|(&id, _)| id)
            .collect();
        for tx in lost {
            self.client_lost(now, tx);
        }
    }

    /// A connection is gone: later requests go to the peer's own address over a new one.
    pub(crate) fn connection_closed(&mut self, now: Instant, connection: ConnectionId) {
        for leg in self.legs.values_mut() {
            leg.lose(connection);
        }
        self.line_closed(now, connection);
        self.bindings_closed(connection);
        let lost: Vec<TxId> =
            self.clients.iter().filter(|(_, tx)| tx.is_unheard() && tx.hop.connection == Some(connection)).map(|(&id, _)| id).collect();
        for tx in lost {
            self.client_lost(now, tx);
        }
    }

    /// The connections that calls need.
    pub(crate) fn connections_in_use(&self) -> HashSet<ConnectionId> {
        let legs = self.legs.values().map(|leg| leg.hop);
        let servers = self.servers.values().filter(|tx| tx.is_open()).map(|tx| tx.hop);
        let lines = self.lines.iter().filter_map(|line| line.hop);
        let bindings = self.bindings.iter().map(|binding| binding.flow);
        legs.chain(servers).chain(lines).chain(bindings).filter_map(|hop| hop.connection).collect()
    }

    /// Whether nothing is left to be taken down.
    pub(crate) fn is_idle(&self) -> bool {
        self.legs.is_empty() && !self.lines.iter().any(|line| line.leaving)
    }

    /// Entries of every table that one call, transaction or telephone has a place in: nothing may stay behind there.
    pub(crate) fn held(&self) -> usize {
        let transactions = self.servers.len() + self.server_keys.len() + self.merges.len() + self.clients.len() + self.branches.len();
        self.legs.len() + self.tags.len() + transactions + self.bindings.iter().count() + self.timers.len()
    }

    pub(crate) fn stats(&self) -> Stats {
        Stats { calls: self.calls, legs: self.legs.len(), transactions: self.servers.len() + self.clients.len(), ..Stats::default() }
    }

    fn next_tx(&mut self) -> TxId {
        self.next_id += 1;
        TxId(self.next_id)
    }

    /// A tag, branch or Call-ID that nobody can guess (RFC 3261 §19.3).
    fn token(&mut self) -> String {
        format!("{:016x}", self.rng.random::<u64>())
    }
}
