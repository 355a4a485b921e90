//! Whisper's log-mel spectrogram at 16 kHz: of exactly eight seconds, as Smart Turn wants it, and of any length.
//!
//! Frames of 400 samples every 160, periodic Hann window, 80 triangular filters on Slaney's mel scale with equal area
//! (Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak Supervision", section 2.2).

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};

/// Samples read: eight seconds.
pub(crate) const SAMPLES: usize = 8 * 16_000;
/// Rows of the result.
pub(crate) const MELS: usize = 80;
/// Columns of the result.
pub(crate) const FRAMES: usize = SAMPLES / HOP;
const FFT: usize = 400;
/// Samples from one column to the next.
pub(crate) const HOP: usize = 160;
const BINS: usize = FFT / 2 + 1;

/// One triangular filter: its weights from bin `first` on.
struct Filter {
    first: usize,
    weights: Vec<f64>,
}

/// The tables, made once.
pub(crate) struct LogMel {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
    filters: Vec<Filter>,
}

impl LogMel {
    pub(crate) fn new() -> Self {
        Self {
            fft: RealFftPlanner::new().plan_fft_forward(FFT),
            window: (0..FFT).map(|n| 0.5 - 0.5 * (2.0 * PI * n as f64 / FFT as f64).cos()).collect(),
            filters: filters(),
        }
    }

    /// The last eight seconds of `audio` (16 kHz), zeros in front when it is shorter; 80 rows of 800 columns, row by row.
    pub(crate) fn features(&self, audio: &[f32]) -> Vec<f32> {
        self.spectrogram(&normalised(audio))
    }

    /// All of `samples` (16 kHz, at least half a frame), as they are; 80 rows of one column for each 10 ms, row by row.
    pub(crate) fn spectrogram(&self, samples: &[f64]) -> Vec<f32> {
        let frames = samples.len() / HOP;
        let mut input = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut mel = vec![0.0f64; MELS * frames];
        for frame in 0..frames {
            for (n, value) in input.iter_mut().enumerate() {
                *value = samples[mirrored(frame * HOP + n, samples.len())] * self.window[n];
            }
            self.fft.process_with_scratch(&mut input, &mut spectrum, &mut scratch).expect("the buffers were made by this plan");
            for (row, filter) in self.filters.iter().enumerate() {
                let power: f64 = filter.weights.iter().zip(&spectrum[filter.first..]).map(|(weight, bin)| weight * bin.norm_sqr()).sum();
                mel[row * frames + frame] = power.max(1e-10).log10();
            }
        }
        let floor = mel.iter().copied().fold(f64::MIN, f64::max) - 8.0;
        mel.iter().map(|value| ((value.max(floor) + 4.0) / 4.0) as f32).collect()
    }
}

/// The sample at `position` of the signal that is mirrored over half a frame at both ends.
fn mirrored(position: usize, samples: usize) -> usize {
    let shifted = position as isize - (FFT / 2) as isize;
    let last = samples as isize - 1;
    let inside = if shifted < 0 { -shifted } else { shifted };
    (if inside > last { 2 * last - inside } else { inside }) as usize
}

/// Zero mean and unit variance over the padded eight seconds.
fn normalised(audio: &[f32]) -> Vec<f64> {
    let tail = &audio[audio.len().saturating_sub(SAMPLES)..];
    let mut samples = vec![0.0; SAMPLES];
    for (to, from) in samples[SAMPLES - tail.len()..].iter_mut().zip(tail) {
        *to = f64::from(*from);
    }
    let mean = samples.iter().sum::<f64>() / SAMPLES as f64;
    let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / SAMPLES as f64;
    let scale = 1.0 / (variance + 1e-7).sqrt();
    samples.iter().map(|x| (x - mean) * scale).collect()
}

/// Slaney's scale: linear below 1 kHz (15 mel), logarithmic above with 27 steps to a factor of 6.4.
fn hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1000.0 * ((mel - 15.0) * 6.4f64.ln() / 27.0).exp() }
}

fn filters() -> Vec<Filter> {
    let top = 15.0 + 8.0f64.ln() * 27.0 / 6.4f64.ln();
    let edges: Vec<f64> = (0..MELS + 2).map(|n| hertz(top * n as f64 / (MELS + 1) as f64)).collect();
    edges
        .windows(3)
        .map(|edge| {
            let weight = |bin: usize| {
                let frequency = bin as f64 * 8000.0 / (BINS - 1) as f64;
                let slope = ((frequency - edge[0]) / (edge[1] - edge[0])).min((edge[2] - frequency) / (edge[2] - edge[1]));
                slope.max(0.0) * 2.0 / (edge[2] - edge[0])
            };
            let first = (0..BINS).find(|bin| weight(*bin) > 0.0).unwrap_or(0);
            Filter { first, weights: (first..BINS).map(weight).take_while(|weight| *weight > 0.0).collect() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_loudest_in_the_row_of_its_frequency() {
        let tone: Vec<f32> = (0..SAMPLES).map(|n| (2.0 * std::f32::consts::PI * 1000.0 * n as f32 / 16_000.0).sin()).collect();
        let features = LogMel::new().features(&tone);
        let column = |row: usize| features[row * FRAMES + 400];
        let loudest = (0..MELS).max_by(|a, b| column(*a).total_cmp(&column(*b))).unwrap();
        let top = 15.0 + 8.0f64.ln() * 27.0 / 6.4f64.ln();
        let centre = hertz(top * (loudest + 1) as f64 / (MELS + 1) as f64);
        assert!((centre - 1000.0).abs() < 40.0, "row {loudest} is centred on {centre} Hz");
    }

    #[test]
    fn short_audio_is_padded_in_front() {
        let features = LogMel::new().features(&[0.5, -0.5, 0.5, -0.5].repeat(400));
        assert!(features[10 * FRAMES + 100] < features[79 * FRAMES + 795]);
    }
}
