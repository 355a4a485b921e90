//! Is that a vowel? Told from how alike one period of it is to the next, long before the detector of voices is sure of it. Pure.

use warmline_models::VAD_WINDOW;

/// Periods of voices, in samples at 8 kHz: 400 to 67 Hz.
const PERIODS: std::ops::RangeInclusive<usize> = 20..=120;
/// A vowel is this much like itself one period later. Coughs, typing and the noise of a line stay below 0.5.
const ALIKE: f32 = 0.8;
/// What is more like itself than this is a tone: no throat is so even.
const TONE: f32 = 0.99;

/// The last two windows of one leg.
#[derive(Debug)]
pub(crate) struct Voiced {
    sound: [f32; 2 * VAD_WINDOW],
}

impl Default for Voiced {
    fn default() -> Self {
        Self { sound: [0.0; 2 * VAD_WINDOW] }
    }
}

impl Voiced {
    /// Takes a window.
    pub(crate) fn window(&mut self, samples: &[f32; VAD_WINDOW]) {
        self.sound.copy_within(VAD_WINDOW.., 0);
        self.sound[VAD_WINDOW..].copy_from_slice(samples);
    }

    /// The last 64 ms are a vowel.
    pub(crate) fn is_vowel(&self) -> bool {
        let alike = PERIODS.map(|period| self.alike(period)).fold(0.0, f32::max);
        (ALIKE..TONE).contains(&alike)
    }

    /// The normalised correlation with what was heard one period earlier.
    fn alike(&self, period: usize) -> f32 {
        let (now, earlier) = (&self.sound[period..], &self.sound[..2 * VAD_WINDOW - period]);
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(now, earlier) / (dot(now, now) * dot(earlier, earlier)).sqrt().max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use super::*;

    fn is_vowel(sound: impl Fn(usize) -> f32) -> bool {
        let mut voiced = Voiced::default();
        for part in 0..2 {
            voiced.window(&std::array::from_fn(|n| sound(part * VAD_WINDOW + n)));
        }
        voiced.is_vowel()
    }

    /// The same numbers from −1 to 1 on every machine.
    fn noise(n: usize) -> f32 {
        let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 40) as f32 / 8_388_608.0 - 1.0
    }

    #[test]
    fn a_vowel_is_told_from_a_tone_and_from_noise() {
        // A throat: pulses at 125 Hz whose harmonics fall, with some breath.
        let throat = |n: usize| (1..12).map(|k| (n as f32 * TAU * 125.0 * k as f32 / 8_000.0).sin() / k as f32).sum::<f32>() * 0.2;
        assert!(is_vowel(|n| throat(n) + noise(n) * 0.05));
        assert!(!is_vowel(|n| (n as f32 * TAU * 1_000.0 / 8_000.0).sin() * 0.3), "a tone");
        assert!(!is_vowel(noise) && !is_vowel(|_| 0.0), "noise, and nothing");
        assert!(!is_vowel(|n| throat(n) * 0.1 + noise(n) * 0.3), "a vowel below a noise");
    }
}
