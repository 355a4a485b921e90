//! A few worker threads, and which job is next.
//!
//! What a caller waits for goes first; under load partial texts are left out first, then hints. Long jobs (speech, partial texts) never take the last worker, so that a final transcript does not wait
//! for the end of a sentence's synthesis; only the first sound of an answer does, where all that runs is being made ready. Each job runs or is refused; both are told to its closure, which reports.

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
/// An utterance is refused when its words would have to wait longer than this: soon after it the call would give them up.
const LONGEST_WAIT_MS: f64 = 2_000.0;
/// What an utterance takes before any was heard, and how fast that is learnt.
const FINAL_MS: f64 = 250.0;
const LEARNS: f64 = 0.1;

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
    /// How complete a finished utterance sounds.
    Hint,
    /// Words of an utterance that is perhaps over.
    Early,
    /// Words of an utterance that goes on.
    Partial,
    /// Clauses that will perhaps be said.
    Prepare,
    /// Words that nobody waits for. Such a job gives way to every other one, also while it runs.
    Written,
}

const CLASSES: usize = 9;

impl Class {
    /// Whether jobs of this class must leave a worker free for the others.
    fn is_patient(self) -> bool {
        self >= Self::FirstClause
    }

    /// Whether no caller waits for it in silence.
    fn is_idle(self) -> bool {
        self > Self::Clause
    }

    /// The word for it on the metrics.
    fn word(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Understand => "understand",
            Self::FirstClause => "first_clause",
            Self::Clause => "clause",
            Self::Hint => "hint",
            Self::Early => "early",
            Self::Partial => "partial",
            Self::Prepare => "prepare",
            Self::Written => "written",
        }
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

struct Waiting {
    job: Job,
    since: Instant,
}

struct Queues {
    waiting: [VecDeque<Waiting>; CLASSES],
    running: usize,
    patient_running: usize,
    /// Of these, those for which no caller waits in silence.
    idle_running: usize,
    /// Those that give way to everything.
    written_running: usize,
    /// Milliseconds that the words of an utterance take, on average.
    final_ms: f64,
    workers: usize,
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
        let workers = workers.max(1);
        let queues = Queues::new(workers);
        let patient_at_most = workers.saturating_sub(1).max(1);
        let shared = Arc::new(Shared { queues: Mutex::new(queues), changed: Condvar::new(), patient_at_most });
        for number in 0..workers {
            let shared = Arc::clone(&shared);
            let started = std::thread::Builder::new().name(format!("speech-{number}")).spawn(move || shared.work());
            if let Err(error) = started {
                tracing::error!(%error, "a speech worker could not be started");
            }
        }
        Self { shared }
    }

    /// Whether no caller waits for a worker: one that is done with what it must do may do it better.
    pub(crate) fn is_time(&self) -> bool {
        self.shared.lock().urgent() == 0
    }

