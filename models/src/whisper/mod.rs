//! Speech to text in many languages: Whisper base (MIT, OpenAI; Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision"),
//! prepared to int8.
//!
//! The model was made for thirty seconds at a time, and its cost is in them. A telephone turn is short, so the encoder is given eight seconds where
//! that is enough, a quarter of the work.

mod decoder;
mod tokens;

use ort::value::{DynValue, TensorRef};

use crate::{
    error::ModelError,
    mel::{HOP, LogMel, MELS},
    recogniser::{RECOGNISER_RATE, Transcript},
    runtime::{Runtime, Sessions},
};
use decoder::{Decoder, LAYERS};
use tokens::{Task, Tokens};

const SECOND: usize = RECOGNISER_RATE as usize;
/// Silence behind the utterance, and the least length of both. On 20 synthetic Romanian utterances with eight seconds the word error rate is that of
/// the full thirty (45.9 and 45.0 %); with five seconds it is 74 %, without silence behind it 116 %.
const TAIL: usize = 2 * SECOND;
const LEAST: usize = 8 * SECOND;
/// What the model was made for: more cannot be told apart by place.
const MOST: usize = 30 * SECOND;
/// Shorter sounds hold no word.
const SHORTEST: usize = SECOND / 10;
/// More tokens than this per second of audio is a decoder that has lost its way: a fast Romanian speaker needs eight.
const TOKENS_PER_SECOND: f32 = 10.0;
/// The model says how likely it is that nobody speaks: 0.74 to 0.90 for silence, hiss, tones and keys, at most 0.44 for speech. The words that it then
/// gives are made up, but not surely: hiss had 0.47. Real words average 0.65.
const NO_SPEECH: f32 = 0.6;
const NO_SPEECH_CONFIDENCE: f32 = 0.5;
const ENCODER: &str = "whisper-base-encoder.int8.onnx";

/// The shared recogniser of all languages but English.
pub struct Whisper {
    encoder: Sessions,
    decoder: Decoder,
    tokens: Tokens,
    mel: LogMel,
}

impl Whisper {
    /// Opens `copies` of the model: as many utterances are decoded truly at once.
    ///
    /// # Errors
    /// When a file is missing or is not the model.
    pub fn load(runtime: &Runtime, copies: usize) -> Result<Self, ModelError> {
        let (encoder, decoder) = std::thread::scope(|scope| {
            let encoder = scope.spawn(|| runtime.open("speech to text", ENCODER, copies));
            let decoder = Decoder::load(runtime, copies);
            (encoder.join().unwrap_or(Err(ModelError::Cancelled)), decoder)
        });
        Ok(Self { encoder: encoder?, decoder: decoder?, tokens: Tokens::read(runtime.dir())?, mel: LogMel::new() })
    }

    /// Whether the model knows a language, by its code ("ro", "cs-CZ").
    #[must_use]
    pub fn knows(&self, language: &str) -> bool {
        self.tokens.language(language).is_some()
    }

    /// Writes down what is said in `audio` (16 kHz, −1..1, up to 28 s) in `language`. `cancelled` is asked before every token.
    ///
    /// # Errors
    /// When the model does not know the language or fails, or `cancelled` says so.
    pub fn transcribe(&self, language: &str, audio: &[f32], cancelled: &dyn Fn() -> bool) -> Result<Transcript, ModelError> {
        let spoken = self.tokens.language(language).ok_or_else(|| ModelError::Language(language.to_owned()))?;
        if audio.len() < SHORTEST {
            return Ok(self.transcript(&[], Vec::new(), false));
        }
        let heard = self.encode(audio)?;
        if cancelled() {
            return Err(ModelError::Cancelled);
        }
        let most = (audio.len() as f32 / RECOGNISER_RATE as f32 * TOKENS_PER_SECOND) as usize + 8;
        let mut turn = self.decoder.begin(heard)?;
        let silence = probability(&turn.next(&self.decoder, &[self.tokens.mark(Task::Begin)])?, self.tokens.mark(Task::NoSpeech));
        let marks = [spoken, self.tokens.mark(Task::Transcribe), self.tokens.mark(Task::NoTimes)];
        let mut logits = turn.next(&self.decoder, &marks)?;
        let (mut ids, mut log_p, mut cut) = (Vec::new(), Vec::new(), false);
        loop {
            self.tokens.suppress(&mut logits, ids.is_empty());
            let (token, certainty) = likeliest(&logits);
            log_p.push(certainty);
            if token == self.tokens.end() {
                break;
            }
            ids.push(token);
            cut = drop_repetition(&mut ids) || ids.len() >= most;
            if cut {
                break;
            }
            if cancelled() {
                return Err(ModelError::Cancelled);
            }
            logits = turn.next(&self.decoder, &[token])?;
        }
        let heard = self.transcript(&ids, log_p, cut);
        let nothing = silence > NO_SPEECH && heard.confidence < NO_SPEECH_CONFIDENCE;
        Ok(if nothing { self.transcript(&[], Vec::new(), false) } else { heard })
    }

