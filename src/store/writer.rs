//! The only writer of the database: collects what the calls hand over and commits it in batches. When the database takes nothing, it keeps what it has
//! and tries again; what does not fit then is left in the calls' event logs and read from there when the call is over.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot};

use crate::{
    call::{ids::CallId, time::Time},
    clock,
    store::{AuditRow, Shared, StoreError, audit, claims, connect, event_log, interrupted, rows, strikes},
    view::{CallHead, Numbered},
};

/// Jobs that wait in the writer while the database takes nothing. Behind them the queue fills, and then entries are deferred.
const PENDING_LIMIT: usize = 4_096;
/// A batch of this size is committed before its time.
const BATCH: usize = 512;
/// Time between attempts while the database takes nothing.
const RETRY: Duration = Duration::from_secs(1);

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Job {
    Begin {
        head: Arc<CallHead>,
        utc_offset_s: i32,
        /// Empty: none.
        claim_code: String,
    },
    Entry {
        call: CallId,
        item: Arc<Numbered>,
        head: Option<Arc<CallHead>>,
    },
    /// Words of the caller between those times are blotted out.
    Strike {
        call: CallId,
        from: Time,
        to: Time,
    },
    Close(Closing),
    Agents(Vec<AgentRow>),
    Audit(AuditRow),
    Flush(oneshot::Sender<()>),
}

/// A call that is over.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) head: Arc<CallHead>,
    /// Entries to be read from the event log.
    pub(super) deferred: u64,
    /// Set if the call's row was never written.
    pub(super) utc_offset_s: Option<i32>,
    /// Stretches that were struck out, once more: the queue may have been full.
    pub(super) strikes: Vec<(Time, Time)>,
}

/// An agent as the configuration has it.
#[derive(Debug, Clone)]
pub struct AgentRow {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Queues.
    pub queues: Vec<String>,
    /// Language tags.
    pub languages: Vec<String>,
}

/// The writer's task.
pub(super) struct Writer {
    shared: Arc<Shared>,
    inbox: mpsc::Receiver<Job>,
    options: SqliteConnectOptions,
    every: Duration,
    connection: Option<SqliteConnection>,
    /// Calls without an end are from an earlier run only until the first of this run is written.
    interrupted_closed: bool,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, inbox: mpsc::Receiver<Job>, options: SqliteConnectOptions, every: Duration) -> Self {
        Self { shared, inbox, options, every, connection: None, interrupted_closed: false }
    }

    /// Runs until every handle of the store is gone and all is written, or cannot be.
    pub(super) async fn run(mut self) {
        let mut pending: Vec<Job> = Vec::new();
        let mut oldest = clock::now();
        let mut due = oldest + self.every;
        let mut open = true;
        while open || !pending.is_empty() {
            let at = tokio::time::Instant::from_std(due);
            tokio::select! {
                job = self.inbox.recv(), if open && pending.len() < PENDING_LIMIT => match job {
                    Some(job) => {
                        if pending.is_empty() {
                            oldest = clock::now();
                            due = due.max(oldest + self.every);
                        }
                        pending.push(job);
                        if !pending.len().is_multiple_of(BATCH) || !self.shared.health.db_ok.load(Ordering::Relaxed) {
                            continue;
                        }
                    }
                    None => open = false,
                },
                () = tokio::time::sleep_until(at), if !pending.is_empty() => {}
            }
            if pending.is_empty() {
                continue;
            }
            let worked = self.commit(&mut pending, oldest).await;
            due = clock::now() + if worked { Duration::ZERO } else { RETRY };
            if !worked && !open {
                tracing::error!(jobs = pending.len(), "the record's last entries could not be written; they are in the event logs");
                return;
            }
        }
        if let Some(connection) = self.connection.take() {
            let _closed_anyway = connection.close().await;
        }
    }

    async fn commit(&mut self, pending: &mut Vec<Job>, oldest: Instant) -> bool {
        let result = self.try_commit(pending).await;
        let lag = if result.is_ok() { Duration::ZERO } else { clock::now().saturating_duration_since(oldest) };
        metrics::gauge!("warmline_store_lag_seconds").set(lag.as_secs_f64());
        self.shared.health.lag_ms.store(u64::try_from(lag.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.shared.health.set_db(result.as_ref().err());
        if result.is_err() {
            // Whatever state the connection is in, a new one is not.
            self.connection = None;
        }
        result.is_ok()
    }

    async fn try_commit(&mut self, pending: &mut Vec<Job>) -> Result<(), StoreError> {
        self.ready().await?;
        let late: Vec<Closing> = self.shared.take_late();
        pending.extend(late.into_iter().map(Job::Close));
        let connection = self.connection.as_mut().expect("ready");
        let mut transaction = connection.begin().await?;
        let (mut index, mut alone_until) = (0, 0);
        while index < pending.len() {
            let together = if index < alone_until { 1 } else { together(&pending[index..]) };
            match write(&mut transaction, &self.shared, &pending[index..index + together]).await {
                Ok(true) => index += together,
                Ok(false) => alone_until = index + together,
                Err(error) if together > 1 && breaks_rules(&error) => alone_until = index + together,
                // One bad row must not hold up the rest for ever.
                Err(error) if breaks_rules(&error) => {
                    tracing::error!(%error, "an entry of the record breaks the database's rules and is left out");
                    pending.remove(index);
                    alone_until = alone_until.saturating_sub(1);
                }
                Err(error) => return Err(error),
            }
        }
        transaction.commit().await?;
        for job in pending.drain(..) {
            if let Job::Flush(done) = job {
                let _nobody_waits = done.send(());
            }
        }
        Ok(())
    }

    /// Connects, migrates and closes the calls of an earlier run, as far as that is still to be done.
    pub(super) async fn ready(&mut self) -> Result<(), StoreError> {
        if self.connection.is_none() {
            self.shared.lock()?;
            self.connection = Some(connect(&self.options).await?);
        }
        if !self.interrupted_closed {
            let connection = self.connection.as_mut().expect("connected above");
            let closed = interrupted::close_all(connection, &self.shared.folder).await?;
            if closed > 0 {
                tracing::warn!(calls = closed, "calls of an earlier run had no end; closed as interrupted");
            }
            self.interrupted_closed = true;
        }
        Ok(())
    }
}

fn breaks_rules(error: &StoreError) -> bool {
    matches!(error, StoreError::Database(sqlx::Error::Database(error)) if error.kind() != sqlx::error::ErrorKind::Other)
}

/// How many of the next jobs are calls', and can be written together.
fn together(jobs: &[Job]) -> usize {
    jobs.iter().take_while(|job| matches!(job, Job::Begin { .. } | Job::Entry { .. } | Job::Close(_))).count().max(1)
}

/// Boxed, because the compiler cannot see otherwise that it may move between threads. False: they cannot be written together.
fn write<'a>(
    connection: &'a mut SqliteConnection,
    shared: &'a Shared,
    jobs: &'a [Job],
) -> Pin<Box<dyn Future<Output = Result<bool, StoreError>> + Send + 'a>> {
    Box::pin(async move {
        // What is written in vain is taken back.
        let mut part = connection.begin().await?;
        let written = match jobs {
            [Job::Strike { call, from, to }] => strikes::blot(&mut part, call, *from, *to).await.map(|()| true)?,
            [Job::Agents(agents)] => {
                for agent in agents {
                    rows::agent(&mut part, agent).await?;
                }
                true
            }
            [Job::Audit(row)] => audit::write(&mut part, row).await.map(|()| true)?,
            [Job::Flush(_)] => true,
            calls => write_calls(&mut part, shared, calls).await?,
        };
        if written {
            part.commit().await?;
        } else {
            part.rollback().await?;
        }
        Ok(written)
    })
}

