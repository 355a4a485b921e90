//! The one task that joins sockets, clock, commands and the core.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::TryRngCore;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::command::Command;
use super::config::Config;
use super::core::{ConnectionId, Core, Hop, LocalAddresses, Output, Packet};
use super::event::{Event, LegId, Transport};
use super::tcp::{self, FromWire, Patience};
use super::{BindError, udp};
use crate::guard::{Arrival, Guard, RefusalCounts, RefusalKind, Verdict};

/// Datagrams read before timers and commands get their turn.
const BATCH: usize = 64;

/// Messages of all TCP connections that may wait for the engine.
const FROM_WIRE: usize = 1_024;

/// A shutdown that the peers do not confirm ends after this.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(5);

/// The open sockets.
pub(super) struct Sockets {
    udp: Option<UdpSocket>,
    tcp: Option<TcpListener>,
    pub(super) udp_address: Option<SocketAddr>,
    pub(super) tcp_address: Option<SocketAddr>,
}

impl Sockets {
    pub(super) async fn bind(config: &Config) -> Result<Self, BindError> {
        if config.udp.is_none() && config.tcp.is_none() {
            return Err(BindError::NoAddress);
        }
        let failed = |address, transport| move |source| BindError::Socket { address, transport, source };
        let mut sockets = Self { udp: None, tcp: None, udp_address: None, tcp_address: None };
        if let Some(address) = config.udp {
            let socket = udp::bind(address).await.map_err(failed(address, Transport::Udp))?;
            sockets.udp_address = socket.local_addr().ok();
            sockets.udp = Some(socket);
        }
        if let Some(address) = config.tcp {
            let listener = TcpListener::bind(address).await.map_err(failed(address, Transport::Tcp))?;
            sockets.tcp_address = listener.local_addr().ok();
            sockets.tcp = Some(listener);
        }
        Ok(sockets)
    }

    fn told(&self, config: &Config) -> LocalAddresses {
        let told = |bound: Option<SocketAddr>| {
            let bound = bound?;
            match config.advertised {
                Some(ip) => Some(SocketAddr::new(ip, bound.port())),
                None => udp::outward_address(bound).ok(),
            }
        };
        LocalAddresses { udp: told(self.udp_address), tcp: told(self.tcp_address) }
    }
}

struct Connection {
    remote: SocketAddr,
    writer: mpsc::Sender<Bytes>,
    task: AbortHandle,
    heard: Instant,
}

/// The end of a look-up.
type Resolved = (LegId, Option<SocketAddr>);

pub(super) struct Engine {
    config: Config,
    sockets: Sockets,
    core: Core,
    guard: Guard,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    /// Events that the application has no room for yet.
    waiting: VecDeque<Event>,
    connections: HashMap<ConnectionId, Connection>,
    next_connection: u64,
    from_wire: (mpsc::Sender<FromWire>, mpsc::Receiver<FromWire>),
    resolved: (mpsc::Sender<Resolved>, mpsc::Receiver<Resolved>),
    next_sweep: Instant,
    stopping: Option<Instant>,
    unsent: u64,
    /// The refusals that were logged.
    logged: RefusalCounts,
}

/// The driver's one clock read.
#[expect(clippy::disallowed_methods, reason = "the driver's one clock read; everything below gets the time as a parameter")]
fn now() -> Instant {
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
    Accepted(io::Result<(tokio::net::TcpStream, SocketAddr)>),
    Resolved(Option<Resolved>),
    Deadline,
}

