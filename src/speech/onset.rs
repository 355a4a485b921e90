//! Since when has there been sound? The voice detector needs a vowel to be sure of a voice; the consonant before it is a part of the word, too. Pure.

use warmline_models::VAD_WINDOW;

/// Samples of a block: 8 ms.
const BLOCK: usize = 64;
const BLOCK_MS: u64 = BLOCK as u64 / 8;
/// Sound is this much above what a line sounds like when nobody speaks, in dB, …
const ABOVE_DB: f32 = 10.0;
/// … and never below this.
const SOFTEST_DB: f32 = -50.0;
/// The line's own noise is believed to lie between these.
const FLOOR_DB: (f32, f32) = (-70.0, -35.0);
/// It is learnt in some blocks when it falls, and forgotten at 4 dB a second.
const FALLS: f32 = 0.3;
const RISES_DB: f32 = 0.03;
/// A stop inside a word ("s-top") is shorter than this.
const STOP_MS: u64 = 90;

/// What is known of the sound of one leg.
#[derive(Debug)]
pub(crate) struct Onset {
    floor: f32,
    /// Milliseconds from the sound's beginning to its last block.
    sounded: u64,
    /// And of silence after that.
    silent: u64,
}

impl Default for Onset {
    fn default() -> Self {
        Self { floor: FLOOR_DB.0, sounded: 0, silent: 0 }
    }
}

impl Onset {
    /// Takes a window. Says for how many milliseconds it has sounded up to the window's end.
    pub(crate) fn window(&mut self, samples: &[f32; VAD_WINDOW]) -> u64 {
        for block in samples.as_chunks::<BLOCK>().0 {
            let power = block.iter().map(|sample| sample * sample).sum::<f32>() / BLOCK as f32;
            self.block(10.0 * (power + 1e-9).log10());
        }
        if self.sounded == 0 { 0 } else { self.sounded + self.silent }
    }

    fn block(&mut self, level: f32) {
        if level > (self.floor + ABOVE_DB).max(SOFTEST_DB) {
            self.sounded += self.silent + BLOCK_MS;
            self.silent = 0;
        } else if self.sounded > 0 {
            self.silent += BLOCK_MS;
        }
        if self.silent > STOP_MS {
            (self.sounded, self.silent) = (0, 0);
        }
        self.floor += if level < self.floor { (level - self.floor) * FALLS } else { RISES_DB };
        self.floor = self.floor.clamp(FLOOR_DB.0, FLOOR_DB.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(amplitude: f32) -> [f32; VAD_WINDOW] {
        std::array::from_fn(|n| (n as f32 * 0.9).sin() * amplitude)
    }

    #[test]
    fn a_word_begins_with_its_consonant_and_goes_on_behind_a_stop() {
        let mut onset = Onset::default();
        assert_eq!(onset.window(&window(0.0)), 0);
        onset.window(&window(0.02));
        assert_eq!(onset.window(&window(0.02)), 64);
        onset.window(&window(0.0));
        assert_eq!(onset.window(&window(0.1)), 128);
        for _ in 0..3 {
            onset.window(&window(0.0));
        }
        assert_eq!(onset.window(&window(0.1)), 32, "another word");
    }

    #[test]
    fn a_noisy_line_is_no_sound() {
        let mut onset = Onset::default();
        for _ in 0..400 {
            onset.window(&window(0.01));
        }
        assert_eq!(onset.window(&window(0.01)), 0);
        assert_eq!(onset.window(&window(0.2)), 32);
    }
}
