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
    call::{Said, Shared},
    making::{Hearer, Piece},
    remote::{Guarded, VoiceService},
    scheduler::{Class, Go, Job},
    voice::{LINE_RATE, Manner},
};
use warmline_models::pause_after_ms;

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
    /// Something of the next clause was said.
    sounded: bool,
    forgotten: Arc<AtomicBool>,
    /// A voice elsewhere has failed: the rest is said by the built-in one, and the voice does not change twice.
    here: bool,
}

impl Speaking {
    /// Clauses that are to be said to a leg.
    pub(super) fn new(call: Arc<Shared>, id: RequestId, leg: LegId, clauses: Arc<[String]>, forgotten: Arc<AtomicBool>) -> Self {
        Self { call, id, leg, clauses, next: 0, sounded: false, forgotten, here: false }
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
        // What is in memory needs no worker, and is said also while all of them hang.
        let clause = self.call.heads().pronounced(self.clause());
        if let Some(samples) = self.call.parts.speech.voice.in_memory(&clause, &self.call.manner()) {
            _ = self.said(Ok(Piece { samples, last: true }));
            return;
        }
        let (class, patience) = if self.next == 0 { (Class::FirstClause, FIRST_CLAUSE) } else { (Class::Clause, CLAUSE) };
        let (call, forgotten) = (Arc::clone(&self.call), Arc::clone(&self.forgotten));
        call.submit(class, patience, forgotten, move |go| {
            let call = Arc::clone(&self.call);
            match go {
                Go::Run(_) => {
                    let voice = &call.parts.speech.voice;
                    voice.clause(call.parts.number, &clause, &call.manner(), self.hearer());
                }
                Go::Refused(why) => _ = self.said(Err(why)),
            }
        });
    }

    async fn speak_elsewhere(mut self, service: Arc<Guarded<VoiceService>>) {
        let parts = &self.call.parts;
        let clause = self.call.heads().pronounced(self.clause());
        match parts.speech.voice.clause_elsewhere(parts.number, &service, &clause, &self.call.manner()).await {
            Ok(samples) => _ = self.said(Ok(Piece { samples, last: true })),
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

    /// Says each piece as it comes, and has the next clause spoken after the last one.
    fn hearer(self) -> Hearer {
        let mut speaking = Some(self);
        Box::new(move |piece| speaking = speaking.take().and_then(|speaking| speaking.said(piece)))
    }

    /// Gives itself back while there is more of this clause.
    fn said(mut self, piece: Result<Piece, Failure>) -> Option<Self> {
        if self.forgotten.load(Ordering::Relaxed) {
            return None;
        }
        let Ok(Piece { samples, last }) = piece else {
            self.tell(Said::Failed { id: self.id });
            self.call.settle(self.id, &self.forgotten);
            return None;
        };
        self.sounded |= !samples.is_empty();
        let over = last && self.is_last();
        if !self.tell(self.chunk(samples, over)) {
            return None;
        }
        if !last {
            return Some(self);
        }
        if over {
            self.call.settle(self.id, &self.forgotten);
            return None;
        }
        if self.sounded {
            let pause = vec![0; (LINE_RATE * pause_after_ms(self.clause()) / 1_000) as usize];
            self.tell(self.chunk(pause.into(), false));
        }
        (self.next, self.sounded) = (self.next + 1, false);
        self.submit();
        None
    }

    fn chunk(&self, samples: Arc<[i16]>, last: bool) -> Said {
        Said::Chunk { leg: self.leg, chunk: Chunk { id: self.id, clause: self.next, samples, last } }
    }

    fn tell(&self, said: Said) -> bool {
        let taken = self.call.said.try_send(said).is_ok();
        if !taken {
            tracing::error!(id = self.id.0, "a call does not take its speech");
        }
        taken
    }
}

impl Inner {
    /// Queues a clause for the cache. Whoever asked is not told.
    pub(super) fn prepare(self: &Arc<Self>, call: u64, clause: &str, language: &str, percent: u32) {
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
                    let _ = voice.clause_elsewhere(call, &service, &clause, &manner).await;
                    drop(place);
                });
            }
            return;
        }
        let work = move |go: Go<'_>| {
            // What goes wrong is logged where it is noticed.
            if let Go::Run(_) = go {
                voice.clause(call, &clause, &manner, Box::new(|_piece| {}));
            }
        };
        let forgotten = Arc::new(AtomicBool::new(false));
        self.scheduler.submit(Job { class: Class::Prepare, call: 0, deadline: clock::now() + PREPARE, forgotten, work: Box::new(work) });
    }
}
