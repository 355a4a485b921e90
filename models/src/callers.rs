//! People who ring, for evaluations: Kokoro-82M (Apache-2.0, hexgrad; after Li et al. 2023, "StyleTTS 2"), in int8. Half a second to a second of a core for each
//! second of speech: too slow for the bot, and nearer to people than any voice that costs less.

use std::collections::HashMap;

use ort::value::Tensor;

use crate::{
    error::ModelError,
    phonemes::phonemes,
    runtime::{Runtime, Sessions},
};

const FILE: &str = "kokoro.json";
const VOICES: &str = "kokoro-voices.bin";
/// Numbers that say how somebody speaks, and how many such rows a voice has: a text of so many sounds is said with the row of that number.
const STYLE: usize = 256;
const ROWS: usize = 510;
/// What espeak-ng writes, and what the voices know it as, in this order: most are two letters for one sound.
const ENGLISH: [(&str, &str); 19] = [
    ("eɪ", "A"),
    ("aɪ", "I"),
    ("oʊ", "O"),
    ("əʊ", "Q"),
    ("aʊ", "W"),
    ("ɔɪ", "Y"),
    ("dʒ", "ʤ"),
    ("tʃ", "ʧ"),
    ("ɝ", "ɜɹ"),
    ("ɜː", "ɜɹ"),
    ("ɚ", "əɹ"),
    ("ɐ", "ə"),
    ("əl", "ᵊl"),
    ("r", "ɹ"),
    ("x", "k"),
    ("ɬ", "l"),
    ("ɾ", "T"),
    ("ʔ", "t"),
    ("ː", ""),
];
const ROMANIAN: [(&str, &str); 4] = [("ts", "ʦ"), ("dʒ", "ʤ"), ("tʃ", "ʧ"), ("ʲ", "j")];

/// One of the people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller(usize);

/// The parts of the description that are used.
#[derive(serde::Deserialize)]
struct Description {
    voices: Vec<String>,
    sounds: HashMap<char, i64>,
}

/// All of them.
pub struct Callers {
    sessions: Sessions,
    voices: Vec<String>,
    sounds: HashMap<char, i64>,
    /// For each voice its rows.
    styles: Vec<f32>,
}

impl Callers {
    /// Samples per second of what [`speak`](Self::speak) gives.
    pub const RATE: u32 = 24_000;

    /// Opens one copy of the voices.
    ///
    /// # Errors
    /// When a file is missing or is not the voices.
    pub fn load(runtime: &Runtime) -> Result<Self, ModelError> {
        let read = |name: &str| {
            let path = runtime.dir().file(name)?;
            std::fs::read(&path).map_err(|error| ModelError::File { path, reason: error.to_string() })
        };
        let wrong = || ModelError::Format { file: FILE, reason: "not the description of the voices" };
        let Description { voices, sounds } = serde_json::from_slice(&read(FILE)?).map_err(|_| wrong())?;
        let styles: Vec<f32> = read(VOICES)?.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
        if styles.len() != voices.len() * ROWS * STYLE {
            return Err(wrong());
        }
        Ok(Self { sessions: runtime.open("callers", "kokoro.int8.onnx", 1)?, voices, sounds, styles })
    }

    /// Those who speak a language: `en`, or `ro` with an accent.
    #[must_use]
    pub fn of(&self, language: &str) -> Vec<Caller> {
        let speaks: &[char] = if language == "ro" { &['i'] } else { &['a', 'b'] };
        let all = self.voices.iter().enumerate().filter(|(_, name)| name.starts_with(speaks));
        all.map(|(index, _)| Caller(index)).collect()
    }

    /// What one of them is called.
    #[must_use]
    pub fn name(&self, caller: Caller) -> &str {
        &self.voices[caller.0]
    }

    /// Says `text`: mono samples in −1..1 at [`RATE`](Self::RATE). `tempo` is 1.0 for the voice's own pace, 1.2 for a fifth faster.
    /// Empty when there is nothing to say.
    ///
    /// # Errors
    /// When espeak-ng or the model fails.
    pub fn speak(&self, caller: Caller, text: &str, tempo: f32) -> Result<Vec<f32>, ModelError> {
        let (accent, spelling): (&str, &[(&str, &str)]) = match self.name(caller).chars().next() {
            Some('i') => ("ro", &ROMANIAN),
            Some('b') => ("en-gb", &ENGLISH),
            _ => ("en-us", &ENGLISH),
        };
        let spelt = spelling.iter().fold(phonemes(text, accent)?, |sounds, (from, to)| sounds.replace(from, to));
        let known: Vec<i64> = spelt.chars().filter_map(|sound| self.sounds.get(&sound).copied()).take(ROWS - 1).collect();
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let row = (caller.0 * ROWS + known.len()) * STYLE;
        let style = self.styles[row..row + STYLE].to_vec();
        // Nothing before and after.
        let tokens = [&[0], known.as_slice(), &[0]].concat();
        self.sessions.run(|session| {
            let outputs = session.run(ort::inputs![
                "tokens" => Tensor::from_array(([1usize, tokens.len()], tokens))?,
                "style" => Tensor::from_array(([1usize, STYLE], style))?,
                "speed" => Tensor::from_array(([1usize], vec![tempo.clamp(0.5, 2.0)]))?,
            ])?;
            Ok(outputs["audio"].try_extract_tensor::<f32>()?.1.to_vec())
        })
    }
}
