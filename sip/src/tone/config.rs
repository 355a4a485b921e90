//! What is told apart at the far end, and by which times.

use std::time::Duration;

/// Times and levels of [`FarEnd`](super::FarEnd). The defaults are those of common practice: there is no standard for answering machines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FarEndConfig {
    /// A greeting that is longer than this without a pause is a machine's: people say a name or "hello". Default 2.2 s.
    pub longest_human_greeting: Duration,
    /// A machine begins its greeting within this time of the answer: who says something only later has listened to us. Default 5 s.
    pub latest_greeting: Duration,
    /// Quiet of this length ends a greeting. Default 800 ms.
    pub pause: Duration,
    /// Less voice than this is a click or a cough, not a greeting. Default 120 ms.
    pub shortest_greeting: Duration,
    /// No voice is fainter than this, in dBm0. Default −42.
    pub faintest_voice_dbm0: f32,
    /// A voice is at least this much above the noise, in dB. Default 8.
    pub voice_above_noise_db: f32,
    /// A beep lasts at least this long. Default 120 ms; whole frames are counted, so 20 ms less may do.
    pub shortest_beep: Duration,
    /// A beep's lowest and highest frequency in Hz. Default 350 to 2200.
    pub beep_hz: (f32, f32),
    /// How far a beep's frequency may move, in Hz. Default 5.
    pub beep_drift_hz: f32,
    /// A beep is at least this share of all sound, 0 to 1. Default 0.92.
    pub beep_share: f32,
    /// Where a beep could be a busy tone or a calling fax, this much quiet must follow it. Default 700 ms.
    pub beep_quiet: Duration,
}

impl Default for FarEndConfig {
    fn default() -> Self {
        Self {
            longest_human_greeting: Duration::from_millis(2_200),
            latest_greeting: Duration::from_secs(5),
            pause: Duration::from_millis(800),
            shortest_greeting: Duration::from_millis(120),
            faintest_voice_dbm0: -42.0,
            voice_above_noise_db: 8.0,
            shortest_beep: Duration::from_millis(120),
            beep_hz: (350.0, 2_200.0),
            beep_drift_hz: 5.0,
            beep_share: 0.92,
            beep_quiet: Duration::from_millis(700),
        }
    }
}

/// Whole frames of 20 ms.
pub(super) fn frames(time: Duration) -> u32 {
    u32::try_from(time.as_millis() / 20).unwrap_or(u32::MAX)
}
