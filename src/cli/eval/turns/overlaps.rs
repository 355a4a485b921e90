//! What came of a sound over the bot's words.

use serde::Serialize;

use super::label::Kind;

/// The longest silence that is none: the voice pauses for 280 ms between two sentences.
const BREATH_MS: u64 = 300;

/// What the bot did.
///
/// A stop is more than a breath: the bot gave up what it was saying, or was still for longer than it is between two sentences of its own.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Overlap {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) language: String,
    /// Its first word alone would be a back-channel ("yes, but").
    pub(super) agrees_first: bool,
    /// There was an echo beside it.
    pub(super) echo: bool,
    /// From the sound's beginning until the bot's words were gone from the line, for good.
    pub(super) still_after_ms: Option<u64>,
    /// From the sound's beginning until the bot spoke lower.
    pub(super) lower_after_ms: Option<u64>,
    /// Times it was still.
    pub(super) stills: u32,
    /// Milliseconds for which it was still and then went on.
    pub(super) still_ms: u64,
    /// The longest of these times.
    pub(super) longest_still_ms: u64,
    /// What the recogniser made of it while it went on.
    pub(super) glimpsed: Vec<String>,
    /// What the recogniser made of it.
    pub(super) heard: Vec<String>,
    /// It took a turn for one, and gave up what it was saying.
    pub(super) gave_up: bool,
    /// Milliseconds of the bot's speech.
    pub(super) spoken_ms: u64,
}

impl Overlap {
    /// The sound has stopped the bot.
    pub(super) fn has_stopped(&self) -> bool {
        self.gave_up || self.longest_still_ms > BREATH_MS
    }
}
