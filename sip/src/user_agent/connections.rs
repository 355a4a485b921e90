//! The engine's connections: made, accepted, bounded, closed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::core::{ConnectionId, Hop, Local};
use super::engine::{Engine, now};
use super::sockets::Accepted;
use super::stream::{self, FromWire, Link, Patience, Queue, Wrapping};
use super::tls;
use crate::guard::RefusalKind;
use crate::transport::Transport;

/// One connection.
pub(super) struct Connection {
    pub(super) transport: Transport,
    pub(super) remote: SocketAddr,
    /// Of an inbound one.
    local: Option<Local>,
    /// Of an outbound one in TLS: whom the server proved, or has to prove, to be.
    peer: Option<Arc<str>>,
    pub(super) writer: mpsc::Sender<Bytes>,
    task: AbortHandle,
    heard: Instant,
    /// Whether its handshake is done.
    ready: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        // A task that still shakes hands has nothing to flush.
        if !self.ready {
            self.task.abort();
        }
    }
}

impl Engine {
    /// Sends over the hop's connection, over another one to the same peer, or over a new one.
    pub(super) fn send_stream(&mut self, hop: Hop, bytes: Bytes) {
        let known = hop.connection.filter(|id| self.connections.contains_key(id)).or_else(|| self.same_peer(hop));
        let id = match known {
            Some(id) => id,
            // Nobody can call a browser (RFC 7118 §5.4).
            None if hop.transport.is_web_socket() => return self.core.unreachable(now(), hop.transport, hop.remote),
            None => self.connect(hop),
        };
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.heard = now();
        if connection.writer.try_send(bytes).is_err() {
            self.unsent += 1;
            self.close(id);
        }
    }

    /// A connection that leads to the same peer. In TLS it must have proved the same name (RFC 5923 §4).
    fn same_peer(&self, hop: Hop) -> Option<ConnectionId> {
        let name = self.core.name(hop);
        let same = |connection: &Connection| {
            let inbound_in_tls = connection.transport.is_secure() && connection.local.is_some();
            let fits = connection.transport == hop.transport && connection.remote == hop.remote && connection.peer == name;
            fits && !inbound_in_tls && !hop.transport.is_web_socket()
        };
        self.connections.iter().find(|(_, connection)| same(connection)).map(|(&id, _)| id)
    }

    fn link(&self, id: ConnectionId) -> Link {
        let timers = &self.config.timers;
        let patience = Patience {
            message: self.config.limits.message.message,
            partial: timers.partial_message,
            connect: timers.connect,
            handshake: timers.handshake,
            ping: (timers.connection_idle / 2).max(Duration::from_millis(10)),
        };
        Link { id, engine: self.from_wire.0.clone(), patience }
    }

    fn connect(&mut self, hop: Hop) -> ConnectionId {
        let peer = self.core.name(hop);
        let name = || tls::server_name(peer.as_deref(), hop.remote.ip());
        let secure = hop.transport.is_secure().then(|| (TlsConnector::from(Arc::clone(&self.tls.client)), name()));
        let (id, queue) = self.next_connection();
        let task = tokio::spawn(stream::connect(self.link(id), hop.remote, secure, queue.1)).abort_handle();
        self.keep(id, hop, peer, queue.0, task);
        id
    }

    pub(super) fn accepted(&mut self, accepted: Accepted) {
        let Accepted { stream, remote, transport, local } = accepted;
        let limits = &self.config.limits;
        let same = self.connections.values().filter(|connection| connection.remote.ip() == remote.ip()).count();
        let pending = self.connections.values().filter(|connection| !connection.ready).count();
        if !self.config.allows(remote.ip()) {
            return self.guard.note(RefusalKind::Source);
        }
        if self.connections.len() >= limits.connections || same >= limits.connections_per_source || pending >= limits.handshakes {
            return self.guard.note(RefusalKind::Rate);
        }
        let tls = if transport.is_secure() { self.tls.server.clone().map(TlsAcceptor::from) } else { None };
        if transport.is_secure() && tls.is_none() {
            return;
        }
        let wrapping = Wrapping { tls, origins: transport.is_web_socket().then(|| Arc::clone(&self.origins)) };
        let (id, queue) = self.next_connection();
        let task = tokio::spawn(stream::accept(self.link(id), stream, wrapping, queue.1)).abort_handle();
        self.keep(id, Hop { local: Some(local), ..Hop::to(transport, remote) }, None, queue.0, task);
    }

