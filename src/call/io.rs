//! What every part of the brain writes to: the actions, the deadlines, the record.

use std::collections::VecDeque;

use crate::call::{
    action::Action,
    ids::RequestId,
    language::Language,
    private::Privacy,
    record::{Entry, What},
    redact::{Redactor, Rules},
    struck::{Cut, Struck},
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
    struck: Struck,
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

    /// What is struck out of what is written down.
    pub(crate) fn strike_out(&mut self, rules: &Rules, language: &'static Language) {
        self.struck = Struck::new(Redactor::new(rules, language));
    }

    /// The caller speaks another language.
    pub(crate) fn follow(&mut self, language: &'static Language) {
        self.struck.follow(language);
    }

    /// A text for people, without what was struck out of the record.
    pub(crate) fn told(&self, text: &str) -> String {
        self.struck.told(text)
    }

    /// Writes something down.
    pub(crate) fn record(&mut self, what: What) {
        let Some(what) = self.privacy.conceal(what, self.now) else { return };
        let (what, cut) = self.struck.strike(what, self.now);
        if let Some(Cut { from, to, kinds }) = &cut {
            self.act(Action::Strike { from: *from, to: *to });
            // Of a number that was given in several turns the first are known already.
            for entry in &mut self.entries {
                if let (What::CallerTurn { text, .. }, Some(kind)) = (&entry.what, kinds.first()) {
                    let was = text.clone();
                    entry.blot(*from, *to);
                    if matches!(&entry.what, What::CallerTurn { text, .. } if *text != was) {
                        self.struck.remember(kind, &was);
                    }
                } else {
                    entry.blot(*from, *to);
                }
            }
        }
        self.write(what);
        if let Some(Cut { from, to, kinds }) = cut {
            self.write(What::Redacted { kinds, from, to });
        }
    }

    fn write(&mut self, what: What) {
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
