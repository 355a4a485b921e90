//! The heads of all calls as they change. Each change has a number, and each call keeps the number of its last one: so a page that comes back gets what has
//! changed meanwhile and nothing else, and nothing has to be kept for that.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::{Hub, Inner};
use crate::view::CallHead;

/// A head that has changed.
#[derive(Debug, Clone)]
pub struct Change {
    /// The number of the change.
    pub number: u64,
    /// The head as it is now.
    pub head: Arc<CallHead>,
}

/// A reader of the heads of all calls.
#[derive(Debug)]
pub struct Heads {
    /// Some of what has changed behind the wanted place is gone: all that there is follows.
    pub missed: bool,
    /// What has changed behind the wanted place, the oldest change first.
    pub now: Vec<Change>,
    /// What comes.
    pub live: broadcast::Receiver<Change>,
}

impl Hub {
    /// Heads as they change, and those that have changed behind `after` (or all that there are), without a gap between the two.
    #[must_use]
    pub fn watch_heads(&self, after: Option<u64>) -> Heads {
        let inner = self.lock();
        let missed = after.is_some_and(|after| after < inner.gone || after > inner.number);
        let from = after.filter(|_| !missed);
        let news = inner.calls.values().filter(|call| from.is_none_or(|from| call.changed > from));
        let mut now: Vec<Change> = news.map(|call| Change { number: call.changed, head: Arc::clone(&call.head) }).collect();
        now.sort_by_key(|change| change.number);
        Heads { missed, now, live: inner.heads.subscribe() }
    }
}

impl Inner {
    /// A head has changed.
    pub(super) fn announce(&mut self, head: &Arc<CallHead>) {
        self.number += 1;
        if let Some(call) = self.calls.get_mut(&head.id) {
            call.changed = self.number;
        }
        let _nobody_watches = self.heads.send(Change { number: self.number, head: Arc::clone(head) });
    }
}
