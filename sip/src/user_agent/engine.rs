//! The one task that joins sockets, clock, commands and the core.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::TryRngCore;
use tokio::sync::mpsc;

use super::command::Command;
use super::config::Config;
use super::connections::Connection;
use super::core::{ConnectionId, Core, Hop, Output, Packet};
use super::event::{Event, LegId};
use super::locate::Target;
use super::resolver::Locator;
use super::sockets::{Accepted, Sockets};
use super::stream::FromWire;
use super::tls::Tls;
use super::udp;
use crate::guard::{Arrival, Guard, RefusalCounts, Verdict};
use crate::transport::Transport;
use crate::uri::Uri;

/// Datagrams read before timers and commands get their turn.
const BATCH: usize = 64;

/// Messages of all connections that may wait for the engine.
const FROM_WIRE: usize = 1_024;

/// A shutdown that the peers do not confirm ends after this.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(5);

/// The end of a look-up.
type Resolved = (LegId, Vec<Target>);

pub(super) struct Engine {
    pub(super) config: Config,
    sockets: Sockets,
    pub(super) core: Core,
    pub(super) guard: Guard,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    /// Events that the application has no room for yet.
    waiting: VecDeque<Event>,
    pub(super) connections: HashMap<ConnectionId, Connection>,
    pub(super) last_connection: u64,
    pub(super) from_wire: (mpsc::Sender<FromWire>, mpsc::Receiver<FromWire>),
    pub(super) tls: Box<Tls>,
    /// The pages that may open a WebSocket.
    pub(super) origins: Arc<[String]>,
    locator: Locator,
    resolved: (mpsc::Sender<Resolved>, mpsc::Receiver<Resolved>),
    next_sweep: Instant,
    stopping: Option<Instant>,
    pub(super) unsent: u64,
    /// The refusals that were logged.
    logged: RefusalCounts,
}

/// The driver's one clock read.
#[expect(clippy::disallowed_methods, reason = "the driver's one clock read; everything below gets the time as a parameter")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Where unguessable tags come from.
fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    rand::rngs::OsRng.try_fill_bytes(&mut seed).expect("a system without randomness cannot have secrets");
    seed
}

/// What woke the engine.
enum Wake {
    Command(Option<Command>),
    Room,
    Deaf,
    Datagrams,
    Wire(Option<FromWire>),
    Accepted(io::Result<Accepted>),
    Resolved(Option<Resolved>),
    Deadline,
}

impl Engine {
    pub(super) fn new(config: Config, sockets: Sockets, tls: Tls, commands: mpsc::Receiver<Command>, events: mpsc::Sender<Event>) -> Self {
        let mut core = Core::new(config.clone(), sockets.told(&config), seed());
        core.start(now());
        Self {
            guard: Guard::new(config.limits.message.clone()),
            next_sweep: now() + config.timers.connection_idle / 4,
            tls: Box::new(tls),
            origins: config.origins.clone().into(),
            locator: Locator::new(config.nameserver, sockets.able(), config.timers.connect),
            config,
            sockets,
            core,
            commands,
            events,
            waiting: VecDeque::new(),
            connections: HashMap::new(),
            last_connection: 0,
            from_wire: mpsc::channel(FROM_WIRE),
            resolved: mpsc::channel(64),
            stopping: None,
            unsent: 0,
            logged: RefusalCounts::default(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut buffer = vec![0; 65_536];
        loop {
            self.flush();
            let time = now();
            if self.stopping.is_some_and(|until| until <= time || self.core.is_idle()) && self.waiting.is_empty() {
                return;
            }
            match self.wait(time).await {
                Wake::Command(Some(command)) => self.command(command),
                Wake::Command(None) | Wake::Deaf => self.stop(),
                Wake::Room | Wake::Deadline => {}
                Wake::Datagrams => self.read_datagrams(&mut buffer),
                Wake::Wire(wire) => wire.into_iter().for_each(|wire| self.heard(wire)),
                Wake::Accepted(accepted) => {
                    self.sockets.next_turn();
                    accepted.into_iter().for_each(|accepted| self.accepted(accepted));
                }
                Wake::Resolved(found) => found.into_iter().for_each(|(leg, targets)| self.core.resolved(now(), leg, &targets)),
            }
            let time = now();
            self.core.tick(time);
            if time >= self.next_sweep {
                self.sweep(time);
            }
        }
    }

    /// Waits for the next thing to do. While the application does not keep up nothing is read from the network: the kernel and the peers'
    /// retransmissions hold it, and commands and timers go on.
    async fn wait(&mut self, time: Instant) -> Wake {
        let deaf = self.waiting.len() >= self.config.limits.events;
        let stopped = self.stopping.is_some();
        let deadline = [Some(self.next_sweep), self.core.next_deadline(), self.stopping].into_iter().flatten().min().unwrap_or(time);
        tokio::select! {
            command = self.commands.recv(), if !stopped => Wake::Command(command),
            () = self.events.closed(), if !stopped => Wake::Deaf,
            room = self.events.reserve(), if !self.waiting.is_empty() => {
                match (room, self.waiting.pop_front()) {
                    (Ok(room), Some(event)) => room.send(event),
                    (Ok(_) | Err(_), _) => self.waiting.clear(),
                }
                Wake::Room
            }
            () = self.sockets.readable(), if !deaf => Wake::Datagrams,
            wire = self.from_wire.1.recv(), if !deaf => Wake::Wire(wire),
            accepted = self.sockets.accept(), if !deaf => Wake::Accepted(accepted),
            found = self.resolved.1.recv() => Wake::Resolved(found),
            () = tokio::time::sleep_until(deadline.into()) => Wake::Deadline,
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Stats(reply) => {
                let mut stats = self.core.stats();
                stats.connections = self.connections.len();
                stats.events_waiting = self.waiting.len();
                stats.refusals = self.guard.counts().clone();
                stats.unsent = self.unsent;
                let _ = reply.send(stats);
            }
            Command::Shutdown => self.stop(),
            Command::Tls(tls) => self.tls = tls,
            command => self.core.command(now(), command),
        }
    }

    fn stop(&mut self) {
        if self.stopping.is_none() {
            self.stopping = Some(now() + SHUTDOWN_PATIENCE);
            self.core.command(now(), Command::Shutdown);
        }
    }

    /// Does what the core wants done.
    fn flush(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Send(hop, bytes) if hop.transport == Transport::Udp => self.send_datagram(hop, &bytes),
                Output::Send(hop, bytes) => self.send_stream(hop, bytes),
                Output::Event(event) => self.report(event),
                Output::Count(kind) => self.guard.note(kind),
                Output::Resolve { leg, uri } => self.resolve(leg, uri),
            }
        }
        self.core.set_behind(self.waiting.len() > self.config.limits.events / 2);
    }

