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
        language::Language,
        outcome::Outcome,
        record::{Entry, What},
        redact::Rules,
        time::{Time, WallTime},
    },
    store::{
        Shared,
        event_log::{FlowFile, Line, Setup},
        held::Held,
        writer::{Closing, Job},
    },
    view::{CallHead, CallState, Numbered, Stamp, Written},
};

/// How late the recogniser may be with what it heard in private.
const LATE_ANSWERS_MS: u64 = 5_000;

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
    /// What is struck out of the record.
    pub redact: Rules,
    /// The words of the languages in which it may be held.
    pub words: Vec<&'static Language>,
}

/// The record of one live call. Dropping it ends the record.
#[derive(Debug)]
pub struct CallLog {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    id: CallId,
    head: Arc<CallHead>,
    /// Sent before anything else; still here while the queue is full.
    begin: Option<Box<(Arc<CallHead>, i32, String)>>,
    seq: u64,
    last: Time,
    /// Entries that found the database's queue full; they are read from the event log when the call is over.
    deferred: u64,
    /// Lines that found the event log's queue full, or that nobody may read.
    lost_lines: u64,
    /// The caller gives something that nobody else may know; or none does since then.
    private: bool,
    private_until: Option<Time>,
    /// Lines that may tell what is struck out.
    held: Held,
    /// Stretches that were struck out.
    strikes: Vec<(Time, Time)>,
}

impl CallLog {
    pub(super) fn begin(shared: Arc<Shared>, jobs: mpsc::Sender<Job>, call: NewCall) -> Self {
        let NewCall { id, started, utc_offset_s, wall, caller, flow, others, language, promise, redact, words } = call;
        let head = Arc::new(CallHead::new(id.clone(), started, &caller, flow.name.clone(), language.clone()));
        let begin = Some(Box::new((Arc::clone(&head), utc_offset_s, caller.claim_code.clone())));
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
            held: Held::new(&redact, &words),
            strikes: Vec::new(),
        };
        log.send_begin();
        log.line(&Line::Setup(Setup { call: id, started, wall, caller, flow, others, language, promise, redact }));
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
        self.held.told(at, event);
        let line = Line::Event { at, event: event.clone() };
        let tells_caller = matches!(event, Event::Digit { .. } | Event::Partial { .. } | Event::Heard { .. } | Event::Understood { .. });
        self.keep(line, tells_caller && self.is_private(at));
    }

    /// The brain's deadline passed.
    pub fn timeout(&mut self, at: Time) {
        self.keep(Line::Timeout { at }, false);
    }

    /// The brain asked for something. An entry of the record is written down too, and comes back for live pages.
    #[must_use]
    pub fn action(&mut self, at: Time, action: &Action) -> Option<Written> {
        match action {
            Action::Private { on } => (self.private, self.private_until) = (*on, Some(at)),
            Action::Strike { from, to } => self.strike(at, *from, *to),
            _ => {}
        }
        let secret = match action {
            Action::Understand { .. } => self.is_private(at),
            Action::LookUp { request, .. } => request.private,
            _ => false,
        };
        self.keep(Line::Action { at, action: action.clone() }, secret);
        if let Action::Record(entry) = action {
            self.held.written(entry);
            return Some(self.entry(entry));
        }
        None
    }

    /// Answers that are late still tell what was private.
    fn is_private(&self, at: Time) -> bool {
        self.private || self.private_until.is_some_and(|until| at < until.plus(LATE_ANSWERS_MS))
    }

    /// What was said then is struck out: what tells its words is never written, and what was written of it is blotted out.
    fn strike(&mut self, at: Time, from: Time, to: Time) {
        self.held.struck(at, (from, to));
        self.strikes.push((from, to));
        let _done_at_the_end = self.jobs.try_send(Job::Strike { call: self.id.clone(), from, to });
    }

    /// Writes a line, or holds it until it is known whether it may be written.
    fn keep(&mut self, line: Line, secret: bool) {
        self.held.push(line, secret);
        self.write_decided();
    }

    fn write_decided(&mut self) {
        while let Some(kept) = self.held.pop() {
            match kept {
                Some(line) => self.line(&line),
                None => self.lost_lines += 1,
            }
        }
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
            let job = Job::Begin { head: Arc::clone(&begin.0), utc_offset_s: begin.1, claim_code: begin.2.clone() };
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
        self.held.end();
        self.write_decided();
        self.shared.logs.finish(&self.id);
        let utc_offset_s = self.begin.as_ref().map(|begin| begin.1);
        let strikes = std::mem::take(&mut self.strikes);
        let closing = Closing { head: Arc::clone(&self.head), deferred: self.deferred, utc_offset_s, strikes };
        if let Err(TrySendError::Full(Job::Close(closing))) = self.jobs.try_send(Job::Close(closing)) {
            self.shared.close_later(closing);
        }
    }
}