    /// How likely each of `languages` is beside the others in `audio` (16 kHz, −1..1), in their order, 0..=1: the model's own guess (section 2.3 of the
    /// paper), asked about these languages alone. It leans towards English. Nothing for too little sound.
    ///
    /// # Errors
    /// When the model does not know one of the languages, or fails.
    pub fn languages(&self, audio: &[f32], languages: &[&str]) -> Result<Vec<f32>, ModelError> {
        let mark = |language: &&str| self.tokens.language(language).ok_or_else(|| ModelError::Language((*language).to_owned()));
        let marks = languages.iter().map(mark).collect::<Result<Vec<_>, _>>()?;
        if audio.len() < SHORTEST {
            return Ok(Vec::new());
        }
        let mut turn = self.decoder.begin(self.encode(audio)?)?;
        let logits = turn.next(&self.decoder, &[self.tokens.mark(Task::Begin)])?;
        let known: Vec<f32> = marks.iter().map(|mark| logits.get(*mark).copied().unwrap_or(f32::MIN)).collect();
        Ok((0..known.len()).map(|language| probability(&known, language)).collect())
    }

    fn transcript(&self, ids: &[usize], log_p: Vec<f32>, cut: bool) -> Transcript {
        let text = Some(self.tokens.text(ids)).filter(|text| text.chars().any(char::is_alphanumeric)).unwrap_or_default();
        let confidence = if text.is_empty() { 0.0 } else { (log_p.iter().sum::<f32>() / log_p.len() as f32).exp() };
        Transcript { text, confidence, token_log_p: log_p, cut, forced: false }
    }

    /// What the decoder attends to: keys and values of each layer.
    fn encode(&self, audio: &[f32]) -> Result<Vec<DynValue>, ModelError> {
        let samples = padded(audio);
        let features = self.mel.spectrogram(&samples);
        let frames = samples.len() / HOP;
        let heard = self.encoder.run(|session| {
            let mut outputs =
                session.run(ort::inputs!["features" => TensorRef::from_array_view(([1usize, MELS, frames], &features[..]))?])?;
            Ok(decoder::names("heard").filter_map(|name| outputs.remove(name)).collect::<Vec<_>>())
        })?;
        if heard.len() == LAYERS * 2 { Ok(heard) } else { Err(ModelError::Format { file: ENCODER, reason: "an output is missing" }) }
    }
}

/// The utterance with silence behind it, a whole number of the encoder's steps of 20 ms.
fn padded(audio: &[f32]) -> Vec<f64> {
    let length = (audio.len() + TAIL).clamp(LEAST, MOST).next_multiple_of(2 * HOP);
    let mut samples: Vec<f64> = audio.iter().take(length).map(|sample| f64::from(*sample)).collect();
    samples.resize(length, 0.0);
    samples
}

/// The likeliest token and the natural logarithm of its probability.
fn likeliest(logits: &[f32]) -> (usize, f32) {
    let best =
        logits.iter().copied().enumerate().fold((0, f32::MIN), |best, (token, logit)| if logit > best.1 { (token, logit) } else { best });
    (best.0, -logits.iter().map(|logit| (logit - best.1).exp()).sum::<f32>().ln())
}

fn probability(logits: &[f32], token: usize) -> f32 {
    let top = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - top).exp()).sum();
    logits.get(token).map_or(0.0, |logit| (logit - top).exp() / sum)
}

/// Whether the last tokens are one group of up to eight again and again; if so only one of the group stays.
fn drop_repetition(ids: &mut Vec<usize>) -> bool {
    for width in 1..=8 {
        let times = if width == 1 { 9 } else { 4 };
        let Some(start) = ids.len().checked_sub(width * times) else { return false };
        let (group, rest) = ids[start..].split_at(width);
        if rest.chunks(width).all(|chunk| chunk == group) {
            ids.truncate(start + width);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_turns_are_heard_in_eight_seconds_and_long_ones_in_at_most_thirty() {
        assert_eq!(padded(&[0.5; 100]).len(), LEAST);
        assert_eq!(padded(&[0.5; 10 * SECOND]).len(), 12 * SECOND);
        assert_eq!(padded(&[0.5; 40 * SECOND]).len(), MOST);
        assert_eq!(padded(&[0.5; 9 * SECOND + 1]).len() % (2 * HOP), 0);
    }

    #[test]
    fn a_group_that_repeats_four_times_stops_the_decoder() {
        let mut ids = [vec![7], [1, 2, 3].repeat(4)].concat();
        assert!(drop_repetition(&mut ids));
        assert_eq!(ids, [7, 1, 2, 3]);
        assert!(!drop_repetition(&mut vec![5; 8]));
    }

    #[test]
    fn a_token_as_likely_as_another_has_half_the_probability() {
        assert!((probability(&[1.0, 1.0], 0) - 0.5).abs() < 1e-6);
        assert!((likeliest(&[0.0, 3.0, 3.0]).1 - 0.488f32.ln()).abs() < 0.01);
    }
}
