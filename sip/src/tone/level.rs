//! Power in dBm0: decibels against the level at which a sine is some 3 dB below the coder's overload (ITU-T G.711 §4).

/// The mean square of a sine that just reaches full scale.
const FULL_SCALE_SINE: f32 = 32_768.0 * 32_768.0 / 2.0;
/// Full scale is this much above 0 dBm0: between the 3.14 of A-law and the 3.17 of µ-law.
const OVERLOAD_DB: f32 = 3.15;
/// What absolute silence counts as.
pub(super) const SILENCE_DBM0: f32 = -90.0;

/// The level of a mean square of 16-bit samples.
pub(super) fn dbm0(mean_square: f32) -> f32 {
    (decibels(mean_square / FULL_SCALE_SINE) + OVERLOAD_DB).max(SILENCE_DBM0)
}

/// The amplitude of a sine at a level.
pub(super) fn amplitude(dbm0: f32) -> f32 {
    32_768.0 * 10_f32.powf((dbm0 - OVERLOAD_DB) / 20.0)
}

/// A ratio of powers in dB.
pub(super) fn decibels(ratio: f32) -> f32 {
    10.0 * ratio.max(1e-12).log10()
}
