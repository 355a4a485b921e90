//! What a recogniser elsewhere has heard.

/// The words of an utterance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words {
    /// As it wrote them; empty if nothing was said.
    pub text: String,
    /// How sure it is, 0..=1; none if it does not say.
    pub confidence: Option<f32>,
}

/// What a recogniser that does not say how sure it is, is believed.
const BELIEVED: f32 = 0.85;

impl Words {
    /// The confidence as the brain knows it: 0 for no words.
    #[must_use]
    pub fn sureness(&self) -> f32 {
        if self.text.is_empty() { 0.0 } else { self.confidence.unwrap_or(BELIEVED).clamp(0.0, 1.0) }
    }
}
