//! Reading datagrams with the kernel's time of arrival.

use std::{
    io::{self, ErrorKind, IoSliceMut},
    net::{IpAddr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
    time::Duration,
};

use nix::{
    cmsg_space,
    errno::Errno,
    sys::{
        socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt},
        time::TimeSpec,
    },
};

/// Longer datagrams are cut: no telephone sends them.
const DATAGRAM_BYTES: usize = 2_048;

/// Buffers for reading; one per thread.
pub(crate) struct Inbox {
    bytes: Box<[u8; DATAGRAM_BYTES]>,
    control: Vec<u8>,
}

/// One datagram.
pub(crate) struct Arrived<'a> {
    pub(crate) from: SocketAddr,
    pub(crate) bytes: &'a mut [u8],
    /// How long it has been waiting in the kernel.
    pub(crate) age: Duration,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Self { bytes: Box::new([0; DATAGRAM_BYTES]), control: cmsg_space!(TimeSpec) }
    }

    /// The next datagram; `None` when there is none, or the socket is broken. `civil` is the civil time now, the clock of the
    /// kernel's stamps.
    pub(crate) fn read(&mut self, socket: &UdpSocket, civil: Duration) -> Option<Arrived<'_>> {
        let mut place = [IoSliceMut::new(&mut self.bytes[..])];
        let mut message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut place, Some(&mut self.control), MsgFlags::MSG_DONTWAIT);
        if matches!(message, Err(Errno::ECONNREFUSED)) {
            // Word of something that we have sent; datagrams may lie behind it.
            message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut place, Some(&mut self.control), MsgFlags::MSG_DONTWAIT);
        }
        let message = message.ok()?;
        let from = address(message.address.as_ref()?)?;
        let stamp = message.cmsgs().ok().and_then(|mut all| {
            all.find_map(
                |control| if let ControlMessageOwned::ScmTimestampns(stamp) = control { Some(Duration::from(stamp)) } else { None },
            )
        });
        let length = message.bytes;
        // After a step of the civil clock an age may be nonsense; a second is more than any tick is late.
        let age = stamp.map_or(Duration::ZERO, |stamp| civil.saturating_sub(stamp)).min(Duration::from_secs(1));
        Some(Arrived { from, bytes: &mut self.bytes[..length], age })
    }

    /// The same without its age, which takes less time; less still if it can only be from `peer`.
    pub(crate) fn read_unstamped(&mut self, socket: &UdpSocket, peer: Option<SocketAddr>) -> Option<Arrived<'_>> {
        let mut receive = || match peer {
            Some(peer) => socket.recv(&mut self.bytes[..]).map(|length| (length, peer)),
            None => socket.recv_from(&mut self.bytes[..]),
        };
        let received = match receive() {
            // Word of something that we have sent; datagrams may lie behind it.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => receive(),
            received => received,
        };
        let (length, from) = received.ok()?;
        let from = SocketAddr::new(from.ip().to_canonical(), from.port());
        Some(Arrived { from, bytes: &mut self.bytes[..length], age: Duration::ZERO })
    }
}

/// Lets a socket that was fixed to the address `from` hear nobody but `to`, or everybody again. Returns what it is fixed to now. The socket must
/// have been bound to a port by its number: it would lose another one.
pub(super) fn fix_peer(socket: &UdpSocket, from: Option<SocketAddr>, to: Option<SocketAddr>) -> Option<SocketAddr> {
    if from.is_some() && rustix::net::connect_unspec(socket).is_err() {
        return from;
    }
    to.filter(|peer| socket.connect(peer).is_ok())
}

/// Has the kernel tell when datagrams came, or not. Any other socket for which it does has it stamp all of them, so that those that wait
/// already have their stamp.
pub(super) fn stamp(socket: &UdpSocket, wanted: bool) -> bool {
    setsockopt(socket, sockopt::ReceiveTimestampns, &wanted).is_ok()
}

