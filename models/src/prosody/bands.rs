//! How much of a voice is above 1 kHz.

use super::{STEP, envelope::mean_square};

/// The sound in two halves, split at 1 kHz.
pub(super) struct Bands {
    pub(super) low: Vec<f32>,
    pub(super) high: Vec<f32>,
}

impl Bands {
    /// Power of each step in each band: Butterworth filters of second order (bilinear transform, 1 kHz at 8 kHz).
    pub(super) fn of(audio: &[f32]) -> Self {
        // k = tan(π·1000/8000), q = 1/√2.
        let k = (std::f32::consts::PI / 8.0).tan();
        let norm = 1.0 / (1.0 + k * std::f32::consts::SQRT_2 + k * k);
        let back = [2.0 * (k * k - 1.0) * norm, (1.0 - k * std::f32::consts::SQRT_2 + k * k) * norm];
        let low = filtered(audio, [k * k * norm, 2.0 * k * k * norm, k * k * norm], back);
        let high = filtered(audio, [norm, -2.0 * norm, norm], back);
        let steps = |band: &[f32]| band.chunks_exact(STEP).map(mean_square).collect();
        Self { low: steps(&low), high: steps(&high) }
    }
}

/// The mean power of these steps without that of the line's noise.
pub(super) fn power(band: &[f32], loud: &[usize], quiet: &[usize]) -> f32 {
    let mean = |steps: &[usize]| steps.iter().filter_map(|step| band.get(*step)).sum::<f32>() / steps.len().max(1) as f32;
    let all = mean(loud);
    (all - mean(quiet)).max(all * 0.05)
}

fn filtered(audio: &[f32], ahead: [f32; 3], back: [f32; 2]) -> Vec<f32> {
    let (mut one, mut two) = (0.0, 0.0);
    let step = |x: &f32| {
        let y = ahead[0] * x + one;
        one = ahead[1] * x - back[0] * y + two;
        two = ahead[2] * x - back[1] * y;
        y
    };
    audio.iter().map(step).collect()
}
