//! What a caller feels, and whether it is a matter that a human must hear of, whatever the flow is about: a wish for a human, a cancellation, a complaint, a
//! legal threat, danger, fraud, data protection, a caller who needs care.
//!
//! A second encoder of the embedder's later layers with an adapter of its own (`weights/feeling.bin`), and linear heads on what it makes of a sentence
//! (`weights/felt.bin`); `train/feeling.py` made both from `train/caller_*`, English and Romanian, with sentences that sound like one of these matters and are
//! none ("cancel my alarm", "human resources"). What was said before the sentence may be heard with it: praise after the third failure is not praise. Words
//! alone carry no voice, so treat the tones as one signal among several.

use std::sync::LazyLock;

use ort::value::TensorRef;

use crate::{
    embedder::{EMBEDDING_WIDTH as WIDTH, Embedder, Heard, normalise},
    error::ModelError,
    intent::LabelScore,
    linear::{dot, logistic},
    runtime::{Runtime, Sessions},
    softmax::softmax,
};

const ENCODER_FILE: &str = "e5-feeling.int8.onnx";
const BYTES: &[u8] = include_bytes!("../weights/felt.bin");
/// The matters in the order of their heads; the head of what is none of them comes after the last, then those of the tones.
const MATTERS: [&str; 8] = ["human", "cancellation", "complaint", "legal_threat", "safety", "fraud", "data_protection", "vulnerability"];
/// How much more decidedly one of the matters is chosen than their heads would: a complaint that may be a legal threat is no less a matter for a human.
const DECISION: f32 = 2.0;
/// Tokens of a turn before the sentence that are heard with it.
const BEFORE: usize = 32;
/// It is asked once or twice for each turn of a caller, for some milliseconds, never for the sentences of a flow: one copy serves all.
const COPIES: usize = 1;

/// Probabilities 0..1, independent of one another.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ToneScores {
    /// Open anger.
    pub anger: f32,
    /// Annoyance, disappointment, impatience.
    pub frustration: f32,
    /// Not meant as it is said.
    pub sarcasm: f32,
    /// Thanks, relief.
    pub gratitude: f32,
}

/// What a sentence says beside its meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Felt {
    /// All matters with their scores 0..1, best first; what is missing to 1 is that it is none of them.
    pub matters: Vec<LabelScore>,
    /// The tone of the words.
    pub tone: ToneScores,
}

static NUMBERS: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let words = BYTES.chunks_exact(4);
    words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
});

/// The encoder of feeling.
pub(crate) struct Feeling(Sessions);

impl Feeling {
    pub(crate) fn load(runtime: &Runtime) -> Result<Self, ModelError> {
        Ok(Self(runtime.open("feeling", ENCODER_FILE, COPIES)?))
    }

    /// The vector of the last of these turns.
    fn vector(&self, lower: &[f32], said: usize) -> Result<Vec<f32>, ModelError> {
        let length = i64::try_from(said).unwrap_or(i64::MAX);
        let mut vector = self.0.run(|session| {
            let lower = TensorRef::from_array_view(([1usize, lower.len() / WIDTH, WIDTH], lower))?;
            let said = TensorRef::from_array_view(([1usize], std::slice::from_ref(&length)))?;
            let outputs = session.run(ort::inputs!["lower" => lower, "said" => said])?;
            Ok(outputs["felt"].try_extract_tensor::<f32>()?.1.to_vec())
        })?;
        normalise(&mut vector);
        Ok(vector)
    }
}

impl Embedder {
    /// What a caller's sentence says beside its meaning, heard after these turns (the caller's last, then the bot's answer to it; or nothing).
    ///
    /// # Errors
    /// When the model fails.
    pub fn feel(&self, before: &[&Heard], said: &Heard) -> Result<Felt, ModelError> {
        let mut lower: Vec<f32> = Vec::new();
        for turn in before {
            lower.extend(&turn.lower[..turn.lower.len().min(BEFORE * WIDTH)]);
        }
        lower.extend(&said.lower);
        Ok(felt(&self.feeling.vector(&lower, said.lower.len() / WIDTH)?))
    }
}

fn felt(vector: &[f32]) -> Felt {
    let (middle, heads) = NUMBERS.split_at(WIDTH);
    let moved: Vec<f32> = vector.iter().zip(middle).map(|(number, middle)| number - middle).collect();
    let mut told: Vec<f32> = heads.chunks_exact(WIDTH + 1).map(|head| dot(&head[..WIDTH], &moved) + head[WIDTH]).collect();
    let tones = told.split_off(MATTERS.len() + 1);
    let mut which: Vec<f32> = told[..MATTERS.len()].iter().map(|strength| strength * DECISION).collect();
    softmax(&mut told);
    softmax(&mut which);
    let any = 1.0 - told.last().copied().unwrap_or_default();
    let mut matters: Vec<LabelScore> =
        MATTERS.iter().zip(which).map(|(name, share)| LabelScore { label: (*name).to_owned(), score: any * share }).collect();
    matters.sort_by(|a, b| b.score.total_cmp(&a.score));
    let tone = |index: usize| logistic(tones[index]);
    Felt { matters, tone: ToneScores { anger: tone(0), frustration: tone(1), sarcasm: tone(2), gratitude: tone(3) } }
}
