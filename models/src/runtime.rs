//! ONNX Runtime: loaded once, and the sessions in it.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, TryLockError,
    atomic::{AtomicUsize, Ordering},
};

use ort::{environment::Environment, ep, session::Session};

use crate::{dir::ModelsDir, error::ModelError};

/// The library's name in the models folder.
const LIBRARY: &str = "libonnxruntime.so.1.31.1";

/// ONNX Runtime allows one environment in a process; it is made once and kept.
static ENVIRONMENT: Mutex<Option<Environment>> = Mutex::new(None);

/// ONNX Runtime with the folder that its models come from. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    environment: Environment,
    dir: Arc<ModelsDir>,
}

impl Runtime {
    /// Loads ONNX Runtime's shared library from the models folder. The first folder that is loaded serves the whole process.
    ///
    /// # Errors
    /// When the library is missing or is not one.
    pub fn load(dir: &ModelsDir) -> Result<Self, ModelError> {
        let mut kept = ENVIRONMENT.lock().unwrap_or_else(PoisonError::into_inner);
        let environment = match kept.take() {
            Some(environment) => environment,
            None => {
                let failed = |reason: String| ModelError::Runtime(reason);
                let builder = ort::init_from(dir.file(LIBRARY)?).map_err(|error| failed(error.to_string()))?;
                builder.with_name("warmline").with_telemetry(false).build().map_err(|error| failed(error.to_string()))?
            }
        };
        *kept = Some(environment.clone());
        Ok(Self { environment, dir: Arc::new(dir.clone()) })
    }

    /// The folder that the models come from.
    #[must_use]
    pub fn dir(&self) -> &ModelsDir {
        &self.dir
    }

    /// Opens `copies` sessions of one model file.
    pub(crate) fn open(&self, model: &'static str, file: &str, copies: usize) -> Result<Sessions, ModelError> {
        let path = self.dir.file(file)?;
        let all = (0..copies.max(1))
            .map(|_| self.session(&path).map(Mutex::new))
            .collect::<Result<Vec<_>, ort::Error>>()
            .map_err(|error| ModelError::inference(model, &error))?;
        Ok(Sessions { model, all, next: AtomicUsize::new(0) })
    }

    /// One thread per session: the scheduler above decides how many run at once. The arena is off because it keeps the largest
    /// working set ever seen for each session; the allocator of the system gives it back.
    fn session(&self, path: &std::path::Path) -> Result<Session, ort::Error> {
        Session::builder(&self.environment)?
            .with_intra_threads(1)?
            .with_inter_threads(1)?
            .with_execution_providers([ep::CPU::default().with_arena_allocator(false).build()])?
            .with_memory_pattern(false)?
            .commit_from_file(path)
    }
}

/// Sessions of one model. ONNX Runtime's binding wants a session for itself while it runs, so each one sits behind a lock.
pub(crate) struct Sessions {
    model: &'static str,
    all: Vec<Mutex<Session>>,
    next: AtomicUsize,
}

impl Sessions {
    /// Runs `work` on a free session, or waits for one.
    pub(crate) fn run<T>(&self, work: impl FnOnce(&mut Session) -> Result<T, ort::Error>) -> Result<T, ModelError> {
        work(&mut self.take()).map_err(|error| ModelError::inference(self.model, &error))
    }

    /// How many can run at once.
    pub(crate) fn copies(&self) -> usize {
        self.all.len()
    }

    fn take(&self) -> MutexGuard<'_, Session> {
        for session in &self.all {
            match session.try_lock() {
                Ok(free) => return free,
                // A panic in between leaves no half state: every run starts from its inputs.
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.all.len();
        self.all[turn].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
