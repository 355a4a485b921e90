//! Text to speech: the voice joe of Piper (CC0), prepared so that the same text gives the same audio.

use std::{collections::HashMap, ops::Range};

use ort::value::Tensor;

use crate::{
    error::ModelError,
    loudness::Levelling,
    phonemes::{PhonemeTable, phonemes},
    runtime::{Runtime, Sessions},
};

const FILE: &str = "joe.json";
/// Numbers in a frame, and samples that become of it: 11.6 ms.
const FRAME_WIDTH: usize = 192;
const FRAME_SAMPLES: usize = 256;
/// Frames of the first piece (0.37 s). After a piece that can be heard the next one has twice as many, up to the most: it is made meanwhile.
const FIRST_PIECE: usize = 32;
const LARGEST_PIECE: usize = 128;
/// A rest shorter than this belongs to the piece before it.
const SMALLEST_PIECE: usize = 16;
/// Frames on each side that a piece's sound depends on. Measured: without those further away it differs by less than 0.0005, with 10 by 0.0000006.
const SOUND_CONTEXT: usize = 8;
/// Latents on each side that frames depend on: exactly 32, of which those further away than these change less than a ten-thousandth.
const FRAMES_CONTEXT: usize = 16;

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
    /// From a text to latents, one for each frame, all at once.
    latents: Sessions,
    /// From latents to frames.
    frames: Sessions,
    /// From frames to sound.
    sound: Sessions,
    table: PhonemeTable,
    espeak_voice: String,
    rate: u32,
    inference: InferencePart,
}

impl Synthesiser {
    /// Opens `copies` of the voice: as many texts are begun truly at once. Twice as many are made sound of, for which there is little to keep.
    ///
    /// # Errors
    /// When a file is missing or is not the voice.
    pub fn load(runtime: &Runtime, copies: usize) -> Result<Self, ModelError> {
        let path = runtime.dir().file(FILE)?;
        let json = std::fs::read(&path).map_err(|error| ModelError::File { path, reason: error.to_string() })?;
        let voice: VoiceFile =
            serde_json::from_slice(&json).map_err(|_| ModelError::Format { file: FILE, reason: "not the description of a Piper voice" })?;
        Ok(Self {
            latents: runtime.open("text to speech", "joe-text.onnx", copies)?,
            frames: runtime.open("text to speech", "joe-frames.onnx", copies)?,
            sound: runtime.open("text to speech", "joe-sound.onnx", 2 * copies)?,
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
    /// [`rate`](Self::rate), speech at about −20 dBFS, no silence before or after. Empty when there is nothing to say.
    ///
    /// `tempo` is 1.0 for the voice's own pace, 1.2 for a fifth faster.
    ///
    /// # Errors
    /// When espeak-ng or the model fails.
    pub fn speak(&self, text: &str, tempo: f32) -> Result<Vec<f32>, ModelError> {
        let (mut utterance, mut whole) = (self.begin(text, tempo)?, Vec::new());
        while let Some(piece) = utterance.piece()? {
            whole.extend(piece);
        }
        Ok(whole)
    }

    /// The same in pieces: makes everything but the sound of them.
    ///
    /// # Errors
    /// When espeak-ng or the model fails.
    pub fn begin(&self, text: &str, tempo: f32) -> Result<Utterance<'_>, ModelError> {
        let sounds = phonemes(text, &self.espeak_voice)?;
        let latents = if sounds.is_empty() { Vec::new() } else { self.latents_of(self.table.sequence(&sounds), tempo)? };
        Ok(Utterance { voice: self, latents, frames: Vec::new(), said: 0, length: FIRST_PIECE, levelling: Levelling::new(self.rate) })
    }

    /// All latents of a text, one after the other.
    fn latents_of(&self, sequence: Vec<i64>, tempo: f32) -> Result<Vec<f32>, ModelError> {
        let length = sequence.len();
        let scales = vec![self.inference.noise_scale, self.inference.length_scale / tempo.clamp(0.5, 2.0), self.inference.noise_w];
        self.latents.run(|session| {
            let outputs = session.run(ort::inputs![
                "input" => Tensor::from_array(([1usize, length], sequence))?,
                "input_lengths" => Tensor::from_array(([1usize], vec![length as i64]))?,
                "scales" => Tensor::from_array(([3usize], scales))?,
            ])?;
            Ok(transposed(outputs["latents"].try_extract_tensor::<f32>()?.1, FRAME_WIDTH))
        })
    }

    /// The frames of some of the latents, made with those around them.
    fn frames_of(&self, latents: &[f32], piece: &Range<usize>) -> Result<Vec<f32>, ModelError> {
        let (seen, input) = around(latents, piece, FRAMES_CONTEXT);
        self.frames.run(|session| {
            let outputs = session.run(ort::inputs!["latents" => Tensor::from_array(([1usize, FRAME_WIDTH, seen.len()], input))?])?;
            let frames = transposed(outputs["frames"].try_extract_tensor::<f32>()?.1, FRAME_WIDTH);
            Ok(frames.get(within(&seen, piece, FRAME_WIDTH)).unwrap_or_default().to_vec())
        })
    }

    /// The sound of some of the frames, made with those around them.
    fn sound_of(&self, frames: &[f32], piece: &Range<usize>) -> Result<Vec<f32>, ModelError> {
        let (seen, input) = around(frames, piece, SOUND_CONTEXT);
        self.sound.run(|session| {
            let outputs = session.run(ort::inputs!["frames" => Tensor::from_array(([1usize, FRAME_WIDTH, seen.len()], input))?])?;
            let sound = outputs["output"].try_extract_tensor::<f32>()?.1;
            Ok(sound.get(within(&seen, piece, FRAME_SAMPLES)).unwrap_or_default().to_vec())
        })
    }
}

/// A piece of what is in frames, with `context` more of them on each side, column by column.
fn around(frames: &[f32], piece: &Range<usize>, context: usize) -> (Range<usize>, Vec<f32>) {
    let seen = piece.start.saturating_sub(context)..(piece.end + context).min(frames.len() / FRAME_WIDTH);
    let input = transposed(&frames[seen.start * FRAME_WIDTH..seen.end * FRAME_WIDTH], seen.len());
    (seen, input)
}

/// Where the piece lies in what was made of all that was seen, so many numbers of each frame.
fn within(seen: &Range<usize>, piece: &Range<usize>, numbers: usize) -> Range<usize> {
    (piece.start - seen.start) * numbers..(piece.end - seen.start) * numbers
}

/// A text that is being spoken.
pub struct Utterance<'a> {
    voice: &'a Synthesiser,
    latents: Vec<f32>,
    /// Those that are made.
    frames: Vec<f32>,
    /// Frames that sound was made of, and how many are next.
    said: usize,
    length: usize,
    levelling: Levelling,
}

impl Utterance<'_> {
    /// Samples at the voice's rate that are still to come, with the silence that is left out at the end.
    #[must_use]
    pub fn left(&self) -> usize {
        (self.all() - self.said) * FRAME_SAMPLES
    }

