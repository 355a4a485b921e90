//! The audit log. Lines go to the writer like entries of calls, so that nobody waits for the disk; nothing in it is ever changed.

use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::store::{
    Store, StoreError,
    accounts::{integer, number},
    writer::Job,
};

/// Who did what, when and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place in the log; 0 until it is written.
    pub seq: u64,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    /// The deed's word.
    pub did: String,
    /// The account's id; none: somebody who was not signed in.
    pub account: Option<String>,
    /// Its name then, or the name that somebody tried.
    pub name: Option<String>,
    /// Its role then.
    pub role: Option<String>,
    /// What it was done to.
    pub target: Option<String>,
    /// The address that it came from.
    pub source: String,
}

/// Which lines are read.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Before this place.
    pub before: Option<u64>,
    /// Of this name.
    pub name: Option<String>,
    /// About this.
    pub target: Option<String>,
    /// This deed.
    pub did: Option<String>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Writes a line, soon. With a full queue it is lost, counted and said in the log.
    pub fn audit(&self, row: AuditRow) {
        if self.jobs.try_send(Job::Audit(row)).is_err() {
            metrics::counter!("warmline_audit_lost_total").increment(1);
            tracing::error!("a line of the audit log is lost: the writer of the record is behind");
        }
    }

    /// Lines, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn audit_lines(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT seq, at_ms, did, account, name, role, target, source FROM audit WHERE TRUE");
        if let Some(before) = filter.before {
            query.push(" AND seq < ").push_bind(integer(before));
        }
        for (column, wanted) in [("name", &filter.name), ("target", &filter.target), ("did", &filter.did)] {
            if let Some(wanted) = wanted {
                query.push(format!(" AND {column} = ")).push_bind(wanted);
            }
        }
        query.push(" ORDER BY seq DESC LIMIT ").push_bind(i64::from(filter.limit));
        Ok(query.build().fetch_all(&self.pool).await?.iter().map(line_of).collect())
    }

    /// Deletes lines that are older; those of the last 30 days stay whatever is asked.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn forget_audit(&self, before_ms: u64) -> Result<u64, StoreError> {
        Ok(sqlx::query("DELETE FROM audit WHERE at_ms < ?").bind(integer(before_ms)).execute(&self.pool).await?.rows_affected())
    }
}

pub(super) async fn write(connection: &mut SqliteConnection, row: &AuditRow) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit (at_ms, did, account, name, role, target, source) VALUES (?,?,?,?,?,?,?)")
        .bind(integer(row.at_ms))
        .bind(&row.did)
        .bind(&row.account)
        .bind(&row.name)
        .bind(&row.role)
        .bind(&row.target)
        .bind(&row.source)
        .execute(connection)
        .await?;
    Ok(())
}

fn line_of(row: &SqliteRow) -> AuditRow {
    AuditRow {
        seq: number(row.get(0)),
        at_ms: number(row.get(1)),
        did: row.get(2),
        account: row.get(3),
        name: row.get(4),
        role: row.get(5),
        target: row.get(6),
        source: row.get(7),
    }
}
