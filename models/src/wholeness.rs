//! Does what was said so far read like a whole sentence, or like the beginning of one?
//!
//! A linear head on the embedding, which knows many languages and what belongs together, beside weights of first and last words, which know that
//! "because" and "would like to" go on. `examples/train_wholeness.rs` made `weights/wholeness.bin` of whole sentences and their beginnings, cut at any
//! word: what is short counts as a beginning more often than not, so that short sentences which are known to mean something need another witness.

use std::sync::LazyLock;

use crate::{
    embedder::{EMBEDDING_WIDTH as WIDTH, Embedding},
    linear::{dot, logistic},
};

const BYTES: &[u8] = include_bytes!("../weights/wholeness.bin");
/// Weights of the embedding, a bias, the scale of the words' weights.
const FRONT: usize = (WIDTH + 2) * 4;
/// A key and a weight.
const ROW_BYTES: usize = 5;

struct Head {
    weights: Vec<f32>,
    bias: f32,
    scale: f32,
    /// By key.
    words: Vec<(u32, i8)>,
}

static HEAD: LazyLock<Head> = LazyLock::new(|| {
    let float = |bytes: &[u8]| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let mut weights: Vec<f32> = BYTES[..FRONT].chunks_exact(4).map(float).collect();
    let scale = weights.pop().unwrap_or_default();
    let bias = weights.pop().unwrap_or_default();
    let row = |row: &[u8]| (u32::from_le_bytes([row[0], row[1], row[2], row[3]]), i8::from_le_bytes([row[4]]));
    Head { weights, bias, scale, words: BYTES[FRONT..].chunks_exact(ROW_BYTES).map(row).collect() }
});

/// How likely a text reads as a whole, 0..1; `embedding` is the text's own.
#[must_use]
pub fn wholeness(text: &str, embedding: &Embedding) -> f32 {
    let head = &*HEAD;
    let weight = |key: &u32| head.words.binary_search_by_key(key, |(key, _)| *key).map_or(0, |at| i32::from(head.words[at].1));
    let words: i32 = word_keys(text).iter().map(weight).sum();
    logistic(dot(&head.weights, embedding) + head.bias + words as f32 * head.scale)
}

/// The keys of a text's last word, its last two, its first and its first two.
#[must_use]
pub fn word_keys(text: &str) -> Vec<u32> {
    let lower = text.to_lowercase().replace('’', "'");
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '-').filter(|word| !word.is_empty()).collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return Vec::new() };
    let mut keys = vec![key("last", &[last]), key("first", &[first])];
    if words.len() > 1 {
        keys.push(key("last", &words[words.len() - 2..]));
        keys.push(key("first", &words[..2]));
    }
    keys
}

/// FNV-1a of the place and the words.
fn key(place: &str, words: &[&str]) -> u32 {
    let parts = std::iter::once(place).chain(words.iter().copied());
    let bytes = parts.flat_map(|part| part.bytes().chain(std::iter::once(b' ')));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_and_last_words_have_keys() {
        assert_eq!(word_keys("I'd like to, and"), word_keys("i'd  LIKE to and."));
        assert_eq!(word_keys("Where?").len(), 2);
        assert_eq!(word_keys("").len(), 0);
        assert_eq!(
            word_keys("my order is"),
            [key("last", &["is"]), key("first", &["my"]), key("last", &["order", "is"]), key("first", &["my", "order"])]
        );
    }

    #[test]
    fn the_file_is_in_order_so_that_keys_are_found() {
        assert!(HEAD.words.len() > 1_000);
        assert!(HEAD.words.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn words_that_promise_more_count_against_the_whole() {
        let nothing = vec![0.0; WIDTH];
        let of = |text: &str| wholeness(text, &nothing);
        for (begun, whole) in [
            ("I am calling because", "I am calling about my order"),
            ("I want to", "I want to cancel"),
            ("where is my", "where is my parcel"),
        ] {
            assert!(of(begun) < of(whole), "{begun}: {} and {}", of(begun), of(whole));
        }
    }
}
