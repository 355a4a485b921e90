//! Deleting by age: of ended calls that are old enough, and that no hold keeps.

use std::{collections::BTreeMap, fs, io, time::SystemTime};

use sqlx::{Row, SqliteConnection};

use crate::{
    call::{ids::CallId, record::Summary},
    store::{Store, StoreError, accounts::integer, is_call_id, privacy::remove::remove_file},
    view::Kept,
};

/// Calls of one transaction: the writer waits no longer than for these.
const BATCH: i64 = 50;

/// Statements that take what was said out of a call. Summaries are made of words and values: they go with either.
const TRANSCRIPTS: &[&str] = &[
    "DELETE FROM turns WHERE call = ?1",
    "DELETE FROM evidence WHERE call = ?1",
    "UPDATE decisions SET why = '', would_change = '' WHERE call = ?1",
    "DELETE FROM entries WHERE call = ?1 AND what IN ('caller_turn', 'agent_turn', 'bot_turn', 'hearing', 'key', 'tried', 'evidence')",
    "UPDATE entries SET entry = json_set(entry, '$.decision.why', '', '$.decision.would_change', '') WHERE call = ?1 AND what = 'decision'",
    "DELETE FROM entries WHERE call = ?1 AND what = 'handoff' AND json_extract(entry, '$.step.step') IN ('caller_told', 'voicemail')",
    "DELETE FROM handoff_steps WHERE call = ?1 AND step IN ('caller_told', 'voicemail')",
    "DELETE FROM deliveries WHERE call = ?1",
];

const FACTS: &[&str] = &[
    "DELETE FROM facts WHERE call = ?1",
    "DELETE FROM entries WHERE call = ?1 AND what = 'fact'",
    "DELETE FROM deliveries WHERE call = ?1",
];

/// The same of both.
const SUMMARIES: &[&str] = &[
    "UPDATE entries SET entry = json_set(entry, '$.step.summary', json(?2)) WHERE call = ?1 AND json_extract(entry, '$.step.step') = 'started'",
    "UPDATE handoff_steps SET detail = json_set(detail, '$.summary', json(?2)) WHERE call = ?1 AND step = 'started'",
];

impl Store {
    /// Deletes everything of a kind of calls that arrived before then; how much of what was deleted. Recordings and event logs of which the record knows no call
    /// go by the age of their files.
    ///
    /// # Errors
    /// The database or a file cannot be written; what was deleted before that stays deleted, and the rest is deleted the next time.
    pub async fn sweep(&self, kind: Kept, before_ms: u64) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut count = BTreeMap::new();
        loop {
            let calls = self.due(kind, before_ms).await?;
            let (Some(_), swept) = (calls.first(), self.sweep_calls(kind, &calls).await?) else { break };
            for (what, more) in swept.into_iter().filter(|(_, more)| *more > 0) {
                *count.entry(what).or_default() += more;
            }
        }
        if kind == Kept::Recordings || kind == Kept::Calls {
            let orphans = self.orphans(before_ms).await?;
            for path in orphans {
                if remove_file(path).await?.is_some() {
                    *count.entry("orphans".to_owned()).or_default() += 1;
                }
            }
        }
        if !count.is_empty() {
            self.forget_bytes().await;
        }
        Ok(count)
    }

    /// The next calls of which something is to be deleted.
    async fn due(&self, kind: Kept, before_ms: u64) -> Result<Vec<CallId>, StoreError> {
        let query = "SELECT id FROM calls WHERE started_ms < ?1 AND state = 'ended' AND id NOT IN (SELECT call FROM holds) AND \
                     NOT EXISTS (SELECT 1 FROM swept WHERE call = calls.id AND kind = ?2) ORDER BY started_ms, id LIMIT ?3";
        let rows = sqlx::query(query).bind(integer(before_ms)).bind(kind.word()).bind(BATCH).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| CallId(row.get(0))).collect())
    }

    async fn sweep_calls(&self, kind: Kept, calls: &[CallId]) -> Result<BTreeMap<String, u64>, StoreError> {
        if kind == Kept::Calls {
            return Ok(self.remove_calls(calls, &[]).await?.count);
        }
        let mut count: BTreeMap<String, u64> = BTreeMap::new();
        for call in calls {
            let files = match kind {
                Kept::Recordings => Some(("recordings", self.recording_path(call))),
                Kept::Transcripts | Kept::Facts => Some(("event_logs", self.log_path(call))),
                Kept::Notes | Kept::Corrections | Kept::Calls => None,
            };
            if let Some((what, path)) = files
                && remove_file(path).await?.is_some()
            {
                *count.entry(what.to_owned()).or_default() += 1;
            }
        }
        let mut transaction = self.pool.begin().await?;
        for call in calls {
            *count.entry(kind.word().to_owned()).or_default() += rows_of(&mut transaction, kind, call).await?;
            sqlx::query("INSERT OR IGNORE INTO swept (call, kind, at_ms) VALUES (?,?,unixepoch('subsec') * 1000)")
                .bind(&call.0)
                .bind(kind.word())
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(count)
    }

    /// Files of calls that the record does not know, as old as that.
    async fn orphans(&self, before_ms: u64) -> Result<Vec<std::path::PathBuf>, StoreError> {
        let mut found = Vec::new();
        for (folder, ending) in [("recordings", ".wav"), ("calls", ".jsonl")] {
            let folder = self.shared.folder.join(folder);
            let listed = match fs::read_dir(&folder) {
                Ok(listed) => listed,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(StoreError::File(folder, error)),
            };
            for entry in listed.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let Some(id) = name.strip_suffix(ending).filter(|id| is_call_id(id)) else { continue };
                let changed = entry.metadata().and_then(|data| data.modified()).ok();
                let age = changed.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok()).map(|at| at.as_millis());
                if age.is_some_and(|at| at < u128::from(before_ms)) && self.is_unknown(id).await? {
                    found.push(entry.path());
                }
            }
        }
        Ok(found)
    }

    async fn is_unknown(&self, id: &str) -> Result<bool, StoreError> {
        Ok(sqlx::query("SELECT 1 FROM calls WHERE id = ?").bind(id).fetch_optional(&self.pool).await?.is_none())
    }
}

/// Deletes the rows of a kind of one call; how many.
async fn rows_of(connection: &mut SqliteConnection, kind: Kept, call: &CallId) -> Result<u64, StoreError> {
    let (statements, summaries): (&[&str], bool) = match kind {
        Kept::Recordings | Kept::Calls => (&[], false),
        Kept::Transcripts => (TRANSCRIPTS, true),
        Kept::Facts => (FACTS, true),
        Kept::Notes => (&["DELETE FROM notes WHERE call = ?1"], false),
        Kept::Corrections => (&["DELETE FROM corrections WHERE call = ?1"], false),
    };
    let mut rows = 0;
    for statement in statements {
        rows += sqlx::query(statement).bind(&call.0).execute(&mut *connection).await?.rows_affected();
    }
    if summaries {
        let nothing = serde_json::to_string(&Summary::default())?;
        for statement in SUMMARIES {
            sqlx::query(statement).bind(&call.0).bind(&nothing).execute(&mut *connection).await?;
        }
    }
    Ok(rows)
}
