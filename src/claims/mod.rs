//! Claim codes: a few figures with which somebody finds a call on a page, where nothing that is sent beside the call arrives. One code means one call, while it lasts
//! and for a while after, also where we are started again meanwhile.

mod book;

use std::{
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{call::ids::CallId, clock, store::Store};

use book::Book;
pub use book::{Refused, Settings};

/// The codes of this gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Claims {
    settings: Settings,
    book: Arc<Mutex<Book>>,
    chance: RandomState,
}

/// As long as this is there its call goes on.
#[derive(Debug)]
pub struct Claimed {
    claims: Claims,
    call: CallId,
    /// The code; empty if there was none to be had.
    pub code: String,
}

impl Default for Claims {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Claims {
    /// No codes yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, book: Arc::new(Mutex::new(Book::new(settings))), chance: RandomState::new() }
    }

    /// Codes that were given before a restart are good for as long as they would have been.
    pub async fn restore(&self, store: &Store) {
        match store.claims(self.settings.after_call).await {
            Ok(codes) => {
                let (mut book, now) = (self.lock(), clock::now());
                codes.into_iter().for_each(|(code, call, left)| book.restore(code, call, now + left));
            }
            Err(error) => tracing::error!(%error, "claim codes from before the start are not known"),
        }
    }

    /// Is a code enough, without an account?
    #[must_use]
    pub const fn are_open(&self) -> bool {
        self.settings.open
    }

    /// A code for a call that begins.
    #[must_use]
    pub fn begin(&self, call: &CallId) -> Claimed {
        let code = self.lock().issue(call, clock::now(), |again| self.chance.hash_one((&call.0, again)));
        if code.is_none() {
            tracing::warn!("a call has no claim code: too many are in use");
        }
        Claimed { claims: self.clone(), call: call.clone(), code: code.unwrap_or_default() }
    }

    /// The call that a code means.
    ///
    /// # Errors
    /// It means none, or whoever asks has to wait.
    pub fn look(&self, code: &str, source: &str) -> Result<CallId, Refused> {
        self.lock().look(code, source, clock::now())
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.claims.lock().ended(&self.call, clock::now());
    }
}
