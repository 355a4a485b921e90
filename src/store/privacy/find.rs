//! The calls of a number.

use std::collections::BTreeSet;

use sqlx::{QueryBuilder, Row, Sqlite};

use crate::{
    call::ids::CallId,
    store::{Store, StoreError},
    view::CallHead,
};

impl Store {
    /// Every call from one of these numbers, or in which a callback to one of them was promised, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn calls_of(&self, numbers: &[String]) -> Result<Vec<CallHead>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT head FROM calls WHERE caller IN (");
        list(&mut query, numbers);
        query.push(
            ") OR id IN (SELECT call FROM handoff_steps WHERE step = 'callback_promised' AND \
             replace(replace(json_extract(detail, '$.number'), ' ', ''), '-', '') IN (",
        );
        list(&mut query, numbers);
        query.push(")) ORDER BY started_ms, id");
        let rows = query.build().fetch_all(&self.pool).await?;
        rows.iter().map(|row| self.head_of(row)).collect()
    }

    /// Which of these calls are under a legal hold?
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn held(&self, calls: &[CallId]) -> Result<BTreeSet<CallId>, StoreError> {
        let rows = sqlx::query("SELECT call FROM holds").fetch_all(&self.pool).await?;
        let held: BTreeSet<CallId> = rows.iter().map(|row| CallId(row.get(0))).collect();
        Ok(calls.iter().filter(|call| held.contains(call)).cloned().collect())
    }
}

fn list(query: &mut QueryBuilder<'_, Sqlite>, numbers: &[String]) {
    let mut separated = query.separated(", ");
    numbers.iter().for_each(|number| _ = separated.push_bind(number.clone()));
}