impl Engine {
    pub(super) fn new(config: Config, sockets: Sockets, commands: mpsc::Receiver<Command>, events: mpsc::Sender<Event>) -> Self {
        let core = Core::new(config.clone(), sockets.told(&config), seed());
        Self {
            guard: Guard::new(config.limits.message.clone()),
            next_sweep: now() + config.timers.connection_idle / 4,
            config,
            sockets,
            core,
            commands,
            events,
            waiting: VecDeque::new(),
            connections: HashMap::new(),
            next_connection: 0,
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
                Wake::Accepted(accepted) => accepted.into_iter().for_each(|(stream, remote)| self.accepted(stream, remote)),
                Wake::Resolved(found) => found.into_iter().for_each(|(leg, address)| self.core.resolved(now(), leg, address)),
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
        let (udp, listener) = (self.sockets.udp.as_ref(), self.sockets.tcp.as_ref());
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
            () = readable(udp), if !deaf => Wake::Datagrams,
            wire = self.from_wire.1.recv(), if !deaf => Wake::Wire(wire),
            accepted = accept(listener), if !deaf => Wake::Accepted(accepted),
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
                Output::Send(Hop::Udp(address), bytes) => self.send_datagram(address, &bytes),
                Output::Send(Hop::Tcp(remote, id), bytes) => self.send_stream(remote, id, bytes),
                Output::Event(event) => self.report(event),
                Output::Count(kind) => self.guard.note(kind),
                Output::Resolve { leg, host, port } => self.resolve(leg, host, port),
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

    fn send_datagram(&mut self, address: SocketAddr, bytes: &[u8]) {
        let Some(socket) = &self.sockets.udp else {
            // Without a UDP socket nobody can be reached by UDP.
            return self.core.unreachable(now(), Transport::Udp, address);
        };
        // The first try can report the ICMP error of an earlier datagram instead of sending this one.
        let sent = socket.try_send_to(bytes, address).or_else(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Err(error),
            _ => socket.try_send_to(bytes, address),
        });
        let Err(error) = sent else { return };
        self.unsent += 1;
        // A full socket buffer is a lost datagram, and those are sent again by the transactions.
        if error.kind() != io::ErrorKind::WouldBlock {
            tracing::debug!(%error, "datagram not sent");
            self.core.unreachable(now(), Transport::Udp, address);
        }
    }

    fn send_stream(&mut self, remote: SocketAddr, id: Option<ConnectionId>, bytes: Bytes) {
        let known = id.filter(|id| self.connections.contains_key(id));
        let known = known.or_else(|| self.connections.iter().find(|(_, connection)| connection.remote == remote).map(|(&id, _)| id));
        let id = known.unwrap_or_else(|| self.connect(remote));
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.heard = now();
        if connection.writer.try_send(bytes).is_err() {
            self.unsent += 1;
            self.close(id);
        }
    }

    fn patience(&self) -> Patience {
        let timers = &self.config.timers;
        Patience { message: self.config.limits.message.message, partial: timers.partial_message, connect: timers.connect }
    }

    fn connect(&mut self, remote: SocketAddr) -> ConnectionId {
        let (engine, patience) = (self.from_wire.0.clone(), self.patience());
        self.add_connection(remote, |id, queue| tokio::spawn(tcp::connect(id, remote, queue, engine, patience)).abort_handle())
    }

    fn accepted(&mut self, stream: tokio::net::TcpStream, remote: SocketAddr) {
        let limits = &self.config.limits;
        let same = self.connections.values().filter(|connection| connection.remote.ip() == remote.ip()).count();
        let allowed = self.config.allows(remote.ip());
        if !allowed || self.connections.len() >= limits.connections || same >= limits.connections_per_source {
            return self.guard.note(if allowed { RefusalKind::Rate } else { RefusalKind::Source });
        }
        let (engine, patience) = (self.from_wire.0.clone(), self.patience());
        self.add_connection(remote, |id, queue| tokio::spawn(tcp::serve(id, remote, stream, queue, engine, patience)).abort_handle());
    }

    fn add_connection(
        &mut self,
        remote: SocketAddr,
        spawn: impl FnOnce(ConnectionId, (mpsc::Sender<Bytes>, mpsc::Receiver<Bytes>)) -> AbortHandle,
    ) -> ConnectionId {
        self.next_connection += 1;
        let id = ConnectionId(self.next_connection);
        let (writer, queue) = mpsc::channel(tcp::WRITE_QUEUE);
        let task = spawn(id, (writer.clone(), queue));
        self.connections.insert(id, Connection { remote, writer, task, heard: now() });
        id
    }

    /// Cuts a connection off.
    fn close(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.remove(&id) {
            connection.task.abort();
            self.core.connection_closed(now(), id);
        }
    }

    /// Lets what waits be written, then closes: dropping the last sender ends the writer.
    fn close_after_flush(&mut self, id: ConnectionId) {
        if self.connections.remove(&id).is_some() {
            self.core.connection_closed(now(), id);
        }
    }

    fn heard(&mut self, wire: FromWire) {
        match wire {
            FromWire::Message(id, source, bytes) => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.heard = now();
                    self.message(&bytes, source, Some(id));
                }
            }
            FromWire::Noise(id) => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.heard = now();
                }
            }
            FromWire::Broken(id, source, head, error) => {
                let refusal = self.guard.refuse_stream(&head, source, error);
                if let (Some((_, bytes)), Some(connection)) = (refusal.reply, self.connections.get(&id)) {
                    let _ = connection.writer.try_send(bytes);
                }
                self.close_after_flush(id);
            }
            FromWire::Slow(id) => {
                self.guard.note(RefusalKind::Slow);
                self.close(id);
            }
            FromWire::Refused(id, remote) => {
                self.connections.remove(&id);
                self.core.connection_closed(now(), id);
                self.core.unreachable(now(), Transport::Tcp, remote);
            }
            FromWire::Closed(id) => {
                self.connections.remove(&id);
                self.core.connection_closed(now(), id);
            }
        }
    }

    fn read_datagrams(&mut self, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            let Some(socket) = &self.sockets.udp else { return };
            match socket.try_recv_from(buffer) {
                Ok((length, source)) => self.message(&buffer[..length], source, None),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // An ICMP error shows here once; its address is in the error queue.
                Err(_) => {}
            }
            self.flush();
        }
        let mut lost = HashSet::new();
        while let Some(address) = self.sockets.udp.as_ref().and_then(udp::unreachable)
            && lost.len() < BATCH
        {
            lost.insert(address);
        }
        lost.into_iter().for_each(|address| self.core.unreachable(now(), Transport::Udp, address));
    }

    fn message(&mut self, bytes: &[u8], source: SocketAddr, connection: Option<ConnectionId>) {
        let arrival = if connection.is_some() { Arrival::Stream } else { Arrival::Datagram };
        match self.guard.inspect(bytes, source, arrival) {
            Verdict::Pass(message) => self.core.receive(now(), Packet { source, connection, message }),
            Verdict::KeepAlive => {}
            Verdict::Refuse(_) if !self.config.allows(source.ip()) || !self.core.may_refuse(now(), source) => {}
            Verdict::Refuse(refusal) => match (refusal.reply, connection) {
                (Some((address, reply)), None) => self.send_datagram(address, &reply),
                (Some((_, reply)), Some(id)) => self.send_stream(source, Some(id), reply),
                (None, _) => {}
            },
        }
    }

    fn resolve(&self, leg: LegId, host: String, port: u16) {
        let (answer, patience) = (self.resolved.0.clone(), self.config.timers.connect);
        let v4 = self.sockets.udp_address.or(self.sockets.tcp_address).is_none_or(|own| own.is_ipv4());
        tokio::spawn(async move {
            let found = tokio::time::timeout(patience, tokio::net::lookup_host((host, port))).await;
            let address = found.ok().and_then(Result::ok).and_then(|mut found| found.find(|address| address.is_ipv4() == v4));
            // A stopped engine has no use for the answer.
            let _ = answer.send((leg, address)).await;
        });
    }

    /// Closes connections that nobody needs.
    fn sweep(&mut self, time: Instant) {
        let idle = self.config.timers.connection_idle;
        self.next_sweep = time + (idle / 4).max(Duration::from_millis(10));
        let used = self.core.connections_in_use();
        let quiet = |connection: &Connection| time.saturating_duration_since(connection.heard) >= idle;
        let unused: Vec<ConnectionId> =
            self.connections.iter().filter(|(id, connection)| quiet(connection) && !used.contains(id)).map(|(&id, _)| id).collect();
        unused.into_iter().for_each(|id| self.close(id));
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
        self.connections.values().for_each(|connection| connection.task.abort());
    }
}

async fn readable(socket: Option<&UdpSocket>) {
    match socket {
        Some(socket) => udp::ready(socket).await,
        None => std::future::pending().await,
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(tokio::net::TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}
