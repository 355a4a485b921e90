//! Hiding lost sound: the last pitch period is repeated and fades (in the manner of ITU-T G.711 Appendix I).
//!
//! The concealer sees every sample that is played. When sound is missing it measures the pitch of what it played last, repeats one
//! period for 10 ms, then two, then three (a single period sounds like a buzzer), fades from 10 ms on and is silent after 60 ms. When
//! sound comes back, it is faded in over the continued repetition.

use crate::codec::SAMPLE_RATE;
use crate::stretch::best_lag;

/// 200 Hz … 66 Hz: the pitch range of Appendix I.
pub(crate) const SHORTEST_LAG: usize = 40;
/// See [`SHORTEST_LAG`].
pub(crate) const LONGEST_LAG: usize = 120;
/// How much past is compared to find the pitch.
const COMPARED: usize = 160;
/// Three periods, and the quarter before them that smooths the seam.
const HISTORY: usize = 3 * LONGEST_LAG + LONGEST_LAG / 4;
const TEN_MS: usize = SAMPLE_RATE as usize / 100;
/// Silence from here on.
const LONGEST: usize = 6 * TEN_MS;
/// Longest cross-fade back to real sound.
const LONGEST_FADE: usize = TEN_MS;

/// State of one stream.
#[derive(Debug, Clone)]
pub struct Concealer {
    /// The last samples played, the newest at the end.
    history: [i16; HISTORY],
    /// History as it was when the sound went missing.
    pattern: [i16; HISTORY],
    lag: usize,
    periods: usize,
    /// Within the repeated periods.
    position: usize,
    missing: usize,
}

impl Default for Concealer {
    fn default() -> Self {
        let nothing = [0; HISTORY];
        Self { history: nothing, pattern: nothing, lag: SHORTEST_LAG, periods: 1, position: 0, missing: 0 }
    }
}

impl Concealer {
    /// Fills `out` (at most 20 ms) with the continuation of what was played.
    pub fn conceal(&mut self, out: &mut [i16]) {
        self.extrapolate(out);
        self.remember(out);
    }

    /// Real sound to be played next; right after a gap its start is faded in.
    pub fn good(&mut self, samples: &mut [i16]) {
        if self.missing > 0 {
            // Appendix I: 4 ms, and 4 ms more for every 10 ms that were lost.
            let fade = (32 + 32 * self.missing / TEN_MS).min(LONGEST_FADE).min(samples.len());
            let mut tail = [0; LONGEST_FADE];
            self.extrapolate(&mut tail[..fade]);
            for (index, (sample, old)) in samples.iter_mut().zip(&tail[..fade]).enumerate() {
                *sample = crossfade(*old, *sample, index + 1, fade + 1);
            }
            self.missing = 0;
        }
        self.remember(samples);
    }

    /// Is everything faded out?
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.missing >= LONGEST
    }

    fn extrapolate(&mut self, out: &mut [i16]) {
        for sample in out {
            match self.missing {
                0 => {
                    self.lag = best_lag(&self.history, SHORTEST_LAG, LONGEST_LAG, COMPARED);
                    self.pattern = self.history;
                    self.periods = 1;
                    self.position = 0;
                }
                // One period more, at the same phase.
                TEN_MS => self.repeat_periods(2),
                missing if missing == 2 * TEN_MS => self.repeat_periods(3),
                _ => {}
            }
            *sample = self.next_repeated();
            self.missing += 1;
        }
    }

    fn repeat_periods(&mut self, periods: usize) {
        self.periods = periods;
        self.position %= self.lag;
    }

    fn next_repeated(&mut self) -> i16 {
        if self.missing >= LONGEST {
            return 0;
        }
        let length = self.lag * self.periods;
        let start = HISTORY - length;
        let place = start + self.position;
        self.position = (self.position + 1) % length;
        let (seam, to_end) = (self.lag / 4, HISTORY - place);
        let sample = if to_end > seam {
            self.pattern[place]
        } else {
            // The end of the pattern leads into what came before its beginning.
            crossfade(self.pattern[place], self.pattern[start - to_end], seam - to_end + 1, seam + 1)
        };
        // Full for 10 ms, then a straight line down to nothing at 60 ms.
        let left = (LONGEST - self.missing).min(LONGEST - TEN_MS) as i32;
        (i32::from(sample) * left / (LONGEST - TEN_MS) as i32) as i16
    }

    fn remember(&mut self, samples: &[i16]) {
        let count = samples.len().min(HISTORY);
        self.history.copy_within(count.., 0);
        self.history[HISTORY - count..].copy_from_slice(&samples[samples.len() - count..]);
    }
}

/// `step` of `steps` from `old` to `new`.
pub(crate) fn crossfade(old: i16, new: i16, step: usize, steps: usize) -> i16 {
    let (step, steps) = (step as i32, steps as i32);
    ((i32::from(old) * (steps - step) + i32::from(new) * step) / steps) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sound with a period of 64 samples and rich harmonics.
    fn voiced(index: usize) -> i16 {
        let phase = (index % 64) as f32 / 64.0 * std::f32::consts::TAU;
        (6_000.0 * phase.sin() + 3_000.0 * (2.0 * phase).cos() + 1_500.0 * (5.0 * phase).sin()) as i16
    }

    fn energy(samples: &[i16]) -> f64 {
        samples.iter().map(|&sample| f64::from(sample).powi(2)).sum()
    }

    #[test]
    fn a_lost_frame_of_voiced_sound_is_nearly_guessed() {
        let mut concealer = Concealer::default();
        let mut sound: Vec<i16> = (0..640).map(voiced).collect();
        for frame in sound.chunks_exact_mut(160) {
            concealer.good(frame);
        }
        let mut guess = [0; 80];
        concealer.conceal(&mut guess);
        let truth: Vec<i16> = (640..720).map(voiced).collect();
        let error: Vec<i16> = guess.iter().zip(&truth).map(|(a, b)| a - b).collect();
        // The first 10 ms are not faded: at least 20 dB above the error.
        assert!(energy(&truth) > 100.0 * energy(&error), "{} {}", energy(&truth), energy(&error));
    }

    #[test]
    fn a_long_loss_fades_to_silence_and_the_return_has_no_click() {
        let mut concealer = Concealer::default();
        let mut sound: Vec<i16> = (0..640).map(voiced).collect();
        concealer.good(&mut sound);
        let mut guess = vec![0; 640];
        for part in guess.chunks_mut(160) {
            concealer.conceal(part);
        }
        for window in guess.chunks_exact(80).collect::<Vec<_>>().windows(2).skip(1) {
            assert!(energy(window[1]) <= energy(window[0]) * 1.1);
        }
        assert!(guess[LONGEST..].iter().all(|&sample| sample == 0));
        let mut back: Vec<i16> = (1280..1440).map(voiced).collect();
        concealer.good(&mut back);
        let steepest = (0..640).map(|index| (voiced(index + 1) - voiced(index)).abs()).max().unwrap();
        let mut last = 0;
        for sample in back {
            assert!((sample - last).abs() <= steepest + 200);
            last = sample;
        }
    }
}
