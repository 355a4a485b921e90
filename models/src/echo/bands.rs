//! How loud a frame is in each of sixteen bands of the telephone's range.

use std::{f32::consts::TAU, sync::LazyLock};

use super::FRAME;

/// Bands: 200 Hz wide, from 300 to 3,300 Hz.
pub(super) const BANDS: usize = 16;

/// Power in each band.
pub(super) type Bands = [f32; BANDS];

/// A window over the frame, times the waves of each band's middle.
static WAVES: LazyLock<Vec<[(f32, f32); FRAME]>> = LazyLock::new(|| {
    (0..BANDS)
        .map(|band| {
            let turns = (6 + 4 * band) as f32 / FRAME as f32;
            std::array::from_fn(|place| {
                let window = 0.5 - 0.5 * (TAU * (place as f32 + 0.5) / FRAME as f32).cos();
                let (sin, cos) = (TAU * turns * place as f32).sin_cos();
                (window * cos, window * sin)
            })
        })
        .collect()
});

/// The bands of a frame. A band's share of white noise is a fortieth of the frame's power.
pub(super) fn of(frame: &[f32; FRAME]) -> Bands {
    let mut bands = [0.0; BANDS];
    for (power, wave) in bands.iter_mut().zip(WAVES.iter()) {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (sample, (cos, sin)) in frame.iter().zip(wave) {
            real += sample * cos;
            imaginary += sample * sin;
        }
        *power = (real * real + imaginary * imaginary) * SCALE;
    }
    bands
}

/// Brings a frame's powers to those of its mean square.
const SCALE: f32 = 4.0 / (FRAME * FRAME) as f32;
