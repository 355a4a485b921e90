//! People who sign in: who they are, what they may do, what opens their accounts, and the log of what they did.
//!
//! All of it is in memory, so that agents go on working while the disk fails; what changes is written to the record first.

mod book;
mod deed;
mod demo;
mod keep;
mod manage;
pub mod password;
mod role;
mod secret;
mod sign_in;
mod throttle;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{OnceCell, Semaphore};

use crate::{
    clock,
    store::{AuditRow, Store, StoreError},
};

pub use book::{Account, Identity, Key, KeyKind};
pub use deed::Did;
pub use demo::{DemoAccount, DemoAccounts, Demonstration};
pub use manage::{Change, NewAccount};
pub use password::WeakPassword;
pub use role::{Permission, Role};
pub use secret::{KeyHash, KeySecret, TOKEN_MARK};
pub use throttle::{Patience, Throttle};

use book::Book;

/// Passwords that are hashed at once: each takes 19 MiB and a core.
const HASHES_AT_ONCE: usize = 2;
/// A source stands for many people behind one address.
const SOURCE_TRIES: u32 = 4;
/// The same look again within this time is the same line of the audit log.
const SAME_LOOK: Duration = Duration::from_secs(600);
/// Looks that are remembered for that.
const LOOKS: usize = 10_000;

/// How accounts are kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// A session that nobody uses ends after this.
    pub idle: Duration,
    /// Every session ends after this.
    pub longest: Duration,
    /// With those who try passwords.
    pub patience: Patience,
    /// How long the audit log goes back.
    pub audit: Duration,
    /// Where the pages are, for links that are printed.
    pub address: String,
    /// This is the demonstration.
    pub demo: Option<DemoAccounts>,
}

impl Options {
    /// The defaults, with the pages at this address.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        let hour = Duration::from_secs(3_600);
        Self {
            idle: hour,
            longest: 12 * hour,
            patience: Patience { tries: 5, first: Duration::from_secs(30), longest: Duration::from_secs(900) },
            audit: 24 * 365 * hour,
            address: address.into(),
            demo: None,
        }
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name or the password is wrong, or the account is locked: it is not said which.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many failures; this long nothing is looked at.
    #[error("too many tries")]
    Wait(Duration),
    /// The password is not taken.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// The one-time link was used, or its time is over.
    #[error("the link is used or too old")]
    LinkGone,
    /// There is no such account or key.
    #[error("no such account")]
    NotFound,
    /// Another account has this name.
    #[error("another account has this name")]
    NameTaken,
    /// The name is empty, too long or holds control characters.
    #[error("no such name")]
    BadName,
    /// Nobody could administer the gateway any more.
    #[error("the last administrator")]
    LastAdministrator,
    /// There are too many of them.
    #[error("too many")]
    TooMany,
    /// More than the one who asks may do.
    #[error("more than you may")]
    Beyond,
    /// The record cannot be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The accounts of a gateway. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    store: Store,
    book: Mutex<Book>,
    names: Mutex<Throttle>,
    sources: Mutex<Throttle>,
    tokens: Mutex<Throttle>,
    looks: Mutex<HashMap<(String, Did, String), Instant>>,
    /// Whoever changes something holds it from the look to the writing.
    changes: tokio::sync::Mutex<()>,
    hashing: Semaphore,
    nobodys_hash: OnceCell<String>,
    demo_hash: OnceCell<String>,
    loaded: AtomicBool,
}

impl Accounts {
    /// Reads the accounts of a record. While it cannot be read, nobody can sign in, and it is tried again.
    pub async fn open(store: Store, options: Options) -> Self {
        let idle_ms = u64::try_from(options.idle.as_millis()).unwrap_or(u64::MAX);
        let of_sources = Patience { tries: options.patience.tries.saturating_mul(SOURCE_TRIES), ..options.patience };
        let accounts = Self {
            inner: Arc::new(Inner {
                store,
                book: Mutex::new(Book::new(idle_ms)),
                names: Mutex::new(Throttle::new(options.patience)),
                sources: Mutex::new(Throttle::new(of_sources)),
                tokens: Mutex::new(Throttle::new(of_sources)),
                looks: Mutex::default(),
                changes: tokio::sync::Mutex::default(),
                hashing: Semaphore::new(HASHES_AT_ONCE),
                nobodys_hash: OnceCell::new(),
                demo_hash: OnceCell::new(),
                loaded: AtomicBool::new(false),
                options,
            }),
        };
        accounts.load().await;
        accounts
    }

    /// How accounts are kept.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// The one who shows this secret.
    #[must_use]
    pub fn identify(&self, secret: &str, kind: KeyKind) -> Option<Identity> {
        self.book().identify(KeyHash::of(secret), kind, now_ms())
    }

    /// Somebody of this source showed a token that is none.
    ///
    /// # Errors
    /// How long this source's wrong tokens are not even looked at.
    pub fn wrong_token(&self, source: &str) -> Result<(), Duration> {
        lock(&self.inner.tokens).begin(source, clock::now())
    }

    /// A live stream of this key goes on.
    pub fn touch(&self, key: KeyHash) {
        self.book().touch(key, now_ms());
    }

    /// Writes a line of the audit log. `name` is for those who are nobody.
    pub fn did(&self, did: Did, who: Option<&Identity>, name: Option<&str>, target: Option<&str>, source: &str) {
        let account = who.map(|who| who.account.clone());
        if did.is_look() && !self.is_new_look(account.as_deref(), did, target) {
            return;
        }
        self.inner.store.audit(AuditRow {
            seq: 0,
            at_ms: now_ms(),
            did: did.word().to_owned(),
            account,
            name: who.map(|who| who.name.as_str()).or(name).map(shortened),
            role: who.map(|who| who.role.word().to_owned()),
            target: target.map(shortened),
            source: source.to_owned(),
        });
    }

    fn is_new_look(&self, account: Option<&str>, did: Did, target: Option<&str>) -> bool {
        let (now, mut looks) = (clock::now(), lock(&self.inner.looks));
        if looks.len() >= LOOKS {
            looks.retain(|_, at| now.saturating_duration_since(*at) < SAME_LOOK);
        }
        if looks.len() >= LOOKS {
            looks.clear();
        }
        let look = (account.unwrap_or_default().to_owned(), did, target.unwrap_or_default().to_owned());
        let new = looks.get(&look).is_none_or(|at| now.saturating_duration_since(*at) >= SAME_LOOK);
        if new {
            looks.insert(look, now);
        }
        new
    }

    async fn load(&self) {
        match self.read().await {
            Ok(()) => self.inner.loaded.store(true, Ordering::Release),
            Err(error) => tracing::debug!(%error, "the accounts cannot be read yet"),
        }
    }

    async fn read(&self) -> Result<(), AccountError> {
        self.remove_demo().await?;
        let (accounts, keys) = self.inner.store.accounts().await?;
        self.book().fill(accounts, keys);
        self.make_demo().await
    }

    fn is_loaded(&self) -> bool {
        self.inner.loaded.load(Ordering::Acquire)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        lock(&self.inner.book)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now_ms() -> u64 {
    u64::try_from(clock::utc().as_millis()).unwrap_or(u64::MAX)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What strangers type may be long.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
