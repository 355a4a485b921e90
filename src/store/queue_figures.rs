//! How each queue has kept its promise, for the supervisors' wall.

use std::collections::BTreeMap;

use sqlx::Row;

use crate::{
    desk::ServiceLevels,
    store::{Store, StoreError},
    view::Stamp,
};

/// A queue in a stretch of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Calls that came to it.
    pub wanted: u64,
    /// Of these, calls that got a human.
    pub answered: u64,
    /// Within its target.
    pub in_time: u64,
    /// Callers who hung up while they waited.
    pub gave_up: u64,
}

impl QueueFigures {
    /// The share that was answered in time of those who were answered or gave up, in percent; none of nobody.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "calls of a week are few")]
    pub fn level(self) -> Option<f64> {
        let waited = self.answered + self.gave_up;
        (waited > 0).then(|| self.in_time as f64 * 100.0 / waited as f64)
    }
}

impl Store {
    /// How the queues did since then. A call counts for the queue that it came to last; one that calls somebody back counts for none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn queue_figures(&self, since: Stamp, levels: &ServiceLevels) -> Result<BTreeMap<String, QueueFigures>, StoreError> {
        let query = "SELECT json_extract(step.detail, '$.queue') AS queue, (time_to_agent_ms + 999) / 1000 AS seconds, \
                     coalesce(handoff_outcome = 'caller_left', 0) AS gave_up, count(*) FROM calls JOIN handoff_steps step ON step.call = calls.id \
                     WHERE started_ms >= ? AND step.step = 'started' AND json_extract(head, '$.calls_back') IS NULL \
                     AND step.seq = (SELECT max(seq) FROM handoff_steps WHERE call = calls.id AND step = 'started') GROUP BY queue, seconds, gave_up";
        let since = i64::try_from(since.0).unwrap_or(i64::MAX);
        let mut queues: BTreeMap<String, QueueFigures> = BTreeMap::new();
        for row in sqlx::query(query).bind(since).fetch_all(&self.pool).await? {
            let Some(queue) = row.get::<Option<String>, _>(0) else { continue };
            let calls = u64::try_from(row.get::<i64, _>(3)).unwrap_or_default();
            let level = levels.of(&queue);
            let figures = queues.entry(queue).or_default();
            figures.wanted += calls;
            match row.get::<Option<i64>, _>(1).and_then(|seconds| u64::try_from(seconds).ok()) {
                Some(seconds) => {
                    figures.answered += calls;
                    figures.in_time += if level.is_met_by(seconds * 1_000) { calls } else { 0 };
                }
                None if row.get::<i64, _>(2) != 0 => figures.gave_up += calls,
                None => {}
            }
        }
        Ok(queues)
    }
}
