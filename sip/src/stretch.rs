//! Playing a little faster or slower without changing the pitch: one pitch period is left out or repeated, with a cross-fade.

use crate::conceal::{LONGEST_LAG, SHORTEST_LAG, crossfade};

/// Samples that are compared and cross-faded.
const OVERLAP: usize = 80;
/// Samples that one step looks at.
pub(crate) const NEEDED: usize = LONGEST_LAG + OVERLAP;
/// A mean square below this (about −60 dBov) is silence: any lag will do.
const SILENCE: i64 = 33 * 33;

/// The lag at which the end of `samples` looks most like itself, in `shortest..=longest`, comparing `compared` samples.
/// `samples` must hold `longest + compared`.
#[must_use]
pub(crate) fn best_lag(samples: &[i16], shortest: usize, longest: usize, compared: usize) -> usize {
    let recent = &samples[samples.len() - compared..];
    let mut best = (shortest, f32::MIN);
    for lag in shortest..=longest {
        let earlier = &samples[samples.len() - compared - lag..samples.len() - lag];
        let likeness = likeness(recent, earlier);
        if likeness > best.1 {
            best = (lag, likeness);
        }
    }
    best.0
}

/// Normalised correlation: 1 for the same shape.
fn likeness(left: &[i16], right: &[i16]) -> f32 {
    let product = dot(left, right) as f32;
    let energy = (dot(left, left) as f32) * (dot(right, right) as f32);
    if energy > 0.0 { product / energy.sqrt() } else { 0.0 }
}

fn dot(left: &[i16], right: &[i16]) -> i64 {
    left.iter().zip(right).map(|(a, b)| i64::from(i32::from(*a) * i32::from(*b))).sum()
}

/// Where the start of `samples` repeats itself, if it does so well enough to be spliced.
fn splice_lag(samples: &[i16], force: bool) -> Option<usize> {
    let head = &samples[..OVERLAP];
    if dot(head, head) / (OVERLAP as i64) < SILENCE {
        return Some(LONGEST_LAG);
    }
    let mut best = (0, if force { f32::MIN } else { 0.7 });
    for lag in SHORTEST_LAG..=LONGEST_LAG {
        let likeness = likeness(head, &samples[lag..lag + OVERLAP]);
        if likeness > best.1 {
            best = (lag, likeness);
        }
    }
    (best.0 > 0).then_some(best.0)
}

/// Leaves out one pitch period at the start of `samples` (at least [`NEEDED`] long) in place; returns how many samples at the front
/// are now free. `force` splices even where nothing repeats.
pub(crate) fn shorten(samples: &mut [i16], force: bool) -> Option<usize> {
    let lag = splice_lag(samples, force)?;
    for index in (0..OVERLAP).rev() {
        // From the start of the sound over to where it repeats; written at the later place, so that the rest stays where it is.
        let mixed = crossfade(samples[index], samples[lag + index], index + 1, OVERLAP + 1);
        samples[lag + index] = mixed;
    }
    Some(lag)
}

/// Repeats one pitch period at the start of `samples`: writes the period that is to be played before them into `out`, of which the
/// first returned number of samples is used, and smooths the seam in place.
pub(crate) fn lengthen(samples: &mut [i16], out: &mut [i16; LONGEST_LAG]) -> Option<usize> {
    let lag = splice_lag(samples, false)?;
    out[..lag].copy_from_slice(&samples[..lag]);
    for index in 0..OVERLAP {
        samples[index] = crossfade(samples[lag + index], samples[index], index + 1, OVERLAP + 1);
    }
    Some(lag)
}
