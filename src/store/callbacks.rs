//! Callbacks that were promised, until they are kept. A row is written with the promise itself: both are on record, or neither.

use serde::{Deserialize, Serialize};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use utoipa::ToSchema;

use crate::{
    call::{
        ids::CallId,
        record::{HandoffStep, Summary, What},
    },
    store::{Store, StoreError},
    view::{CallHead, CardFold, Numbered},
};

/// How a callback stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackState {
    /// For an agent who is free.
    Waiting,
    /// A call keeps it just now.
    Placing,
    /// Caller and agent have spoken.
    Reached,
    /// The caller has rung again, and has spoken with an agent or was promised another one.
    RangAgain,
    /// The caller was rung as often as may be, and not reached.
    NotReached,
    /// No agent had time for it while it was worth anything.
    Expired,
    /// Somebody says that it is done.
    Done,
    /// Somebody says that it is not to be.
    Cancelled,
}

impl CallbackState {
    const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Placing => "placing",
            Self::Reached => "reached",
            Self::RangAgain => "rang_again",
            Self::NotReached => "not_reached",
            Self::Expired => "expired",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "placing" => Self::Placing,
            "reached" => Self::Reached,
            "rang_again" => Self::RangAgain,
            "not_reached" => Self::NotReached,
            "expired" => Self::Expired,
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            _ => Self::Waiting,
        }
    }
}

/// A callback that was promised.
#[derive(Debug, Clone, PartialEq)]
pub struct Callback {
    /// Its number.
    pub id: u64,
    /// The call in which it was promised.
    pub call: CallHead,
    /// Where the caller is to be rung.
    pub number: String,
    /// Since when they want a human.
    pub since_ms: u64,
    /// When it was promised.
    pub promised_ms: u64,
    /// Not before then.
    pub due_ms: u64,
    /// How often they were rung.
    pub tries: u32,
    /// How it stands.
    pub state: CallbackState,
    /// The last call that was to keep it.
    pub last_call: Option<CallId>,
}

const COLUMNS: &str = "SELECT c.id, c.number, c.since_ms, c.promised_ms, c.due_ms, c.tries, c.state, c.last_call, calls.head FROM callbacks c \
                       JOIN calls ON calls.id = c.call";

/// Since when the caller of a row of `calls` wants a human, who wanted one in this call at `wanted`: whoever was owed a callback already keeps that place.
fn since(wanted: &str) -> String {
    format!(
        "min({wanted}, coalesce((SELECT min(owed.since_ms) FROM callbacks owed JOIN calls first ON first.id = owed.call WHERE first.caller = calls.caller AND \
         calls.caller <> '' AND owed.state IN ('waiting', 'placing')), {wanted}))"
    )
}

/// Writes a promise down, in the transaction of its entry.
pub(super) async fn promised(connection: &mut SqliteConnection, call: &CallId, at_ms: u64, number: &str) -> Result<(), StoreError> {
    let since = since("started_ms + coalesce((SELECT min(at_ms) FROM handoff_steps WHERE call = calls.id AND step = 'started'), ?2)");
    let query = format!(
        "INSERT OR IGNORE INTO callbacks (call, number, since_ms, promised_ms, due_ms) SELECT id, ?1, {since}, started_ms + ?2, started_ms + ?2 FROM calls \
         WHERE id = ?3"
    );
    sqlx::query(&query).bind(number).bind(integer(at_ms)).bind(&call.0).execute(connection).await?;
    Ok(())
}

