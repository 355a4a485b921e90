//! The open listeners.

use std::collections::HashSet;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::config::Config;
use super::core::{Hop, ListenerId, Local, LocalAddress, LocalAddresses};
use super::locate::{Able, Families};
use super::{BindError, udp};
use crate::transport::Transport;

/// Connections that the kernel holds until they are accepted.
const BACKLOG: i32 = 1_024;

/// A listener for datagrams.
pub(super) struct Datagrams {
    pub(super) socket: UdpSocket,
    id: ListenerId,
    address: SocketAddr,
}

impl Datagrams {
    /// The way back to a source.
    pub(super) fn hop(&self, remote: SocketAddr, ip: Option<std::net::IpAddr>) -> Hop {
        Hop { local: Some(Local { listener: self.id, ip }), ..Hop::to(Transport::Udp, remote) }
    }

    /// Whether it is bound to every address.
    pub(super) fn is_any(&self) -> bool {
        self.address.ip().is_unspecified()
    }
}

/// A listener for connections.
struct Streams {
    socket: TcpListener,
    id: ListenerId,
    transport: Transport,
}

/// A connection that a peer opened.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) remote: SocketAddr,
    pub(super) transport: Transport,
    pub(super) local: Local,
}

/// Everything that is listened on.
pub(super) struct Sockets {
    pub(super) datagrams: Vec<Datagrams>,
    streams: Vec<Streams>,
    bound: Vec<(Transport, SocketAddr)>,
    /// Whose turn it is to be asked first, so that a busy listener does not starve the others.
    turn: usize,
}

impl Sockets {
    pub(super) fn bind(config: &Config) -> Result<Self, BindError> {
        if config.listen.is_empty() {
            return Err(BindError::NoAddress);
        }
        let mut sockets = Self { datagrams: Vec::new(), streams: Vec::new(), bound: Vec::new(), turn: 0 };
        for (n, listener) in config.listen.iter().enumerate() {
            let (address, transport, id) = (listener.address, listener.transport, ListenerId(n));
            let bound = match transport {
                Transport::Udp => sockets.bind_datagrams(id, address),
                Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => sockets.bind_streams(id, transport, address),
            };
            sockets.bound.push((transport, bound.map_err(|source| BindError::Socket { address, transport, source })?));
        }
        Ok(sockets)
    }

    fn bind_datagrams(&mut self, id: ListenerId, address: SocketAddr) -> io::Result<SocketAddr> {
        let socket = UdpSocket::from_std(bound(address, Type::DGRAM, Protocol::UDP)?.into())?;
        udp::prepare(&socket, address);
        let bound = socket.local_addr()?;
        self.datagrams.push(Datagrams { socket, id, address: bound });
        Ok(bound)
    }

    fn bind_streams(&mut self, id: ListenerId, transport: Transport, address: SocketAddr) -> io::Result<SocketAddr> {
        let socket = bound(address, Type::STREAM, Protocol::TCP)?;
        socket.listen(BACKLOG)?;
        let socket = TcpListener::from_std(socket.into())?;
        let bound = socket.local_addr()?;
        self.streams.push(Streams { socket, id, transport });
        Ok(bound)
    }

    /// Every bound address in the order of the configuration.
    pub(super) fn bound(&self) -> &[(Transport, SocketAddr)] {
        &self.bound
    }

    /// What peers are told.
    pub(super) fn told(&self, config: &Config) -> LocalAddresses {
        let told = |&(transport, bound): &(Transport, SocketAddr)| {
            let advertised = config.advertised.iter().find(|ip| ip.is_ipv4() == bound.is_ipv4());
            let told = match advertised {
                Some(ip) => SocketAddr::new(*ip, bound.port()),
                None => udp::outward_address(bound).unwrap_or(bound),
            };
            LocalAddress { transport, told, any: advertised.is_none() && bound.ip().is_unspecified() }
        };
        LocalAddresses(self.bound.iter().map(told).collect())
    }

    /// What can be reached: datagrams need a socket of their family, streams an address of ours that can be told.
    pub(super) fn able(&self) -> Able {
        let families = |wanted: &dyn Fn(Transport) -> bool| {
            let mut found = self.bound.iter().filter(|(transport, _)| wanted(*transport)).map(|(_, address)| address.is_ipv6()).peekable();
            let v6_first = found.peek() == Some(&true);
            let kinds: HashSet<bool> = found.collect();
            Families { v4: kinds.contains(&false), v6: kinds.contains(&true), v6_first }
        };
        Able { datagrams: families(&|transport| transport == Transport::Udp), streams: families(&|_| true) }
    }

    /// The socket for a datagram: the one that the peer talks to, else one of its family.
    pub(super) fn for_datagram(&self, hop: Hop) -> Option<&Datagrams> {
        let same = hop.local.and_then(|local| self.datagrams.iter().find(|socket| socket.id == local.listener));
        same.or_else(|| self.datagrams.iter().find(|socket| socket.address.is_ipv4() == hop.remote.is_ipv4()))
    }

    /// Waits until a datagram or an ICMP error can be read somewhere.
    pub(super) async fn readable(&self) {
        let mut waits: Vec<Pin<Box<_>>> = self.datagrams.iter().map(|socket| Box::pin(udp::ready(&socket.socket))).collect();
        poll_fn(
            |context| {
                if waits.iter_mut().any(|wait| wait.as_mut().poll(context).is_ready()) { Poll::Ready(()) } else { Poll::Pending }
            },
        )
        .await;
    }

    /// Waits for the next connection.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        let (before, after) = self.streams.split_at(self.turn.min(self.streams.len()));
        poll_fn(|context| {
            for listener in after.iter().chain(before) {
                if let Poll::Ready(accepted) = listener.socket.poll_accept(context) {
                    return Poll::Ready(accepted.map(|(stream, remote)| Accepted {
                        local: Local { listener: listener.id, ip: stream.local_addr().ok().map(|own| own.ip()) },
                        transport: listener.transport,
                        stream,
                        remote,
                    }));
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Another listener is asked first from now on.
    pub(super) fn next_turn(&mut self) {
        self.turn = (self.turn + 1) % self.streams.len().max(1);
    }
}

/// A bound socket; one for IPv6 takes IPv6 only, so that IPv4 has its own and addresses are what they seem.
fn bound(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        // A restart must not wait for connections of the last run to be forgotten.
        socket.set_reuse_address(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}