    fn report(&mut self, event: Event) {
        if !self.waiting.is_empty() {
            return self.waiting.push_back(event);
        }
        if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event) {
            self.waiting.push_back(event);
        }
    }

    fn send_datagram(&mut self, hop: Hop, bytes: &[u8]) {
        let Some(own) = self.sockets.for_datagram(hop) else {
            // Without a UDP socket of its family nobody can be reached by UDP.
            return self.core.unreachable(now(), Transport::Udp, hop.remote);
        };
        // Where the socket is bound to every address, the answer has to leave from the one that was asked.
        let from = hop.local.and_then(|local| local.ip).filter(|_| own.is_any());
        let send = || udp::send(&own.socket, bytes, hop.remote, from);
        // The first try can report the ICMP error of an earlier datagram instead of sending this one.
        let sent = send().or_else(|error| if error.kind() == io::ErrorKind::WouldBlock { Err(error) } else { send() });
        let Err(error) = sent else { return };
        self.unsent += 1;
        // A full socket buffer is a lost datagram, and those are sent again by the transactions.
        if error.kind() != io::ErrorKind::WouldBlock {
            tracing::debug!(%error, "datagram not sent");
            self.core.unreachable(now(), Transport::Udp, hop.remote);
        }
    }

    fn read_datagrams(&mut self, buffer: &mut [u8]) {
        for n in 0..self.sockets.datagrams.len() {
            for _ in 0..BATCH {
                let own = &self.sockets.datagrams[n];
                match udp::receive(&own.socket, buffer, own.is_any()) {
                    Ok((length, source, ip)) => {
                        let way = own.hop(source, ip);
                        self.message(&buffer[..length], way);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // An ICMP error shows here once; its address is in the error queue.
                    Err(_) => {}
                }
                self.flush();
            }
            self.read_errors(n);
        }
    }

    /// Takes in the ICMP errors that came back to a socket.
    fn read_errors(&mut self, n: usize) {
        let mut lost = HashSet::new();
        while let Some(address) = udp::unreachable(&self.sockets.datagrams[n].socket)
            && lost.len() < BATCH
        {
            lost.insert(address);
        }
        lost.into_iter().for_each(|address| self.core.unreachable(now(), Transport::Udp, address));
    }

    /// Takes in one message that came over a way.
    pub(super) fn message(&mut self, bytes: &[u8], way: Hop) {
        // A WebSocket message ends where it ends, like a datagram (RFC 7118 §5.1).
        let framed = way.is_reliable() && !way.transport.is_web_socket();
        let source = way.remote;
        match self.guard.inspect(bytes, source, if framed { Arrival::Stream } else { Arrival::Datagram }) {
            Verdict::Pass(message) => self.core.receive(now(), Packet { from: way, message }),
            Verdict::KeepAlive => {}
            Verdict::Refuse(_) if !self.config.allows(source.ip()) || !self.core.may_refuse(now(), source) => {}
            Verdict::Refuse(refusal) => match refusal.reply {
                Some((_, reply)) if way.is_reliable() => self.send_stream(way, reply),
                Some((remote, reply)) => self.send_datagram(Hop { remote, ..way }, &reply),
                None => {}
            },
        }
    }

    fn resolve(&self, leg: LegId, uri: Uri) {
        let (answer, locator) = (self.resolved.0.clone(), self.locator.clone());
        tokio::spawn(async move {
            // A stopped engine has no use for the answer.
            let _ = answer.send((leg, locator.locate(uri).await)).await;
        });
    }

    /// What is done now and then.
    fn sweep(&mut self, time: Instant) {
        self.next_sweep = time + (self.config.timers.connection_idle / 4).max(Duration::from_millis(10));
        self.close_idle(time);
        // One line for all that was refused since the last one, however much it was.
        let refused = self.guard.counts();
        if *refused != self.logged {
            let kinds: Vec<(&str, u64)> = refused.since(&self.logged).map(|(kind, count)| (kind.name(), count)).collect();
            tracing::info!(?kinds, "messages refused");
            self.logged = refused.clone();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close_all();
    }
}
