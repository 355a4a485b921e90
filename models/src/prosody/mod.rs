//! How something was said, whatever the words: level, pitch, pace, pauses and tension of a voice on a telephone line.
//!
//! Plain signal processing at 8 kHz, no model: a millisecond or two of CPU for each second of speech. One measurement means little, for lines and
//! people differ by more than moods do; what counts is how it differs from what the same caller sounded like before.

mod bands;
mod envelope;
mod pitch;

use bands::Bands;
use envelope::Envelope;

/// Samples per second that are measured.
pub const PROSODY_RATE: u32 = 8_000;
/// Samples of one step of the envelope: 10 ms.
const STEP: usize = 80;
/// Only so much of an utterance is measured, its end: the cost is bounded, and a mood shows in less.
const LONGEST: usize = 15 * PROSODY_RATE as usize;
/// Steps of voiced sound that are the least of which anything can be said: 250 ms.
const LEAST_VOICED: usize = 25;
/// A voice must stand this far above the noise of its line.
const LEAST_SNR_DB: f32 = 9.0;

/// What was measured of one utterance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prosody {
    /// Level of the loud part of the voiced sound without the line's noise, dB below full scale.
    pub level_db: f32,
    /// Median pitch, Hz.
    pub pitch_hz: f32,
    /// Span of the pitch from its 10th to its 90th percentile, semitones.
    pub pitch_span: f32,
    /// Syllables for each second of speech.
    pub syllables_per_s: f32,
    /// Energy above 1 kHz against that below, dB, in voiced sound: a tense voice is brighter.
    pub tilt_db: f32,
    /// Share of the utterance that is pauses, 0..=1.
    pub pauses: f32,
    /// How much of it was voiced, ms.
    pub voiced_ms: u32,
    /// How far the voice stands above the noise, dB.
    pub snr_db: f32,
}

/// Measures an utterance of mono samples at 8 kHz; none when there is too little voice in it, or too much noise.
#[must_use]
pub fn prosody(audio: &[f32]) -> Option<Prosody> {
    let audio = &audio[audio.len().saturating_sub(LONGEST)..];
    let envelope = Envelope::of(audio)?;
    let pitches = pitch::track(audio, &envelope.active);
    let voiced: Vec<usize> = (0..envelope.active.len()).filter(|step| pitches[*step].is_some()).collect();
    if voiced.len() < LEAST_VOICED || envelope.snr_db < LEAST_SNR_DB {
        return None;
    }
    let bands = Bands::of(audio);
    let loud: Vec<usize> = voiced.iter().copied().filter(|step| envelope.is_loud(*step)).collect();
    let power = |band: &[f32]| bands::power(band, &loud, &envelope.quiet);
    let (low, high) = (power(&bands.low), power(&bands.high));
    let mut notes: Vec<f32> = pitches.iter().flatten().copied().collect();
    notes.sort_by(f32::total_cmp);
    let at = |share: f32| notes[((notes.len() - 1) as f32 * share) as usize];
    Some(Prosody {
        level_db: decibels(low + high),
        pitch_hz: at(0.5),
        pitch_span: 12.0 * (at(0.9) / at(0.1)).log2(),
        syllables_per_s: envelope.syllables(&pitches),
        tilt_db: decibels(high) - decibels(low),
        pauses: envelope.pauses(),
        voiced_ms: (voiced.len() * 10) as u32,
        snr_db: envelope.snr_db,
    })
}

fn decibels(power: f32) -> f32 {
    10.0 * power.max(1e-12).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up voice: a buzz whose loudness rises and falls like syllables.
    fn voice(hz: f32, gain: f32, syllables: f32, brightness: f32) -> Vec<f32> {
        let mut phase = 0.0f32;
        let mut audio = vec![0.0; 2_400];
        audio.extend((0..16_000).map(|n| {
            let t = n as f32 / 8_000.0;
            phase += hz * (1.0 + 0.04 * (t * 5.0).sin()) / 8_000.0;
            let harmonics = (1..=8).map(|k| (phase * k as f32 * std::f32::consts::TAU).sin() * brightness.powi(k - 1));
            let swell = 0.55 - 0.45 * (t * syllables * std::f32::consts::TAU).cos();
            harmonics.sum::<f32>() * swell * gain
        }));
        audio.extend(vec![0.0; 2_400]);
        noisy(&mut audio, 0.0003);
        audio
    }

    fn noisy(audio: &mut [f32], level: f32) {
        let mut state = 1u32;
        for sample in audio {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample += ((state >> 8) as f32 / 8_388_608.0 - 1.0) * level;
        }
    }

    #[test]
    fn what_is_louder_higher_faster_and_brighter_is_measured_so() {
        let calm = prosody(&voice(120.0, 0.05, 3.0, 0.6)).unwrap();
        assert!((calm.pitch_hz - 120.0).abs() < 5.0 && (calm.syllables_per_s - 3.0).abs() < 0.7, "{calm:?}");
        let loud = prosody(&voice(120.0, 0.1, 3.0, 0.6)).unwrap();
        assert!((loud.level_db - calm.level_db - 6.0).abs() < 0.5 && (loud.tilt_db - calm.tilt_db).abs() < 0.5, "{loud:?} {calm:?}");
        let high = prosody(&voice(240.0, 0.05, 3.0, 0.6)).unwrap();
        assert!((high.pitch_hz - 240.0).abs() < 8.0, "{high:?}");
        let fast = prosody(&voice(120.0, 0.05, 5.0, 0.6)).unwrap();
        assert!((fast.syllables_per_s - 5.0).abs() < 0.7, "{fast:?}");
        let bright = prosody(&voice(200.0, 0.05, 3.0, 0.9)).unwrap();
        let dull = prosody(&voice(200.0, 0.05, 3.0, 0.5)).unwrap();
        assert!(bright.tilt_db > dull.tilt_db + 6.0, "{bright:?} {dull:?}");
    }

    #[test]
    fn the_noise_of_the_line_is_no_loudness() {
        let clean = prosody(&voice(120.0, 0.05, 3.0, 0.6)).unwrap();
        let mut audio = voice(120.0, 0.05, 3.0, 0.6);
        noisy(&mut audio, 0.02);
        let noisy = prosody(&audio).unwrap();
        assert!((noisy.level_db - clean.level_db).abs() < 1.0 && (noisy.pitch_hz - clean.pitch_hz).abs() < 6.0, "{noisy:?} {clean:?}");
    }

    #[test]
    fn silence_clicks_and_noise_have_no_voice() {
        assert_eq!(prosody(&[]), None);
        assert_eq!(prosody(&[0.0; 24_000]), None);
        let mut noise = vec![0.0; 24_000];
        noisy(&mut noise, 0.2);
        assert_eq!(prosody(&noise), None);
        let mut click = vec![0.0; 24_000];
        click[9_000..9_040].fill(0.9);
        assert_eq!(prosody(&click), None);
        assert_eq!(prosody(&[f32::NAN; 24_000]), None);
    }
}
