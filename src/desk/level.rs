//! What each queue promises: so many callers of a hundred have a human within so many seconds.

use std::collections::BTreeMap;

/// A queue's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceLevel {
    /// So many callers of a hundred.
    pub percent: u32,
    /// Have a human within so many seconds.
    pub within_s: u32,
}

impl Default for ServiceLevel {
    /// What contact centres usually promise.
    fn default() -> Self {
        Self { percent: 80, within_s: 20 }
    }
}

impl ServiceLevel {
    /// Was that in time?
    #[must_use]
    pub fn is_met_by(self, waited_ms: u64) -> bool {
        waited_ms <= u64::from(self.within_s) * 1_000
    }
}

/// All targets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceLevels {
    /// Of queues that have none of their own.
    pub usual: ServiceLevel,
    /// By queue.
    pub queues: BTreeMap<String, ServiceLevel>,
}

impl ServiceLevels {
    /// The target of a queue.
    #[must_use]
    pub fn of(&self, queue: &str) -> ServiceLevel {
        self.queues.get(queue).copied().unwrap_or(self.usual)
    }
}
