//! Is it a matter that a human must hear of, whatever the flow is about: a wish for a human, a cancellation, a complaint, a legal threat, danger, fraud,
//! data protection, a caller who needs care?
//!
//! An [`IntentHead`] over the sentences of `train/caller_matters.tsv`, English and Romanian, with sentences that sound like one of these matters and are none
//! ("cancel my alarm", "human resources"). Their embeddings are in `weights/matters.bin`, made by `examples/train_matters.rs`.

use crate::{
    embedder::{EMBEDDING_WIDTH as WIDTH, Embedding},
    error::ModelError,
    intent::{IntentHead, LabelScore},
    weights::public_matters,
};

const BYTES: &[u8] = include_bytes!("../weights/matters.bin");
/// The classes, in the order of their numbers in the file; what is none of them has the number after the last.
const CLASSES: [&str; 8] = ["human", "cancellation", "complaint", "legal_threat", "safety", "fraud", "data_protection", "vulnerability"];
/// What is no such matter weighs as much as so many of them: most of what callers say is none.
const OTHERS: f32 = 8.0;
/// The class, a scale, then a byte for each number.
const ROW_BYTES: usize = 1 + 4 + WIDTH;

/// The head of these matters.
pub struct Matters(IntentHead);

impl Matters {
    /// Builds the head: some tenths of a second.
    ///
    /// # Errors
    /// When the file of weights is empty.
    pub fn new() -> Result<Self, ModelError> {
        let mut classes: Vec<(String, Vec<Embedding>)> = CLASSES.iter().map(|class| ((*class).to_owned(), Vec::new())).collect();
        let mut others = Vec::new();
        for row in BYTES.chunks_exact(ROW_BYTES) {
            let scale = f32::from_le_bytes([row[1], row[2], row[3], row[4]]);
            let sentence = row[5..].iter().map(|byte| f32::from(i8::from_le_bytes([*byte])) * scale).collect();
            match classes.get_mut(usize::from(row[0])) {
                Some((_, sentences)) => sentences.push(sentence),
                None => others.push(sentence),
            }
        }
        Ok(Self(IntentHead::train_with(public_matters(), &classes, &others, OTHERS)?))
    }

    /// All matters with their scores, best first.
    #[must_use]
    pub fn scores(&self, embedding: &Embedding) -> Vec<LabelScore> {
        self.0.scores(embedding)
    }
}
