//! What came of a sound over the bot's words.

use serde::Serialize;

use super::label::Kind;

/// What the bot did.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Overlap {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// There was an echo beside it.
    pub(super) echo: bool,
    /// From the sound's beginning until the bot was still.
    pub(super) still_after_ms: Option<u64>,
    /// From the sound's beginning until the bot spoke lower.
    pub(super) lower_after_ms: Option<u64>,
    /// Times it was still.
    pub(super) stills: u32,
    /// Milliseconds for which it was still and then went on.
    pub(super) still_ms: u64,
    /// What the recogniser made of it.
    pub(super) heard: Vec<String>,
    /// It took a turn for one, and gave up what it was saying.
    pub(super) gave_up: bool,
    /// Milliseconds of the bot's speech.
    pub(super) spoken_ms: u64,
}
