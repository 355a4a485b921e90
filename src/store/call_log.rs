//! One call's way into the store. Nothing here ever waits.

use std::sync::{Arc, atomic::Ordering};

use tokio::sync::mpsc::{self, error::TrySendError};

use crate::{
    call::{
        action::Action,
        caller::Caller,
        event::Event,
        handoff::Promise,
        ids::CallId,
        outcome::Outcome,
        record::{Entry, What},
        time::{Time, WallTime},
    },
    store::{
        Shared,
        event_log::{FlowFile, Line, Setup},
        writer::{Closing, Job},
    },
    view::{CallHead, CallState, Numbered, Stamp, Written},
};

/// How late the recogniser may be with what it heard in private.
const LATE_ANSWERS_MS: u64 = 5_000;

/// Does a report say what the caller said or keyed?
const fn tells_words(event: &Event) -> bool {
    matches!(event, Event::Digit { .. } | Event::Partial { .. } | Event::Heard { .. } | Event::Understood { .. })
}

/// A call that arrives.
#[derive(Debug, Clone)]
pub struct NewCall {
    /// Its id: 1 to 64 of `A–Z a–z 0–9 - _`.
    pub id: CallId,
    /// When it arrived.
    pub started: Stamp,
    /// Seconds that the company's civil time is ahead of UTC.
    pub utc_offset_s: i32,
    /// The company's civil time.
    pub wall: WallTime,
    /// Who calls.
    pub caller: Caller,
    /// The flow that answers.
    pub flow: FlowFile,
    /// Flows of other languages that may take the call.
    pub others: Vec<FlowFile>,
    /// The language in which it begins.
    pub language: String,
    /// Nobody has called: this promise is kept.
    pub promise: Option<Box<Promise>>,
}

/// The record of one live call. Dropping it ends the record.
#[derive(Debug)]
pub struct CallLog {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    id: CallId,
    head: Arc<CallHead>,
    /// Sent before anything else; still here while the queue is full.
    begin: Option<Box<(Arc<CallHead>, i32)>>,
    seq: u64,
    last: Time,
    /// Entries that found the database's queue full; they are read from the event log when the call is over.
    deferred: u64,
    /// Lines that found the event log's queue full, or that nobody may read.
    lost_lines: u64,
    /// The caller gives something that nobody else may know; or none does since then.
    private: bool,
    private_until: Option<Time>,
}

impl CallLog {
    pub(super) fn begin(shared: Arc<Shared>, jobs: mpsc::Sender<Job>, call: NewCall) -> Self {
        let NewCall { id, started, utc_offset_s, wall, caller, flow, others, language, promise } = call;
        let head = Arc::new(CallHead::new(id.clone(), started, &caller, flow.name.clone(), language.clone()));
        let begin = Some(Box::new((Arc::clone(&head), utc_offset_s)));
        let mut log = Self {
            shared,
            jobs,
            id: id.clone(),
            head,
            begin,
            seq: 0,
            last: Time::ZERO,
            deferred: 0,
            lost_lines: 0,
            private: false,
            private_until: None,
        };
        log.send_begin();
        log.line(&Line::Setup(Setup { call: id, started, wall, caller, flow, others, language, promise }));
        log
    }

    /// The call's id.
    #[must_use]
    pub fn id(&self) -> &CallId {
        &self.id
    }

    /// The head as it stands.
    #[must_use]
    pub fn head(&self) -> Arc<CallHead> {
        Arc::clone(&self.head)
    }

    /// The brain is told something.
    pub fn event(&mut self, at: Time, event: &Event) {
        if tells_words(event) && self.is_private(at) {
            return self.lost_lines += 1;
        }
        self.line(&Line::Event { at, event: event.clone() });
    }

    /// The brain's deadline passed.
    pub fn timeout(&mut self, at: Time) {
        self.line(&Line::Timeout { at });
    }

    /// The brain asked for something. An entry of the record is written down too, and comes back for live pages.
    #[must_use]
    pub fn action(&mut self, at: Time, action: &Action) -> Option<Written> {
        if let Action::Private { on } = action {
            (self.private, self.private_until) = (*on, Some(at));
        }
        let secret = match action {
            Action::Understand { .. } => self.is_private(at),
            Action::LookUp { request, .. } => request.private,
            _ => false,
        };
        if secret {
            self.lost_lines += 1;
        } else {
            self.line(&Line::Action { at, action: action.clone() });
        }
        if let Action::Record(entry) = action { Some(self.entry(entry)) } else { None }
    }

    /// Answers that are late still tell what was private.
    fn is_private(&self, at: Time) -> bool {
        self.private || self.private_until.is_some_and(|until| at < until.plus(LATE_ANSWERS_MS))
    }

    fn entry(&mut self, entry: &Entry) -> Written {
        self.seq += 1;
        self.last = self.last.max(entry.at);
        let item = Arc::new(Numbered { seq: self.seq, entry: entry.clone() });
        let changed = Arc::make_mut(&mut self.head).apply(entry);
        let head = changed.then(|| Arc::clone(&self.head));
        // Partial words are for the live page alone.
        if !matches!(entry.what, What::Hearing { .. }) {
            self.send_begin();
            let job = Job::Entry { call: self.id.clone(), item: Arc::clone(&item), head: head.clone() };
            if self.begin.is_some() || self.jobs.try_send(job).is_err() {
                self.deferred += 1;
                self.shared.health.deferred.fetch_add(1, Ordering::Relaxed);
                metrics::counter!("warmline_store_entries_deferred_total").increment(1);
            }
        }
        Written { item, head }
    }

    fn line(&mut self, line: &Line) {
        if self.shared.logs.line(&self.id, self.lost_lines, line) {
            self.lost_lines = 0;
        } else {
            self.lost_lines += 1;
        }
    }

    fn send_begin(&mut self) {
        if let Some(begin) = self.begin.take() {
            let job = Job::Begin { head: Arc::clone(&begin.0), utc_offset_s: begin.1 };
            if let Err(TrySendError::Full(_)) = self.jobs.try_send(job) {
                self.begin = Some(begin);
            }
        }
    }
}

impl Drop for CallLog {
    fn drop(&mut self) {
        if self.head.state == CallState::Live {
            // Its task ended without saying how: that is a failure of ours.
            Arc::make_mut(&mut self.head).end(Outcome::Failed, self.last.0);
        }
        self.shared.logs.finish(&self.id);
        let utc_offset_s = self.begin.as_ref().map(|begin| begin.1);
        let closing = Closing { head: Arc::clone(&self.head), deferred: self.deferred, utc_offset_s };
        if let Err(TrySendError::Full(Job::Close(closing))) = self.jobs.try_send(Job::Close(closing)) {
            self.shared.close_later(closing);
        }
    }
}
