//! From one fixed sample rate to another.

use rubato::{Fft, FixedSync, Resampler, audioadapter::Adapter, audioadapter_buffers::direct::InterleavedSlice};

use crate::error::ModelError;

/// Blocks of about this many samples are transformed at once.
const BLOCK: usize = 512;

/// A whole clip (mono, −1..1) at `from` samples per second, at `to` samples per second instead, without the filter's delay.
///
/// # Errors
/// When a rate is 0.
pub fn resample(audio: &[f32], from: u32, to: u32) -> Result<Vec<f32>, ModelError> {
    if from == to || audio.is_empty() {
        return Ok(audio.to_vec());
    }
    let failed = |error: &dyn std::fmt::Display| ModelError::Audio(error.to_string());
    let mut resampler = Fft::<f32>::new(from as usize, to as usize, BLOCK, 1, FixedSync::Input).map_err(|error| failed(&error))?;
    let input = InterleavedSlice::new(audio, 1, audio.len()).map_err(|error| failed(&error))?;
    let output = resampler.process_all(&input, audio.len(), None).map_err(|error| failed(&error))?;
    debug_assert_eq!(output.channels(), 1);
    Ok(output.take_data())
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
}
