//! What the pages see of calls: JSON shapes that are folded from the record. Store, hub and HTTP share them; the brain knows none of them.

mod card;
mod compliance;
mod correction;
mod head;
mod notes;
mod privacy;
pub mod schema;
mod stamp;
mod vcon;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::call::record::Entry;

pub use card::{Card, CardFold, CardStep, Inquiry};
pub use compliance::{Compliance, ConsentGiven, Seen};
pub use correction::{About, Correction, CorrectionState};
pub use head::{CallHead, CallState};
pub use notes::Notes;
pub use privacy::{Hold, Kept, Receipt};
pub use stamp::Stamp;
pub use vcon::{Sound, vcon};

/// An entry of a call's record with its place in it, from 1. The number is also the id of the live event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbered {
    /// Its number in the call, from 1.
    pub seq: u64,
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
}

/// An entry that was written down, to be shown to whoever watches.
#[derive(Debug, Clone)]
pub struct Written {
    /// The entry.
    pub item: Arc<Numbered>,
    /// The head, if the entry changed it.
    pub head: Option<Arc<CallHead>>,
}
