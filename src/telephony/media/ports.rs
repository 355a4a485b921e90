//! Socket pairs from the configured port range.

use std::{
    collections::VecDeque,
    hash::{BuildHasher, RandomState},
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    ops::RangeInclusive,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crossbeam_queue::ArrayQueue;
use nix::sys::socket::{setsockopt, sockopt};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt::set_ipv6_v6only};

use crate::clock;

/// A stream that nobody reads any more must not fill the kernel's memory, and a busy machine must not lose packets: about 400 ms of them.
const RECEIVE_BUFFER_BYTES: usize = 64 * 1024;

/// Every port of the range is in use or draining.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no free RTP port")]
pub struct NoPort;

/// The port range. A port that was used rests for a while: late packets of the last call must not reach the next one.
#[derive(Debug)]
pub(super) struct PortPool {
    bind: IpAddr,
    /// The same of the other family (IPv4, IPv6).
    other: Option<IpAddr>,
    drain: Duration,
    state: Mutex<State>,
    /// Ports given back by the media threads, which never wait for a lock.
    returned: ArrayQueue<(u16, Instant)>,
}

#[derive(Debug, Default)]
struct State {
    free: VecDeque<u16>,
    draining: VecDeque<(u16, Instant)>,
}

impl PortPool {
    /// Even ports of the range, beginning somewhere: ports should not be easy to guess.
    pub(super) fn new(bind: IpAddr, other: Option<IpAddr>, range: RangeInclusive<u16>, drain: Duration) -> Arc<Self> {
        let mut free: VecDeque<u16> = range.filter(|port| port % 2 == 0 && *port > 0 && *port < u16::MAX).collect();
        let count = free.len();
        free.rotate_left(random() as usize % count.max(1));
        let state = Mutex::new(State { free, draining: VecDeque::new() });
        Arc::new(Self { bind, other, drain, state, returned: ArrayQueue::new(count.max(1)) })
    }

    /// Binds the next free pair, at each of our addresses.
    pub(super) fn reserve(self: &Arc<Self>) -> Result<LegSockets, NoPort> {
        let now = clock::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(returned) = self.returned.pop() {
            state.draining.push_back(returned);
        }
        while let Some((port, _)) = state.draining.pop_front_if(|(_, since)| now.saturating_duration_since(*since) >= self.drain) {
            state.free.push_back(port);
        }
        for _ in 0..state.free.len() {
            let Some(port) = state.free.pop_front() else { break };
            let (here, other) = (bind(self.bind, port), self.other.map(|other| bind(other, port)).transpose());
            if let (Ok((rtp, rtcp)), Ok(other)) = (here, other) {
                return Ok(LegSockets { rtp, rtcp, other, port, pool: Arc::clone(self) });
            }
            // Somebody else's port at the moment.
            state.free.push_back(port);
        }
        Err(NoPort)
    }
}

fn bind(here: IpAddr, port: u16) -> io::Result<(UdpSocket, UdpSocket)> {
    let open = |port| {
        let family = if here.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        if here.is_ipv6() {
            // IPv4 has sockets of its own, at the same port.
            set_ipv6_v6only(&socket, true)?;
        }
        rustix::net::bind(&socket, &SocketAddr::new(here, port))?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER_BYTES)?;
        Ok::<_, io::Error>(socket.into())
    };
    Ok((open(port)?, open(port + 1)?))
}

/// One leg's pair of sockets; dropped, its port rests and comes back.
#[derive(Debug)]
pub struct LegSockets {
    pub(super) rtp: UdpSocket,
    pub(super) rtcp: UdpSocket,
    /// The pair at our address of the other family, as long as it is not known where the peer is: with ICE, for the whole call.
    other: Option<(UdpSocket, UdpSocket)>,
    port: u16,
    pool: Arc<PortPool>,
}

impl LegSockets {
    /// The even RTP port, to be written into SDP; RTCP is the next one.
    #[must_use]
    pub fn rtp_port(&self) -> u16 {
        self.port
    }

