//! The trained numbers that are small enough to be in git: `weights/tone.bin`, made by `examples/train_tone.rs`.

use std::sync::LazyLock;

use crate::embedder::EMBEDDING_WIDTH as WIDTH;

const BYTES: &[u8] = include_bytes!("../weights/tone.bin");

/// One linear head: a weight for each number of an embedding, and a bias.
pub(crate) struct Linear {
    pub(crate) weights: &'static [f32],
    pub(crate) bias: f32,
}

static NUMBERS: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let words = BYTES.chunks_exact(4);
    words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
});

/// What callers' sentences have in common: the mean embedding of the training sentences. Subtracting it makes cosines meaningful,
/// because e5 puts all texts into a narrow cone.
pub(crate) fn background() -> &'static [f32] {
    &NUMBERS[..WIDTH]
}

/// The heads of tone in their order in the file: anger, frustration, sarcasm, gratitude.
pub(crate) fn tone_head(index: usize) -> Linear {
    let start = WIDTH + index * (WIDTH + 1);
    Linear { weights: &NUMBERS[start..start + WIDTH], bias: NUMBERS[start + WIDTH] }
}
