//! Noises that are no words, computed.

use super::Chance;

const RATE: f32 = 8_000.0;

/// Brings sound to a level, in dB below full scale over all of it.
pub(super) fn at_level(samples: &[i16], db: f32) -> Vec<i16> {
    let power = samples.iter().map(|sample| f32::from(*sample).powi(2)).sum::<f32>() / samples.len().max(1) as f32;
    let gain = 32_768.0 * 10_f32.powf(db / 20.0) / power.sqrt().max(1.0);
    samples.iter().map(|sample| (f32::from(*sample) * gain).clamp(-32_000.0, 32_000.0) as i16).collect()
}

/// Adds noise under sound, again and again from its beginning, at this level.
pub(super) fn add(samples: &mut [i16], noise: &[i16], db: f32) {
    let noise = at_level(noise, db);
    for (sample, noise) in samples.iter_mut().zip(noise.iter().cycle()) {
        *sample = sample.saturating_add(*noise);
    }
}

/// Two seconds of a line's noise: more low than high.
pub(super) fn noise(chance: &mut Chance) -> Vec<i16> {
    let mut low = 0.0;
    (0..16_000)
        .map(|_| {
            low = low * 0.9 + (chance.share() - 0.5) * 0.1;
            ((low * 3.0 + (chance.share() - 0.5) * 0.2) * 6_000.0) as i16
        })
        .collect()
}

/// One to three bursts of air through an open throat.
pub(super) fn cough(chance: &mut Chance) -> Vec<i16> {
    let mut cough = Vec::new();
    for _ in 0..1 + (chance.share() * 3.0) as usize {
        let resonance = chance.between(700.0, 1_400.0);
        let length = chance.between(1_000.0, 2_000.0);
        cough.extend(resonant(chance, length as usize, resonance, 0.93, |at| (at * 12.0).min(1.0) * (-3.5 * at).exp()));
        cough.extend(std::iter::repeat_n(0, chance.between(600.0, 1_600.0) as usize));
    }
    at_level(&cough, -22.0)
}

/// "Mhm": two hums behind closed lips, the second one higher.
pub(super) fn hum(chance: &mut Chance) -> Vec<i16> {
    let pitch = chance.between(100.0, 210.0);
    let syllable = |from: f32, to: f32, ms: usize| {
        let (mut phase, mut low) = (0.0_f32, 0.0_f32);
        (0..ms * 8)
            .map(|index| {
                let at = index as f32 / (ms * 8) as f32;
                phase = (phase + (from + (to - from) * at) / RATE).fract();
                // The lips keep what is high.
                low += ((1.0 - 2.0 * phase) - low) * 0.12;
                (low * 9_000.0 * (at * 8.0).min(1.0) * ((1.0 - at) * 6.0).min(1.0)) as i16
            })
            .collect::<Vec<_>>()
    };
    let gap = chance.between(200.0, 700.0) as usize;
    let first = syllable(pitch, pitch * 0.95, chance.between(110.0, 180.0) as usize);
    let second = syllable(pitch * 1.1, pitch * 1.25, chance.between(150.0, 260.0) as usize);
    at_level(&[first, vec![0; gap], second].concat(), -22.0)
}

/// Some seconds of keys.
pub(super) fn typing(chance: &mut Chance) -> Vec<i16> {
    let mut keys = Vec::new();
    for _ in 0..12 {
        let resonance = chance.between(1_800.0, 3_000.0);
        keys.extend(resonant(chance, 200, resonance, 0.9, |at| (-9.0 * at).exp()));
        keys.extend(std::iter::repeat_n(0, chance.between(600.0, 2_200.0) as usize));
    }
    at_level(&keys, -34.0)
}

/// A second of rushing: wind, a car, a bad line.
pub(super) fn burst(chance: &mut Chance) -> Vec<i16> {
    let resonance = chance.between(300.0, 900.0);
    let noise = resonant(chance, 9_600, resonance, 0.6, |at| (std::f32::consts::PI * at).sin());
    at_level(&noise, -26.0)
}

/// Noise through a resonance, under an envelope over 0..1.
fn resonant(chance: &mut Chance, length: usize, hertz: f32, sharpness: f32, envelope: impl Fn(f32) -> f32) -> Vec<i16> {
    let turn = 2.0 * sharpness * (std::f32::consts::TAU * hertz / RATE).cos();
    let (mut last, mut before) = (0.0, 0.0);
    (0..length)
        .map(|index| {
            let value = (chance.share() - 0.5) * envelope(index as f32 / length as f32) + turn * last - sharpness * sharpness * before;
            (before, last) = (last, value);
            (value * 4_000.0).clamp(-32_000.0, 32_000.0) as i16
        })
        .collect()
}
