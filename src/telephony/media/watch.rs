//! Which sockets have something, without asking each one.

use std::net::UdpSocket;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::call::ids::LegId;

/// Sockets told of at once; the others are told of at the next look.
pub(super) const READY: usize = 1_024;

/// In a [`Token`]: the leg's socket for reports, and not the one for sound.
const CONTROL: u64 = 1 << 63;

/// Names a leg of a media thread, the call's place and the leg's number, and one of its sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token(u64);

impl Token {
    /// There are fewer than 2^39 calls; a call has fewer than 2^24 legs.
    pub(super) const fn new(call: u64, leg: LegId) -> Self {
        Self(call << 24 | leg.0 as u64 & 0xff_ffff)
    }

    /// The same leg's socket for reports.
    pub(super) const fn control(self) -> Self {
        Self(self.0 | CONTROL)
    }

    pub(super) const fn is_control(self) -> bool {
        self.0 & CONTROL != 0
    }

    pub(super) const fn call(self) -> u64 {
        (self.0 & !CONTROL) >> 24
    }

    pub(super) const fn leg(self) -> LegId {
        LegId((self.0 & 0xff_ffff) as u32)
    }
}

/// The sockets of one media thread that are read as datagrams come (epoll).
#[derive(Debug)]
pub(super) struct Watch(Epoll);

impl Watch {
    pub(super) fn new() -> Option<Self> {
        Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).ok().map(Self)
    }

    /// From now on each datagram that comes is told of, once; false if the kernel does not take the socket.
    pub(super) fn add(&self, socket: &UdpSocket, token: Token) -> bool {
        self.0.add(socket, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, token.0)).is_ok()
    }

    /// The end of [`Self::add`].
    pub(super) fn remove(&self, socket: &UdpSocket) -> bool {
        self.0.delete(socket).is_ok()
    }

    /// Sockets to which something has come since the last time; never waits.
    pub(super) fn ready<'a>(&self, events: &'a mut [EpollEvent; READY]) -> impl Iterator<Item = Token> + use<'a> {
        let count = self.0.wait(events, EpollTimeout::ZERO).unwrap_or(0);
        events[..count].iter().map(|event| Token(event.data()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_names_call_leg_and_socket() {
        let token = Token::new(70_000, LegId(3));
        for (token, is_control) in [(token, false), (token.control(), true)] {
            assert_eq!((token.call(), token.leg(), token.is_control()), (70_000, LegId(3), is_control));
        }
    }

    #[test]
    fn a_watched_socket_is_told_of_once_for_what_has_come() {
        let watch = Watch::new().unwrap();
        let here = UdpSocket::bind("127.0.0.1:0").unwrap();
        let token = Token::new(1, LegId::CALLER);
        let mut events = [EpollEvent::empty(); READY];
        assert!(watch.add(&here, token));
        assert_eq!(watch.ready(&mut events).count(), 0);
        here.send_to(b"sound", here.local_addr().unwrap()).unwrap();
        assert_eq!(watch.ready(&mut events).collect::<Vec<_>>(), [token]);
        assert_eq!(watch.ready(&mut events).count(), 0);
        here.send_to(b"more", here.local_addr().unwrap()).unwrap();
        assert_eq!(watch.ready(&mut events).collect::<Vec<_>>(), [token]);
        assert!(watch.remove(&here));
        assert_eq!(watch.ready(&mut events).count(), 0);
    }
}
