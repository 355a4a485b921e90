//! So many places for each source: nobody takes all that there are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// How many places each source has, by its word ([`source`](crate::http::peer::source)).
type Taken = Mutex<HashMap<String, usize>>;

/// The places of all sources.
#[derive(Debug)]
pub(super) struct Shares {
    most: usize,
    taken: Arc<Taken>,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    taken: Arc<Taken>,
    source: String,
}

impl Shares {
    /// So many for each.
    pub(super) fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// One more for this source; none if it has as many as it may have.
    pub(super) fn take(&self, source: String) -> Option<Share> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(&source).is_some_and(|places| *places >= self.most) {
            return None;
        }
        *taken.entry(source.clone()).or_default() += 1;
        Some(Share { taken: Arc::clone(&self.taken), source })
    }

    /// Nobody has any.
    #[cfg(test)]
    pub(super) fn are_free(&self) -> bool {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = taken.get_mut(&self.source) {
            *places -= 1;
            if *places == 0 {
                taken.remove(&self.source);
            }
        }
    }
}
