//! How loud can an echo be, in each band? What is louder is somebody speaking. This needs no filter that fits: a far end whose buffer moves, or a
//! loudspeaker that bends what is loud, changes where the echo is and what it looks like, but hardly how loud its bands are.

use super::bands::{BANDS, Bands};

/// Frames of what was sent that are kept: 600 ms.
const KEPT: usize = 30;
/// Frames around the delay in which the echo may be.
const AROUND: usize = 1;
/// Of the frame before, so much may still sound in the room; and of the one before that.
const DIES: f32 = 0.4;
const DYING: usize = 5;
/// Power of a band from which something can be learnt of it: −65 dB below full scale.
const SOUNDS: f32 = 3e-7;
/// What the bound is above the echo that was found, to begin with.
const AT_FIRST: f32 = 4.0;
/// A bound that was passed by no more than this (6 dB) is raised; more than that is not the echo's.
const RAISED: f32 = 4.0;
/// It falls by a dB in a second of the bot's speech.
const FALLS: f32 = 0.9954;

/// What is louder than the bound by this (3 dB) is louder by far; of what the filter leaves, this (5 dB).
const FAR: f32 = 2.0;
const FAR_LEFT: f32 = 3.0;

/// In how many bands a frame is above the bounds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Above {
    /// All of it is louder than the echo can be, by far.
    pub(super) far: usize,
    /// The same, by any margin.
    pub(super) slightly: usize,
    /// What the filter has left is louder than it usually leaves, by far.
    pub(super) left: usize,
}

/// The bounds of one leg.
#[derive(Debug)]
pub(super) struct Bound {
    /// What was sent, the newest first.
    sent: [Bands; KEPT],
    /// The echo's share of it at most, and what the filter leaves of it at most.
    whole: Bands,
    rest: Bands,
}

impl Bound {
    pub(super) fn new() -> Self {
        Self { sent: [[0.0; BANDS]; KEPT], whole: [0.0; BANDS], rest: [0.0; BANDS] }
    }

    /// Takes what was sent in a frame.
    pub(super) fn sent(&mut self, bands: Bands) {
        self.sent.rotate_right(1);
        self.sent[0] = bands;
    }

    /// An echo was found: so much of the power comes back.
    pub(super) fn begin(&mut self, share: f32) {
        self.whole = [share * AT_FIRST; BANDS];
        self.rest = self.whole;
    }

    /// Weighs a frame whose echo is late by so many frames; `rest`: what the filter has left of it.
    pub(super) fn weigh(&self, late: usize, heard: &Bands, rest: &Bands) -> Above {
        let source = self.source(late);
        let mut above = Above::default();
        for band in 0..BANDS {
            let whole = self.whole[band] * source[band] + SOUNDS;
            let usual = self.rest[band].min(self.whole[band]) * source[band] + SOUNDS;
            above.far += usize::from(heard[band] > whole * FAR);
            above.slightly += usize::from(heard[band] > whole);
            above.left += usize::from(rest[band] > usual * FAR_LEFT);
        }
        above
    }

    /// Learns from a frame in which nobody spoke.
    pub(super) fn learn(&mut self, late: usize, heard: &Bands, rest: &Bands) {
        let source = self.source(late);
        for band in 0..BANDS {
            if source[band] < SOUNDS {
                continue;
            }
            follow(&mut self.whole[band], heard[band] / source[band]);
            follow(&mut self.rest[band], rest[band] / source[band]);
        }
    }

    /// The most that may be behind a frame, in each band.
    fn source(&self, late: usize) -> Bands {
        let mut source = [0.0_f32; BANDS];
        let last = (late + 1 + AROUND).min(KEPT - 1);
        let first = late.saturating_sub(AROUND).min(last);
        let mut share = 1.0;
        for frame in first..(last + DYING).min(KEPT) {
            if frame > last {
                share *= DIES;
            }
            for (most, band) in source.iter_mut().zip(&self.sent[frame]) {
                *most = most.max(band * share);
            }
        }
        source
    }
}

fn follow(bound: &mut f32, share: f32) {
    *bound = if share > *bound { share.min(*bound * RAISED) } else { *bound * FALLS };
}
