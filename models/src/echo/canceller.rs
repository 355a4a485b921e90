//! An adaptive filter that takes an echo out, and a second one behind it that may learn while the first one is relied on.
//!
//! Only the second filter adapts (NLMS). It takes the place of the first when it has left less for a while, and starts anew from the first when
//! it has gone astray: so a caller who speaks over the bot disturbs nothing (Ochiai et al. 1977, "Echo canceler with two echo path models").

/// The filter covers 128 ms from the echo's first sound on.
pub(super) const TAPS: usize = 1_024;
const FRAME: usize = super::FRAME;
const RATE: f32 = 0.5;
/// Frames over which both filters are compared.
const COMPARED: f32 = 0.85;
/// The second filter takes over when it leaves this share of what the first one leaves, …
const BETTER: f32 = 0.8;
/// … and is given up when it leaves this much more.
const ASTRAY: f32 = 2.0;

/// What a frame is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// What is left without the echo.
    pub(super) rest: [f32; FRAME],
    /// Energy of the echo that was taken out, and of what is left.
    pub(super) echo_energy: f32,
    pub(super) rest_energy: f32,
}

/// Both filters. Coefficients lie in the order of the samples: the last one belongs to the newest.
#[derive(Debug)]
pub(super) struct Canceller {
    relied_on: Vec<f32>,
    learning: Vec<f32>,
    left: f32,
    left_by_learning: f32,
    whole: f32,
}

impl Canceller {
    pub(super) fn new() -> Self {
        Self { relied_on: vec![0.0; TAPS], learning: vec![0.0; TAPS], left: 0.0, left_by_learning: 0.0, whole: 0.0 }
    }

    /// Takes the echo out of a frame. `learns`: nobody else speaks, as far as is known. `sent` holds what may be in it: the samples before the frame's first one, and the frame's own.
    pub(super) fn frame(&mut self, heard: &[f32; FRAME], sent: &[f32], learns: bool) -> Parts {
        let mut rest = [0.0; FRAME];
        let (mut echo_energy, mut rest_energy, mut learning_energy, mut whole) = (0.0, 0.0, 0.0, 0.0);
        for (place, value) in heard.iter().enumerate() {
            let window = &sent[place..place + TAPS];
            let echo = dot(window, &self.relied_on);
            rest[place] = value - echo;
            let wrong = value - dot(window, &self.learning);
            if learns {
                let step = RATE * wrong / (dot(window, window) + 1e-3);
                self.learning.iter_mut().zip(window).for_each(|(tap, sample)| *tap += step * sample);
            }
            echo_energy += echo * echo;
            rest_energy += rest[place] * rest[place];
            learning_energy += wrong * wrong;
            whole += value * value;
        }
        if learns {
            self.compare(rest_energy, learning_energy, whole);
        }
        Parts { rest, echo_energy, rest_energy }
    }

    fn compare(&mut self, rest: f32, learning: f32, whole: f32) {
        for (kept, new) in [(&mut self.left, rest), (&mut self.left_by_learning, learning), (&mut self.whole, whole)] {
            *kept = *kept * COMPARED + new * (1.0 - COMPARED);
        }
        if self.left_by_learning < self.left * BETTER && self.left_by_learning < self.whole * BETTER {
            self.relied_on.copy_from_slice(&self.learning);
            self.left = self.left_by_learning;
        } else if self.left_by_learning > self.left * ASTRAY {
            self.learning.copy_from_slice(&self.relied_on);
            self.left_by_learning = self.left;
        }
        // The echo has gone, or another path is in force: a filter that adds more than it takes is none.
        if self.left > self.whole * ASTRAY {
            self.relied_on.fill(0.0);
            self.left = self.whole;
        }
    }
}

/// In eight lanes, so that the processor may add them at once.
fn dot(one: &[f32], other: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    for (a, b) in one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum()
}
