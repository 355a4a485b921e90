//! What a sentence means, as a vector: multilingual-e5-small (MIT; Wang et al. 2024, "Multilingual E5 Text Embeddings").
//!
//! Tokenizer and word table stay in the packed file: of the 54 MB of word rows only the few that a sentence needs are read, so
//! they cost page cache and not memory of the process.

use std::{
    collections::VecDeque,
    fs::File,
    hash::{BuildHasher, RandomState},
    io::Read,
    os::unix::fs::FileExt,
    sync::{Arc, Mutex, PoisonError},
};

use ort::value::TensorRef;

use crate::{
    error::ModelError,
    feeling::Feeling,
    linear::dot,
    packed::{PACKED_FILE, Reader, TensorPlace, half_to_float},
    remembered::Remembered,
    runtime::{Runtime, Sessions},
    unigram::Unigram,
    weights::foreign,
};

/// Numbers in an embedding.
pub const EMBEDDING_WIDTH: usize = 384;
/// A vector of length 1 with [`EMBEDDING_WIDTH`] numbers.
pub type Embedding = Vec<f32>;

/// Who says something: the model's own prefixes for what is asked and for what is told tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// Who calls.
    Caller,
    /// Who answers.
    Bot,
}

/// A sentence that was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// What it means, as [`Embedder::embed`] gives it.
    pub vector: Embedding,
    /// What the lower layers make of it, token by token.
    pub(crate) lower: Vec<f32>,
}

/// A Q4_0 block: a half-precision scale, then 32 numbers of four bits, low halves first.
const BLOCK_BYTES: usize = 18;
const BLOCK_NUMBERS: usize = 32;
const ROW_BYTES: usize = EMBEDDING_WIDTH / BLOCK_NUMBERS * BLOCK_BYTES;
const ENCODER_FILE: &str = "e5-callers.int8.onnx";
/// Header, tokenizer and directory lie in front of the word table, in the first 4.7 MB.
const FRONT: u64 = 6_000_000;
/// Longer texts are cut: the model knows 512 positions, callers never say so much at once.
const LONGEST: usize = 256;

/// Turns that are kept for the next one, which is heard after them: those of a few dozen calls, 100 kB each.
const KEPT: usize = 64;

/// What was heard last. Kept by a keyed hash of the words, not by the words: they are nobody's once the call is over.
#[derive(Default)]
struct Recent {
    key: RandomState,
    heard: Mutex<VecDeque<(u64, Arc<Heard>)>>,
}

impl Recent {
    /// The same again, if it was heard a moment ago.
    fn recall(&self, key: u64) -> Option<Arc<Heard>> {
        let mut kept = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(known, _)| *known == key)?;
        let heard = kept.remove(place)?;
        let again = Arc::clone(&heard.1);
        kept.push_back(heard);
        Some(again)
    }

    fn keep(&self, key: u64, heard: &Arc<Heard>) {
        let mut kept = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((key, Arc::clone(heard)));
    }
}

/// The shared embedder.
pub struct Embedder {
    sessions: Sessions,
    tokenizer: Unigram,
    file: File,
    words: TensorPlace,
    /// Position plus type embedding, row by row.
    positions: Vec<f32>,
    remembered: Remembered,
    recent: Recent,
    pub(crate) feeling: Feeling,
}

