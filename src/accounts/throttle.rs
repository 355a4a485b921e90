//! Back-off for those who guess: each failure after the first few doubles the time until the next try is looked at. Pure: the time is a parameter.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Keys that are remembered; with more, the one that was quiet for longest is forgotten.
const REMEMBERED: usize = 20_000;

/// How patient it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Failures that cost nothing.
    pub tries: u32,
    /// The first wait; it doubles with each further failure.
    pub first: Duration,
    /// The longest wait. After twice that without a try all is forgotten.
    pub longest: Duration,
}

/// What was tried, by key: an account's name, an address.
#[derive(Debug)]
pub struct Throttle {
    patience: Patience,
    tries: HashMap<String, Tries>,
}

#[derive(Debug, Clone, Copy)]
struct Tries {
    failed: u32,
    last: Instant,
    until: Instant,
}

impl Throttle {
    /// Nothing was tried yet.
    #[must_use]
    pub fn new(patience: Patience) -> Self {
        Self { patience, tries: HashMap::new() }
    }

    /// A try begins. It counts as failed until [`Self::succeeded`], so that many at once are not one.
    ///
    /// # Errors
    /// How long to wait; then this try is not to be looked at.
    pub fn begin(&mut self, key: &str, now: Instant) -> Result<(), Duration> {
        self.make_room(now);
        let Patience { tries, first, longest } = self.patience;
        let entry = self.tries.entry(key.to_owned()).or_insert(Tries { failed: 0, last: now, until: now });
        if now < entry.until {
            return Err(entry.until - now);
        }
        if now.saturating_duration_since(entry.last) > longest * 2 {
            entry.failed = 0;
        }
        entry.failed = entry.failed.saturating_add(1);
        entry.last = now;
        if let Some(beyond) = entry.failed.checked_sub(tries) {
            let wait = first.saturating_mul(2_u32.saturating_pow(beyond)).min(longest);
            entry.until = now + wait;
        }
        Ok(())
    }

    /// The try was right after all.
    pub fn succeeded(&mut self, key: &str) {
        self.tries.remove(key);
    }

    /// The last try was right after all; what was wrong before still counts.
    pub fn forgive(&mut self, key: &str) {
        if let Some(tries) = self.tries.get_mut(key) {
            tries.failed = tries.failed.saturating_sub(1);
            tries.until = tries.last;
        }
    }

    /// How long tries with this key are not looked at.
    #[must_use]
    pub fn wait(&self, key: &str, now: Instant) -> Option<Duration> {
        self.tries.get(key).and_then(|tries| tries.until.checked_duration_since(now)).filter(|wait| !wait.is_zero())
    }

    fn make_room(&mut self, now: Instant) {
        if self.tries.len() < REMEMBERED {
            return;
        }
        let forgotten = self.patience.longest * 2;
        self.tries.retain(|_, tries| now.saturating_duration_since(tries.last) <= forgotten);
        if self.tries.len() >= REMEMBERED
            && let Some(oldest) = self.tries.iter().min_by_key(|(_, tries)| tries.last).map(|(key, _)| key.clone())
        {
            self.tries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const PATIENCE: Patience = Patience { tries: 3, first: Duration::from_secs(10), longest: Duration::from_secs(60) };

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_failure_after_the_first_few_doubles_the_wait() {
        let (mut throttle, mut now) = (Throttle::new(PATIENCE), clock::now());
        for _ in 0..3 {
            assert_eq!(throttle.begin("ana", now), Ok(()));
        }
        for wait in [10, 20, 40, 60, 60] {
            assert_eq!(throttle.begin("ana", now), Err(s(wait)));
            assert_eq!(throttle.wait("ana", now), Some(s(wait)));
            assert_eq!(throttle.begin("ion", now), Ok(()), "nobody else waits");
            throttle.succeeded("ion");
            now += s(wait);
            assert_eq!(throttle.begin("ana", now), Ok(()));
        }
    }

    #[test]
    fn a_right_try_and_a_long_rest_forget_what_was() {
        let (mut throttle, now) = (Throttle::new(PATIENCE), clock::now());
        for _ in 0..2 {
            throttle.begin("ana", now).unwrap();
        }
        throttle.succeeded("ana");
        for _ in 0..3 {
            assert_eq!(throttle.begin("ana", now), Ok(()));
        }
        let later = now + s(121);
        for _ in 0..3 {
            assert_eq!(throttle.begin("ana", later), Ok(()));
        }
        assert!(throttle.begin("ana", later).is_err());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut throttle, now) = (Throttle::new(PATIENCE), clock::now());
        for index in 0..=REMEMBERED {
            throttle.begin(&index.to_string(), now + Duration::from_millis(index as u64)).unwrap();
        }
        assert_eq!(throttle.tries.len(), REMEMBERED);
        assert!(!throttle.tries.contains_key("0"));
    }
}
