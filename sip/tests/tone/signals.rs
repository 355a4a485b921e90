//! Sound made for the tests: tones, noise, something like speech.

use std::f32::consts::{PI, TAU};
use std::path::Path;

use warmline_sip::codec::{Codec, Decoder, Encoder, Frame};

/// The amplitude of a sine at a level in dBm0.
pub(crate) fn amplitude(dbm0: f32) -> f32 {
    32_768.0 * 10_f32.powf((dbm0 - 3.15) / 20.0)
}

/// Sound put together from parts.
#[derive(Clone, Default)]
pub(crate) struct Sound {
    pub(crate) samples: Vec<f32>,
}

impl Sound {
    pub(crate) fn silence(mut self, ms: usize) -> Self {
        self.samples.resize(self.samples.len() + ms * 8, 0.0);
        self
    }

    /// Tones of (Hz, dBm0) at the same time.
    pub(crate) fn tones(mut self, ms: usize, tones: &[(f32, f32)]) -> Self {
        self.samples.extend((0..ms * 8).map(|n| {
            tones
                .iter()
                .enumerate()
                .map(|(index, (hz, level))| amplitude(*level) * (TAU * hz * n as f32 / 8_000.0 + index as f32).sin())
                .sum::<f32>()
        }));
        self
    }

    pub(crate) fn then(mut self, other: &Self) -> Self {
        self.samples.extend_from_slice(&other.samples);
        self
    }

    /// White noise over everything, at a level in dBm0.
    pub(crate) fn noise(mut self, seed: u32, dbm0: f32) -> Self {
        let mut random = Random(seed);
        let size = amplitude(dbm0) / 2_f32.sqrt();
        for sample in &mut self.samples {
            *sample += size * random.gauss();
        }
        self
    }

    pub(crate) fn frames(&self) -> Vec<Frame> {
        let frame = |chunk: &[f32]| std::array::from_fn(|n| chunk.get(n).copied().unwrap_or(0.0).round().clamp(-32_768.0, 32_767.0) as i16);
        self.samples.chunks(160).map(frame).collect()
    }

    /// The same after coding and decoding.
    pub(crate) fn coded(&self, codec: Codec) -> Vec<Frame> {
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::default());
        let mut there_and_back = |frame: &Frame| {
            let (mut wire, mut back) = (Vec::new(), [0; 160]);
            encoder.encode(frame, &mut wire);
            decoder.decode(codec, &wire, &mut back);
            back
        };
        self.frames().iter().map(&mut there_and_back).collect()
    }
}

/// xorshift32.
pub(crate) struct Random(pub(crate) u32);

impl Random {
    pub(crate) fn unit(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as f32 / u32::MAX as f32
    }

    pub(crate) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Nearly normal, variance 1.
    pub(crate) fn gauss(&mut self) -> f32 {
        (0..12).map(|_| self.unit()).sum::<f32>() - 6.0
    }
}

/// Something like speech: a pulse train of moving pitch through three moving resonances, in syllables with pauses and hisses.
pub(crate) fn speech_like(seed: u32, seconds: usize) -> Sound {
    let mut random = Random(seed);
    let mut samples = Vec::with_capacity(seconds * 8_000);
    while samples.len() < seconds * 8_000 {
        let sentence = random.between(1.0, 4.0) as usize * 5;
        for _ in 0..sentence.max(2) {
            syllable(&mut random, &mut samples);
        }
        let pause = random.between(0.2, 0.7) * 8_000.0;
        samples.resize(samples.len() + pause as usize, 0.0);
    }
    Sound { samples }
}