impl Embedder {
    /// Opens `copies` of the encoder.
    ///
    /// # Errors
    /// When a file is missing or is not the model.
    pub fn load(runtime: &Runtime, copies: usize) -> Result<Self, ModelError> {
        let path = runtime.dir().file(PACKED_FILE)?;
        let unreadable = |error: std::io::Error| ModelError::File { path: path.clone(), reason: error.to_string() };
        let file = File::open(&path).map_err(unreadable)?;
        let mut front = Vec::new();
        (&file).take(FRONT).read_to_end(&mut front).map_err(unreadable)?;
        let mut reader = Reader::new(&front);
        // Magic and version, seven sizes, epsilon, quantisation.
        let header = reader.bytes(8 + 28 + 4 + 4)?;
        if header[8..12] != (EMBEDDING_WIDTH as u32).to_le_bytes() {
            return Err(TensorPlace::broken("not the small model"));
        }
        let tokenizer = Unigram::read(&mut reader)?;
        let places = reader.directory()?;
        let place = |name: &str| places.get(name).copied().ok_or_else(|| TensorPlace::broken("a tensor is missing"));
        let mut positions = floats(&file, place("emb.pos")?).map_err(unreadable)?;
        let kind = floats(&file, place("emb.type")?).map_err(unreadable)?;
        for row in positions.chunks_exact_mut(EMBEDDING_WIDTH) {
            row.iter_mut().zip(&kind).for_each(|(number, kind)| *number += kind);
        }
        let words = place("emb.word")?;
        let sessions = runtime.open("embedder", ENCODER_FILE, copies)?;
        let remembered = Remembered::new(runtime.dir().path(), &[PACKED_FILE, ENCODER_FILE]);
        let feeling = Feeling::load(runtime)?;
        Ok(Self { sessions, tokenizer, file, words, positions, remembered, recent: Recent::default(), feeling })
    }

    /// The vector of a sentence, the same as near as can be in every language that is known: the model keeps languages apart, and the difference of
    /// their means is taken out.
    ///
    /// # Errors
    /// When the model fails.
    pub fn embed(&self, text: &str) -> Result<Embedding, ModelError> {
        let mut vector = self.compute(&asked(Speaker::Caller, text))?.vector;
        at_home(&mut vector);
        Ok(vector)
    }

    /// The same, with what is needed to tell what is felt ([`Embedder::feel`]). Kept for a while: the next turn is heard after this one, and the first pause of a
    /// turn asks for what its end asks for again.
    ///
    /// # Errors
    /// When the model fails.
    pub fn hear(&self, speaker: Speaker, text: &str) -> Result<Arc<Heard>, ModelError> {
        let asked = asked(speaker, text);
        let key = self.recent.key.hash_one(&asked);
        if let Some(heard) = self.recent.recall(key) {
            return Ok(heard);
        }
        let mut heard = self.compute(&asked)?;
        at_home(&mut heard.vector);
        let heard = Arc::new(heard);
        self.recent.keep(key, &heard);
        Ok(heard)
    }

    /// The vector of a sentence as the model gives it.
    ///
    /// # Errors
    /// When the model fails.
    pub fn embed_as_is(&self, text: &str) -> Result<Embedding, ModelError> {
        Ok(self.compute(&asked(Speaker::Caller, text))?.vector)
    }

    fn compute(&self, asked: &str) -> Result<Heard, ModelError> {
        let mut tokens = self.tokenizer.tokens(asked);
        if tokens.len() > LONGEST
            && let Some(end) = tokens.last().copied()
        {
            tokens.truncate(LONGEST - 1);
            tokens.push(end);
        }
        let rows = self.rows(&tokens)?;
        let mut heard = self.sessions.run(|session| {
            let input = TensorRef::from_array_view(([1usize, tokens.len(), EMBEDDING_WIDTH], &rows[..]))?;
            let outputs = session.run(ort::inputs!["embeds" => input])?;
            let output = |name: &str| Ok::<_, ort::Error>(outputs[name].try_extract_tensor::<f32>()?.1.to_vec());
            Ok(Heard { vector: output("pooled")?, lower: output("lower")? })
        })?;
        normalise(&mut heard.vector);
        Ok(heard)
    }

