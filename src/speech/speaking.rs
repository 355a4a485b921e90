//! Speech for a leg, clause by clause, and clauses that will perhaps be said.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::{
    Inner,
    call::{Said, Shared, failure},
    remote::{Guarded, VoiceService},
    scheduler::{Class, Go, Job},
    voice::Manner,
};
use crate::{
    call::{
        event::{Engine, Failure},
        ids::{LegId, RequestId},
        media::playout::Chunk,
    },
    clock,
};

/// How long clauses are waited for. The brain's own deadlines are shorter; these keep dead work out of the queue.
const FIRST_CLAUSE: Duration = Duration::from_secs(5);
const CLAUSE: Duration = Duration::from_secs(20);
const PREPARE: Duration = Duration::from_secs(60);

/// A `Speak` under way: one clause is one job, so that other calls' first clauses come in between.
pub(super) struct Speaking {
    call: Arc<Shared>,
    id: RequestId,
    leg: LegId,
    clauses: Arc<[String]>,
    next: usize,
    forgotten: Arc<AtomicBool>,
    /// A voice elsewhere has failed: the rest is said by the built-in one, and the voice does not change twice.
    here: bool,
}

impl Speaking {
    /// Clauses that are to be said to a leg.
    pub(super) fn new(call: Arc<Shared>, id: RequestId, leg: LegId, clauses: Arc<[String]>, forgotten: Arc<AtomicBool>) -> Self {
        Self { call, id, leg, clauses, next: 0, forgotten, here: false }
    }

    /// Has the next clause spoken.
    pub(super) fn submit(self) {
        let remote = self.call.parts.speech.remote.as_ref().filter(|_| !self.here);
        match remote.and_then(|remote| Some((remote.runtime.clone(), remote.voice.clone()?))) {
            Some((runtime, voice)) => _ = runtime.spawn(self.speak_elsewhere(voice)),
            None => self.speak_here(),
        }
    }

    fn speak_here(self) {
        let (class, patience) = if self.next == 0 { (Class::FirstClause, FIRST_CLAUSE) } else { (Class::Clause, CLAUSE) };
        let (call, forgotten) = (Arc::clone(&self.call), Arc::clone(&self.forgotten));
        call.submit(class, patience, forgotten, move |go| {
            let parts = &self.call.parts;
            let spoken = match go {
                Go::Run(_) => {
                    let clause = self.call.heads().pronounced(self.clause());
                    parts.speech.voice.clause(&clause, &self.call.manner(), !self.is_last()).map_err(|error| failure(&error))
                }
                Go::Refused(why) => Err(why),
            };
            self.said(spoken);
        });
    }

    async fn speak_elsewhere(mut self, service: Arc<Guarded<VoiceService>>) {
        let parts = &self.call.parts;
        let clause = self.call.heads().pronounced(self.clause());
        match parts.speech.voice.clause_elsewhere(&service, &clause, &self.call.manner(), !self.is_last()).await {
            Ok(samples) => self.said(Ok(samples)),
            Err(trouble) => {
                self.call.fell_back(Engine::Voice, &trouble);
                self.here = true;
                self.speak_here();
            }
        }
    }

    fn clause(&self) -> &str {
        self.clauses.get(self.next).map_or("", String::as_str)
    }

    fn is_last(&self) -> bool {
        self.next + 1 >= self.clauses.len()
    }

    fn said(mut self, spoken: Result<Arc<[i16]>, Failure>) {
        if self.forgotten.load(Ordering::Relaxed) {
            return;
        }
        let last = self.is_last();
        let said = match spoken {
            Ok(samples) => Said::Chunk { leg: self.leg, chunk: Chunk { id: self.id, clause: self.next, samples, last } },
            Err(_) => Said::Failed { id: self.id },
        };
        let goes_on = matches!(said, Said::Chunk { .. }) && !last;
        if self.call.said.try_send(said).is_err() {
            tracing::error!(id = self.id.0, "a call does not take its speech");
            return;
        }
        if goes_on {
            self.next += 1;
            self.submit();
        } else {
            self.call.settle(self.id, &self.forgotten);
        }
    }
}

impl Inner {
    /// Queues a clause for the cache. Whoever asked is not told.
    pub(super) fn prepare(self: &Arc<Self>, clause: &str, language: &str, percent: u32) {
        let manner = Manner { language: language.to_owned(), percent };
        let elsewhere = self.remote.as_ref().and_then(|remote| Some((remote.runtime.clone(), remote.voice.clone()?)));
        if self.voice.is_at_hand(clause, &manner, elsewhere.is_some()) {
            return;
        }
        let (voice, clause) = (Arc::clone(&self.voice), clause.to_owned());
        if let Some((runtime, service)) = elsewhere {
            // When many wait already, this one is fetched when it is said.
            if let Ok(place) = Arc::clone(&self.preparing).try_acquire_owned() {
                runtime.spawn(async move {
                    // Whatever goes wrong is counted and logged where it is noticed.
                    let _ = voice.clause_elsewhere(&service, &clause, &manner, false).await;
                    drop(place);
                });
            }
            return;
        }
        let work = move |go: Go<'_>| {
            if let Go::Run(_) = go
                && let Err(error) = voice.clause(&clause, &manner, false)
            {
                tracing::warn!(%error, "a clause could not be prepared");
            }
        };
        let forgotten = Arc::new(AtomicBool::new(false));
        self.scheduler.submit(Job { class: Class::Prepare, call: 0, deadline: clock::now() + PREPARE, forgotten, work: Box::new(work) });
    }
}
