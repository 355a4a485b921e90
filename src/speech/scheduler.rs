//! A few worker threads, and which job is next.
//!
//! What a caller waits for goes first. Long jobs (speech, partial texts) never take the last worker, so that a final transcript does not wait
//! for the end of a sentence's synthesis. Each job runs or is refused; both are told to its closure, which reports.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use super::priority;
use crate::{call::event::Failure, clock};

/// Jobs that may wait in all. More than this is more than the machine can do in any deadline.
const WAITING: usize = 512;
/// Jobs of one call that may wait: a call that asks for more is broken.
const WAITING_PER_CALL: usize = 64;

/// The order in which jobs are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// The words of a finished utterance.
    Final,
    /// Their meaning.
    Understand,
    /// The first clause of an answer.
    FirstClause,
    /// The clauses after it.
    Clause,
    /// Words of an utterance that goes on.
    Partial,
    /// Clauses that will perhaps be said.
    Prepare,
}

const CLASSES: usize = 6;

impl Class {
    /// Whether jobs of this class must leave a worker free for the others.
    fn is_patient(self) -> bool {
        self >= Self::FirstClause
    }
}

/// What a job's closure is told.
pub(crate) enum Go<'a> {
    /// Run. The function says whether nobody waits for the result any more.
    Run(&'a dyn Fn() -> bool),
    /// It will not run.
    Refused(Failure),
}

/// A piece of work.
pub(crate) struct Job {
    pub(crate) class: Class,
    /// Whose: calls have numbers, 0 is nobody's.
    pub(crate) call: u64,
    /// Until when somebody waits for the result.
    pub(crate) deadline: Instant,
    /// Set when nobody waits any more; then nothing is reported.
    pub(crate) forgotten: Arc<AtomicBool>,
    pub(crate) work: Box<dyn FnOnce(Go<'_>) + Send>,
}

struct Queues {
    waiting: [VecDeque<Job>; CLASSES],
    patient_running: usize,
    closed: bool,
}

struct Shared {
    queues: Mutex<Queues>,
    changed: Condvar,
    patient_at_most: usize,
}

/// The workers. They end when this is dropped.
pub(crate) struct Scheduler {
    shared: Arc<Shared>,
}

impl Scheduler {
    pub(crate) fn start(workers: usize) -> Self {
        let queues = Queues { waiting: Default::default(), patient_running: 0, closed: false };
        let patient_at_most = workers.saturating_sub(1).max(1);
        let shared = Arc::new(Shared { queues: Mutex::new(queues), changed: Condvar::new(), patient_at_most });
        for number in 0..workers.max(1) {
            let shared = Arc::clone(&shared);
            let started = std::thread::Builder::new().name(format!("speech-{number}")).spawn(move || shared.work());
            if let Err(error) = started {
                tracing::error!(%error, "a speech worker could not be started");
            }
        }
        Self { shared }
    }

    /// Queues a job, or refuses it at once. When too much waits, partial texts and preparations give way first.
    pub(crate) fn submit(&self, job: Job) {
        let refused = {
            let mut queues = self.shared.lock();
            let of_call = queues.waiting.iter().flatten().filter(|waiting| waiting.call == job.call && job.call != 0).count();
            let waiting: usize = queues.waiting.iter().map(VecDeque::len).sum();
            let full = of_call >= WAITING_PER_CALL || waiting >= WAITING;
            let gives_way = if full { queues.evict(job.class) } else { None };
            if full && gives_way.is_none() {
                Some(job)
            } else {
                queues.waiting[job.class as usize].push_back(job);
                gives_way
            }
        };
        match refused {
            Some(job) => {
                metrics::counter!("warmline_speech_jobs_refused_total").increment(1);
                finish(job, |work| work(Go::Refused(Failure::Overloaded)));
            }
            None => self.shared.changed.notify_all(),
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Queues {
    /// Takes out the youngest job of the least urgent class, if that is less urgent than `class`.
    fn evict(&mut self, class: Class) -> Option<Job> {
        let least = self.waiting.iter_mut().skip(class as usize + 1).rev().find(|queue| !queue.is_empty())?;
        least.pop_back()
    }

    fn next(&mut self, patient_at_most: usize) -> Option<Job> {
        for queue in &mut self.waiting {
            let Some(first) = queue.front() else { continue };
            if first.class.is_patient() && self.patient_running >= patient_at_most {
                return None;
            }
            return queue.pop_front();
        }
        None
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        priority::stand_back(priority::WORKER);
        while let Some(job) = self.take() {
            let patient = job.class.is_patient();
            run(job);
            if patient {
                self.lock().patient_running -= 1;
                self.changed.notify_all();
            }
        }
    }

    /// The next job; none at the end.
    fn take(&self) -> Option<Job> {
        let mut queues = self.lock();
        loop {
            if queues.closed {
                return None;
            }
            if let Some(job) = queues.next(self.patient_at_most) {
                queues.patient_running += usize::from(job.class.is_patient());
                return Some(job);
            }
            queues = self.changed.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn run(job: Job) {
    if job.forgotten.load(Ordering::Relaxed) {
        return;
    }
    let (deadline, forgotten) = (job.deadline, Arc::clone(&job.forgotten));
    if clock::now() >= deadline {
        metrics::counter!("warmline_speech_jobs_late_total").increment(1);
        return finish(job, |work| work(Go::Refused(Failure::TimedOut)));
    }
    let given_up = move || forgotten.load(Ordering::Relaxed) || clock::now() >= deadline;
    finish(job, |work| work(Go::Run(&given_up)));
}

/// A panic in a model must not take the worker with it; the brain's own deadline covers the missing answer.
fn finish(job: Job, call: impl FnOnce(Box<dyn FnOnce(Go<'_>) + Send>)) {
    let class = job.class;
    if catch_unwind(AssertUnwindSafe(|| call(job.work))).is_err() {
        tracing::error!(?class, "a speech job panicked");
    }
}
