//! The record of calls: an SQLite database, one event log and one recording per call, all in one folder. Accounts and the audit log are in the same database.
//!
//! Calls never wait for it and never end because of it. Entries go over bounded queues to one writer of the database and one of the event logs.

mod accounts;
mod audit;
mod call_log;
mod callbacks;
mod claims;
mod deliveries;
mod event_log;
mod figures;
mod held;
mod interrupted;
mod notes;
mod privacy;
mod queue_figures;
mod reads;
mod recorded;
mod rows;
mod strikes;
mod voicemails;
mod writer;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions, SqliteConnection, SqlitePool,
    migrate::{Migration, MigrationSource, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::{mpsc, oneshot};

use crate::call::ids::CallId;
use event_log::EventLogs;
use writer::{Closing, Job, Writer};

pub use accounts::{AccountRow, KeyRow};
pub use audit::{AuditFilter, AuditRow};
pub use call_log::{CallLog, NewCall};
pub use callbacks::{Callback, CallbackState};
pub use deliveries::{Delivery, NewDelivery, Sent};
pub use event_log::{FlowFile, Line, LogError, ReadLog, Setup, read_log};
pub use figures::{Figures, ReasonCount};
pub use notes::Corrections;
pub use privacy::Removed;
pub use queue_figures::QueueFigures;
pub use reads::{Filter, Page};
pub use recorded::Recorded;
pub use voicemails::Voicemail;
pub use writer::AgentRow;

/// Ends of calls that wait for a database that takes nothing; the oldest goes first.
const LATE_LIMIT: usize = 10_000;

/// Where and how to keep the record.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder of everything; made if missing.
    pub folder: PathBuf,
    /// Places in the queue to the writer of the database.
    pub queue: usize,
    /// Places in the queue to the writer of the event logs; they are the last refuge, so there are more.
    pub log_queue: usize,
    /// Time between two commits: what a kill -9 can cost.
    pub every: Duration,
}

impl Options {
    /// The defaults, in this folder.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), queue: 8_192, log_queue: 65_536, every: Duration::from_millis(200) }
    }
}

/// Why the store could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the folder.
    #[error("{0} is in use by another warmline")]
    InUse(PathBuf),
    /// The folder or a file in it cannot be made or opened.
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The database is of a newer version, or cannot be brought to this one.
    #[error("database version: {0}")]
    Version(#[from] sqlx::migrate::MigrateError),
    /// A row is not what was written.
    #[error("a row cannot be read: {0}")]
    Row(#[from] serde_json::Error),
}

/// How the store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// The database takes entries.
    pub database: bool,
    /// The event logs take lines.
    pub event_logs: bool,
    /// Entries that were left to the event logs since the start.
    pub deferred_entries: u64,
    /// Lines that no event log has.
    pub lost_lines: u64,
    /// Age of the oldest entry that waits for a failing database, milliseconds.
    pub lag_ms: u64,
}

impl Health {
    /// Everything is written.
    #[must_use]
    pub const fn ok(&self) -> bool {
        self.database && self.event_logs
    }
}

/// What store, call logs and writer have in common. The way to the writer is not in it, so that the writer ends when the last handle is gone.
#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    logs: EventLogs,
    late: Mutex<Vec<Closing>>,
    lock: Mutex<Option<File>>,
    health: DatabaseHealth,
}

#[derive(Debug, Default)]
struct DatabaseHealth {
    db_ok: AtomicBool,
    lag_ms: AtomicU64,
    deferred: AtomicU64,
}

impl DatabaseHealth {
    /// Logged once per change.
    fn set_db(&self, error: Option<&StoreError>) {
        let was = self.db_ok.swap(error.is_none(), Ordering::Relaxed);
        match error {
            Some(error) if was => tracing::error!(%error, "the record cannot be written; calls go on"),
            None if !was => tracing::info!("the record is written"),
            Some(_) | None => {}
        }
    }
}

impl Shared {
    fn close_later(&self, closing: Closing) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        if late.len() == LATE_LIMIT {
            late.remove(0);
        }
        late.push(closing);
    }

    fn take_late(&self) -> Vec<Closing> {
        std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the folder, and makes it ours: two gateways on one record would close each other's calls.
    fn lock(&self) -> Result<(), StoreError> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() {
            return Ok(());
        }
        for folder in [self.folder.clone(), self.folder.join("calls"), self.folder.join("recordings")] {
            make_folder(&folder).map_err(|error| StoreError::File(folder, error))?;
        }
        let path = self.folder.join("lock");
        let file =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(|error| StoreError::File(path.clone(), error))?;
        match file.try_lock() {
            Ok(()) => *lock = Some(file),
            Err(std::fs::TryLockError::WouldBlock) => return Err(StoreError::InUse(self.folder.clone())),
            Err(std::fs::TryLockError::Error(error)) => return Err(StoreError::File(path, error)),
        }
        Ok(())
    }
}

/// The record of all calls.
#[derive(Debug, Clone)]
pub struct Store {
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    pool: SqlitePool,
}