    /// Queues a job, or refuses it at once: when too much waits, and when it could not be done in time. Partial texts and preparations give way first,
    /// then hints; words that somebody has finished saying never do.
    pub(crate) fn submit(&self, job: Job) {
        let class = job.class;
        let refused = self.shared.lock().take_in(job);
        self.shared.changed.notify_all();
        if let Some(job) = refused {
            metrics::counter!("warmline_speech_jobs_refused_total").increment(1);
            metrics::counter!("warmline_speech_jobs_dropped_total", "class" => job.class.word()).increment(1);
            finish(job, |work| work(Go::Refused(Failure::Overloaded)));
        }
        let waiting = self.shared.lock().waiting[class as usize].len();
        metrics::gauge!("warmline_speech_jobs_waiting", "class" => class.word()).set(waiting as f64);
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Queues {
    fn new(workers: usize) -> Self {
        Self {
            waiting: Default::default(),
            running: 0,
            patient_running: 0,
            idle_running: 0,
            written_running: 0,
            final_ms: FINAL_MS,
            workers,
            closed: false,
        }
    }

    /// Takes a job, or gives back the one that has no place.
    fn take_in(&mut self, job: Job) -> Option<Job> {
        if !self.has_time_for(job.class) {
            return Some(job);
        }
        let of_call = self.waiting.iter().flatten().filter(|waiting| waiting.job.call == job.call && job.call != 0).count();
        let waiting: usize = self.waiting.iter().map(VecDeque::len).sum();
        let full = of_call >= WAITING_PER_CALL || waiting >= WAITING;
        let gives_way = if full { self.evict(job.class) } else { None };
        if full && gives_way.is_none() {
            return Some(job);
        }
        let since = clock::now();
        self.waiting[job.class as usize].push_back(Waiting { job, since });
        gives_way
    }

    /// Words of an utterance that goes on, or perhaps does, are only for a worker that has nothing else to do, hints for times in which no more utterances wait than
    /// there are workers. An utterance that would have to wait too long is refused while there is time to call a human.
    fn has_time_for(&self, class: Class) -> bool {
        match class {
            Class::Early | Class::Partial => self.urgent() == 0 && self.running - self.written_running < self.workers,
            Class::Hint => self.waiting[Class::Final as usize].len() <= self.workers,
            Class::Final => self.waiting[class as usize].len() as f64 * self.final_ms / self.workers as f64 <= LONGEST_WAIT_MS,
            Class::Understand | Class::FirstClause | Class::Clause | Class::Prepare | Class::Written => true,
        }
    }

    /// How many jobs wait for which callers wait in silence.
    fn urgent(&self) -> usize {
        self.waiting[..=Class::FirstClause as usize].iter().map(VecDeque::len).sum()
    }

    /// Takes out the youngest job of the class that gives way first, if that is less urgent than `class`.
    fn evict(&mut self, class: Class) -> Option<Job> {
        let order = [Class::Written, Class::Prepare, Class::Partial, Class::Early, Class::Hint, Class::Clause, Class::FirstClause];
        let first = order.into_iter().find(|other| *other > class && !self.waiting[*other as usize].is_empty())?;
        self.waiting[first as usize].pop_back().map(|waiting| waiting.job)
    }

    fn next(&mut self, patient_at_most: usize) -> Option<Waiting> {
        for queue in &mut self.waiting {
            let Some(first) = queue.front() else { continue };
            // A caller who waits for the first sound does not wait for what is only being made ready.
            let before = if first.job.class == Class::FirstClause { self.idle_running } else { 0 };
            if first.job.class.is_patient() && self.patient_running - before >= patient_at_most {
                return None;
            }
            return queue.pop_front();
        }
        None
    }

    /// Somebody waits for something.
    fn is_wanted(&self) -> bool {
        self.waiting[..Class::Written as usize].iter().any(|queue| !queue.is_empty())
    }

    fn begun(&mut self, class: Class) {
        self.running += 1;
        self.patient_running += usize::from(class.is_patient());
        self.idle_running += usize::from(class.is_idle());
        self.written_running += usize::from(class == Class::Written);
    }

    fn done(&mut self, class: Class, took_ms: f64) {
        self.running -= 1;
        self.patient_running -= usize::from(class.is_patient());
        self.idle_running -= usize::from(class.is_idle());
        self.written_running -= usize::from(class == Class::Written);
        if class == Class::Final {
            self.final_ms += (took_ms - self.final_ms) * LEARNS;
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        priority::stand_back(priority::WORKER);
        while let Some(Waiting { job, since }) = self.take() {
            let (class, begun) = (job.class, clock::now());
            metrics::histogram!("warmline_speech_wait_seconds", "class" => class.word()).record((begun - since).as_secs_f64());
            run(job, self);
            let took = clock::now().saturating_duration_since(begun).as_secs_f64();
            metrics::histogram!("warmline_speech_run_seconds", "class" => class.word()).record(took);
            self.lock().done(class, took * 1_000.0);
            self.changed.notify_all();
        }
    }

    /// The next job; none at the end.
    fn take(&self) -> Option<Waiting> {
        let mut queues = self.lock();
        loop {
            if queues.closed {
                return None;
            }
            if let Some(next) = queues.next(self.patient_at_most) {
                queues.begun(next.job.class);
                return Some(next);
            }
            queues = self.changed.wait(queues).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn run(job: Job, shared: &Shared) {
    if job.forgotten.load(Ordering::Relaxed) {
        return;
    }
    let (deadline, forgotten) = (job.deadline, Arc::clone(&job.forgotten));
    if clock::now() >= deadline {
        metrics::counter!("warmline_speech_jobs_late_total").increment(1);
        return finish(job, |work| work(Go::Refused(Failure::TimedOut)));
    }
    let gives_way = job.class == Class::Written;
    let given_up = move || forgotten.load(Ordering::Relaxed) || clock::now() >= deadline || gives_way && shared.lock().is_wanted();
    finish(job, |work| work(Go::Run(&given_up)));
}

/// A panic in a model must not take the worker with it; the brain's own deadline covers the missing answer.
fn finish(job: Job, call: impl FnOnce(Box<dyn FnOnce(Go<'_>) + Send>)) {
    let class = job.class;
    if catch_unwind(AssertUnwindSafe(|| call(job.work))).is_err() {
        tracing::error!(?class, "a speech job panicked");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn job(class: Class, call: u64) -> Job {
        let deadline = clock::now() + std::time::Duration::from_secs(60);
        Job { class, call, deadline, forgotten: Arc::default(), work: Box::new(|_| {}) }
    }

    #[test]
    fn finals_go_first_and_partials_are_left_out_first() {
        let mut queues = Queues::new(2);
        for class in [Class::Hint, Class::Partial, Class::Clause, Class::Final] {
            assert!(queues.take_in(job(class, 1)).is_none(), "{class:?}");
        }
        // Somebody waits for their words: others who go on talking are not written down meanwhile.
        assert_eq!(queues.take_in(job(Class::Partial, 2)).map(|job| job.class), Some(Class::Partial));
        let order: Vec<Class> = std::iter::from_fn(|| queues.next(9)).map(|waiting| waiting.job.class).collect();
        assert_eq!(order, [Class::Final, Class::Clause, Class::Hint, Class::Partial]);
    }

    #[test]
    fn the_first_sound_of_an_answer_does_not_wait_for_what_is_made_ready() {
        for (running, taken) in [(Class::Prepare, true), (Class::Partial, true), (Class::Clause, false), (Class::FirstClause, false)] {
            let mut queues = Queues::new(2);
            queues.begun(running);
            assert!(queues.take_in(job(Class::FirstClause, 1)).is_none());
            assert_eq!(queues.next(1).is_some(), taken, "{running:?}");
        }
        let mut queues = Queues::new(2);
        queues.begun(Class::Prepare);
        assert!(queues.take_in(job(Class::Clause, 1)).is_none() && queues.next(1).is_none());
    }

    #[test]
    fn what_is_only_written_down_gives_way_to_everything() {
        let mut queues = Queues::new(1);
        assert!(queues.take_in(job(Class::Written, 1)).is_none());
        assert!(!queues.is_wanted());
        queues.begun(Class::Written);
        // The one worker has it: the words of somebody who goes on are taken in all the same, and it gives way to them.
        assert!(queues.take_in(job(Class::Partial, 2)).is_none());
        assert!(queues.is_wanted());
        queues.done(Class::Written, 100.0);
        let order: Vec<Class> = std::iter::from_fn(|| queues.next(9)).map(|waiting| waiting.job.class).collect();
        assert_eq!(order, [Class::Partial, Class::Written]);
    }

    #[test]
    fn hints_are_left_out_next_and_what_cannot_be_done_in_time_is_refused() {
        let mut queues = Queues::new(2);
        let mut taken = 0;
        while queues.take_in(job(Class::Final, taken)).is_none() {
            taken += 1;
            let hint = queues.take_in(job(Class::Hint, 0));
            assert_eq!(hint.is_some(), taken > 2, "{taken}");
        }
        // Two seconds at a quarter of a second each, with two workers.
        assert_eq!(taken, 17);
    }

    #[test]
    fn in_a_full_queue_what_is_least_urgent_gives_way_and_never_a_final() {
        let mut queues = Queues::new(64);
        (0..WAITING as u64).for_each(|call| _ = queues.take_in(job(Class::Prepare, call)));
        assert_eq!(queues.take_in(job(Class::Final, 1)).map(|job| job.class), Some(Class::Prepare));
        queues.waiting[Class::Prepare as usize].clear();
        (1..WAITING as u64).for_each(|call| _ = queues.take_in(job(Class::Understand, call)));
        assert_eq!(queues.take_in(job(Class::Understand, 9_999)).map(|job| job.class), Some(Class::Understand));
    }

    #[test]
    fn workers_do_what_they_are_given() {
        let scheduler = Scheduler::start(2);
        let (done, results) = mpsc::sync_channel(64);
        for number in 0..20 {
            let done = done.clone();
            let work = Box::new(move |go: Go<'_>| _ = done.send((number, matches!(go, Go::Run(_)))));
            scheduler.submit(Job { work, ..job(Class::Understand, number) });
        }
        let mut ran: Vec<u64> =
            (0..20).map(|_| results.recv().expect("every job is told")).filter(|(_, ran)| *ran).map(|(n, _)| n).collect();
        ran.sort_unstable();
        assert_eq!(ran, (0..20).collect::<Vec<_>>());
    }
    #[test]
    fn a_job_that_panics_takes_no_worker_with_it() {
        let scheduler = Scheduler::start(1);
        scheduler.submit(Job { work: Box::new(|_| panic!("a model is broken")), ..job(Class::Final, 1) });
        let (done, is_done) = mpsc::sync_channel(1);
        scheduler.submit(Job { work: Box::new(move |_| _ = done.send(())), ..job(Class::Final, 2) });
        is_done.recv_timeout(std::time::Duration::from_secs(20)).expect("the worker lives");
    }
}
