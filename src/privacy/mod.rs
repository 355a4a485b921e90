//! What data protection asks of a record of calls: everything of one number given out or erased, and everything deleted when its time is over.

mod export;
mod retention;
mod spellings;

use std::sync::Arc;

use crate::{
    call::ids::CallId,
    clock,
    desk::DeskHandle,
    live::Hub,
    store::{Store, StoreError},
    view::{CallHead, CallState, Receipt, Stamp},
};

pub use export::{Exported, export};
pub use retention::{Retention, keep, sweep};
pub use spellings::{Spellings, WrongNumber};

/// Why something was not erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Some of the calls go on.
    #[error("{0} of the calls go on: end them first")]
    Live(usize),
    /// The record cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is kept of one number.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its calls, oldest first.
    pub calls: Vec<CallHead>,
    /// Those of them that a legal hold keeps.
    pub held: Vec<CallId>,
}

/// The record, and what remembers calls beside it.
#[derive(Debug, Clone)]
pub struct Privacy {
    store: Store,
    beside: Option<(Hub, DeskHandle)>,
    spellings: Arc<Spellings>,
    retention: Retention,
}

impl Privacy {
    /// For a gateway that runs.
    #[must_use]
    pub fn new(store: Store, hub: Hub, desk: DeskHandle, spellings: Spellings, retention: Retention) -> Self {
        Self { store, beside: Some((hub, desk)), spellings: Arc::new(spellings), retention }
    }

    /// For a record that no gateway works with.
    #[must_use]
    pub fn at_rest(store: Store, spellings: Spellings, retention: Retention) -> Self {
        Self { store, beside: None, spellings: Arc::new(spellings), retention }
    }

    /// How long things are kept.
    #[must_use]
    pub const fn retention(&self) -> &Retention {
        &self.retention
    }

    /// The ways in which the record may have a number that somebody has typed.
    ///
    /// # Errors
    /// It is no number, or the one of everybody who withholds theirs.
    pub fn spellings(&self, number: &str) -> Result<Vec<String>, WrongNumber> {
        self.spellings.of(number)
    }

    /// What is kept of a number.
    ///
    /// # Errors
    /// The record cannot be read.
    pub async fn find(&self, numbers: &[String]) -> Result<Found, StoreError> {
        let calls = self.store.calls_of(numbers).await?;
        let ids: Vec<CallId> = calls.iter().map(|head| head.id.clone()).collect();
        let held = self.store.held(&ids).await?.into_iter().collect();
        Ok(Found { calls, held })
    }

    /// Erases everything that is kept of a number, except for calls under a legal hold, and keeps a receipt.
    ///
    /// # Errors
    /// One of its calls goes on, or the record cannot be written: then it is to be done again.
    pub async fn erase(&self, numbers: &[String], by: Option<String>) -> Result<Receipt, EraseError> {
        self.store.flush().await;
        let Found { calls, held } = self.find(numbers).await?;
        let live = calls.iter().filter(|head| self.is_live(head)).count();
        if live > 0 {
            return Err(EraseError::Live(live));
        }
        // A call whose task is gone has handed its last row over.
        self.store.flush().await;
        let ids: Vec<CallId> = calls.into_iter().map(|head| head.id).filter(|id| !held.contains(id)).collect();
        if let Some((hub, desk)) = &self.beside {
            hub.forget(&ids);
            numbers.iter().for_each(|number| desk.forget(number));
        }
        let removed = self.store.remove_calls(&ids, numbers).await?;
        let at = Stamp(u64::try_from(clock::utc().as_millis()).unwrap_or_default());
        let (digest, kept) = (removed.digest(), held.len() as u64);
        let receipt = Receipt { id: receipt_id(at, &digest), at, by, erased: removed.count, kept, digest };
        self.store.put_receipt(&receipt).await?;
        Ok(receipt)
    }

    fn is_live(&self, head: &CallHead) -> bool {
        match &self.beside {
            Some((hub, _)) => head.state == CallState::Live || hub.is_live(&head.id),
            None => head.state == CallState::Live,
        }
    }
}

/// Sortable by time. The digest says nothing of the number.
fn receipt_id(at: Stamp, digest: &str) -> String {
    format!("{:012x}-{}", at.0, digest.get(..12).unwrap_or_default())
}