impl Store {
    /// Callbacks that are to be kept, the longest waiting first; or, with `all`, every one, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn callbacks(&self, all: bool, limit: u32) -> Result<Vec<Callback>, StoreError> {
        let which = if all { "ORDER BY c.id DESC LIMIT ?" } else { "WHERE c.state IN ('waiting', 'placing') ORDER BY c.since_ms LIMIT ?" };
        let query = format!("{COLUMNS} {which}");
        let rows = sqlx::query(&query).bind(i64::from(limit)).fetch_all(&self.pool).await?;
        rows.iter().map(callback_of).collect()
    }

    /// One callback.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn callback(&self, id: u64) -> Result<Option<Callback>, StoreError> {
        let query = format!("{COLUMNS} WHERE c.id = ?");
        let row = sqlx::query(&query).bind(integer(id)).fetch_optional(&self.pool).await?;
        row.as_ref().map(callback_of).transpose()
    }

    /// A call sets out to keep a callback. False if it is no longer to be kept.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn place_callback(&self, id: u64, call: &CallId) -> Result<bool, StoreError> {
        let query = "UPDATE callbacks SET state = 'placing', last_call = ? WHERE id = ? AND state = 'waiting'";
        let done = sqlx::query(query).bind(&call.0).bind(integer(id)).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    /// What came of that call: it waits on, not before then, or it is over. A try counts if the caller was rung.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn settle_callback(&self, id: u64, state: CallbackState, due_ms: u64, rung: bool) -> Result<(), StoreError> {
        sqlx::query("UPDATE callbacks SET state = ?, due_ms = ?, tries = tries + ? WHERE id = ? AND state = 'placing'")
            .bind(state.word())
            .bind(integer(due_ms))
            .bind(i64::from(rung))
            .bind(integer(id))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Somebody takes a callback off the list. False if it does not wait.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn close_callback(&self, id: u64, state: CallbackState) -> Result<bool, StoreError> {
        let query = "UPDATE callbacks SET state = ? WHERE id = ? AND state = 'waiting'";
        let done = sqlx::query(query).bind(state.word()).bind(integer(id)).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Callbacks that were promised before then are worth nothing any more; callers who rang again and spoke with an agent need none, and whoever was
    /// promised another one needs only that.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn clear_callbacks(&self, promised_before_ms: u64) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE callbacks SET state = 'rang_again' WHERE state = 'waiting' AND EXISTS (SELECT 1 FROM calls later JOIN calls first ON \
             first.id = callbacks.call WHERE later.caller = first.caller AND later.caller <> '' AND later.started_ms > callbacks.promised_ms AND \
             (later.handoff_outcome IN ('bridged', 'transferred') OR EXISTS (SELECT 1 FROM callbacks newer WHERE newer.call = later.id AND newer.state IN \
             ('waiting', 'placing'))))",
        )
        .execute(&self.pool)
        .await?;
        sqlx::query("UPDATE callbacks SET state = 'expired' WHERE state = 'waiting' AND promised_ms < ?")
            .bind(integer(promised_before_ms))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// After a start: what an earlier run was keeping waits again, unless it was kept; and whoever waited for a human when the gateway died gets a
    /// callback, if their number can be rung and their call is not older than that. How many of these there are.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn recover_callbacks(&self, started_after_ms: u64) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "UPDATE callbacks SET state = CASE WHEN EXISTS (SELECT 1 FROM calls WHERE id = callbacks.last_call AND handoff_outcome = 'bridged') THEN \
             'reached' ELSE 'waiting' END WHERE state = 'placing'",
        )
        .execute(&mut *transaction)
        .await?;
        let since = since("started_ms + (SELECT min(at_ms) FROM handoff_steps WHERE call = calls.id AND step = 'started')");
        let query = format!(
            "INSERT OR IGNORE INTO callbacks (call, number, since_ms, promised_ms, due_ms) SELECT id, caller, {since}, started_ms + duration_ms, started_ms + \
             duration_ms FROM calls WHERE outcome = 'interrupted' AND escalated AND handoff_outcome IS NULL AND agent IS NULL AND started_ms > ? AND \
             json_extract(head, '$.calls_back') IS NULL AND length(ltrim(caller, '+')) >= 3 AND ltrim(caller, '+') NOT GLOB '*[^0-9]*' AND EXISTS (SELECT 1 \
             FROM handoff_steps WHERE call = calls.id AND step = 'started')"
        );
        let cut_off = sqlx::query(&query).bind(integer(started_after_ms)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(cut_off.rows_affected())
    }

    /// What an agent is told who calls back: the summary of that call with all that became known in it later, and the queue.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn told_in(&self, call: &CallId) -> Result<Option<(String, Summary)>, StoreError> {
        Ok(told(&self.entries(call, 0).await?))
    }
}

fn told(entries: &[Numbered]) -> Option<(String, Summary)> {
    let mut card = CardFold::default();
    for item in entries {
        card.apply(&item.entry);
    }
    let escalated = entries.iter().any(|item| matches!(item.entry.what, What::Handoff { step: HandoffStep::Started { .. } }));
    escalated.then(|| card.told())
}

fn callback_of(row: &SqliteRow) -> Result<Callback, StoreError> {
    let number = |index: usize| u64::try_from(row.get::<i64, _>(index)).unwrap_or_default();
    Ok(Callback {
        id: number(0),
        number: row.get(1),
        since_ms: number(2),
        promised_ms: number(3),
        due_ms: number(4),
        tries: u32::try_from(number(5)).unwrap_or(u32::MAX),
        state: CallbackState::of(row.get(6)),
        last_call: row.get::<Option<String>, _>(7).map(CallId),
        call: serde_json::from_str(row.get::<&str, _>(8))?,
    })
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
