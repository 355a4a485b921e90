//! What people write about calls: agents' notes, and what they say that the bot should have done.

use sqlx::{Row, sqlite::SqliteRow};

use crate::{
    call::ids::{AgentId, CallId},
    store::{Store, StoreError},
    view::{Correction, Notes, Stamp},
};

/// Which corrections a list shows.
#[derive(Debug, Clone, Default)]
pub struct Corrections {
    /// Of this call only.
    pub call: Option<CallId>,
    /// Older than this one.
    pub before: Option<String>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Writes an agent's notes on a call; they take the place of the ones before.
    ///
    /// # Errors
    /// The database cannot be written, or does not know the call.
    pub async fn put_notes(&self, call: &CallId, notes: &Notes) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO notes (call, agent, text, disposition, changed_ms) VALUES (?,?,?,?,?) ON CONFLICT (call, agent) DO UPDATE SET \
             text=excluded.text, disposition=excluded.disposition, changed_ms=excluded.changed_ms",
        )
        .bind(&call.0)
        .bind(&notes.agent.0)
        .bind(&notes.text)
        .bind(&notes.disposition)
        .bind(i64::try_from(notes.changed.0).unwrap_or(i64::MAX))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// The notes on a call, one of each agent who wrote any.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn notes(&self, call: &CallId) -> Result<Vec<Notes>, StoreError> {
        let rows = sqlx::query("SELECT agent, text, disposition, changed_ms FROM notes WHERE call = ? ORDER BY agent")
            .bind(&call.0)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(notes_of).collect())
    }

    /// Writes a correction, unless its call has `most` already; false if it has.
    ///
    /// # Errors
    /// The database cannot be written, or does not know the call.
    pub async fn add_correction(&self, correction: &Correction, most: u32) -> Result<bool, StoreError> {
        let added = sqlx::query(
            "INSERT INTO corrections (id, call, created_ms, correction) SELECT ?,?,?,? WHERE (SELECT count(*) FROM corrections WHERE call = ?) < ?",
        )
        .bind(&correction.id)
        .bind(&correction.call.0)
        .bind(i64::try_from(correction.created.0).unwrap_or(i64::MAX))
        .bind(serde_json::to_string(correction)?)
        .bind(&correction.call.0)
        .bind(i64::from(most))
        .execute(&self.pool)
        .await?;
        Ok(added.rows_affected() == 1)
    }

    /// Corrections, newest first, and whether there are older ones.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn corrections(&self, which: &Corrections) -> Result<(Vec<Correction>, bool), StoreError> {
        let rows = sqlx::query(
            "SELECT correction FROM corrections WHERE (?1 IS NULL OR call = ?1) AND (?2 IS NULL OR (created_ms, id) < \
             (SELECT created_ms, id FROM corrections WHERE id = ?2)) ORDER BY created_ms DESC, id DESC LIMIT ?3",
        )
        .bind(which.call.as_ref().map(|call| &call.0))
        .bind(&which.before)
        .bind(i64::from(which.limit) + 1)
        .fetch_all(&self.pool)
        .await?;
        let more = rows.len() > which.limit as usize;
        let shown = rows.iter().take(which.limit as usize);
        let corrections = shown.map(|row| serde_json::from_str(row.get::<&str, _>(0))).collect::<Result<_, _>>()?;
        Ok((corrections, more))
    }
}

fn notes_of(row: &SqliteRow) -> Notes {
    Notes {
        agent: AgentId(row.get(0)),
        text: row.get(1),
        disposition: row.get(2),
        changed: Stamp(u64::try_from(row.get::<i64, _>(3)).unwrap_or_default()),
    }
}
