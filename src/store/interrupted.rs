//! Calls that an earlier run of the gateway left without an end.

use std::path::Path;

use sqlx::{Connection, Row, SqliteConnection};

use crate::{
    call::{
        action::Action,
        ids::CallId,
        outcome::Outcome,
        record::{Entry, What},
        time::Time,
    },
    store::{
        StoreError,
        event_log::{self, Line, ReadLog},
        rows,
    },
    view::{CallHead, Numbered},
};

/// Closes every call without an end as interrupted; how many there were. Entries that only the event logs have are taken over first.
pub(super) async fn close_all(connection: &mut SqliteConnection, folder: &Path) -> Result<u64, StoreError> {
    let mut transaction = connection.begin().await?;
    let heads = sqlx::query("SELECT head FROM calls WHERE state = 'live'").fetch_all(&mut *transaction).await?;
    for row in &heads {
        let head: CallHead = serde_json::from_str(row.get::<&str, _>(0))?;
        close(&mut transaction, folder, head).await?;
    }
    transaction.commit().await?;
    Ok(heads.len() as u64)
}

async fn close(connection: &mut SqliteConnection, folder: &Path, mut head: CallHead) -> Result<(), StoreError> {
    if let Ok(log) = event_log::read_log(&event_log::log_path(folder, &head.id)) {
        fill_up(connection, &head.id, &log).await?;
    }
    // The head may be older than the entries: both were on their way.
    let rows =
        sqlx::query("SELECT seq, entry FROM entries WHERE call = ? ORDER BY seq").bind(&head.id.0).fetch_all(&mut *connection).await?;
    let (mut seq, mut at) = (0, Time::ZERO);
    for row in &rows {
        let entry: Entry = serde_json::from_str(row.get::<&str, _>(1))?;
        head.apply(&entry);
        seq = u64::try_from(row.get::<i64, _>(0)).unwrap_or_default();
        at = at.max(entry.at);
    }
    if head.outcome.is_none() {
        let entry = Entry { at, what: What::Ended { outcome: Outcome::Interrupted } };
        head.apply(&entry);
        rows::entries(connection, &[(&head.id, &Numbered { seq: seq + 1, entry })]).await?;
    }
    rows::calls(connection, &[(&head, None)]).await
}

/// Writes the entries of a log that the database lacks; how many there were.
pub(super) async fn fill_up(connection: &mut SqliteConnection, call: &CallId, log: &ReadLog) -> Result<u64, StoreError> {
    let before = count(connection, call).await?;
    for item in entries(log) {
        rows::entries(connection, &[(call, &item)]).await?;
    }
    Ok(count(connection, call).await?.saturating_sub(before))
}

async fn count(connection: &mut SqliteConnection, call: &CallId) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM entries WHERE call = ?").bind(&call.0).fetch_one(connection).await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The entries of a log, numbered as the call numbered them; up to a gap, for behind it the numbers are not known.
fn entries(log: &ReadLog) -> Vec<Numbered> {
    let known = log.lines.iter().take_while(|line| !matches!(line, Line::Gap { .. }));
    let all = known.filter_map(|line| if let Line::Action { action: Action::Record(entry), .. } = line { Some(entry) } else { None });
    let numbered = (1..).zip(all).map(|(seq, entry)| Numbered { seq, entry: entry.clone() });
    numbered.filter(|item| !matches!(item.entry.what, What::Hearing { .. })).collect()
}
