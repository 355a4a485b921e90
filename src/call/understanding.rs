//! What the machine understood of one utterance. Computed by the speech driver, read by the flow and by the escalation policy.

use serde::{Deserialize, Serialize};

/// The recogniser's answer to `Transcribe`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// The words, as the recogniser wrote them; empty if nothing was said.
    pub text: String,
    /// exp(mean log p) of the tokens, 0..=1. Empty text has 0.
    pub confidence: f32,
    /// Smart Turn's probability that the speaker has finished, 0..=1. A hint, never a verdict; none when there was no time for it.
    pub complete: Option<f32>,
}

/// The answer to `Understand`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Understanding {
    /// Calibrated scores of the flow's intents, best first, 0..=1. Out of scope is none of them above the flow's threshold.
    pub intents: Vec<Scored>,
    /// Matching knowledge entries (by key), best first, 0..=1.
    pub knowledge: Vec<Scored>,
    /// What another clause of the same turn surely means besides: an intent or a knowledge entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Scored>,
    /// The tone of the words. Only ever the caller's.
    pub tone: Tone,
    /// Matters that a human may have to hear of, whatever the flow is about, best first, 0..=1: `human` (asked for), `cancellation`, `complaint`,
    /// `legal_threat`, `safety`, `fraud`, `data_protection`, `vulnerability`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub matters: Vec<Scored>,
}

impl Understanding {
    /// The score of a matter; 0 if it was not seen.
    #[must_use]
    pub fn matter(&self, name: &str) -> f32 {
        self.matters.iter().find(|it| it.name == name).map_or(0.0, |it| it.score)
    }
}

/// A name with a calibrated score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// Intent name or knowledge key of the flow.
    pub name: String,
    /// 0..=1.
    pub score: f32,
}

/// The tone of the words, each 0..=1 and independent of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Tone {
    /// Open anger.
    pub anger: f32,
    /// Annoyance, disappointment, impatience.
    pub frustration: f32,
    /// Praise that is not meant.
    pub sarcasm: f32,
    /// Thanks, relief.
    pub gratitude: f32,
}
