//! How long each kind of thing is kept, and the job that deletes what is older: at the start, and once a day.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    accounts::Did,
    clock,
    store::{AuditRow, Store, StoreError},
    view::Kept,
};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Between two sweeps.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// After one that failed.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// Days after which things are deleted, by kind; what is not in it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retention(pub BTreeMap<Kept, u64>);

impl Retention {
    /// The days of a kind; none: kept. What belongs to a call goes with it.
    #[must_use]
    pub fn days(&self, kind: Kept) -> Option<u64> {
        let of = |kind: Kept| self.0.get(&kind).copied();
        match (of(kind), of(Kept::Calls)) {
            (Some(own), Some(calls)) => Some(own.min(calls)),
            (own, calls) => own.or(calls),
        }
    }
}

/// Deletes what is too old now; how much of what.
///
/// # Errors
/// The record cannot be written; what was deleted before stays deleted.
pub async fn sweep(store: &Store, retention: &Retention, now_ms: u64) -> Result<BTreeMap<String, u64>, StoreError> {
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    for kind in Kept::ALL {
        let Some(days) = retention.0.get(&kind) else { continue };
        for (what, count) in store.sweep(kind, now_ms.saturating_sub(days.saturating_mul(DAY_MS))).await? {
            *all.entry(what).or_default() += count;
        }
    }
    for (what, count) in &all {
        metrics::counter!("warmline_retention_deleted_total", "what" => what.clone()).increment(*count);
    }
    if !all.is_empty() {
        let told: Vec<String> = all.iter().map(|(what, count)| format!("{what} {count}")).collect();
        tracing::info!(deleted = told.join(", "), "what was too old is deleted");
        store.audit(AuditRow {
            seq: 0,
            at_ms: now_ms,
            did: Did::DeletedOld.word().to_owned(),
            account: None,
            name: Some("retention".to_owned()),
            role: None,
            target: Some(told.join(", ").chars().take(100).collect()),
            source: "gateway".to_owned(),
        });
    }
    metrics::gauge!("warmline_retention_last_seconds").set(Duration::from_millis(now_ms).as_secs_f64());
    Ok(all)
}

/// Deletes what is too old, now and every day, until it is dropped.
pub async fn keep(store: Store, retention: Retention) {
    loop {
        let now_ms = u64::try_from(clock::utc().as_millis()).unwrap_or_default();
        let next = match sweep(&store, &retention, now_ms).await {
            Ok(_) => EVERY,
            Err(error) => {
                metrics::counter!("warmline_retention_failed_total").increment(1);
                tracing::error!(%error, "what is too old could not be deleted; it is tried again");
                AGAIN
            }
        };
        tokio::time::sleep(next).await;
    }
}
