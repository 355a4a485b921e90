//! How a turn was said, in the words of the brain.

use warmline_models::prosody;

use crate::call::understanding::Voice;

/// What is measured of a turn's sound, 8 kHz; none when there is too little voice in it.
#[must_use]
pub fn of(line: &[f32]) -> Option<Voice> {
    let measured = prosody(line)?;
    Some(Voice {
        level_db: measured.level_db,
        pitch_hz: measured.pitch_hz,
        pitch_span: measured.pitch_span,
        syllables_per_s: measured.syllables_per_s,
        tilt_db: measured.tilt_db,
        pauses: measured.pauses,
        voiced_ms: measured.voiced_ms,
        snr_db: measured.snr_db,
    })
}