    /// A fresh number, the engine's end of its write queue, and the task's.
    fn next_connection(&mut self) -> (ConnectionId, (mpsc::Sender<Bytes>, Queue)) {
        self.last_connection += 1;
        let (writer, queue) = mpsc::channel(stream::WRITE_QUEUE);
        (ConnectionId(self.last_connection), (writer.clone(), (writer, queue)))
    }

    fn keep(&mut self, id: ConnectionId, hop: Hop, peer: Option<Arc<str>>, writer: mpsc::Sender<Bytes>, task: AbortHandle) {
        let (transport, remote, local) = (hop.transport, hop.remote, hop.local);
        self.connections.insert(id, Connection { transport, remote, local, peer, writer, task, heard: now(), ready: false });
    }

    /// The way back over a connection.
    fn way(&self, id: ConnectionId) -> Option<Hop> {
        let connection = self.connections.get(&id)?;
        Some(Hop { local: connection.local, connection: Some(id), ..Hop::to(connection.transport, connection.remote) })
    }

    /// Cuts a connection off.
    pub(super) fn close(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.remove(&id) {
            connection.task.abort();
            self.core.connection_closed(now(), id);
        }
    }

    /// Forgets a connection, whose task lets what waits be written and then closes: dropping the last sender ends the writer.
    fn forget(&mut self, id: ConnectionId) -> Option<(Transport, SocketAddr)> {
        let connection = self.connections.remove(&id)?;
        let target = (connection.transport, connection.remote);
        drop(connection);
        self.core.connection_closed(now(), id);
        Some(target)
    }

    /// Takes in what a connection reports.
    pub(super) fn heard(&mut self, wire: FromWire) {
        match wire {
            FromWire::Ready(id) => {
                if let Some(connection) = self.connections.get_mut(&id) {
                    (connection.ready, connection.heard) = (true, now());
                }
            }
            FromWire::Message(id, bytes) => {
                self.touch(id);
                if let Some(way) = self.way(id) {
                    self.message(&bytes, way);
                }
            }
            FromWire::Noise(id) => self.touch(id),
            FromWire::Broken(id, head, error) => {
                let Some(way) = self.way(id) else { return };
                let refusal = self.guard.refuse_stream(&head, way.remote, error);
                if let (Some((_, bytes)), Some(connection)) = (refusal.reply, self.connections.get(&id)) {
                    let _ = connection.writer.try_send(bytes);
                }
                self.forget(id);
            }
            FromWire::Slow(id) => {
                self.guard.note(RefusalKind::Slow);
                self.close(id);
            }
            FromWire::Unfit(id) => {
                self.guard.note(RefusalKind::Handshake);
                self.close(id);
            }
            FromWire::Refused(id) => {
                if let Some((transport, remote)) = self.forget(id) {
                    self.core.unreachable(now(), transport, remote);
                }
            }
            FromWire::Closed(id) => {
                // What waits for a first answer from there has lost its way, if we made that way: a server that wants a certificate says
                // so after the handshake (RFC 8446 §4.4.2.4).
                let ours = self.connections.get(&id).is_some_and(|connection| connection.local.is_none());
                if let Some((transport, remote)) = self.forget(id).filter(|_| ours) {
                    self.core.unreachable(now(), transport, remote);
                }
            }
        }
    }

    fn touch(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.heard = now();
        }
    }

    /// Closes connections that nobody needs.
    pub(super) fn close_idle(&mut self, time: Instant) {
        let idle = self.config.timers.connection_idle;
        let used = self.core.connections_in_use();
        let quiet = |connection: &Connection| time.saturating_duration_since(connection.heard) >= idle;
        let unused: Vec<ConnectionId> =
            self.connections.iter().filter(|(id, connection)| quiet(connection) && !used.contains(id)).map(|(&id, _)| id).collect();
        unused.into_iter().for_each(|id| self.close(id));
    }

    /// Cuts every connection off.
    pub(super) fn close_all(&mut self) {
        self.connections.values().for_each(|connection| connection.task.abort());
    }
}
