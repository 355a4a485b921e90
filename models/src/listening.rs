//! Do a few words only say that the caller listens ("right you are", "oh I see"), or do they want the turn?
//!
//! One linear head on the embedding, trained by `examples/train_listening.rs` on 1,752 things of a few words that callers say over a bot's own words,
//! English and Romanian (`train/caller_listening.tsv`, written for this project). It knows what no list of a language holds.

use std::sync::LazyLock;

use crate::{
    embedder::{EMBEDDING_WIDTH as WIDTH, Embedding, normalise},
    linear::{dot, logistic},
};

const BYTES: &[u8] = include_bytes!("../weights/listening.bin");

/// The mean of the training sentences, a weight for each number, and a bias.
static NUMBERS: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let words = BYTES.chunks_exact(4);
    words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
});

/// How likely a few words want no turn, 0..1. Says nothing about longer sentences.
#[must_use]
pub fn listening(embedding: &Embedding) -> f32 {
    let (mean, head) = NUMBERS.split_at(WIDTH);
    let mut moved: Vec<f32> = embedding.iter().zip(mean).map(|(number, mean)| number - mean).collect();
    normalise(&mut moved);
    logistic(dot(&head[..WIDTH], &moved) + head[WIDTH])
}
