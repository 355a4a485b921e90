//! What one 20 ms frame is: how loud, and whether it is one pure tone. Every detector but that of keys starts from this.
//!
//! The tone's place is first guessed from the sound's autocorrelation (Pisarenko's method, which white noise does not bias), then read off
//! from how its phase advances in 5 ms.

use std::f32::consts::TAU;

use super::goertzel::{Bank, Hann};
use super::level::{SILENCE_DBM0, dbm0};
use crate::codec::{FRAME_SAMPLES, Frame, SAMPLE_RATE};

const RATE: f32 = SAMPLE_RATE as f32;
const HOP: usize = 40;
/// A guess that the phase corrects by more was none.
const FARTHEST_HZ: f32 = 70.0;
/// Lower is the mains, or a codec's idea of silence.
const LOWEST_HZ: f32 = 200.0;
/// Below this share there is no use in naming a frequency.
const LEAST_SHARE: f32 = 0.6;

/// One pure tone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tone {
    pub(super) hz: f32,
    /// Its level.
    pub(super) dbm0: f32,
    /// Its share of everything heard, 0…1.
    pub(super) share: f32,
}

/// What a frame is, for the detectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hearing {
    /// Level of all sound.
    pub(super) dbm0: f32,
    pub(super) tone: Option<Tone>,
}

impl Hearing {
    /// The tone, if it lies within `tolerance` of `hz` and is at least this share of the sound.
    pub(super) fn tone_near(&self, hz: f32, tolerance: f32, share: f32) -> Option<Tone> {
        self.tone.filter(|tone| (tone.hz - hz).abs() <= tolerance && tone.share >= share)
    }
}

/// Measures one stream of sound.
#[derive(Debug, Clone)]
pub struct Ear {
    hann: Hann<FRAME_SAMPLES>,
    /// The window's autocorrelation at one and two samples, against none.
    window: [f32; 2],
    /// The last 5 ms and this frame.
    sound: [f32; HOP + FRAME_SAMPLES],
}

impl Default for Ear {
    fn default() -> Self {
        let hann = Hann::new();
        let (shape, _) = hann.over(&[1.0; FRAME_SAMPLES]);
        let window = [1, 2].map(|lag| correlation(&shape, lag) / correlation(&shape, 0));
        Self { hann, window, sound: [0.0; HOP + FRAME_SAMPLES] }
    }
}

impl Ear {
    /// The next 20 ms.
    pub fn frame(&mut self, frame: &Frame) -> Hearing {
        self.sound.copy_within(FRAME_SAMPLES.., 0);
        for (kept, &sample) in self.sound[HOP..].iter_mut().zip(frame) {
            *kept = f32::from(sample);
        }
        let mean_square = self.sound[HOP..].iter().map(|sample| sample * sample).sum::<f32>() / FRAME_SAMPLES as f32;
        let dbm0 = dbm0(mean_square);
        Hearing { dbm0, tone: if dbm0 > SILENCE_DBM0 { self.tone() } else { None } }
    }

    fn tone(&self) -> Option<Tone> {
        let (later, total) = self.hann.over(&self.sound[HOP..]);
        let guess = self.guess(&later)?;
        let (earlier, _) = self.hann.over(&self.sound[..FRAME_SAMPLES]);
        let bank = Bank::new([guess], RATE);
        let ([later], [earlier]) = (bank.measure(&later), bank.measure(&earlier));
        let offset = later.offset_hz(earlier, guess, HOP, RATE);
        let power = Hann::<FRAME_SAMPLES>::mean_square(later, offset, RATE);
        let share = power / total.max(1.0);
        let hz = guess + offset;
        (hz >= LOWEST_HZ && offset.abs() <= FARTHEST_HZ && share >= LEAST_SHARE).then(|| Tone { hz, dbm0: dbm0(power), share })
    }

    /// Where a single tone would be, in Hz.
    fn guess(&self, windowed: &[f32; FRAME_SAMPLES]) -> Option<f32> {
        let [one, two] = [(1, self.window[0]), (2, self.window[1])].map(|(lag, window)| correlation(windowed, lag) / window);
        let below = (two * two + 8.0 * one * one).sqrt() - two;
        let cos = 2.0 * one / below;
        // No sound at all, or no tone: not a number, or out of range.
        (cos.abs() < 1.0).then(|| cos.acos() * RATE / TAU)
    }
}

fn correlation(sound: &[f32; FRAME_SAMPLES], lag: usize) -> f32 {
    sound.iter().zip(&sound[lag..]).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(hz: f32, noise: f32) -> Vec<Hearing> {
        let (mut ear, mut random) = (Ear::default(), 9_u32);
        let mut sample = |n: usize| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = noise * (random >> 8) as f32 / (1 << 23) as f32 - noise;
            (4_000.0 * (TAU * hz * n as f32 / RATE).sin() + noise) as i16
        };
        (0..40).map(|frame| ear.frame(&std::array::from_fn(|n| sample(frame * FRAME_SAMPLES + n)))).collect()
    }

    #[test]
    fn a_tone_is_named_to_the_hertz() {
        for hz in (300..3_300).step_by(53) {
            for hearing in heard(hz as f32, 0.0).into_iter().skip(1) {
                let tone = hearing.tone.unwrap();
                assert!((tone.hz - hz as f32).abs() < 1.0 && tone.share > 0.97, "{hz} {tone:?}");
                assert!((hearing.dbm0 - tone.dbm0).abs() < 0.7, "{hz} {hearing:?}");
            }
        }
    }

    #[test]
    fn a_tone_in_noise_is_named_to_some_hertz() {
        // Uniform noise of ±1,550 is 10 dB below the tone.
        for hz in (350..2_300).step_by(53) {
            let found = heard(hz as f32, 1_550.0).into_iter().filter(|hearing| hearing.tone_near(hz as f32, 8.0, 0.75).is_some()).count();
            assert!(found >= 36, "{hz} {found}");
        }
    }
}
