//! The lite agent of one leg.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::stun::{Class, StunMessage};

/// Addresses of one peer that have passed a check: a browser has a handful of candidates.
const MAX_VALID: usize = 16;
/// A chosen address that was not checked for this long may be replaced by a worse one: its network is gone.
const STALE: Duration = Duration::from_secs(3);

/// Our name and password for one session (RFC 8445 §5.3).
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub ufrag: Arc<str>,
    /// The password.
    pub password: Arc<str>,
}

impl Credentials {
    /// 48 and 132 bits of the random bytes, in the alphabet of ICE.
    #[must_use]
    pub fn from_random(random: &[u8; 30]) -> Self {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let text =
            |bytes: &[u8]| -> Arc<str> { bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect::<String>().into() };
        Self { ufrag: text(&random[..8]), password: text(&random[8..]) }
    }
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("ufrag", &self.ufrag).finish_non_exhaustive()
    }
}

/// What the peer called itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteCredentials {
    /// The name.
    pub ufrag: Arc<str>,
}

/// What a datagram meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// A good check: answer it.
    Good {
        /// The answer.
        answer: Vec<u8>,
        /// The peer is to be reached elsewhere from now on.
        moved_to: Option<SocketAddr>,
    },
    /// A refusal.
    Refuse(Vec<u8>),
    /// Nothing to do.
    Ignore,
}

#[derive(Debug, Clone, Copy)]
struct Valid {
    address: SocketAddr,
    priority: u32,
    checked: Duration,
}

/// Answers checks and knows who has passed one.
#[derive(Debug, Clone)]
pub struct Agent {
    local: Credentials,
    remote: RemoteCredentials,
    valid: Vec<Valid>,
    chosen: Option<Valid>,
}

impl Agent {
    /// Nobody has been checked.
    #[must_use]
    pub fn new(local: Credentials, remote: RemoteCredentials) -> Self {
        Self { local, remote, valid: Vec::new(), chosen: None }
    }

    /// A later offer and answer. New names are an ICE restart (RFC 8445 §9): the old pair stays in use until another is chosen.
    pub fn update(&mut self, local: Credentials, remote: RemoteCredentials) {
        if self.local != local || self.remote != remote {
            (self.local, self.remote) = (local, remote);
            self.valid.clear();
            if let Some(chosen) = &mut self.chosen {
                chosen.priority = 0;
            }
        }
    }

    /// A STUN message came.
    pub fn on_stun(&mut self, now: Duration, from: SocketAddr, message: &StunMessage<'_>) -> Checked {
        if message.class != Class::Request {
            return Checked::Ignore;
        }
        let attributes = &message.attributes;
        let for_us = attributes
            .username
            .and_then(|name| name.split_once(':'))
            .is_some_and(|(ours, theirs)| ours == &*self.local.ufrag && theirs == &*self.remote.ufrag);
        if !for_us || !message.is_signed_with(&self.local.password) {
            // A stranger learns nothing, not even that somebody is here.
            return Checked::Ignore;
        }
        if attributes.unknown.is_some() {
            return Checked::Refuse(message.error(420, "Unknown Attribute", Some(&self.local.password)));
        }
        // A lite agent is always controlled (RFC 8445 §6.1.1).
        if attributes.controlling.is_some_and(|(controlling, _)| !controlling) {
            return Checked::Refuse(message.error(487, "Role Conflict", Some(&self.local.password)));
        }
        let found = Valid { address: from, priority: attributes.priority.unwrap_or(0), checked: now };
        self.note(found);
        let moved_to = attributes.use_candidate.then(|| self.choose(now, found)).flatten();
        Checked::Good { answer: message.success(from, &self.local.password), moved_to }
    }

    /// May this address take part, because it has passed a check?
    #[must_use]
    pub fn is_valid(&self, address: SocketAddr) -> bool {
        self.valid.iter().any(|valid| valid.address == address) || self.chosen.is_some_and(|chosen| chosen.address == address)
    }

    /// Where the peer is.
    #[must_use]
    pub fn chosen(&self) -> Option<SocketAddr> {
        self.chosen.map(|chosen| chosen.address)
    }

    fn note(&mut self, found: Valid) {
        if let Some(chosen) = self.chosen.as_mut().filter(|chosen| chosen.address == found.address) {
            chosen.checked = found.checked;
        }
        if let Some(known) = self.valid.iter_mut().find(|valid| valid.address == found.address) {
            *known = found;
            return;
        }
        if self.valid.len() == MAX_VALID {
            self.valid.remove(0);
        }
        self.valid.push(found);
    }

