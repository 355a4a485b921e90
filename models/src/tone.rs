//! The tone of a caller's words: four independent linear heads on the embedding, trained by `examples/train_tone.rs`.
//!
//! Trained on 874 caller sentences of our own, English and Romanian (`train/caller_tone.tsv`), and, with a hundredth of their weight each, GoEmotions (CC BY 4.0).
//! Five-fold on our own sentences, threshold 0.5: see the figures that the training prints; words alone carry
//! no voice, so treat the scores as one signal among several.

use crate::{
    embedder::Embedding,
    linear::{dot, logistic},
    weights::{background, tone_head},
};

/// Probabilities 0..1, independent of one another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ToneScores {
    /// Open anger.
    pub anger: f32,
    /// Annoyance, disappointment, impatience.
    pub frustration: f32,
    /// Praise that is not meant.
    pub sarcasm: f32,
    /// Thanks, relief.
    pub gratitude: f32,
}

/// The tone of a sentence by its embedding.
#[must_use]
pub fn tone(embedding: &Embedding) -> ToneScores {
    let centred: Vec<f32> = embedding.iter().zip(background()).map(|(number, mean)| number - mean).collect();
    let score = |index| {
        let head = tone_head(index);
        logistic(dot(head.weights, &centred) + head.bias)
    };
    ToneScores { anger: score(0), frustration: score(1), sarcasm: score(2), gratitude: score(3) }
}
