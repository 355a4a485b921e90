//! The speech driver: hears, understands and speaks for calls, with the engines of `warmline-models` on threads of its own.
//!
//! Inference never runs on the threads that pace RTP, and its threads have a lower priority than theirs. Every request has an id, a
//! deadline and an answer: a result, or a failure that carries the id. Audio that comes faster than it is heard drops its oldest frames.

mod cache;
mod call;
pub(crate) mod ear;
mod elsewhere;
pub(crate) mod engines;
mod fade;
pub(crate) mod gate;
pub(crate) mod glimpse;
pub(crate) mod heads;
mod lead;
mod listener;
mod making;
mod meant;
mod numbers;
mod onset;
mod priority;
pub mod remote;
mod ring;
mod scheduler;
mod speaking;
#[cfg(test)]
mod tests;
mod tongue;
mod voice;
mod voice_measures;
mod voiced;
mod written;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Semaphore, mpsc};
use warmline_models::{ModelError, ModelsDir};

use crate::call::{event::Event, flow::Flow};

pub use call::{CallSpeech, Ear, Said};
pub use heads::Heads;
pub use numbers::Numbers;
pub use tongue::Tongue;
pub use voice_measures::of as measure_voice;

use cache::Cache;
use call::CallParts;
use engines::Engines;
use listener::Listener;
use remote::Remote;
use scheduler::Scheduler;
use voice::Voice;

/// A voice elsewhere is not asked for more than this beside what is being said.
const PREPARING: usize = 8;

/// How the driver works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the models are.
    pub models: ModelsDir,
    /// Where spoken clauses are kept; none: nowhere.
    pub cache: Option<PathBuf>,
    /// Bytes that spoken clauses may take on the disk; the ones unused for longest go first.
    pub cache_bytes: u64,
    /// Threads that run recogniser, voice and embedder; 0: one for each core.
    pub workers: usize,
    /// Engines elsewhere, which are asked first.
    pub remote: Option<Remote>,
}

impl Options {
    /// The defaults with the user's own folders.
    ///
    /// # Errors
    /// When the environment does not say where the user's files are.
    pub fn of_user() -> Result<Self, ModelError> {
        let models = ModelsDir::of_user()?;
        let cache = models.path().parent().map(|folder| folder.join("speech"));
        Ok(Self { models, cache, cache_bytes: 256_000_000, workers: 0, remote: None })
    }
}

/// The running driver. Cheap to clone; it stops when the last clone and the last call are gone.
#[derive(Clone)]
pub struct Speech {
    inner: Arc<Inner>,
}

struct Inner {
    engines: Arc<Engines>,
    scheduler: Scheduler,
    listener: Listener,
    /// Hears what is only written down.
    notes: Listener,
    voice: Arc<Voice>,
    remote: Option<Remote>,
    /// Clauses that may be prepared elsewhere at a time.
    preparing: Arc<Semaphore>,
    calls: AtomicU64,
}

impl Speech {
    /// Loads all models (about two seconds), reads what the flows listen for, and starts the threads. The heads are in the order of the flows.
    ///
    /// # Errors
    /// When a model is missing or broken; the message names the command that fetches the models.
    pub fn start(options: &Options, flows: &[Arc<Flow>]) -> Result<(Self, Vec<Arc<Heads>>), ModelError> {
        let languages: Vec<&str> = flows.iter().map(|flow| flow.language.as_str()).collect();
        let (engines, heads) = Engines::load(&options.models, &languages, |embedder| Heads::of_flows(embedder, flows))?;
        let engines = Arc::new(engines);
        let workers = match options.workers {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            chosen => chosen,
        };
        let cache = options.cache.clone().map(|folder| Cache::open(folder, options.cache_bytes));
        let fixed = flows.iter().flat_map(|flow| flow.fixed_clauses().into_iter().map(|clause| heads::pronounced(flow, &clause))).collect();
        let standby =
            flows.iter().flat_map(|flow| flow.standby_clauses().into_iter().map(|clause| heads::pronounced(flow, &clause))).collect();
        let voice = Arc::new(Voice::new(Arc::clone(&engines), cache, fixed, standby));
        let inner = Inner {
            listener: Listener::start(Arc::clone(&engines), priority::LISTENER),
            notes: Listener::start(Arc::clone(&engines), priority::NOTES),
            scheduler: Scheduler::start(workers),
            engines,
            voice,
            remote: options.remote.clone(),
            preparing: Arc::new(Semaphore::new(PREPARING)),
            calls: AtomicU64::new(1),
        };
        Ok((Self { inner: Arc::new(inner) }, heads))
    }

    /// Makes what a flow says first ready in the cache, in the background and in its order.
    pub fn prewarm(&self, flow: &Flow, heads: &Heads) {
        for clause in flow.first_clauses().into_iter().chain(flow.standby_clauses()) {
            self.inner.prepare(0, &heads.pronounced(&clause), &flow.language, 100);
        }
    }

    /// Opens the ears and the mouth of one call, which may be held in one of these languages (at least one), and begins in the first. Reports go to `events`; speech comes from [`CallSpeech::said`].
    #[must_use]
    pub fn call(&self, languages: Vec<Tongue>, events: mpsc::Sender<Event>) -> CallSpeech {
        let number = self.inner.calls.fetch_add(1, Ordering::Relaxed);
        CallSpeech::open(CallParts { speech: Arc::clone(&self.inner), number, languages, events })
    }
}