impl Store {
    /// Opens the record, and closes every call that an earlier run left without an end as interrupted. A folder that cannot be written now is no error:
    /// the health says so, calls go on, and it is tried again every second.
    ///
    /// # Errors
    /// The folder is in use by another gateway, or its database is of a newer version.
    pub async fn open(options: &Options) -> Result<Self, StoreError> {
        let (jobs, inbox) = mpsc::channel(options.queue);
        let logs = EventLogs::start(options.folder.clone(), options.log_queue, options.every)
            .map_err(|error| StoreError::File(options.folder.clone(), error))?;
        let shared = Arc::new(Shared {
            folder: options.folder.clone(),
            logs,
            late: Mutex::default(),
            lock: Mutex::default(),
            health: DatabaseHealth { db_ok: AtomicBool::new(true), ..DatabaseHealth::default() },
        });
        let database = connect_options(&options.folder);
        let mut writer = Writer::new(Arc::clone(&shared), inbox, database.clone(), options.every);
        match writer.ready().await {
            Ok(()) => {}
            Err(error @ (StoreError::InUse(_) | StoreError::Version(_))) => return Err(error),
            Err(error) => shared.health.set_db(Some(&error)),
        }
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(3))
            .connect_lazy_with(database.create_if_missing(false));
        tokio::spawn(writer.run());
        Ok(Self { shared, jobs, pool })
    }

    /// Begins the record of a call.
    #[must_use]
    pub fn begin(&self, call: NewCall) -> CallLog {
        CallLog::begin(Arc::clone(&self.shared), self.jobs.clone(), call)
    }

    /// How the store does.
    #[must_use]
    pub fn health(&self) -> Health {
        let (database, logs) = (&self.shared.health, &self.shared.logs.health);
        Health {
            database: database.db_ok.load(Ordering::Relaxed),
            event_logs: logs.ok.load(Ordering::Relaxed),
            deferred_entries: database.deferred.load(Ordering::Relaxed),
            lost_lines: logs.lost.load(Ordering::Relaxed),
            lag_ms: database.lag_ms.load(Ordering::Relaxed),
        }
    }

    /// Where a call's recording is to be, or is.
    #[must_use]
    pub fn recording_path(&self, call: &CallId) -> PathBuf {
        self.shared.folder.join("recordings").join(format!("{}.wav", call.0))
    }

    /// Where a call's event log is.
    #[must_use]
    pub fn log_path(&self, call: &CallId) -> PathBuf {
        event_log::log_path(&self.shared.folder, call)
    }

    /// Where a file may be made that is given out and forgotten.
    #[must_use]
    pub fn spool_path(&self, name: &str) -> PathBuf {
        self.shared.folder.join(name)
    }

    /// Writes down which agents there are.
    pub async fn agents(&self, agents: Vec<AgentRow>) {
        let _closed_at_the_end = self.jobs.send(Job::Agents(agents)).await;
    }

    /// Waits until all that was handed over before is written. With a failing disk that may be long: put a time limit around it.
    pub async fn flush(&self) {
        self.shared.logs.flush().await;
        let (done, wait) = oneshot::channel();
        if self.jobs.send(Job::Flush(done)).await.is_ok() {
            let _gone_is_flushed = wait.await;
        }
    }
}

/// True for ids that may name a file and stand in an address: 1 to 64 of `A–Z a–z 0–9 - _`.
#[must_use]
pub fn is_call_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Makes a folder that only this user can look into: it holds what callers said.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn connect_options(folder: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(folder.join("warmline.db"))
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // With WAL this survives a kill -9; only a power cut can cost the last commits.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(2))
        // What is deleted is overwritten with zeros.
        .pragma("secure_delete", "ON")
        .disable_statement_logging()
}

/// A connection to a database of this version. Boxed for the same reason as the writer's `write`.
fn connect(options: &SqliteConnectOptions) -> Pin<Box<dyn Future<Output = Result<SqliteConnection, StoreError>> + Send + '_>> {
    Box::pin(async move {
        let mut connection = options.connect().await?;
        Migrator::new(Embedded).await?.run_direct(&mut connection).await?;
        Ok(connection)
    })
}

/// The migrations in the binary.
#[derive(Debug)]
struct Embedded;

impl MigrationSource<'static> for Embedded {
    fn resolve(self) -> Pin<Box<dyn Future<Output = Result<Vec<Migration>, sqlx::error::BoxDynError>> + Send>> {
        let all = [
            (1, "calls", include_str!("migrations/1.sql")),
            (2, "accounts", include_str!("migrations/2.sql")),
            (3, "notes", include_str!("migrations/3.sql")),
            (4, "deliveries", include_str!("migrations/4.sql")),
            (5, "callbacks", include_str!("migrations/5.sql")),
            (6, "privacy", include_str!("migrations/6.sql")),
            (7, "claims", include_str!("migrations/7.sql")),
            (8, "voicemails", include_str!("migrations/8.sql")),
        ];
        let migration = |(number, name, sql): (i64, &'static str, &'static str)| {
            Migration::new(number, name.into(), MigrationType::Simple, sql.into(), false)
        };
        Box::pin(std::future::ready(Ok(all.map(migration).to_vec())))
    }
}