    /// The vectors of many sentences that will be wanted again: what an earlier start has computed is read from the models' folder, the rest is computed by
    /// as many threads as the encoder has copies, and kept there.
    ///
    /// # Errors
    /// When the model fails on one of them.
    pub fn embed_all<T: AsRef<str>>(&self, texts: &[T]) -> Result<Vec<Embedding>, ModelError> {
        let asked: Vec<String> = texts.iter().map(|text| asked(Speaker::Caller, text.as_ref())).collect();
        let mut vectors = self.remembered.all(&asked, self.sessions.copies(), |asked| Ok(self.compute(asked)?.vector))?;
        vectors.iter_mut().for_each(|vector| at_home(vector));
        Ok(vectors)
    }

    /// Word rows plus position and type, token by token.
    fn rows(&self, tokens: &[u32]) -> Result<Vec<f32>, ModelError> {
        let mut rows = self.positions[..tokens.len() * EMBEDDING_WIDTH].to_vec();
        let mut packed = [0u8; ROW_BYTES];
        for (token, row) in tokens.iter().zip(rows.chunks_exact_mut(EMBEDDING_WIDTH)) {
            if *token as usize >= self.words.count / EMBEDDING_WIDTH {
                return Err(TensorPlace::broken("a token outside the word table"));
            }
            let at = self.words.offset + u64::from(*token) * ROW_BYTES as u64;
            self.file
                .read_exact_at(&mut packed, at)
                .map_err(|error| ModelError::File { path: PACKED_FILE.into(), reason: error.to_string() })?;
            for (block, numbers) in packed.chunks_exact(BLOCK_BYTES).zip(row.chunks_exact_mut(BLOCK_NUMBERS)) {
                let scale = half_to_float(u16::from_le_bytes([block[0], block[1]]));
                let (low, high) = numbers.split_at_mut(BLOCK_NUMBERS / 2);
                for ((byte, low), high) in block[2..].iter().zip(low).zip(high) {
                    *low += (f32::from(byte & 15) - 8.0) * scale;
                    *high += (f32::from(byte >> 4) - 8.0) * scale;
                }
            }
        }
        Ok(rows)
    }
}

/// Moves a sentence of another language to where the same sentence in English would be.
fn at_home(vector: &mut [f32]) {
    let foreign = foreign();
    let away: Vec<f32> = vector.iter().zip(&foreign.middle).map(|(number, middle)| number - middle).collect();
    if dot(&away, &foreign.difference) > 0.0 {
        vector.iter_mut().zip(&foreign.difference).for_each(|(number, difference)| *number -= difference);
        normalise(vector);
    }
}

/// What is asked of the model, which was trained with these prefixes; that of a question serves for both sides when questions are compared with questions.
fn asked(speaker: Speaker, text: &str) -> String {
    let prefix = match speaker {
        Speaker::Caller => "query",
        Speaker::Bot => "passage",
    };
    format!("{prefix}: {}", plain(text))
}

/// Without capitals and punctuation: recognisers and people who write example sentences set them differently.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|character| !matches!(character, '.' | ',' | '!' | '?' | ';' | ':' | '"' | '…'));
    kept.collect::<String>().trim().to_lowercase()
}

fn floats(file: &File, place: TensorPlace) -> std::io::Result<Vec<f32>> {
    let mut bytes = vec![0; place.count * 4];
    file.read_exact_at(&mut bytes, place.offset)?;
    Ok(bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect())
}

/// Scales a vector to length 1; a vector of zeros stays.
pub(crate) fn normalise(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|number| *number /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_is_kept_while_it_is_asked_for() {
        let recent = Recent::default();
        let heard = |number: f32| Arc::new(Heard { vector: vec![number], lower: Vec::new() });
        let again = |key| recent.recall(key).map(|heard| heard.vector[0]);
        assert_eq!(again(0), None);
        (0..KEPT).for_each(|key| recent.keep(key as u64, &heard(key as f32)));
        assert_eq!(again(0), Some(0.0));
        recent.keep(KEPT as u64, &heard(0.5));
        // The one that nobody asked for the longest makes way.
        assert_eq!((again(0), again(1), again(2), again(KEPT as u64)), (Some(0.0), None, Some(2.0), Some(0.5)));
    }
}
