//! Legal holds, and what was deleted of calls that are still there.

use std::collections::BTreeMap;

use sqlx::{Row, sqlite::SqliteRow};

use crate::{
    call::ids::CallId,
    store::{
        Store, StoreError,
        accounts::{integer, number},
    },
    view::{Hold, Stamp},
};

impl Store {
    /// Keeps a call, whatever its age and whoever asks for it to be erased; false if it is held already: the first hold stays.
    ///
    /// # Errors
    /// The database cannot be written, or does not know the call.
    pub async fn place_hold(&self, hold: &Hold) -> Result<bool, StoreError> {
        let placed = sqlx::query("INSERT INTO holds (call, placed_ms, placed_by, why) VALUES (?,?,?,?) ON CONFLICT (call) DO NOTHING")
            .bind(&hold.call.0)
            .bind(integer(hold.placed.0))
            .bind(&hold.by)
            .bind(&hold.why)
            .execute(&self.pool)
            .await?;
        Ok(placed.rows_affected() == 1)
    }

    /// Lets a call go; false if it was not held.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn lift_hold(&self, call: &CallId) -> Result<bool, StoreError> {
        Ok(sqlx::query("DELETE FROM holds WHERE call = ?").bind(&call.0).execute(&self.pool).await?.rows_affected() == 1)
    }

    /// The hold on a call, if there is one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn hold(&self, call: &CallId) -> Result<Option<Hold>, StoreError> {
        let query = "SELECT call, placed_ms, placed_by, why FROM holds WHERE call = ?";
        Ok(sqlx::query(query).bind(&call.0).fetch_optional(&self.pool).await?.as_ref().map(hold_of))
    }

    /// The last thousand holds, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let query = "SELECT call, placed_ms, placed_by, why FROM holds ORDER BY placed_ms DESC, call LIMIT 1000";
        Ok(sqlx::query(query).fetch_all(&self.pool).await?.iter().map(hold_of).collect())
    }
}

impl Store {
    /// What was deleted of a call by its age, and when.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn swept(&self, call: &CallId) -> Result<BTreeMap<String, Stamp>, StoreError> {
        let rows = sqlx::query("SELECT kind, at_ms FROM swept WHERE call = ?").bind(&call.0).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(|row| (row.get(0), Stamp(number(row.get(1))))).collect())
    }
}

fn hold_of(row: &SqliteRow) -> Hold {
    Hold { call: CallId(row.get(0)), placed: Stamp(number(row.get(1))), by: row.get(2), why: row.get(3) }
}
