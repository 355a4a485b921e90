//! Who hears whom. The brain states the whole of it; the media engine makes it so at the next frame.

use serde::{Deserialize, Serialize};

use crate::call::ids::LegId;

/// The patch of a call: complete, not a change. A leg that is not named hears silence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patch {
    /// What each leg hears. Speech that is played to a leg is always heard by that leg alone.
    pub ears: Vec<Ear>,
    /// Legs whose audio goes to the recogniser.
    pub listen: Vec<LegId>,
    /// Legs whose words are only written down: their audio is decoded for that, and nobody waits for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<LegId>,
}

/// What one leg hears beside the speech that is played to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ear {
    /// Who hears.
    pub leg: LegId,
    /// The legs that are heard.
    pub hears: Vec<LegId>,
    /// The sound under it.
    pub under: Under,
}

/// A sound that goes on until the patch changes; it is lowered while speech is played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Under {
    /// None.
    #[default]
    Nothing,
    /// A calm hold sound.
    Hold,
    /// Ring-back tone (ETSI: 425 Hz, 1 s on, 4 s off).
    Ringback,
    /// A small bell every three seconds: somebody is there, and cannot be announced in words.
    Bell,
}
