//! What is read of the record.

use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use crate::{
    call::ids::{AgentId, CallId},
    store::{Store, StoreError},
    view::{CallHead, CallState, Numbered},
};

/// Which calls a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this state only.
    pub state: Option<CallState>,
    /// Older than this call.
    pub before: Option<CallId>,
    /// Offered to this agent.
    pub agent: Option<AgentId>,
    /// At most so many.
    pub limit: u32,
}

/// One page of a list, newest first.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The calls.
    pub calls: Vec<CallHead>,
    /// There are older ones.
    pub more: bool,
}

impl Store {
    /// Calls, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn calls(&self, filter: &Filter) -> Result<Page, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT head FROM calls WHERE TRUE");
        if let Some(state) = filter.state {
            query.push(" AND state = ").push_bind(if state == CallState::Live { "live" } else { "ended" });
        }
        if let Some(agent) = &filter.agent {
            query.push(" AND EXISTS (SELECT 1 FROM handoff_steps WHERE call = calls.id AND agent = ").push_bind(&agent.0);
            query.push(" AND step IN ('offered', 'taken_over'))");
        }
        if let Some(before) = &filter.before {
            query.push(" AND (started_ms, id) < (SELECT started_ms, id FROM calls WHERE id = ").push_bind(&before.0).push(")");
        }
        query.push(" ORDER BY started_ms DESC, id DESC LIMIT ").push_bind(i64::from(filter.limit) + 1);
        self.page(&query.build().fetch_all(&self.pool).await?, filter.limit)
    }

    /// The calls of the same number before this one, newest first. None of a caller who withholds it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn earlier(&self, call: &CallHead, limit: u32) -> Result<Page, StoreError> {
        if is_withheld(&call.caller) {
            return Ok(Page::default());
        }
        let query = "SELECT head FROM calls WHERE caller = ? AND (started_ms, id) < (?, ?) ORDER BY started_ms DESC, id DESC LIMIT ?";
        let rows = sqlx::query(query)
            .bind(&call.caller)
            .bind(i64::try_from(call.started.0).unwrap_or(i64::MAX))
            .bind(&call.id.0)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.pool)
            .await?;
        self.page(&rows, limit)
    }

    /// One row more than the limit says that there is more.
    fn page(&self, rows: &[SqliteRow], limit: u32) -> Result<Page, StoreError> {
        let mut calls = rows.iter().map(|row| self.head_of(row)).collect::<Result<Vec<_>, _>>()?;
        let more = calls.len() > limit as usize;
        calls.truncate(limit as usize);
        Ok(Page { calls, more })
    }

    /// One call's head.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn head(&self, call: &CallId) -> Result<Option<CallHead>, StoreError> {
        let row = sqlx::query("SELECT head FROM calls WHERE id = ?").bind(&call.0).fetch_optional(&self.pool).await?;
        row.map(|row| self.head_of(&row)).transpose()
    }

    /// A call's entries behind `after`, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn entries(&self, call: &CallId, after: u64) -> Result<Vec<Numbered>, StoreError> {
        let rows = sqlx::query("SELECT seq, entry FROM entries WHERE call = ? AND seq > ? ORDER BY seq")
            .bind(&call.0)
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        let numbered = |row: &SqliteRow| {
            let entry = serde_json::from_str(row.get::<&str, _>(1))?;
            Ok(Numbered { seq: u64::try_from(row.get::<i64, _>(0)).unwrap_or_default(), entry })
        };
        rows.iter().map(numbered).collect()
    }

    /// Was a call offered to this agent?
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn was_offered(&self, call: &CallId, agent: &AgentId) -> Result<bool, StoreError> {
        let query = "SELECT 1 FROM handoff_steps WHERE call = ? AND agent = ? AND 
            (step IN ('offered', 'taken_over') OR step = 'third' AND outcome = 'offered') LIMIT 1";
        Ok(sqlx::query(query).bind(&call.0).bind(&agent.0).fetch_optional(&self.pool).await?.is_some())
    }

    /// A recording of an ended call can be fetched.
    #[must_use]
    pub fn has_recording(&self, head: &CallHead) -> bool {
        head.state == CallState::Ended && self.recording_path(&head.id).is_file()
    }

    pub(super) fn head_of(&self, row: &SqliteRow) -> Result<CallHead, StoreError> {
        self.head_in(row.get(0))
    }

    /// The head that is written there.
    pub(super) fn head_in(&self, json: &str) -> Result<CallHead, StoreError> {
        let mut head: CallHead = serde_json::from_str(json)?;
        head.recording = self.has_recording(&head);
        Ok(head)
    }
}

/// Everybody who withholds their number has the same one.
fn is_withheld(number: &str) -> bool {
    number.is_empty() || ["anonymous", "unknown", "restricted", "unavailable"].iter().any(|word| number.eq_ignore_ascii_case(word))
}
