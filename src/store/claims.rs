//! Claim codes on the disk: read once, when the gateway starts. While it runs `crate::claims` knows them.

use std::time::Duration;

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use crate::{
    call::ids::CallId,
    clock,
    store::{Store, StoreError},
};

/// Calls have codes. What these meant before was over.
pub(super) async fn begin(connection: &mut SqliteConnection, codes: &[(&CallId, &str)]) -> Result<(), StoreError> {
    if codes.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Sqlite>::new("INSERT OR REPLACE INTO claims (code, call) ");
    query.push_values(codes, |mut row, (call, code)| _ = row.push_bind(*code).push_bind(&call.0));
    query.build().persistent(false).execute(connection).await?;
    Ok(())
}

/// Calls are over.
pub(super) async fn ended(connection: &mut SqliteConnection, calls: impl Iterator<Item = &CallId>) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("UPDATE claims SET ended_ms = ");
    query.push_bind(now_ms()).push(" WHERE call IN (");
    let mut list = query.separated(", ");
    calls.for_each(|call| _ = list.push_bind(&call.0));
    query.push(")").build().persistent(false).execute(connection).await?;
    Ok(())
}

impl Store {
    /// The codes of an earlier run that are good for so long after the end of their calls, and for how long each still is. Calls that the earlier run left
    /// without an end have ended now. Those that are over are removed.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn claims(&self, after_call: Duration) -> Result<Vec<(String, CallId, Duration)>, StoreError> {
        let now = now_ms();
        let after_ms = i64::try_from(after_call.as_millis()).unwrap_or(i64::MAX);
        sqlx::query("UPDATE claims SET ended_ms = ? WHERE ended_ms IS NULL").bind(now).execute(&self.pool).await?;
        sqlx::query("DELETE FROM claims WHERE ended_ms <= ?").bind(now.saturating_sub(after_ms)).execute(&self.pool).await?;
        let rows = sqlx::query("SELECT code, call, ended_ms FROM claims").fetch_all(&self.pool).await?;
        let left = |ended_ms: i64| after_call.saturating_sub(Duration::from_millis(u64::try_from(now - ended_ms).unwrap_or_default()));
        Ok(rows.iter().map(|row| (row.get(0), CallId(row.get(1)), left(row.get(2)))).collect())
    }
}

fn now_ms() -> i64 {
    i64::try_from(clock::utc().as_millis()).unwrap_or(i64::MAX)
}
