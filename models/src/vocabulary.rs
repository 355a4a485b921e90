//! Moonshine's word pieces: `tokenizer.bin` lists them by token number.
//!
//! Each piece is its length (one byte, or two when the first is 128 or more: `low + 128 × (second − 1)` reads as
//! `second × 128 + first − 128`), then that many bytes of UTF-8. U+2581 stands for a blank.

use std::path::Path;

use crate::error::ModelError;

const FILE: &str = "moonshine-tokenizer.bin";

/// Token numbers to text.
pub(crate) struct Vocabulary {
    bytes: Vec<u8>,
    /// Where each piece begins and ends.
    pieces: Vec<(u32, u32)>,
}

impl Vocabulary {
    pub(crate) fn read(path: &Path) -> Result<Self, ModelError> {
        let bytes = std::fs::read(path).map_err(|error| ModelError::File { path: path.into(), reason: error.to_string() })?;
        let mut pieces = Vec::with_capacity(32_768);
        let mut at = 0;
        while let Some(&low) = bytes.get(at) {
            at += 1;
            let mut length = usize::from(low);
            if low >= 128 {
                let high = *bytes.get(at).ok_or(ModelError::Format { file: FILE, reason: "ends inside a length" })?;
                at += 1;
                length = usize::from(high) * 128 + length - 128;
            }
            let end = at + length;
            if end > bytes.len() {
                return Err(ModelError::Format { file: FILE, reason: "ends inside a piece" });
            }
            pieces.push((at as u32, end as u32));
            at = end;
        }
        Ok(Self { bytes, pieces })
    }

    /// Every piece that is text by itself, by token number, with blanks as blanks.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (usize, String)> {
        let text = |(start, end): &(u32, u32)| std::str::from_utf8(&self.bytes[*start as usize..*end as usize]).ok();
        let written = self.pieces.iter().enumerate().filter_map(move |(token, place)| Some((token, text(place)?)));
        written
            .filter(|(_, piece)| !piece.is_empty() && !piece.starts_with('<'))
            .map(|(token, piece)| (token, piece.replace('\u{2581}', " ")))
    }

    /// The text of a token sequence, blanks trimmed. Unknown numbers and broken UTF-8 are left out.
    pub(crate) fn text(&self, tokens: &[usize]) -> String {
        let mut bytes = Vec::new();
        for (start, end) in tokens.iter().filter_map(|token| self.pieces.get(*token)) {
            let piece = &self.bytes[*start as usize..*end as usize];
            // Bytes that have no piece of their own are spelt `<0xE2>`.
            match byte_piece(piece) {
                Some(byte) => bytes.push(byte),
                None => bytes.extend_from_slice(piece),
            }
        }
        String::from_utf8_lossy(&bytes).replace('\u{2581}', " ").replace('\u{FFFD}', "").trim().to_owned()
    }
}

fn byte_piece(piece: &[u8]) -> Option<u8> {
    let digits = piece.strip_prefix(b"<0x")?.strip_suffix(b">")?;
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
