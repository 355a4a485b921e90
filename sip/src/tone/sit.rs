//! Special information tones: three rising tones before an announcement (ITU-T E.180 §5: 950, 1400 and 1800 Hz, 330 ms each).

use super::ear::Hearing;

/// The three tones and their tolerance: ±50 Hz in E.180; North America's variants lie within 65 Hz.
const TONES: [f32; 3] = [950.0, 1_400.0, 1_800.0];
const TOLERANCE_HZ: f32 = 68.0;
const PURE: f32 = 0.8;
/// 180 ms whole of the 260 to 400 ms that each lasts.
const SHORTEST: u32 = 9;
const LONGEST: u32 = 24;
/// A gap of 30 ms spoils at most four frames.
const GAP: u32 = 4;

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SitDetector {
    stage: usize,
    frames: u32,
    missing: u32,
}

impl SitDetector {
    /// The next 20 ms: true once, in the third tone.
    pub(super) fn hear(&mut self, hearing: &Hearing) -> bool {
        let band = TONES.iter().position(|hz| hearing.tone_near(*hz, TOLERANCE_HZ, PURE).is_some());
        let long_enough = (SHORTEST..=LONGEST).contains(&self.frames);
        match band {
            Some(band) if band == self.stage => (self.frames, self.missing) = (self.frames + 1, 0),
            Some(band) if band == self.stage + 1 && long_enough => *self = Self { stage: band, frames: 1, missing: 0 },
            Some(0) => *self = Self { stage: 0, frames: 1, missing: 0 },
            Some(_) => *self = Self::default(),
            None if self.missing < GAP => self.missing += 1,
            None => *self = Self::default(),
        }
        let found = self.stage == TONES.len() - 1 && self.frames == SHORTEST;
        if found {
            *self = Self::default();
        }
        found
    }
}