/// What calls have handed over: of each call's head the last one, then its entries, then its end.
async fn write_calls(connection: &mut SqliteConnection, shared: &Shared, jobs: &[Job]) -> Result<bool, StoreError> {
    let (mut heads, mut codes, mut entries, mut closings) = (Heads::default(), Vec::new(), Vec::new(), Vec::new());
    for job in jobs {
        match job {
            Job::Begin { head, utc_offset_s, claim_code } => {
                heads.note(head, Some(*utc_offset_s));
                codes.extend((!claim_code.is_empty()).then_some((&head.id, claim_code.as_str())));
            }
            Job::Entry { call, item, head } => {
                head.iter().for_each(|head| heads.note(head, None));
                entries.push((call, &**item));
            }
            Job::Close(closing) => {
                heads.note(&closing.head, closing.utc_offset_s);
                closings.push(closing);
            }
            Job::Strike { .. } | Job::Agents(_) | Job::Audit(_) | Job::Flush(_) => {}
        }
    }
    rows::calls(connection, &heads.rows).await?;
    claims::begin(connection, &codes).await?;
    if !rows::entries(connection, &entries).await? {
        return Ok(false);
    }
    for closing in &closings {
        close(connection, shared, closing).await?;
    }
    if !closings.is_empty() {
        claims::ended(connection, closings.iter().map(|closing| &closing.head.id)).await?;
    }
    Ok(true)
}

/// The last head of each call, in the order of their first ones.
#[derive(Debug, Default)]
struct Heads<'a> {
    rows: Vec<(&'a CallHead, Option<i32>)>,
    places: HashMap<&'a CallId, usize>,
}

impl<'a> Heads<'a> {
    fn note(&mut self, head: &'a CallHead, utc_offset_s: Option<i32>) {
        let place = *self.places.entry(&head.id).or_insert_with(|| {
            self.rows.push((head, None));
            self.rows.len() - 1
        });
        let (last, offset) = &mut self.rows[place];
        *last = head;
        *offset = offset.or(utc_offset_s);
    }
}

/// A call is over: what the queue did not take comes from its event log.
async fn close(connection: &mut SqliteConnection, shared: &Shared, closing: &Closing) -> Result<(), StoreError> {
    let call = &closing.head.id;
    if closing.deferred > 0 {
        shared.logs.flush().await;
        let found = recover(connection, shared, call).await?;
        let missing = closing.deferred.saturating_sub(found);
        if missing > 0 {
            tracing::warn!(call = call.0, found, missing, "entries of a call are in neither the database nor its event log");
            rows::missing(connection, call, missing).await?;
        } else {
            tracing::debug!(call = call.0, found, "entries filled up from the event log");
        }
    }
    for &(from, to) in &closing.strikes {
        strikes::blot(connection, call, from, to).await?;
    }
    Ok(())
}

/// Writes the entries that only the event log has; how many there were.
async fn recover(connection: &mut SqliteConnection, shared: &Shared, call: &CallId) -> Result<u64, StoreError> {
    let path = event_log::log_path(&shared.folder, call);
    let Ok(log) = event_log::read_log(&path) else { return Ok(0) };
    interrupted::fill_up(connection, call, &log).await
}