    /// The next piece; it may be empty. None after the last one.
    ///
    /// # Errors
    /// When the model fails.
    pub fn piece(&mut self) -> Result<Option<Vec<f32>>, ModelError> {
        let Some(piece) = next_piece(self.said, self.length, self.all()) else { return Ok(None) };
        self.make_frames(&piece)?;
        let sound = self.voice.sound_of(&self.frames, &piece)?;
        self.said = piece.end;
        let sound = self.levelling.piece(sound, self.left() == 0);
        if sound.len() >= piece.len() * FRAME_SAMPLES / 2 {
            self.length = (2 * self.length).min(LARGEST_PIECE);
        }
        Ok(Some(sound))
    }

    fn all(&self) -> usize {
        self.latents.len() / FRAME_WIDTH
    }

    /// Frames for a piece's sound: no more than it takes while nothing can be heard and somebody waits; after that all the rest.
    fn make_frames(&mut self, piece: &Range<usize>) -> Result<(), ModelError> {
        let (made, all) = (self.frames.len() / FRAME_WIDTH, self.all());
        let end = if self.length == FIRST_PIECE { (piece.end + SOUND_CONTEXT).min(all) } else { all };
        if made < end {
            self.frames.extend(self.voice.frames_of(&self.latents, &(made..end))?);
        }
        Ok(())
    }
}

/// The next of so many frames, if there are any left.
fn next_piece(said: usize, length: usize, all: usize) -> Option<Range<usize>> {
    let end = if all - said < length + SMALLEST_PIECE { all } else { said + length };
    (said < all).then_some(said..end)
}

/// Rows of a table with so many columns become its columns.
fn transposed(table: &[f32], rows: usize) -> Vec<f32> {
    let columns = table.len() / rows;
    (0..columns).flat_map(|column| (0..rows).map(move |row| table[row * columns + column])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_follow_each_other_and_are_never_tiny() {
        assert_eq!(next_piece(0, FIRST_PIECE, 0), None);
        assert_eq!(next_piece(0, FIRST_PIECE, 47), Some(0..47));
        for all in 1..600 {
            let (mut said, mut lengths) = (0, Vec::new());
            while let Some(piece) = next_piece(said, FIRST_PIECE, all) {
                assert_eq!(piece.start, said);
                said = piece.end;
                lengths.push(piece.len());
            }
            assert_eq!(said, all);
            assert!(lengths.len() == 1 || lengths.iter().all(|length| *length >= SMALLEST_PIECE), "{lengths:?}");
        }
    }

    #[test]
    fn a_table_turned_twice_is_itself() {
        let table: Vec<f32> = (0..12).map(|number| number as f32).collect();
        assert_eq!(transposed(&table, 3)[..4], [0.0, 4.0, 8.0, 1.0]);
        assert_eq!(transposed(&transposed(&table, 3), 4), table);
    }
}
