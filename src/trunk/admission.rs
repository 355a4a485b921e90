//! How many calls a trunk may carry, in both directions: so many a second, and so many at once.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

/// Why a call is one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Busy {
    /// More new calls than its calls per second.
    #[error("too many new calls")]
    TooFast,
    /// As many calls as it may have are up.
    #[error("too many calls at once")]
    TooMany,
}

/// A call's place on its trunk; dropping it gives it back.
#[derive(Debug)]
pub struct Permit(Arc<AtomicUsize>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The counters of one trunk.
#[derive(Debug, Default)]
pub(super) struct Meter {
    bucket: Option<Mutex<Bucket>>,
    most: Option<usize>,
    calls: Arc<AtomicUsize>,
}

/// Tokens that come at a rate, one second's worth at most.
#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
    at: Option<Instant>,
}

impl Bucket {
    fn take(&mut self, now: Instant) -> bool {
        let waited = self.at.map_or(0.0, |at| now.saturating_duration_since(at).as_secs_f64());
        self.at = Some(self.at.map_or(now, |at| at.max(now)));
        self.tokens = (self.tokens + waited * self.per_second).min(self.per_second);
        let has = self.tokens >= 1.0;
        self.tokens -= if has { 1.0 } else { 0.0 };
        has
    }
}

impl Meter {
    pub(super) fn new(calls_per_second: Option<u32>, most: Option<usize>) -> Self {
        let full = |rate: u32| Mutex::new(Bucket { per_second: f64::from(rate), tokens: f64::from(rate), at: None });
        Self { bucket: calls_per_second.map(full), most, calls: Arc::default() }
    }

    /// Takes a place for a call.
    pub(super) fn admit(&self, now: Instant) -> Result<Permit, Busy> {
        // A lock that a panic poisoned still guards three numbers.
        if self.bucket.as_ref().is_some_and(|bucket| !bucket.lock().unwrap_or_else(PoisonError::into_inner).take(now)) {
            return Err(Busy::TooFast);
        }
        let one_more = |up: usize| self.most.is_none_or(|most| up < most).then_some(up + 1);
        match self.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(Permit(Arc::clone(&self.calls))),
            Err(_) => Err(Busy::TooMany),
        }
    }

    /// Calls that are up.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "one arbitrary origin of virtual time")]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn so_many_a_second() {
        let (meter, start) = (Meter::new(Some(2), None), Instant::now());
        let at = |ms: u64| meter.admit(start + Duration::from_millis(ms)).map(drop);
        assert_eq!([at(0), at(0), at(0)], [Ok(()), Ok(()), Err(Busy::TooFast)]);
        assert_eq!([at(499), at(500), at(500)], [Err(Busy::TooFast), Ok(()), Err(Busy::TooFast)]);
        // A quiet hour does not save up for a flood, and a clock that seems to go back gives nothing.
        assert_eq!([at(3_600_000), at(3_600_000), at(3_600_000), at(0)], [Ok(()), Ok(()), Err(Busy::TooFast), Err(Busy::TooFast)]);
    }

    #[test]
    fn so_many_at_once() {
        let (meter, now) = (Meter::new(None, Some(2)), Instant::now());
        let (first, second) = (meter.admit(now).unwrap(), meter.admit(now).unwrap());
        assert_eq!(meter.admit(now).unwrap_err(), Busy::TooMany);
        assert_eq!(meter.calls(), 2);
        drop(first);
        let third = meter.admit(now).unwrap();
        drop((second, third));
        assert_eq!(meter.calls(), 0);
        let free = Meter::default();
        let all: Vec<Permit> = (0..1_000).map(|_| free.admit(now).unwrap()).collect();
        assert_eq!(all.len(), free.calls());
    }
}
