//! An engine elsewhere behind its breaker and its places.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Breaker, BreakerOptions, Trouble};
use crate::clock;

/// Requests to one engine at a time: more than a gateway's calls ever need, and less than what would harm either side.
const PLACES: usize = 64;

/// An engine that is only asked when it may be.
#[derive(Debug)]
pub struct Guarded<E> {
    /// For logs and metrics.
    name: &'static str,
    engine: E,
    breaker: Mutex<Breaker>,
    places: Semaphore,
}

impl<E> Guarded<E> {
    /// Puts a breaker before an engine.
    pub fn new(name: &'static str, engine: E, options: BreakerOptions) -> Self {
        Self { name, engine, breaker: Mutex::new(Breaker::new(options)), places: Semaphore::new(PLACES) }
    }

    /// The engine itself.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// Asks, if it may be asked. Dropping this on the way gives the request up.
    ///
    /// # Errors
    /// What the engine failed with, or that it was not asked.
    pub async fn ask<T>(&self, request: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let asking = self.begin()?;
        let result = request.await;
        asking.end(&result);
        result
    }

    fn begin(&self) -> Result<Asking<'_, E>, Trouble> {
        let place = self.places.try_acquire().map_err(|_| Trouble::NoPlace)?;
        if !self.breaker().may_ask(clock::now()) {
            return Err(Trouble::Resting);
        }
        Ok(Asking { of: self, settled: false, _place: place })
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request on its way.
struct Asking<'g, E> {
    of: &'g Guarded<E>,
    settled: bool,
    _place: SemaphorePermit<'g>,
}

impl<E> Asking<'_, E> {
    fn end<T>(mut self, result: &Result<T, Trouble>) {
        self.settled = true;
        let name = self.of.name;
        match result {
            Ok(_) => self.of.breaker().worked(),
            Err(trouble) => {
                metrics::counter!("warmline_remote_failures_total", "engine" => name).increment(1);
                tracing::warn!(engine = name, "an engine elsewhere {trouble}");
                self.of.breaker().failed(clock::now(), trouble);
            }
        }
    }
}

impl<E> Drop for Asking<'_, E> {
    fn drop(&mut self) {
        if !self.settled {
            self.of.breaker().given_up(clock::now());
        }
    }
}
