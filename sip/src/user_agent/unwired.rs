//! A user agent without sockets and without a clock: what the fuzzer drives, and whoever wants to study a call in virtual time. Messages,
//! commands and time go in as with [`super::UserAgent`]; what it sends and reports comes out.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use super::command::{Command, DialRequest, ReferRequest};
use super::config::Config;
use super::core::{ConnectionId, Core, Hop, LocalAddress, LocalAddresses, Output, Packet};
use super::event::{Event, LegId, TransactionId};
use crate::guard::{Arrival, Guard, Verdict};
use crate::transport::Transport;

/// What comes out.
#[derive(Debug)]
pub enum Outcome {
    /// A message is to be sent.
    Sent {
        /// How.
        transport: Transport,
        /// Where to.
        to: SocketAddr,
        /// The message.
        bytes: Bytes,
    },
    /// The application is told something.
    Told(Event),
}

/// The user agent. Every host name that it wants to look up is found to be nowhere.
pub struct Unwired {
    config: Config,
    core: Core,
    guard: Guard,
    /// Refusals of the guard: they do not come from the core.
    refusals: VecDeque<Outcome>,
}

impl std::fmt::Debug for Unwired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unwired").field("held", &self.held()).finish_non_exhaustive()
    }
}

impl Unwired {
    /// A user agent that listens by UDP and TCP on one address. The same seed gives the same tags and branches.
    #[must_use]
    pub fn new(config: Config, address: SocketAddr, seed: [u8; 32], now: Instant) -> Self {
        let local = |transport| LocalAddress { transport, told: address, any: false };
        let mut core = Core::new(config.clone(), LocalAddresses(vec![local(Transport::Udp), local(Transport::Tcp)]), seed);
        core.start(now);
        Self { guard: Guard::new(config.limits.message.clone()), config, core, refusals: VecDeque::new() }
    }

    /// One whole message came. Over a stream, each source is a connection.
    pub fn hear(&mut self, now: Instant, transport: Transport, source: SocketAddr, bytes: &[u8]) {
        let connection = transport.is_reliable().then(|| ConnectionId(u64::from(source.port())));
        let from = Hop { connection, ..Hop::to(transport, source) };
        let arrival = if transport.is_reliable() { Arrival::Stream } else { Arrival::Datagram };
        match self.guard.inspect(bytes, source, arrival) {
            Verdict::Pass(message) => self.core.receive(now, Packet { from, message }),
            Verdict::KeepAlive => {}
            Verdict::Refuse(refusal) => {
                if let Some((to, bytes)) = refusal.reply.filter(|_| self.config.allows(source.ip()) && self.core.may_refuse(now, source)) {
                    let to = if transport.is_reliable() { source } else { to };
                    self.refusals.push_back(Outcome::Sent { transport, to, bytes });
                }
            }
        }
    }

    /// The next moment at which [`Self::tick`] has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.core.next_deadline()
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        self.core.tick(now);
    }

    /// The next thing that comes out.
    pub fn poll(&mut self, now: Instant) -> Option<Outcome> {
        loop {
            match self.core.poll_output() {
                Some(Output::Send(hop, bytes)) => return Some(Outcome::Sent { transport: hop.transport, to: hop.remote, bytes }),
                Some(Output::Event(event)) => return Some(Outcome::Told(event)),
                Some(Output::Count(kind)) => self.guard.note(kind),
                Some(Output::Resolve { leg, .. }) => self.core.resolved(now, leg, &[]),
                None => return self.refusals.pop_front(),
            }
        }
    }

    /// Places a call. Legs of calls that come in have odd numbers: take an even one.
    pub fn dial(&mut self, now: Instant, request: DialRequest) {
        self.core.command(now, Command::Dial(Box::new(request)));
    }

    /// Tells a caller how it goes.
    pub fn ring(&mut self, now: Instant, leg: LegId, status: u16, sdp: Option<Vec<u8>>) {
        self.core.command(now, Command::Ring { leg, status, sdp });
    }

    /// Answers a call.
    pub fn answer(&mut self, now: Instant, leg: LegId, sdp: Vec<u8>) {
        self.core.command(now, Command::Answer { leg, sdp });
    }

    /// Refuses a call.
    pub fn reject(&mut self, now: Instant, leg: LegId, status: u16) {
        self.core.command(now, Command::Reject { leg, status, reason: None, headers: Vec::new() });
    }

    /// Ends a call.
    pub fn hang_up(&mut self, now: Instant, leg: LegId) {
        self.core.command(now, Command::Bye { leg, reason: None });
    }

    /// Answers a re-INVITE or UPDATE.
    pub fn answer_reoffer(&mut self, now: Instant, leg: LegId, transaction: TransactionId, answer: Result<Vec<u8>, u16>) {
        self.core.command(now, Command::AnswerReinvite { leg, transaction, answer });
    }

    /// Asks the peer to place another call.
    pub fn refer(&mut self, now: Instant, leg: LegId, request: ReferRequest) {
        self.core.command(now, Command::Refer { leg, request: Box::new(request) });
    }

    /// Lets the peer of a leg ask for transfers.
    pub fn authorise(&mut self, now: Instant, leg: LegId) {
        self.core.command(now, Command::Authorise { leg });
    }

    /// Answers a request for a transfer.
    pub fn answer_transfer(&mut self, now: Instant, leg: LegId, transaction: TransactionId, answer: Result<(), u16>) {
        self.core.command(now, Command::AnswerTransfer { leg, transaction, answer });
    }

    /// Ends all calls and takes no more.
    pub fn shut_down(&mut self, now: Instant) {
        self.core.command(now, Command::Shutdown);
    }

    /// Entries of every table that a call, a transaction, a registered telephone or a deadline has: zero when everything is over.
    #[must_use]
    pub fn held(&self) -> usize {
        self.core.held()
    }
}