fn syllable(random: &mut Random, samples: &mut Vec<f32>) {
    let hiss = random.unit() < 0.2;
    let length = (random.between(0.08, 0.28) * 8_000.0) as usize;
    let (pitch, glide) = (random.between(90.0, 330.0), random.between(0.85, 1.15));
    let formants = [random.between(280.0, 900.0), random.between(850.0, 2_300.0), random.between(2_200.0, 3_200.0)];
    let moves = [random.between(0.85, 1.2), random.between(0.8, 1.25), 1.0];
    let level = amplitude(random.between(-26.0, -10.0));
    let mut state = [[0.0_f32; 2]; 3];
    let (mut phase, mut jitter) = (0.0, 1.0);
    let mut made: Vec<f32> = (0..length)
        .map(|n| {
            let part = n as f32 / length as f32;
            phase += pitch * jitter * (1.0 + (glide - 1.0) * part) / 8_000.0;
            let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
            // No two periods of a voice are alike.
            jitter = if phase >= 1.0 { random.between(0.98, 1.02) } else { jitter };
            phase -= pulse;
            let source = if hiss { random.gauss() * 0.3 } else { pulse + random.gauss() * 0.01 };
            let sum: f32 = (0..3)
                .map(|index| resonance(&mut state[index], source, formants[index] * (1.0 + (moves[index] - 1.0) * part), index))
                .sum();
            sum * (PI * part).sin().sqrt()
        })
        .collect();
    let peak = made.iter().fold(1e-6_f32, |peak, sample| peak.max(sample.abs()));
    made.iter_mut().for_each(|sample| *sample *= 1.4 * level / peak);
    samples.append(&mut made);
}

fn resonance(state: &mut [f32; 2], source: f32, hz: f32, index: usize) -> f32 {
    let radius = 1.0 - (40.0 + 40.0 * index as f32) * PI / 8_000.0;
    let out = source + 2.0 * radius * (TAU * hz / 8_000.0).cos() * state[0] - radius * radius * state[1];
    *state = [out, state[0]];
    out / (1.0 + index as f32 * 2.0)
}

/// Every recording of speech that the repository has, decoded.
pub(crate) fn recordings() -> Vec<(String, Sound)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/speech");
    let mut files: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "wav"));
    assert!(!files.is_empty());
    files.iter().map(|path| (path.display().to_string(), mu_law(path))).collect()
}

fn mu_law(path: &Path) -> Sound {
    let bytes = std::fs::read(path).expect("readable");
    let data = bytes.windows(4).position(|word| word == b"data").expect("a WAV file") + 8;
    let mut samples = vec![0; bytes.len() - data];
    Decoder::default().decode(Codec::Pcmu, &bytes[data..], &mut samples);
    Sound { samples: samples.into_iter().map(f32::from).collect() }
}

/// Something like music: notes of the scale with overtones that fade, one to three at a time.
pub(crate) fn music_like(seed: u32, seconds: usize) -> Sound {
    let mut random = Random(seed);
    let mut samples = vec![0.0_f32; seconds * 8_000 + 16_000];
    let mut start = 0;
    while start < seconds * 8_000 {
        for _ in 0..1 + (random.unit() * 3.0) as usize {
            note(&mut random, &mut samples[start..]);
        }
        start += (random.between(0.12, 0.6) * 8_000.0) as usize;
    }
    Sound { samples }
}

fn note(random: &mut Random, samples: &mut [f32]) {
    let hz = 220.0 * 2_f32.powf(random.between(0.0, 40.0).floor() / 12.0);
    let (length, fade) = (random.between(0.2, 1.2), random.between(1.0, 6.0));
    let overtones: [f32; 4] = [1.0, random.between(0.1, 0.6), random.between(0.0, 0.4), random.between(0.0, 0.2)];
    let size = amplitude(random.between(-26.0, -12.0));
    for (n, sample) in samples.iter_mut().take((length * 8_000.0) as usize).enumerate() {
        let t = n as f32 / 8_000.0;
        let sum: f32 = (1_u8..)
            .zip(overtones)
            .filter(|(k, _)| hz * f32::from(*k) < 3_600.0)
            .map(|(k, part)| part * (TAU * hz * f32::from(k) * t).sin())
            .sum();
        *sample += size * sum * (-fade * t).exp() * (t * 100.0).min(1.0);
    }
}
