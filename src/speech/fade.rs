//! When a voice falls silent by its level alone. Pure.
//!
//! The detector of voices hears one for about 100 ms longer than it sounds, and a pause counts only when it has lasted for 128 ms more. On a quiet line the
//! level tells after 100 ms, early enough to begin with the words. Where it does not, nothing is lost but that time.

use crate::call::media::frame::Samples;

/// A frame is quiet when it has this share of the power that the voice had of late (−30 dB). On 240 turns of three voices the softest last sounds were
/// louder, and a line's own noise is softer.
const QUIET: f32 = 1e-3;
/// Quiet frames in a row: 100 ms, longer than the closed lips inside most words.
const FRAMES: u32 = 5;
/// So many may be the end of a word: the lips inside one are closed for less, mostly.
const FALLS: u32 = 4;
/// What is remembered of the loudest frame after the next: half of it after two thirds of a second.
const REMEMBERED: f32 = 0.98;

/// The level of one voice.
#[derive(Debug, Default)]
pub(super) struct Fade {
    loudest: f32,
    quiet: u32,
}

impl Fade {
    /// Takes a frame, and whether the detector hears a voice. True when the voice has fallen silent with it.
    pub(super) fn frame(&mut self, samples: &Samples, voice: bool) -> bool {
        if !voice {
            *self = Self::default();
            return false;
        }
        let power = samples.iter().map(|sample| f32::from(*sample).powi(2)).sum::<f32>();
        self.loudest = power.max(self.loudest * REMEMBERED);
        self.quiet = if power < self.loudest * QUIET { self.quiet.saturating_add(1) } else { 0 };
        self.quiet == FRAMES
    }

    /// It may have fallen silent, or have closed its lips.
    pub(super) fn is_falling(&self) -> bool {
        self.quiet >= FALLS
    }

    /// Since it fell silent there was no sound.
    pub(super) fn is_silent(&self) -> bool {
        self.quiet >= FRAMES
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::media::frame::FRAME_SAMPLES;

    fn run(levels: &[(usize, i16)]) -> (Vec<usize>, bool) {
        let mut fade = Fade::default();
        let frames = levels.iter().flat_map(|(count, level)| std::iter::repeat_n([*level; FRAME_SAMPLES], *count));
        let told = frames.enumerate().filter(|(_, frame)| fade.frame(frame, true)).map(|(index, _)| index).collect();
        (told, fade.is_silent())
    }

    #[test]
    fn silence_is_told_once_and_taken_back_by_a_sound() {
        assert_eq!(run(&[(20, 3_000), (9, 20)]), (vec![24], true));
        assert_eq!(run(&[(20, 3_000), (9, 20), (1, 2_000)]), (vec![24], false));
        assert_eq!(run(&[(20, 3_000), (4, 20), (1, 2_000), (4, 20)]), (vec![], false));
    }

    #[test]
    fn a_noisy_line_is_never_silent() {
        assert_eq!(run(&[(20, 3_000), (20, 150)]), (vec![], false));
    }
}