    /// The pair that is used is that of the peer's family from now on. Says whether it was the other one before.
    pub(super) fn turn_to(&mut self, peer: IpAddr) -> bool {
        let strange = self.rtp.local_addr().is_ok_and(|own| own.is_ipv6() != peer.is_ipv6());
        let Some((rtp, rtcp)) = self.other.as_mut().filter(|_| strange) else { return false };
        std::mem::swap(&mut self.rtp, rtp);
        std::mem::swap(&mut self.rtcp, rtcp);
        true
    }

    /// The pair for RTP and RTCP at our other address.
    pub(super) const fn other(&self) -> Option<&(UdpSocket, UdpSocket)> {
        self.other.as_ref()
    }

    /// The pair at our address of this one's family, if there is one: of RTP, or of RTCP.
    pub(super) fn towards(&self, peer: IpAddr, control: bool) -> &UdpSocket {
        let here = (&self.rtp, &self.rtcp);
        let strange = self.rtp.local_addr().is_ok_and(|own| own.is_ipv6() != peer.is_ipv6());
        let (rtp, rtcp) = self.other.as_ref().filter(|_| strange).map_or(here, |(rtp, rtcp)| (rtp, rtcp));
        if control { rtcp } else { rtp }
    }

    /// It is known where the peer is: the other pair is given up.
    pub(super) fn settle(&mut self) {
        self.other = None;
    }
}

impl Drop for LegSockets {
    fn drop(&mut self) {
        // The queue has room for every port of the range.
        let _ = self.pool.returned.push((self.port, clock::now()));
    }
}

/// Random enough for ports and RTP's first numbers: the standard library's hash keys.
pub(super) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn a_used_port_rests_before_it_is_used_again() {
        let pool = PortPool::new(HERE, None, 18_400..=18_403, Duration::from_secs(3_600));
        let first = pool.reserve().unwrap();
        let second = pool.reserve().unwrap();
        assert_eq!((first.rtp_port() % 2, second.rtp_port() % 2), (0, 0));
        assert_ne!(first.rtp_port(), second.rtp_port());
        assert_eq!(pool.reserve().unwrap_err(), NoPort);
        drop(first);
        assert_eq!(pool.reserve().unwrap_err(), NoPort);
    }

    #[test]
    fn without_a_rest_it_comes_back_at_once_and_foreign_ports_are_stepped_over() {
        let pool = PortPool::new(HERE, None, 18_410..=18_413, Duration::ZERO);
        let taken = UdpSocket::bind((HERE, 18_411)).unwrap();
        for _ in 0..3 {
            assert_eq!(pool.reserve().unwrap().rtp_port(), 18_412);
        }
        drop(taken);
        let both = [pool.reserve().unwrap(), pool.reserve().unwrap()];
        assert_ne!(both[0].rtp_port(), both[1].rtp_port());
    }

    #[test]
    fn with_two_families_a_port_is_taken_in_both_until_it_is_known_where_the_peer_is() {
        for (any, other) in [(HERE, IpAddr::V6(Ipv6Addr::LOCALHOST)), (IpAddr::V6(Ipv6Addr::UNSPECIFIED), Ipv4Addr::UNSPECIFIED.into())] {
            let pool = PortPool::new(any, Some(other), 18_450..=18_451, Duration::ZERO);
            let mut leg = pool.reserve().unwrap();
            let families = |leg: &LegSockets| [&leg.rtp, &leg.rtcp].map(|socket| socket.local_addr().unwrap());
            assert_eq!(families(&leg), [18_450, 18_451].map(|port| SocketAddr::new(any, port)));
            assert!(!leg.turn_to(any) && leg.turn_to(other) && !leg.turn_to(other));
            assert_eq!(families(&leg), [18_450, 18_451].map(|port| SocketAddr::new(other, port)));
            // The other pair is free again for whoever wants it.
            assert!(UdpSocket::bind((any, 18_450)).is_err());
            leg.settle();
            assert!(!leg.turn_to(any));
            drop(bind(any, 18_450).unwrap());
        }
    }
}
