//! Text to speech: the voice joe of Piper (CC0), prepared so that the same text gives the same audio.

use std::collections::HashMap;

use ort::value::Tensor;

use crate::{
    error::ModelError,
    loudness,
    phonemes::{PhonemeTable, phonemes},
    runtime::{Runtime, Sessions},
};

const FILE: &str = "joe.json";

/// The parts of the voice's JSON file that are used.
#[derive(serde::Deserialize)]
struct VoiceFile {
    audio: AudioPart,
    espeak: EspeakPart,
    inference: InferencePart,
    phoneme_id_map: HashMap<String, Vec<i64>>,
}

#[derive(serde::Deserialize)]
struct AudioPart {
    sample_rate: u32,
}

#[derive(serde::Deserialize)]
struct EspeakPart {
    voice: String,
}

#[derive(serde::Deserialize)]
struct InferencePart {
    noise_scale: f32,
    length_scale: f32,
    noise_w: f32,
}

/// The shared voice.
pub struct Synthesiser {
    sessions: Sessions,
    table: PhonemeTable,
    espeak_voice: String,
    rate: u32,
    inference: InferencePart,
}

impl Synthesiser {
    /// Opens `copies` of the voice: as many texts are spoken truly at once.
    ///
    /// # Errors
    /// When a file is missing or is not the voice.
    pub fn load(runtime: &Runtime, copies: usize) -> Result<Self, ModelError> {
        let path = runtime.dir().file(FILE)?;
        let json = std::fs::read(&path).map_err(|error| ModelError::File { path, reason: error.to_string() })?;
        let voice: VoiceFile =
            serde_json::from_slice(&json).map_err(|_| ModelError::Format { file: FILE, reason: "not the description of a Piper voice" })?;
        Ok(Self {
            sessions: runtime.open("text to speech", "joe.onnx", copies)?,
            table: PhonemeTable::new(&voice.phoneme_id_map),
            espeak_voice: voice.espeak.voice,
            rate: voice.audio.sample_rate,
            inference: voice.inference,
        })
    }

    /// The voice's name: a part of every cache key.
    #[must_use]
    pub fn voice(&self) -> &'static str {
        "joe"
    }

    /// Samples per second of what [`speak`](Self::speak) gives: 22,050.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Speaks `text` as it is written (see [`speakable()`](crate::speakable()) for numbers and the like): mono samples in −1..1 at
    /// [`rate`](Self::rate), speech at −20 dBFS, no silence before or after. Empty when there is nothing to say.
    ///
    /// `tempo` is 1.0 for the voice's own pace, 1.2 for a fifth faster.
    ///
    /// # Errors
    /// When espeak-ng or the model fails.
    pub fn speak(&self, text: &str, tempo: f32) -> Result<Vec<f32>, ModelError> {
        let sounds = phonemes(text, &self.espeak_voice)?;
        if sounds.is_empty() {
            return Ok(Vec::new());
        }
        let sequence = self.table.sequence(&sounds);
        let length = sequence.len();
        let scales = vec![self.inference.noise_scale, self.inference.length_scale / tempo.clamp(0.5, 2.0), self.inference.noise_w];
        let mut audio = self.sessions.run(|session| {
            let outputs = session.run(ort::inputs![
                "input" => Tensor::from_array(([1usize, length], sequence))?,
                "input_lengths" => Tensor::from_array(([1usize], vec![length as i64]))?,
                "scales" => Tensor::from_array(([3usize], scales))?,
            ])?;
            Ok(outputs["output"].try_extract_tensor::<f32>()?.1.to_vec())
        })?;
        loudness::finish(&mut audio, self.rate);
        Ok(audio)
    }
}