/// Sends to the peer that the socket is fixed to.
pub(super) fn send(socket: &UdpSocket, datagram: &[u8]) -> io::Result<usize> {
    match socket.send(datagram) {
        // Word (ICMP, perhaps forged) that an earlier datagram has not arrived; this one was not sent.
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => socket.send(datagram),
        sent => sent,
    }
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddr::new(IpAddr::V4(v4.ip()), v4.port()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddr::new(v6.ip().to_canonical(), v6.port())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, telephony::media::ports::PortPool};

    #[test]
    fn a_fixed_socket_hears_its_peer_alone_and_is_free_again_afterwards() {
        // A port that was asked for by its number stays, unlike one that the kernel has chosen.
        let leg = PortPool::new("127.0.0.1".parse().unwrap(), None, 18_420..=18_439, Duration::ZERO).reserve().unwrap();
        let here = &leg.rtp;
        let [peer, stranger] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        let (at, to) = (here.local_addr().unwrap(), peer.local_addr().unwrap());
        let mut inbox = Inbox::new();
        assert_eq!(fix_peer(here, None, Some(to)), Some(to));
        // It stays unheard by the kernel, which tells them so.
        stranger.send_to(b"stranger", at).unwrap();
        peer.send_to(b"peer", at).unwrap();
        let heard = inbox.read_unstamped(here, None).unwrap();
        assert_eq!((heard.from, &heard.bytes[..]), (to, &b"peer"[..]));
        assert!(inbox.read_unstamped(here, None).is_none());
        send(here, b"sound").unwrap();
        assert_eq!(peer.recv(&mut [0; 16]).unwrap(), 5);
        let other = stranger.local_addr().unwrap();
        assert_eq!(fix_peer(here, Some(to), Some(other)), Some(other));
        assert_eq!(here.local_addr().unwrap(), at);
        assert_eq!(fix_peer(here, Some(other), None), None);
        assert_eq!(here.local_addr().unwrap(), at);
        for other in [&stranger, &peer] {
            other.send_to(b"again", at).unwrap();
            assert_eq!(inbox.read_unstamped(here, None).unwrap().from, other.local_addr().unwrap());
        }
    }

    #[test]
    fn a_peer_that_was_gone_costs_no_datagram_when_it_is_back() {
        let here = UdpSocket::bind("127.0.0.1:0").unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = peer.local_addr().unwrap();
        assert_eq!(fix_peer(&here, None, Some(to)), Some(to));
        drop(peer);
        send(&here, b"lost").unwrap();
        let peer = UdpSocket::bind(to).unwrap();
        send(&here, b"sound").unwrap();
        assert_eq!(peer.recv(&mut [0; 16]).unwrap(), 5);
    }

    #[test]
    fn a_datagram_comes_with_its_sender_and_its_age() {
        let here = UdpSocket::bind("127.0.0.1:0").unwrap();
        nix::sys::socket::setsockopt(&here, nix::sys::socket::sockopt::ReceiveTimestampns, &true).unwrap();
        let there = UdpSocket::bind("127.0.0.1:0").unwrap();
        there.send_to(b"first", here.local_addr().unwrap()).unwrap();
        there.send_to(b"second", here.local_addr().unwrap()).unwrap();
        let mut inbox = Inbox::new();
        // Read as if an hour later: the age is there, and it is limited.
        let first = inbox.read(&here, clock::utc() + Duration::from_secs(3_600)).unwrap();
        assert_eq!((first.from, first.bytes), (there.local_addr().unwrap(), &mut b"first".to_vec()[..]));
        assert_eq!(first.age, Duration::from_secs(1));
        let second = inbox.read(&here, Duration::ZERO).unwrap();
        assert_eq!((second.bytes, second.age), (&mut b"second".to_vec()[..], Duration::ZERO));
        let later = clock::utc();
        assert!(inbox.read(&here, later).is_none());
    }
}
