//! Words of a call that were written before it was known that nobody may read them.

use sqlx::SqliteConnection;

use crate::{
    call::{ids::CallId, record::CONCEALED, time::Time},
    store::StoreError,
};

/// Puts dots in the place of what the caller said between two times, and of what quotes it. Done twice it is the same.
pub(super) async fn blot(connection: &mut SqliteConnection, call: &CallId, from: Time, to: Time) -> Result<(), StoreError> {
    let (from, to) = (i64::try_from(from.0).unwrap_or(i64::MAX), i64::try_from(to.0).unwrap_or(i64::MAX));
    // The turn that shows what it is comes after this, and without it.
    for query in [
        "UPDATE turns SET text = ?2 WHERE call = ?1 AND speaker IN ('caller', 'agent') AND from_ms >= ?3 AND to_ms <= ?4 AND instr(text, ?2) = 0",
        "UPDATE entries SET entry = json_set(entry, '$.text', ?2) WHERE call = ?1 AND what IN ('caller_turn', 'agent_turn') AND json_extract(entry, '$.from') >= ?3 AND \
         json_extract(entry, '$.to') <= ?4 AND instr(json_extract(entry, '$.text'), ?2) = 0",
        "UPDATE evidence SET quote = ?2 WHERE call = ?1 AND from_ms >= ?3 AND to_ms <= ?4",
        "UPDATE entries SET entry = json_set(entry, '$.evidence.quote', ?2) WHERE call = ?1 AND what = 'evidence' AND \
         json_extract(entry, '$.evidence.span[0]') >= ?3 AND json_extract(entry, '$.evidence.span[1]') <= ?4",
        "UPDATE decisions SET why = ?2 WHERE call = ?1 AND at_ms BETWEEN ?3 AND ?4",
        "UPDATE entries SET entry = json_set(entry, '$.decision.why', ?2) WHERE call = ?1 AND what = 'decision' AND at_ms BETWEEN ?3 AND ?4",
        // Messages that wait.
        "UPDATE deliveries SET body = json_set(body, '$.data.entry.text', ?2) WHERE call = ?1 AND json_extract(body, '$.data.entry.what') IN ('caller_turn', 'agent_turn') AND \
         json_extract(body, '$.data.entry.from') >= ?3 AND json_extract(body, '$.data.entry.to') <= ?4 AND instr(json_extract(body, '$.data.entry.text'), ?2) = 0",
    ] {
        sqlx::query(query).bind(&call.0).bind(CONCEALED).bind(from).bind(to).execute(&mut *connection).await?;
    }
    Ok(())
}
