//! Sounds that are computed, not stored: a calm hold pattern, the ring-back tone and a bell.

use std::sync::LazyLock;

use crate::call::media::{frame::Samples, patch::Under};

const RATE: u32 = 8_000;
const SINE_BITS: u32 = 10;
static SINE: LazyLock<[f32; 1 << SINE_BITS]> =
    LazyLock::new(|| std::array::from_fn(|index| (index as f32 / (1 << SINE_BITS) as f32 * std::f32::consts::TAU).sin()));

/// Length of one note of the hold sound: 320 ms. Each rings on under the next one.
const NOTE: u64 = 2_560;
const NOTES_PER_CHORD: u64 = 8;
/// C major 7, A minor 7, F major 7, G 6 in Hz, all within the telephone's band.
const CHORDS: [[f32; 4]; 4] =
    [[261.6, 329.6, 392.0, 493.9], [220.0, 329.6, 392.0, 523.3], [349.2, 440.0, 523.3, 659.3], [293.7, 392.0, 493.9, 659.3]];
/// Which note of the chord, up and down, with a pause at the end.
const PATTERN: [Option<usize>; NOTES_PER_CHORD as usize] = [Some(0), Some(1), Some(2), Some(3), Some(2), Some(1), Some(2), None];
/// About −27 dBov: clearly under speech.
const HOLD_AMPLITUDE: f32 = 4_000.0;

/// ETSI ring-back: 425 Hz, one second on, four off.
const RINGBACK_HZ: f32 = 425.0;
const RINGBACK_ON: u64 = RATE as u64;
const RINGBACK_CYCLE: u64 = 5 * RATE as u64;
const RINGBACK_AMPLITUDE: f32 = 3_300.0;

/// A bell: struck every three seconds, and dying away within one.
const BELL_HZ: f32 = 784.0;
const BELL_RINGS: u64 = RATE as u64;
const BELL_CYCLE: u64 = 3 * RATE as u64;
const BELL_AMPLITUDE: f32 = 5_000.0;

/// Steps between silence and full: a change of loudness takes 20 ms.
const FULL: i32 = 160;
/// −12 dB under speech.
const DUCKED: i32 = FULL / 4;

/// The sound under one leg's ear.
#[derive(Debug, Clone, Default)]
pub struct UnderSound {
    kind: Under,
    position: u64,
    gain: i32,
}

impl UnderSound {
    /// Changes the sound; the same one goes on where it is.
    pub fn set(&mut self, kind: Under) {
        if kind != self.kind {
            *self = Self { kind, position: 0, gain: 0 };
        }
    }

    /// Is there no such sound?
    pub fn is_nothing(&self) -> bool {
        self.kind == Under::Nothing
    }

    /// Adds the next 20 ms to `out`, softer while speech is played.
    pub fn add_to(&mut self, out: &mut Samples, under_speech: bool) {
        let target = if under_speech { DUCKED } else { FULL };
        for sum in out {
            let sample = match self.kind {
                Under::Nothing => return,
                Under::Hold => hold(self.position),
                Under::Ringback => ringback(self.position),
                Under::Bell => bell(self.position),
            };
            self.gain += (target - self.gain).signum();
            self.position += 1;
            *sum = sum.saturating_add((sample * self.gain as f32 / FULL as f32) as i16);
        }
    }
}

/// Every note depends on the position alone: nothing to be remembered.
fn hold(position: u64) -> f32 {
    let note = position / NOTE;
    let age = position % NOTE;
    let ringing = if note > 0 { pluck(note - 1, age + NOTE) } else { 0.0 };
    HOLD_AMPLITUDE * (pluck(note, age) + ringing)
}

fn pluck(note: u64, age: u64) -> f32 {
    let chord = &CHORDS[(note / NOTES_PER_CHORD % CHORDS.len() as u64) as usize];
    let Some(index) = PATTERN[(note % NOTES_PER_CHORD) as usize] else { return 0.0 };
    let left = 1.0 - age as f32 / (2 * NOTE) as f32;
    let attack = (age as f32 / 64.0).min(1.0);
    let tone = sine(chord[index], age) + 0.2 * sine(2.0 * chord[index], age) * left;
    attack * left * left * left * tone
}

fn ringback(position: u64) -> f32 {
    let place = position % RINGBACK_CYCLE;
    if place >= RINGBACK_ON {
        return 0.0;
    }
    // Soft edges of 5 ms: no clicks.
    let edge = place.min(RINGBACK_ON - place).min(40) as f32 / 40.0;
    RINGBACK_AMPLITUDE * edge * sine(RINGBACK_HZ, place)
}

fn bell(position: u64) -> f32 {
    let place = position % BELL_CYCLE;
    if place >= BELL_RINGS {
        return 0.0;
    }
    let left = 1.0 - place as f32 / BELL_RINGS as f32;
    let attack = (place as f32 / 40.0).min(1.0);
    BELL_AMPLITUDE * attack * left * left * (sine(BELL_HZ, place) + 0.4 * sine(2.0 * BELL_HZ, place) * left)
}

fn sine(frequency: f32, age: u64) -> f32 {
    let step = (f64::from(frequency) / f64::from(RATE) * 4_294_967_296.0) as u32;
    let phase = step.wrapping_mul(age as u32);
    SINE[(phase >> (32 - SINE_BITS)) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::media::level::dbov;

    fn listen(kind: Under, frames: usize, under_speech: bool) -> Vec<i16> {
        let mut sound = UnderSound::default();
        sound.set(kind);
        let mut heard = Vec::new();
        for _ in 0..frames {
            let mut out = [0; 160];
            sound.add_to(&mut out, under_speech);
            heard.extend_from_slice(&out);
        }
        heard
    }

    #[test]
    fn hold_is_soft_never_silent_for_long_and_never_clips() {
        let heard = listen(Under::Hold, 1_000, false);
        let level = dbov(&heard);
        assert!((-32.0..-22.0).contains(&level), "{level}");
        assert!(heard.chunks(8_000).all(|second| dbov(second) > -40.0));
        assert!(heard.iter().all(|sample| sample.abs() < 8_000));
        // No clicks: the steepest step of two such notes is smaller than this.
        assert!(heard.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 3_600));
        assert!(dbov(&listen(Under::Hold, 1_000, true)) < level - 10.0);
    }

    #[test]
    fn ringback_has_its_cadence_and_frequency() {
        let heard = listen(Under::Ringback, 500, false);
        assert!(dbov(&heard[800..7_200]) > -25.0);
        assert!(heard[8_000..40_000].iter().all(|&sample| sample == 0));
        assert!(dbov(&heard[40_800..47_200]) > -25.0);
        let crossings = heard[..8_000].windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert!((423..=427).contains(&crossings), "{crossings}");
    }

    #[test]
    fn a_bell_is_struck_every_three_seconds() {
        let heard = listen(Under::Bell, 300, false);
        assert!(dbov(&heard[400..2_400]) > -28.0 && dbov(&heard[24_400..26_400]) > -28.0);
        assert!(heard[8_000..24_000].iter().all(|&sample| sample == 0));
        assert!(heard.iter().all(|sample| sample.abs() < 8_000));
    }

    #[test]
    fn setting_the_same_sound_again_does_not_restart_it() {
        let mut sound = UnderSound::default();
        sound.set(Under::Hold);
        sound.add_to(&mut [0; 160], false);
        let position = sound.position;
        sound.set(Under::Hold);
        assert_eq!(sound.position, position);
        sound.set(Under::Nothing);
        let mut out = [7; 160];
        sound.add_to(&mut out, false);
        assert_eq!(out, [7; 160]);
    }
}
