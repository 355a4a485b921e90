//! What is counted of one handoff, for its entry at the end.

use crate::call::time::Time;

/// The counts of one handoff.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    /// Since when the caller has waited.
    pub(crate) since: Time,
    /// Agents who were asked.
    pub(crate) offers: u32,
    /// Briefings that were said again.
    pub(crate) repeats: u32,
}
