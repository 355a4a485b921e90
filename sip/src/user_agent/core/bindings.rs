//! Where registered users are (RFC 3261 §10.3): a pure table. Its size is bounded by the users of the configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{ConnectionId, Hop};
use crate::uri::Uri;

/// How often a way through a NAT is used, so that it stays open.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(25);

/// One contact of one user.
#[derive(Debug, Clone)]
pub(super) struct Binding {
    pub(super) user: String,
    pub(super) uri: Uri,
    /// The device, if it says so (RFC 5626 §4.1).
    pub(super) instance: Option<String>,
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) expires: Instant,
    /// The way that the registration came: the only one through a NAT.
    pub(super) flow: Hop,
    /// Proxies between (RFC 3327).
    pub(super) path: Vec<String>,
    /// When the way has to be used again, if there is a NAT on it.
    pub(super) keep_alive: Option<Instant>,
}

impl Binding {
    /// Whether a registration of that call with that number is older than this one.
    fn outdates(&self, call_id: &str, cseq: u32) -> bool {
        self.call_id == call_id && cseq <= self.cseq
    }

    pub(super) fn due(&self) -> Instant {
        self.keep_alive.map_or(self.expires, |at| at.min(self.expires))
    }
}

/// A change of a contact that a registration asks for.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) uri: Uri,
    pub(super) instance: Option<String>,
    /// Zero takes it away.
    pub(super) expires: Duration,
}

/// All bindings, oldest first.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    table: BTreeMap<u64, Binding>,
    last: u64,
}

impl Bindings {
    /// The bindings of a user with their numbers, newest first.
    pub(super) fn of<'a>(&'a self, user: &'a str) -> impl Iterator<Item = (u64, &'a Binding)> {
        self.table.iter().rev().filter(move |(_, binding)| binding.user == user).map(|(&id, binding)| (id, binding))
    }

    pub(super) fn get_mut(&mut self, id: u64) -> Option<&mut Binding> {
        self.table.get_mut(&id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Binding> {
        self.table.values()
    }

    fn find(&self, user: &str, uri: &Uri) -> Option<u64> {
        self.of(user).find(|(_, binding)| binding.uri.is_same_address(uri)).map(|(id, _)| id)
    }

    /// Whether the numbers of a registration allow all of its changes (RFC 3261 §10.3, steps 6 and 7); no wishes stands for all contacts.
    pub(super) fn in_order(&self, user: &str, wishes: &[Wish], call_id: &str, cseq: u32) -> bool {
        let meant = |binding: &Binding| wishes.is_empty() || wishes.iter().any(|wish| wish.uri.is_same_address(&binding.uri));
        !self.of(user).any(|(_, binding)| meant(binding) && binding.outdates(call_id, cseq))
    }

    /// Puts a contact in, in place of the same one, of another of the same device, or of the oldest above the limit. Returns its number.
    pub(super) fn put(&mut self, binding: Binding, limit: usize) -> u64 {
        let same_device = |other: &Binding| other.instance.is_some() && other.instance == binding.instance;
        let same: Vec<u64> = self
            .of(&binding.user)
            .filter(|(_, other)| other.uri.is_same_address(&binding.uri) || same_device(other))
            .map(|(id, _)| id)
            .collect();
        same.into_iter().for_each(|id| drop(self.table.remove(&id)));
        let surplus: Vec<u64> = self.of(&binding.user).skip(limit.max(1) - 1).map(|(id, _)| id).collect();
        surplus.into_iter().for_each(|id| drop(self.table.remove(&id)));
        self.last += 1;
        self.table.insert(self.last, binding);
        self.last
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Binding> {
        self.table.remove(&id)
    }

    pub(super) fn remove_contact(&mut self, user: &str, uri: &Uri) {
        if let Some(id) = self.find(user, uri) {
            self.table.remove(&id);
        }
    }

    pub(super) fn clear(&mut self, user: &str) {
        self.table.retain(|_, binding| binding.user != user);
    }

    /// Takes out all that came by a connection; returns whose they were.
    pub(super) fn close(&mut self, connection: ConnectionId) -> Vec<String> {
        let by = |binding: &Binding| binding.flow.connection == Some(connection);
        let mut users: Vec<String> = self.iter().filter(|binding| by(binding)).map(|binding| binding.user.clone()).collect();
        self.table.retain(|_, binding| !by(binding));
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Whose telephone speaks by that way: the user of that name if several share it.
    pub(super) fn user_at(&self, flow: Hop, name: &str) -> Option<&str> {
        let same = |other: Hop| match (flow.connection, other.connection) {
            (None, None) => flow.remote == other.remote && flow.transport == other.transport,
            (ours, theirs) => ours == theirs,
        };
        let users: Vec<&str> = self.iter().filter(|binding| same(binding.flow)).map(|binding| binding.user.as_str()).collect();
        let first = *users.first()?;
        users.iter().find(|user| **user == name).copied().or_else(|| users.iter().all(|user| *user == first).then_some(first))
    }
}

/// Whether a NAT stands before a telephone: its Contact is not where it was heard from.
pub(super) fn is_behind_nat(uri: &Uri, source: SocketAddr) -> bool {
    uri.address() != Some(source)
}
