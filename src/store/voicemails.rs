//! Messages that callers left, and which of them somebody has dealt with.

use serde::Deserialize;
use sqlx::{Row, sqlite::SqliteRow};

use crate::{
    call::{ids::CallId, time::Time},
    store::{Store, StoreError},
    view::CallHead,
};

/// A message that a caller left.
#[derive(Debug, Clone, PartialEq)]
pub struct Voicemail {
    /// The number of its entry in the call's record.
    pub seq: u64,
    /// The call in which it was left.
    pub call: CallHead,
    /// Where it begins in the call's recording.
    pub from: Time,
    /// Where it ends.
    pub to: Time,
    /// Who has dealt with it, and when (milliseconds since 1970-01-01 UTC).
    pub done: Option<(String, u64)>,
}

/// What is needed of the step.
#[derive(Debug, Deserialize)]
struct Step {
    from: Time,
    to: Time,
}

impl Store {
    /// Messages that nobody has dealt with, the oldest first; or, with `all`, every one, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn voicemails(&self, all: bool, limit: u32) -> Result<Vec<Voicemail>, StoreError> {
        let which = if all {
            "ORDER BY calls.started_ms DESC, s.call DESC, s.seq DESC"
        } else {
            "AND d.done_ms IS NULL ORDER BY calls.started_ms, s.call, s.seq"
        };
        let query = format!(
            "SELECT s.seq, s.detail, calls.head, d.by, d.done_ms FROM handoff_steps s JOIN calls ON calls.id = s.call LEFT JOIN voicemails_done d ON d.call \
             = s.call AND d.seq = s.seq WHERE s.step = 'voicemail' {which} LIMIT ?"
        );
        let rows = sqlx::query(&query).bind(i64::from(limit)).fetch_all(&self.pool).await?;
        rows.iter().map(|row| self.voicemail_of(row)).collect()
    }

    /// Somebody has dealt with a message. None if there is no such message; false if it was done before.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn voicemail_done(&self, call: &CallId, seq: u64, by: &str, at_ms: u64) -> Result<Option<bool>, StoreError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let query = "SELECT 1 FROM handoff_steps WHERE call = ? AND seq = ? AND step = 'voicemail'";
        if sqlx::query(query).bind(&call.0).bind(seq).fetch_optional(&self.pool).await?.is_none() {
            return Ok(None);
        }
        let done = sqlx::query("INSERT OR IGNORE INTO voicemails_done (call, seq, by, done_ms) VALUES (?, ?, ?, ?)")
            .bind(&call.0)
            .bind(seq)
            .bind(by)
            .bind(i64::try_from(at_ms).unwrap_or(i64::MAX))
            .execute(&self.pool)
            .await?;
        Ok(Some(done.rows_affected() == 1))
    }

    fn voicemail_of(&self, row: &SqliteRow) -> Result<Voicemail, StoreError> {
        let number = |value: i64| u64::try_from(value).unwrap_or_default();
        let Step { from, to } = serde_json::from_str(row.get::<&str, _>(1))?;
        let done = row.get::<Option<String>, _>(3).zip(row.get::<Option<i64>, _>(4)).map(|(by, at)| (by, number(at)));
        Ok(Voicemail { seq: number(row.get(0)), call: self.head_in(row.get(2))?, from, to, done })
    }
}
