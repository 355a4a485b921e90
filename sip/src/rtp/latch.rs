//! Symmetric RTP: learn once from where the peer really sends, then trust nobody else.
//!
//! The address in SDP may lie behind a translator (RFC 4961). An attacker who guesses the port must neither be heard (RTP injection)
//! nor be sent to (RTP bleed). So: a packet from the announced address locks at once; any other source has to send a few packets
//! in a row first, more of them when even its IP address is strange; after the lock everything else is counted and dropped.

use std::net::SocketAddr;

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
    Candidate { source: SocketAddr, ssrc: u32, count: u8 },
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
        if source == self.announced {
            self.state = State::Locked(source);
            return Origin::Peer;
        }
        let count = match self.state {
            State::Candidate { source: known, ssrc: known_ssrc, count } if known == source && known_ssrc == ssrc => count + 1,
            State::Open | State::Candidate { .. } | State::Locked(_) => 1,
        };
        let needed = if source.ip() == self.announced.ip() { NEEDED_SAME_HOST } else { NEEDED_STRANGER };
        if count >= needed {
            self.state = State::Locked(source);
            return Origin::Peer;
        }
        self.state = State::Candidate { source, ssrc, count };
        Origin::Learning
    }

    /// Where to send: the learnt address, before that the announced one.
    #[must_use]
    pub const fn destination(&self) -> SocketAddr {
        match self.state {
            State::Locked(peer) => peer,
            State::Open | State::Candidate { .. } => self.announced,
        }
    }

    /// Has the peer been heard?
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(self.state, State::Locked(_))
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
