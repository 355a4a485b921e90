//! The trained numbers that are small enough to be in git: `weights/centre.bin`, made by `examples/train_centre.rs`, and `weights/background.bin`, made by
//! `examples/train_background.rs`.

use std::sync::LazyLock;

use crate::embedder::EMBEDDING_WIDTH as WIDTH;

const BYTES: &[u8] = include_bytes!("../weights/centre.bin");

static NUMBERS: LazyLock<Vec<f32>> = LazyLock::new(|| {
    let words = BYTES.chunks_exact(4);
    words.map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
});

/// What callers' sentences have in common: the mean embedding of the training sentences. Subtracting it makes cosines meaningful,
/// because e5 puts all texts into a narrow cone.
pub(crate) fn background() -> &'static [f32] {
    &NUMBERS
}

const BACKGROUND_BYTES: &[u8] = include_bytes!("../weights/background.bin");
/// The file begins with the number of matters in English: those of CLINC150 and of our own; those in Romanian follow.
const COUNT_BYTES: usize = 4;
/// Sentences that stand for one matter.
pub(crate) const OF_A_MATTER: usize = 4;
const FRONT_BYTES: usize = COUNT_BYTES + 3 * WIDTH * 4;
/// A scale, then a byte for each number.
const ROW_BYTES: usize = 4 + WIDTH;

/// How the sentences of another language lie beside English ones.
pub(crate) struct Foreign {
    /// Half way between the two.
    pub(crate) middle: Vec<f32>,
    /// From the English ones to the others.
    pub(crate) difference: Vec<f32>,
}

static FOREIGN: LazyLock<Foreign> = LazyLock::new(|| {
    let (english, other) = (floats(0), floats(1));
    Foreign {
        middle: english.iter().zip(&other).map(|(a, b)| (a + b) / 2.0).collect(),
        difference: other.iter().zip(&english).map(|(a, b)| a - b).collect(),
    }
});

/// One of the three vectors in front of the file: the mean of English sentences, of Romanian ones, of all matters.
fn floats(index: usize) -> Vec<f32> {
    let bytes = &BACKGROUND_BYTES[COUNT_BYTES + index * WIDTH * 4..COUNT_BYTES + (index + 1) * WIDTH * 4];
    bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// Where the sentences of the other language lie.
pub(crate) fn foreign() -> &'static Foreign {
    &FOREIGN
}

/// What people also say to machines and to companies: [`OF_A_MATTER`] typical sentences for each of some hundreds of matters, as embeddings; for Romanian flows
/// with those that were written in Romanian. They are needed when a head is built, and take more memory than their bytes do.
pub(crate) fn matters(language: &str) -> impl Iterator<Item = Vec<Vec<f32>>> {
    let middle = floats(2);
    let rows = BACKGROUND_BYTES[FRONT_BYTES..].chunks_exact(ROW_BYTES * OF_A_MATTER);
    let count = if language == "ro" { rows.len() } else { english_matters() };
    rows.take(count).map(move |matter| matter.chunks_exact(ROW_BYTES).map(|row| sentence(row, &middle)).collect())
}

fn sentence(row: &[u8], middle: &[f32]) -> Vec<f32> {
    let scale = f32::from_le_bytes([row[0], row[1], row[2], row[3]]);
    row[4..].iter().zip(middle).map(|(byte, middle)| f32::from(i8::from_le_bytes([*byte])) * scale + middle).collect()
}

fn english_matters() -> usize {
    let count = BACKGROUND_BYTES.first_chunk().map_or(0, |count| u32::from_le_bytes(*count));
    usize::try_from(count).unwrap_or(usize::MAX)
}
