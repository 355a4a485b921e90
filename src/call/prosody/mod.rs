//! Anger in a voice, whatever the words: how far the caller's level, pitch, pace and tension have risen above what is usual for this caller.
//!
//! People and lines differ more than moods do, so nothing counts but the difference from the caller's own turns before; while there are few of them,
//! from what is usual of callers, with the width that callers differ by. Only ever the caller's leg.

mod baseline;
mod words;

pub use baseline::Baseline;

/// The four things that rise.
const ASPECTS: usize = 4;

/// What one turn's voice was like, beside the turns before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// How likely this is a raised voice, 0..=1.
    pub score: f32,
    /// How far each aspect has risen, in units of how much it varies in a calm caller.
    pub rise: Rise,
    /// The same in plain units.
    pub difference: Difference,
    /// Turns of the caller that it was compared with.
    pub turns: usize,
    /// The caller cut in, more than before.
    pub cuts_in: bool,
}

impl Judgement {
    /// What was heard, in plain words with figures: "9 dB louder and 20 % faster than before".
    #[must_use]
    pub fn in_words(&self) -> String {
        words::describe(self)
    }
}

/// How far each aspect of a voice has risen, in standard deviations.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rise {
    /// Loudness.
    pub level: f32,
    /// Pitch.
    pub pitch: f32,
    /// Syllables in a second.
    pub pace: f32,
    /// Brightness, which a tense voice has.
    pub tilt: f32,
}

impl Rise {
    const fn of(aspects: [f32; ASPECTS]) -> Self {
        let [level, pitch, pace, tilt] = aspects;
        Self { level, pitch, pace, tilt }
    }
}

/// How far each aspect of a voice has risen, in its own unit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Difference {
    /// Decibels.
    pub level_db: f32,
    /// Semitones.
    pub semitones: f32,
    /// Per cent.
    pub faster_percent: f32,
    /// Decibels above 1 kHz against those below.
    pub tilt_db: f32,
}
