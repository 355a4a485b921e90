//! What every part of the brain writes to: the actions, the deadlines, the record.

use std::collections::VecDeque;

use crate::call::{
    action::Action,
    ids::RequestId,
    private::Privacy,
    record::{Entry, What},
    time::Time,
    timer::Timers,
};

/// The way out of the brain.
#[derive(Debug, Default)]
pub(crate) struct Io {
    /// The time of the report that is being handled.
    pub(crate) now: Time,
    /// The deadlines that are set.
    pub(crate) timers: Timers,
    privacy: Privacy,
    actions: VecDeque<Action>,
    last_request: u64,
    entries: Vec<Entry>,
}

impl Io {
    /// A request id that was never used in this call.
    pub(crate) fn request(&mut self) -> RequestId {
        self.last_request += 1;
        RequestId(self.last_request)
    }

    /// Asks the world for something.
    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Writes something down.
    pub(crate) fn record(&mut self, what: What) {
        let Some(what) = self.privacy.conceal(what, self.now) else { return };
        let entry = Entry { at: self.now, what };
        // Words in the making are for the live pages: nothing is read from them later.
        if !matches!(entry.what, What::Hearing { .. }) {
            self.entries.push(entry.clone());
        }
        self.actions.push_back(Action::Record(entry));
    }

    /// The caller gives something that nobody else may know, or is done with it.
    pub(crate) fn set_private(&mut self, on: bool) {
        if self.privacy.is_on() != on {
            self.privacy.set(on, self.now);
            self.act(Action::Private { on });
            self.record(What::Private { on });
        }
    }

    /// The record so far.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The next thing to be done.
    pub(crate) fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
}
