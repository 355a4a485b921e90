//! The pairs of tones that some countries' networks use (ITU-T E.180 supplement 2): too near to each other for 20 ms of sound.
//!
//! Everything that matters lies below 700 Hz, so the sound is thinned to 2 kHz and looked at in windows of 60 ms.

use super::goertzel::{Bank, Hann};
use super::level::decibels;
use crate::codec::{FRAME_SAMPLES, Frame};

const THINNED: usize = 4;
const RATE: f32 = 2_000.0;
const HOP: usize = FRAME_SAMPLES / THINNED;
const WINDOW: usize = 3 * HOP;
const TONES: [f32; 6] = [350.0, 400.0, 440.0, 450.0, 480.0, 620.0];
/// The two are together this share of what is heard below 1 kHz.
const PURE: f32 = 0.75;
/// And that much lies below 1 kHz, as a share of everything; the mean of four samples takes a quarter off 620 Hz.
const BELOW: f32 = 0.55;
/// Neither is stronger than the other by more.
const TWIST_DB: f32 = 9.0;

/// A pair of tones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair {
    /// 350 + 440 Hz (North America) or 350 + 450 Hz (United Kingdom): dial tone.
    Dial,
    /// 440 + 480 Hz: ring-back of North America.
    RingAmerican,
    /// 400 + 450 Hz: ring-back of the United Kingdom and others.
    RingBritish,
    /// 480 + 620 Hz: busy and congestion of North America.
    Busy,
}

/// Places in [`TONES`].
const PAIRS: [(usize, usize, Pair); 5] =
    [(0, 2, Pair::Dial), (0, 3, Pair::Dial), (2, 4, Pair::RingAmerican), (1, 3, Pair::RingBritish), (4, 5, Pair::Busy)];

#[derive(Debug, Clone)]
pub(super) struct PairFinder {
    bank: Bank<6>,
    hann: Hann<WINDOW>,
    thinned: [f32; WINDOW],
    /// Mean squares of the last three frames before they were thinned.
    power: [f32; 3],
}

impl Default for PairFinder {
    fn default() -> Self {
        Self { bank: Bank::new(TONES, RATE), hann: Hann::new(), thinned: [0.0; WINDOW], power: [0.0; 3] }
    }
}

impl PairFinder {
    pub(super) fn frame(&mut self, frame: &Frame) -> Option<Pair> {
        self.thinned.copy_within(HOP.., 0);
        for (thin, samples) in self.thinned[WINDOW - HOP..].iter_mut().zip(frame.chunks_exact(THINNED)) {
            *thin = samples.iter().map(|&sample| f32::from(sample)).sum::<f32>() / THINNED as f32;
        }
        self.power.rotate_left(1);
        self.power[2] = mean_square(frame.iter().map(|&sample| f32::from(sample)));
        let all = self.power.iter().sum::<f32>() / 3.0;
        let below = mean_square(self.thinned.iter().copied());
        if below < 1.0 || below < all * BELOW {
            return None;
        }
        let (windowed, total) = self.hann.over(&self.thinned);
        let powers = self.bank.measure(&windowed).map(|phasor| Hann::<WINDOW>::mean_square(phasor, 0.0, RATE));
        PAIRS.into_iter().find_map(|(low, high, pair)| {
            let (low, high) = (powers[low], powers[high]);
            let even = decibels(low / high.max(1e-3)).abs() <= TWIST_DB;
            (even && low + high >= total * PURE).then_some(pair)
        })
    }
}

fn mean_square(samples: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = samples.len() as f32;
    samples.map(|sample| sample * sample).sum::<f32>() / count
}
