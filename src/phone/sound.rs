//! Sound as a telephone carries it: mono, 8 kHz, 16 bit, 300 to 3,400 Hz.

use std::{f64::consts::PI, path::Path};

use anyhow::{Context, Result, ensure};

use warmline_sip::codec::Law;

use super::activity;

/// Samples a second.
pub const RATE: u32 = 8_000;

/// The telephone band in Hz (ITU-T G.712).
const BAND_HZ: (f64, f64) = (300.0, 3_400.0);
/// Half the filter's length in seconds: 8 ms give the lower edge a transition of about 200 Hz.
const HALF_FILTER_S: f64 = 0.008;
/// The level to which voices are brought: −20 dB below full scale, what a handset delivers.
const SPEECH_RMS: f64 = 3_277.0;

/// What G.711 (µ-law) leaves of some samples.
#[must_use]
pub fn over_g711<const N: usize>(mut samples: [i16; N]) -> [i16; N] {
    let mut coded = Vec::with_capacity(N);
    Law::Mu.encode(&samples, &mut coded);
    Law::Mu.decode(&coded, &mut samples);
    samples
}

/// The share of a frequency in the energy of some samples, 0..=1 (Goertzel's algorithm).
pub(super) fn strength(samples: &[i16], hz: f64) -> f64 {
    let coefficient = 2.0 * (2.0 * PI * hz / f64::from(RATE)).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for &sample in samples {
        (last, before) = (f64::from(sample) + coefficient * last - before, last);
    }
    let power = last * last + before * before - coefficient * last * before;
    let energy: f64 = samples.iter().map(|&sample| f64::from(sample) * f64::from(sample)).sum();
    if energy > 0.0 { 2.0 * power / (energy * samples.len() as f64) } else { 0.0 }
}

/// A piece of telephone sound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sound {
    /// 8 kHz samples.
    pub samples: Vec<i16>,
}

impl Sound {
    /// Reads a WAV file of any rate (16-bit PCM, the first channel). Rates other than 8 kHz are brought into the telephone band.
    ///
    /// # Errors
    /// If the file cannot be read or is not 16-bit PCM.
    pub fn read(path: &Path) -> Result<Self> {
        let mut reader = hound::WavReader::open(path).with_context(|| path.display().to_string())?;
        let spec = reader.spec();
        ensure!(spec.bits_per_sample == 16 && spec.sample_format == hound::SampleFormat::Int, "{}: not 16-bit PCM", path.display());
        let samples: Result<Vec<i16>, _> = reader.samples::<i16>().step_by(usize::from(spec.channels)).collect();
        let samples = samples.with_context(|| path.display().to_string())?;
        Ok(if spec.sample_rate == RATE { Self { samples } } else { Self::through_telephone(&samples, spec.sample_rate) })
    }

    /// Limits sound of another rate to the telephone band, at 8 kHz, at the level of a handset.
    #[must_use]
    pub fn through_telephone(samples: &[i16], rate: u32) -> Self {
        let filtered = band_limited(samples, f64::from(rate));
        let loud: Vec<f64> = filtered.iter().copied().filter(|sample| sample.abs() > 100.0).collect();
        let rms = (loud.iter().map(|sample| sample * sample).sum::<f64>() / loud.len().max(1) as f64).sqrt();
        let gain = if rms > 0.0 { SPEECH_RMS / rms } else { 1.0 };
        Self { samples: filtered.iter().map(|sample| (sample * gain).clamp(-32_000.0, 32_000.0) as i16).collect() }
    }

    /// A pure tone.
    #[must_use]
    pub fn tone(hz: f64, ms: u32) -> Self {
        let count = RATE * ms / 1_000;
        Self { samples: (0..count).map(|n| (8_000.0 * (2.0 * PI * hz * f64::from(n) / f64::from(RATE)).sin()) as i16).collect() }
    }

    /// Silence.
    #[must_use]
    pub fn silence(ms: u32) -> Self {
        Self { samples: vec![0; (RATE * ms / 1_000) as usize] }
    }

    /// The same without the silence at both ends.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        match (activity::first(&self.samples), activity::last(&self.samples)) {
            (Some(first), Some(last)) => Self { samples: self.samples[first..last].to_vec() },
            _ => Self::default(),
        }
    }

    /// Its length in milliseconds.
    #[must_use]
    pub fn ms(&self) -> u64 {
        self.samples.len() as u64 * 1_000 / u64::from(RATE)
    }

    /// How strong a frequency is in it: the share of the energy, 0..=1.
    #[must_use]
    pub fn strength(&self, hz: f64) -> f64 {
        strength(&self.samples, hz)
    }

    /// Writes a WAV file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let spec = hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
        let mut writer = hound::WavWriter::create(path, spec).with_context(|| path.display().to_string())?;
        for &sample in &self.samples {
            writer.write_sample(sample)?;
        }
        writer.finalize().with_context(|| path.display().to_string())
    }
}

/// Convolution with a windowed sinc at the places of the 8 kHz samples: band-pass and change of rate in one step.
fn band_limited(samples: &[i16], rate: f64) -> Vec<f64> {
    let step = rate / f64::from(RATE);
    let half = HALF_FILTER_S * rate;
    let (low, high) = (BAND_HZ.0 / rate, BAND_HZ.1 / rate);
    let count = (samples.len() as f64 / step) as usize;
    let value = |n: usize| {
        let place = n as f64 * step;
        let from = (place - half).ceil().max(0.0) as usize;
        let to = ((place + half) as usize + 1).min(samples.len());
        samples[from..to]
            .iter()
            .enumerate()
            .map(|(k, &sample)| f64::from(sample) * kernel((from + k) as f64 - place, low, high, half))
            .sum()
    };
    (0..count).map(value).collect()
}

/// The impulse response of the band between two frequencies (in parts of the rate), under a Hann window.
fn kernel(distance: f64, low: f64, high: f64, half: f64) -> f64 {
    let low_pass = |edge: f64| if distance == 0.0 { 2.0 * edge } else { (2.0 * PI * edge * distance).sin() / (PI * distance) };
    (low_pass(high) - low_pass(low)) * (0.5 + 0.5 * (PI * distance / half).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(hz: f64, rate: u32) -> Vec<i16> {
        (0..rate).map(|n| (10_000.0 * (2.0 * PI * hz * f64::from(n) / f64::from(rate)).sin()) as i16).collect()
    }

    fn rms(samples: &[f64]) -> f64 {
        (samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len() as f64).sqrt()
    }

    #[test]
    fn the_telephone_band_passes_and_the_rest_does_not() {
        let inside = rms(&band_limited(&wave(1_000.0, 22_050), 22_050.0));
        assert!((6_700.0..7_400.0).contains(&inside), "{inside}");
        assert!(rms(&band_limited(&wave(60.0, 22_050), 22_050.0)) < inside / 20.0);
        assert!(rms(&band_limited(&wave(6_000.0, 22_050), 22_050.0)) < inside / 50.0);
    }

    #[test]
    fn a_tone_is_recognised_by_its_frequency() {
        let tone = Sound::tone(1_000.0, 500);
        assert!(tone.strength(1_000.0) > 0.9);
        assert!(tone.strength(1_200.0) < 0.01);
        assert!(Sound::silence(100).strength(1_000.0) < 0.01);
    }

    #[test]
    fn trimming_leaves_the_sound() {
        let mut samples = Sound::silence(200).samples;
        samples.extend(Sound::tone(500.0, 100).samples);
        samples.extend(Sound::silence(300).samples);
        assert_eq!(Sound { samples }.trimmed().ms(), 100);
    }
}
