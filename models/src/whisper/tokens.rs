//! Whisper's tokens: pieces of text in bytes, and marks for languages and tasks. `whisper-tokens.bin` lists them by number, each behind its length.

use crate::{dir::ModelsDir, error::ModelError};

const FILE: &str = "whisper-tokens.bin";
const RULES: &str = "whisper-base.json";
const END: &str = "<|endoftext|>";

/// What the decoder is asked for, beside the language.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task {
    Begin,
    Transcribe,
    NoTimes,
    NoSpeech,
}

/// Which tokens are never given, from the model's own description.
#[derive(serde::Deserialize)]
struct Rules {
    suppress_ids: Vec<usize>,
    suppress_ids_begin: Vec<usize>,
}

/// Token numbers to text, and marks to token numbers.
pub(super) struct Tokens {
    pieces: Vec<Box<[u8]>>,
    rules: Rules,
    end: usize,
    marks: [usize; 4],
}

impl Tokens {
    pub(super) fn read(dir: &ModelsDir) -> Result<Self, ModelError> {
        let read = |name: &str| {
            let path = dir.file(name)?;
            std::fs::read(&path).map_err(|error| ModelError::File { path, reason: error.to_string() })
        };
        let rules = serde_json::from_slice(&read(RULES)?)
            .map_err(|_| ModelError::Format { file: RULES, reason: "not the description of a Whisper model" })?;
        Self::new(&read(FILE)?, rules).ok_or(ModelError::Format { file: FILE, reason: "not the tokens of a Whisper model" })
    }

    fn new(bytes: &[u8], rules: Rules) -> Option<Self> {
        let mut pieces: Vec<Box<[u8]>> = Vec::with_capacity(51_000);
        let mut rest = bytes;
        while let Some((length, after)) = rest.split_first() {
            let (piece, after) = after.split_at_checked(usize::from(*length))?;
            pieces.push(piece.into());
            rest = after;
        }
        let number = |name: &str| pieces.iter().rposition(|piece| **piece == *name.as_bytes());
        let mark = |task| {
            number(match task {
                Task::Begin => "<|startoftranscript|>",
                Task::Transcribe => "<|transcribe|>",
                Task::NoTimes => "<|notimestamps|>",
                Task::NoSpeech => "<|nospeech|>",
            })
        };
        let marks = [mark(Task::Begin)?, mark(Task::Transcribe)?, mark(Task::NoTimes)?, mark(Task::NoSpeech)?];
        let end = number(END)?;
        Some(Self { end, marks, pieces, rules })
    }

    /// The mark of a language, by the first part of its code.
    pub(super) fn language(&self, code: &str) -> Option<usize> {
        let name = code.split(['-', '_']).next()?.to_ascii_lowercase();
        let mark = format!("<|{name}|>");
        // Two or three letters are a language; tasks have longer names.
        let known = || self.pieces.iter().rposition(|piece| **piece == *mark.as_bytes());
        if (2..=3).contains(&name.len()) { known() } else { None }
    }

    pub(super) fn mark(&self, task: Task) -> usize {
        self.marks[task as usize]
    }

    /// The mark at the end of a text.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Takes away what is no text of speech: marks but the end, signs that nobody says, and at the beginning the end itself and a bare blank.
    pub(super) fn suppress(&self, logits: &mut [f32], at_begin: bool) {
        let first: &[usize] = if at_begin { &self.rules.suppress_ids_begin } else { &[] };
        for token in self.rules.suppress_ids.iter().chain(first) {
            if let Some(logit) = logits.get_mut(*token) {
                *logit = f32::MIN;
            }
        }
        if let Some(marks) = logits.get_mut(self.end + 1..) {
            marks.fill(f32::MIN);
        }
    }

    /// The text of these tokens; bytes that are no UTF-8 (a token that was cut) are left out.
    pub(super) fn text(&self, ids: &[usize]) -> String {
        let bytes: Vec<u8> = ids.iter().filter_map(|id| self.pieces.get(*id)).flat_map(|piece| piece.iter().copied()).collect();
        String::from_utf8_lossy(&bytes).replace('\u{FFFD}', "").trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        let names: [&[u8]; 9] = [
            b" s",
            b"\xC8",
            b"\x99i",
            b"<|endoftext|>",
            b"<|startoftranscript|>",
            b"<|ro|>",
            b"<|transcribe|>",
            b"<|nospeech|>",
            b"<|notimestamps|>",
        ];
        let bytes: Vec<u8> = names.iter().flat_map(|name| [&[name.len() as u8], *name].concat()).collect();
        Tokens::new(&bytes, Rules { suppress_ids: vec![1], suppress_ids_begin: vec![3] }).unwrap()
    }

    #[test]
    fn letters_may_be_split_between_tokens() {
        assert_eq!(tokens().text(&[0, 1, 2]), "sși");
        assert_eq!(tokens().text(&[0, 1]), "s");
    }

    #[test]
    fn languages_are_found_by_their_code() {
        let tokens = tokens();
        assert_eq!((tokens.language("ro"), tokens.language("ro-RO"), tokens.language("RO")), (Some(5), Some(5), Some(5)));
        assert_eq!((tokens.language("xx"), tokens.language("transcribe"), tokens.language("")), (None, None, None));
    }

    #[test]
    fn only_text_and_its_end_are_left_to_choose_from() {
        let mut logits = [1.0; 9];
        tokens().suppress(&mut logits, true);
        assert_eq!(logits.map(|logit| logit > 0.0), [true, false, true, false, false, false, false, false, false]);
        let mut logits = [1.0; 9];
        tokens().suppress(&mut logits, false);
        assert!(logits[3] > 0.0 && logits[4] < 0.0);
    }
}
