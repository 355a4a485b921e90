//! Reading datagrams with the kernel's time of arrival.

use std::{
    io::IoSliceMut,
    net::{IpAddr, SocketAddr, UdpSocket},
    os::fd::AsRawFd,
    time::Duration,
};

use nix::{
    cmsg_space,
    sys::{
        socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg},
        time::TimeSpec,
    },
};

/// Longer datagrams are cut: no telephone sends them.
const DATAGRAM_BYTES: usize = 2_048;

/// Buffers for reading; one per thread.
pub(super) struct Inbox {
    bytes: Box<[u8; DATAGRAM_BYTES]>,
    control: Vec<u8>,
}

/// One datagram.
pub(super) struct Arrived<'a> {
    pub(super) from: SocketAddr,
    pub(super) bytes: &'a mut [u8],
    /// How long it has been waiting in the kernel.
    pub(super) age: Duration,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { bytes: Box::new([0; DATAGRAM_BYTES]), control: cmsg_space!(TimeSpec) }
    }

    /// The next datagram; `None` when there is none, or the socket is broken. `civil` is the civil time now, the clock of the
    /// kernel's stamps.
    pub(super) fn read(&mut self, socket: &UdpSocket, civil: Duration) -> Option<Arrived<'_>> {
        let mut place = [IoSliceMut::new(&mut self.bytes[..])];
        let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut place, Some(&mut self.control), MsgFlags::MSG_DONTWAIT).ok()?;
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
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddr::new(IpAddr::V4(v4.ip()), v4.port()));
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddr::new(v6.ip().to_canonical(), v6.port())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

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
