//! Symmetric RTP: learn once from where the peer really sends, then trust nobody else.
//!
//! The address in SDP may lie behind a translator (RFC 4961). An attacker who guesses the port must neither be heard (RTP injection)
//! nor be sent to (RTP bleed). So: a packet from the announced address locks at once; any other source has to send a few packets
//! in a row first, more of them when even its IP address is strange; after the lock everything else is counted and dropped. Only the announced
//! address may still come in place of one that was merely learnt: somebody who was quicker than the peer must not keep its call.

use std::net::{IpAddr, SocketAddr};

/// Packets in a row from the announced IP address with another port.
const NEEDED_SAME_HOST: u8 = 2;
/// Packets in a row from an unannounced IP address.
const NEEDED_STRANGER: u8 = 5;

/// Whether a packet may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From the peer.
    Peer,
    /// Perhaps the peer behind a translator: not to be used yet.
    Learning,
    /// From somebody else.
    Stranger,
}

/// The state of learning.
#[derive(Debug, Clone)]
pub struct Latch {
    announced: SocketAddr,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Open,
    Candidate {
        source: SocketAddr,
        ssrc: u32,
        count: u8,
    },
    /// To a source that was learnt by listening.
    Learnt(SocketAddr),
    /// To the announced source, or to one that has proved who it is.
    Locked(SocketAddr),
}

impl Latch {
    /// Nothing heard yet.
    #[must_use]
    pub const fn new(announced: SocketAddr) -> Self {
        Self { announced, state: State::Open }
    }

    /// A later offer or answer names an address. Only a change opens the latch again, once.
    pub fn announce(&mut self, announced: SocketAddr) {
        if announced != self.announced {
            *self = Self::new(announced);
        }
    }

    /// The peer has proved where it is (by ICE, DTLS or SRTP).
    pub fn pin(&mut self, peer: SocketAddr) {
        self.state = State::Locked(peer);
    }

    /// A valid RTP packet came from `source`.
    pub fn see(&mut self, source: SocketAddr, ssrc: u32) -> Origin {
        if let State::Locked(peer) = self.state {
            return if source == peer { Origin::Peer } else { Origin::Stranger };
        }
        if let State::Learnt(peer) = self.state
            && (source != self.announced || hides(source.ip(), peer.ip()))
        {
            return if source == peer { Origin::Peer } else { Origin::Stranger };
        }
        if source == self.announced {
            self.state = State::Locked(source);
            return Origin::Peer;
        }
        let count = match self.state {
            State::Candidate { source: known, ssrc: known_ssrc, count } if known == source && known_ssrc == ssrc => count + 1,
            State::Open | State::Candidate { .. } | State::Learnt(_) | State::Locked(_) => 1,
        };
        let needed = if source.ip() == self.announced.ip() { NEEDED_SAME_HOST } else { NEEDED_STRANGER };
        if count >= needed {
            self.state = State::Learnt(source);
            return Origin::Peer;
        }
        self.state = State::Candidate { source, ssrc, count };
        Origin::Learning
    }

    /// Where to send: the learnt address, before that the announced one.
    #[must_use]
    pub const fn destination(&self) -> SocketAddr {
        match self.state {
            State::Learnt(peer) | State::Locked(peer) => peer,
            State::Open | State::Candidate { .. } => self.announced,
        }
    }

    /// Is the peer heard, and can nobody take its place but by a new announcement?
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        matches!(self.state, State::Locked(_))
    }

    /// Has the peer been heard?
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(self.state, State::Learnt(_) | State::Locked(_))
    }
}

/// Whether an announced address lies behind the translator that the peer is heard through: then whoever has it here is somebody else.
fn hides(announced: IpAddr, learnt: IpAddr) -> bool {
    is_private(announced) && !is_private(learnt)
}

/// Whether an address means something only in its own network.
pub(crate) const fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => (ip.segments()[0] & 0xfe00) == 0xfc00 || (ip.segments()[0] & 0xffc0) == 0xfe80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_announced_address_wins_at_once_and_stays() {
        let (peer, attacker) = (address("192.0.2.1:4000"), address("198.51.100.9:4000"));
        let mut latch = Latch::new(peer);
        for _ in 0..4 {
            assert_eq!(latch.see(attacker, 1), Origin::Learning);
        }
        assert_eq!(latch.destination(), peer);
        assert_eq!(latch.see(peer, 2), Origin::Peer);
        for _ in 0..50 {
            assert_eq!(latch.see(attacker, 2), Origin::Stranger);
        }
        assert_eq!(latch.destination(), peer);
    }

    #[test]
    fn a_translated_peer_is_learnt_once() {
        let translated = address("203.0.113.5:61000");
        let mut latch = Latch::new(address("10.0.0.8:4000"));
        let seen: Vec<_> = (0..6).map(|_| latch.see(translated, 3)).collect();
        assert_eq!(seen[..4], [Origin::Learning; 4]);
        assert_eq!(seen[4..], [Origin::Peer; 2]);
        assert_eq!(latch.destination(), translated);
        assert_eq!(latch.see(address("10.0.0.8:4000"), 3), Origin::Stranger);
    }

    #[test]
    fn a_stranger_who_was_quicker_loses_the_call_to_the_announced_peer() {
        let (peer, attacker) = (address("192.0.2.1:4000"), address("198.51.100.9:4000"));
        let mut latch = Latch::new(peer);
        let seen: Vec<_> = (0..9).map(|_| latch.see(attacker, 1)).collect();
        assert_eq!(seen[4..], [Origin::Peer; 5]);
        assert_eq!(latch.destination(), attacker);
        assert!(latch.is_locked() && !latch.is_certain());
        assert_eq!(latch.see(peer, 2), Origin::Peer);
        assert!(latch.is_certain());
        assert_eq!(latch.see(attacker, 1), Origin::Stranger);
        assert_eq!(latch.destination(), peer);
        // Whoever has proved who it is stays.
        latch.pin(attacker);
        assert_eq!(latch.see(peer, 2), Origin::Stranger);
    }

    #[test]
    fn only_a_new_announcement_opens_it_again() {
        let (first, second) = (address("192.0.2.1:4000"), address("192.0.2.2:5000"));
        let mut latch = Latch::new(first);
        latch.see(first, 1);
        latch.announce(first);
        assert_eq!(latch.see(second, 1), Origin::Stranger);
        latch.announce(second);
        assert_eq!(latch.destination(), second);
        assert_eq!(latch.see(second, 1), Origin::Peer);
        assert_eq!(latch.see(first, 1), Origin::Stranger);
    }
}
