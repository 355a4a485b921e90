//! The queue of messages to webhooks, and those that were given up.

use sqlx::{Row, sqlite::SqliteRow};

use crate::{
    call::ids::CallId,
    store::{Store, StoreError},
};

/// Messages to one hook that are kept after they were given up; the oldest go first.
const DEAD_KEPT: i64 = 1_000;

/// A hook that wants an event.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Its name.
    pub hook: String,
    /// Messages of it that may wait.
    pub queue: u32,
}

/// A message that waits, or was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number in the queue.
    pub seq: u64,
    /// The event's number.
    pub event: u64,
    /// What is posted.
    pub body: String,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is to be sent.
    pub due_ms: u64,
    /// Why the last attempt failed.
    pub why: Option<String>,
}

/// What came of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is done.
    Taken,
    /// It is sent again then.
    Later { due_ms: u64, why: String },
    /// It is given up.
    Dead { why: String },
}

impl Store {
    /// Puts an event into the queues of these hooks, all or none. Where a queue is full its oldest message is given up.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn put_deliveries(
        &self,
        hooks: &[NewDelivery],
        event: u64,
        call: &CallId,
        body: &str,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        for hook in hooks {
            sqlx::query("INSERT INTO deliveries (hook, event, call, body, due_ms) VALUES (?,?,?,?,?)")
                .bind(&hook.hook)
                .bind(integer(event))
                .bind(&call.0)
                .bind(body)
                .bind(integer(now_ms))
                .execute(&mut *transaction)
                .await?;
            let full = "UPDATE deliveries SET dead = 1, why = 'the queue was full' WHERE seq IN \
                        (SELECT seq FROM deliveries WHERE hook = ?1 AND dead = 0 ORDER BY seq DESC LIMIT -1 OFFSET ?2)";
            let pushed = sqlx::query(full).bind(&hook.hook).bind(i64::from(hook.queue)).execute(&mut *transaction).await?;
            if pushed.rows_affected() > 0 {
                bury(&mut transaction, &hook.hook).await?;
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The next messages of a hook, those first that are due first; they may be due later.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn due_deliveries(&self, hook: &str, most: u32) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries(hook, false, most).await
    }

    /// The messages of a hook that were given up, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn dead_deliveries(&self, hook: &str, most: u32) -> Result<Vec<Delivery>, StoreError> {
        self.deliveries(hook, true, most).await
    }

    async fn deliveries(&self, hook: &str, dead: bool, most: u32) -> Result<Vec<Delivery>, StoreError> {
        let query =
            "SELECT seq, event, body, attempts, due_ms, why FROM deliveries WHERE hook = ? AND dead = ? ORDER BY due_ms, seq LIMIT ?";
        let rows = sqlx::query(query).bind(hook).bind(dead).bind(i64::from(most)).fetch_all(&self.pool).await?;
        Ok(rows.iter().map(delivery_of).collect())
    }

    /// How many messages of a hook wait, and how many were given up.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn count_deliveries(&self, hook: &str) -> Result<(u64, u64), StoreError> {
        let query = "SELECT count(*) FILTER (WHERE dead = 0), count(*) FILTER (WHERE dead = 1) FROM deliveries WHERE hook = ?";
        let row = sqlx::query(query).bind(hook).fetch_one(&self.pool).await?;
        let count = |index: usize| u64::try_from(row.get::<i64, _>(index)).unwrap_or_default();
        Ok((count(0), count(1)))
    }

    /// Writes down what came of a message. One that a full queue has pushed out meanwhile is given up, unless it was taken.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn delivered(&self, delivery: &Delivery, attempts: u32, sent: &Sent) -> Result<(), StoreError> {
        let seq = integer(delivery.seq);
        let mut transaction = self.pool.begin().await?;
        match sent {
            Sent::Taken => {
                sqlx::query("DELETE FROM deliveries WHERE seq = ?").bind(seq).execute(&mut *transaction).await?;
            }
            Sent::Later { due_ms, why } => {
                let query = "UPDATE deliveries SET attempts = ?, due_ms = ?, why = ? WHERE seq = ? AND dead = 0";
                let query = sqlx::query(query).bind(i64::from(attempts)).bind(integer(*due_ms)).bind(why).bind(seq);
                query.execute(&mut *transaction).await?;
            }
            Sent::Dead { why } => {
                let query = "UPDATE deliveries SET attempts = ?, why = ?, dead = 1 WHERE seq = ? AND dead = 0 RETURNING hook";
                let query = sqlx::query_scalar(query).bind(i64::from(attempts)).bind(why).bind(seq);
                let hook: Option<String> = query.fetch_optional(&mut *transaction).await?;
                if let Some(hook) = hook {
                    bury(&mut transaction, &hook).await?;
                }
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Puts messages that were given up into the queue again, one or all of a hook; how many there were.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn revive_deliveries(&self, hook: &str, seq: Option<u64>, now_ms: u64) -> Result<u64, StoreError> {
        let query = "UPDATE deliveries SET dead = 0, attempts = 0, due_ms = ?1, why = NULL WHERE hook = ?2 AND dead = 1 AND (?3 IS NULL OR seq = ?3)";
        let revived = sqlx::query(query).bind(integer(now_ms)).bind(hook).bind(seq.map(integer)).execute(&self.pool).await?;
        Ok(revived.rows_affected())
    }
}

/// Of the messages that were given up only the newest are kept.
async fn bury(transaction: &mut sqlx::SqliteConnection, hook: &str) -> Result<(), StoreError> {
    let old = "DELETE FROM deliveries WHERE seq IN (SELECT seq FROM deliveries WHERE hook = ?1 AND dead = 1 ORDER BY seq DESC LIMIT -1 OFFSET ?2)";
    sqlx::query(old).bind(hook).bind(DEAD_KEPT).execute(transaction).await?;
    Ok(())
}

fn delivery_of(row: &SqliteRow) -> Delivery {
    let number = |index: usize| u64::try_from(row.get::<i64, _>(index)).unwrap_or_default();
    Delivery {
        seq: number(0),
        event: number(1),
        body: row.get(2),
        attempts: u32::try_from(number(3)).unwrap_or(u32::MAX),
        due_ms: number(4),
        why: row.get(5),
    }
}

fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
