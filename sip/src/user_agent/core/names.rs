//! Names that TLS servers must prove, by number: hops are copied a lot and carry no texts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Core, Hop};

/// A name kept by [`Names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PeerName(u64);

/// The names in use.
#[derive(Debug, Default)]
pub(super) struct Names {
    texts: HashMap<PeerName, Arc<str>>,
    last: u64,
    /// Names that are kept before the unused ones are looked for.
    room: usize,
}

impl Names {
    fn keep(&mut self, name: &str) -> PeerName {
        if let Some((&known, _)) = self.texts.iter().find(|(_, text)| text.eq_ignore_ascii_case(name)) {
            return known;
        }
        self.last += 1;
        self.texts.insert(PeerName(self.last), name.into());
        PeerName(self.last)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.texts.len()
    }
}

impl Core {
    /// Remembers a name for as long as a leg or a transaction needs it.
    pub(super) fn keep_name(&mut self, name: &str) -> PeerName {
        if self.names.texts.len() >= self.names.room {
            let legs = self.legs.values().map(|leg| leg.hop);
            let used: HashSet<PeerName> = legs.chain(self.clients.values().flat_map(|tx| tx.hops())).filter_map(|hop| hop.peer).collect();
            self.names.texts.retain(|name, _| used.contains(name));
            self.names.room = 64 + 2 * self.names.texts.len();
        }
        self.names.keep(name)
    }

    /// Whom the TLS server of a hop must prove to be.
    pub(crate) fn name(&self, hop: Hop) -> Option<Arc<str>> {
        self.names.texts.get(&hop.peer?).cloned()
    }
}
