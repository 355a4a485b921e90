//! From one fixed sample rate to another.

use rubato::{Fft, FixedSync, Resampler, audioadapter_buffers::direct::InterleavedSlice};

use crate::error::ModelError;

/// Blocks of about this many samples are transformed at once.
const BLOCK: usize = 512;

/// A whole clip (mono, −1..1) at `from` samples per second, at `to` samples per second instead, without the filter's delay.
///
/// # Errors
/// When a rate is 0.
pub fn resample(audio: &[f32], from: u32, to: u32) -> Result<Vec<f32>, ModelError> {
    Resampling::new(from, to)?.piece(audio, true)
}

/// The same for a clip that comes in pieces: together they give what the whole clip gives.
pub struct Resampling {
    /// None where nothing is to be done.
    resampler: Option<Fft<f32>>,
    /// What does not fill a block yet.
    waiting: Vec<f32>,
    /// What the filter's delay puts before the first sample, as far as it is still to come.
    delay: usize,
    /// Samples taken and given.
    taken: usize,
    given: usize,
}

impl Resampling {
    /// From `from` to `to` samples per second.
    ///
    /// # Errors
    /// When a rate is 0.
    pub fn new(from: u32, to: u32) -> Result<Self, ModelError> {
        let opened = |_| Fft::<f32>::new(from as usize, to as usize, BLOCK, 1, FixedSync::Input).map_err(|error| failed(&error));
        let resampler = (from != to).then_some(()).map(opened).transpose()?;
        let delay = resampler.as_ref().map_or(0, Resampler::output_delay);
        Ok(Self { resampler, waiting: Vec::new(), delay, taken: 0, given: 0 })
    }

    /// What can be said after the next piece; after the `last` one, all that is left.
    ///
    /// # Errors
    /// When the transformation fails, which it does for no input.
    pub fn piece(&mut self, audio: &[f32], last: bool) -> Result<Vec<f32>, ModelError> {
        let Some(resampler) = self.resampler.as_mut() else { return Ok(audio.to_vec()) };
        self.taken += audio.len();
        self.waiting.extend_from_slice(audio);
        let whole = (self.taken as f64 * resampler.resample_ratio()).ceil() as usize;
        let mut given = Vec::new();
        loop {
            let block = resampler.input_frames_next();
            if self.waiting.len() < block {
                // The delay is longer than what is left: silence pushes the rest out.
                if !last || self.given >= whole {
                    return Ok(given);
                }
                self.waiting.resize(block, 0.0);
            }
            let input = InterleavedSlice::new(&self.waiting[..block], 1, block).map_err(|error| failed(&error))?;
            let mut output = resampler.process(&input, None).map_err(|error| failed(&error))?.take_data();
            self.waiting.drain(..block);
            let early = self.delay.min(output.len());
            self.delay -= early;
            output.drain(..early);
            if last {
                output.truncate(whole - self.given);
            }
            self.given += output.len();
            given.append(&mut output);
        }
    }
}

fn failed(error: &dyn std::fmt::Display) -> ModelError {
    ModelError::Audio(error.to_string())
}

/// 16-bit samples as numbers in −1..1.
#[must_use]
pub fn to_float(audio: &[i16]) -> Vec<f32> {
    audio.iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
}

/// Numbers in −1..1 as 16-bit samples; what lies outside is held at the edge.
#[must_use]
pub fn to_pcm(audio: &[f32]) -> Vec<i16> {
    audio.iter().map(|sample| (sample * 32_767.0).clamp(-32_768.0, 32_767.0) as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_keeps_its_place_and_its_level() {
        let tone = |rate: f32, n: usize| (2.0 * std::f32::consts::PI * 440.0 * n as f32 / rate).sin() * 0.5;
        let source: Vec<f32> = (0..22_050).map(|n| tone(22_050.0, n)).collect();
        let result = resample(&source, 22_050, 8_000).unwrap();
        assert_eq!(result.len(), 8_000);
        for (n, sample) in result.iter().enumerate().skip(1_000).take(6_000) {
            // A quarter of a sample of delay is what the filter's whole-sample trimming leaves at these rates.
            assert!((sample - tone(8_000.0, n)).abs() < 0.045, "sample {n}: {sample}");
        }
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let source: Vec<f32> = (0..10_007).map(|n| ((n * n) as f32 * 0.001).sin()).collect();
        let whole = resample(&source, 22_050, 8_000).unwrap();
        for size in [1, 100, 882, 5_000] {
            let mut resampling = Resampling::new(22_050, 8_000).unwrap();
            let mut pieces = Vec::new();
            for piece in source.chunks(size) {
                pieces.extend(resampling.piece(piece, false).unwrap());
            }
            pieces.extend(resampling.piece(&[], true).unwrap());
            assert_eq!(pieces, whole, "pieces of {size}");
        }
        assert_eq!(resample(&source, 8_000, 8_000).unwrap(), source);
        assert!(resample(&[], 22_050, 8_000).unwrap().is_empty());
    }
}