    /// A nomination: the best one counts when several are made (RFC 8445 §8.1.1 allows a peer to nominate aggressively, RFC 5245 §8.1.1.2).
    fn choose(&mut self, now: Duration, found: Valid) -> Option<SocketAddr> {
        let keep = self.chosen.is_some_and(|chosen| {
            chosen.address != found.address && chosen.priority > found.priority && now.saturating_sub(chosen.checked) < STALE
        });
        if keep {
            return None;
        }
        let moved = self.chosen.is_none_or(|chosen| chosen.address != found.address);
        self.chosen = Some(found);
        moved.then_some(found.address)
    }
}

#[cfg(test)]
mod tests {
    use super::super::stun::binding_request;
    use super::*;

    fn agent() -> Agent {
        let local = Credentials { ufrag: "ours".into(), password: "a password of ours".into() };
        Agent::new(local, RemoteCredentials { ufrag: "their".into() })
    }

    fn check(agent: &mut Agent, at_ms: u64, from: &str, username: &str, password: &str, priority: u32, nominate: bool) -> Checked {
        let wire = binding_request([9; 12], username, password, priority, nominate);
        agent.on_stun(Duration::from_millis(at_ms), from.parse().unwrap(), &StunMessage::parse(&wire).unwrap())
    }

    #[test]
    fn only_who_knows_the_password_is_answered_and_may_send() {
        let mut agent = agent();
        let stranger = "203.0.113.9:9";
        assert_eq!(check(&mut agent, 0, stranger, "ours:their", "guessed", 1, true), Checked::Ignore);
        assert_eq!(check(&mut agent, 0, stranger, "other:their", "a password of ours", 1, true), Checked::Ignore);
        assert!(!agent.is_valid(stranger.parse().unwrap()));
        let peer = "192.0.2.1:4000";
        let Checked::Good { moved_to, .. } = check(&mut agent, 0, peer, "ours:their", "a password of ours", 1, false) else { panic!() };
        assert_eq!((moved_to, agent.chosen()), (None, None));
        assert!(agent.is_valid(peer.parse().unwrap()));
        let Checked::Good { moved_to, .. } = check(&mut agent, 50, peer, "ours:their", "a password of ours", 1, true) else { panic!() };
        assert_eq!(moved_to, Some(peer.parse().unwrap()));
    }

    #[test]
    fn the_best_nomination_wins_while_it_lives() {
        let mut agent = agent();
        let go = |agent: &mut Agent, at, from, priority| check(agent, at, from, "ours:their", "a password of ours", priority, true);
        go(&mut agent, 0, "192.0.2.1:1", 100);
        go(&mut agent, 10, "192.0.2.1:2", 50);
        assert_eq!(agent.chosen(), Some("192.0.2.1:1".parse().unwrap()));
        // The better one is gone: the peer has changed its network.
        go(&mut agent, 4_000, "192.0.2.1:2", 50);
        assert_eq!(agent.chosen(), Some("192.0.2.1:2".parse().unwrap()));
    }

    #[test]
    fn a_restart_forgets_who_was_valid_but_not_where_the_sound_goes() {
        let mut agent = agent();
        check(&mut agent, 0, "192.0.2.1:1", "ours:their", "a password of ours", 100, true);
        let local = Credentials { ufrag: "new".into(), password: "another password".into() };
        agent.update(local, RemoteCredentials { ufrag: "fresh".into() });
        assert_eq!(agent.chosen(), Some("192.0.2.1:1".parse().unwrap()));
        assert_eq!(check(&mut agent, 10, "192.0.2.1:1", "ours:their", "a password of ours", 100, true), Checked::Ignore);
        check(&mut agent, 20, "192.0.2.1:7", "new:fresh", "another password", 10, true);
        assert_eq!(agent.chosen(), Some("192.0.2.1:7".parse().unwrap()));
    }

    #[test]
    fn many_sources_are_not_remembered_for_ever() {
        let mut agent = agent();
        for port in 1..200 {
            check(&mut agent, 0, &format!("192.0.2.1:{port}"), "ours:their", "a password of ours", 1, false);
        }
        assert_eq!(agent.valid.len(), MAX_VALID);
    }
}
