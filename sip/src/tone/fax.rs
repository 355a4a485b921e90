//! Fax machines (ITU-T T.30 §4): a calling one beeps (CNG), an answering one whistles (CED, or ANSam of V.8).

use super::ear::Hearing;

/// A fax machine's sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fax {
    /// The calling tone of T.30: 1100 Hz, half a second in every three and a half.
    Cng,
    /// The answering tone of T.30 and V.25, 2100 Hz, with or without the modulation and phase reversals of V.8.
    Ced,
}

/// 1100 Hz ± 38 Hz (T.30 §4.3.3.1), and what a short measurement adds.
pub(super) const CNG_HZ: f32 = 1_100.0;
pub(super) const CNG_TOLERANCE_HZ: f32 = 44.0;
/// 2100 Hz ± 15 Hz (T.30 §4.3.3.2, V.8 §3), and what modulation and measurement add.
pub(super) const CED_HZ: f32 = 2_100.0;
pub(super) const CED_TOLERANCE_HZ: f32 = 20.0;
/// Nothing else is heard with either.
const PURE: f32 = 0.8;
/// 500 ms ± 15 % in whole frames.
const CNG_FRAMES: std::ops::RangeInclusive<u16> = 19..=30;
/// 3 s ± 15 % from the end of one to the start of the next.
const CNG_PAUSE_FRAMES: std::ops::RangeInclusive<u16> = 120..=180;
/// The quiet after one that is asked for, when one is enough: 400 ms.
const CNG_QUIET_FRAMES: u16 = 20;
/// A second one is believed after 100 ms.
const SECOND_FRAMES: u16 = 5;
/// Quiet is this much below the tone.
const QUIET_DB: f32 = 12.0;
/// 700 ms of the at least 2.6 s.
const CED_FRAMES: u16 = 35;
/// V.8 modulates by 20 %: 3.5 dB from the strongest to the weakest. A note that fades is no answering tone.
const CED_STEADY_DB: f32 = 5.0;
/// A phase reversal spoils at most two frames.
const MISSES: u16 = 2;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Cng {
    None,
    /// The tone is on.
    On {
        frames: u16,
        misses: u16,
        dbm0: f32,
        second: bool,
    },
    /// One of the right length is over.
    Pause {
        frames: u16,
        dbm0: f32,
        quiet: bool,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Ced {
    frames: u16,
    misses: u16,
    weakest: f32,
    strongest: f32,
    reported: bool,
}

/// Finds fax machines in what an [`Ear`](super::Ear) hears.
#[derive(Debug, Clone)]
pub struct FaxDetector {
    cng: Cng,
    ced: Ced,
}

impl Default for FaxDetector {
    fn default() -> Self {
        Self { cng: Cng::None, ced: Ced::default() }
    }
}

impl FaxDetector {
    /// The next 20 ms. Reported once a tone. `spoken`: a voice was heard before, so that a single beep may be an answering machine's:
    /// then a second one must follow in the right rhythm.
    pub fn hear(&mut self, hearing: &Hearing, spoken: bool) -> Option<Fax> {
        if self.hear_ced(hearing) {
            return Some(Fax::Ced);
        }
        self.hear_cng(hearing, spoken).then_some(Fax::Cng)
    }

    fn hear_ced(&mut self, hearing: &Hearing) -> bool {
        let Some(tone) = hearing.tone_near(CED_HZ, CED_TOLERANCE_HZ, PURE) else {
            self.ced.misses += 1;
            if self.ced.misses > MISSES {
                self.ced = Ced::default();
            } else if self.ced.frames > 0 {
                self.ced.frames = self.ced.frames.saturating_add(1);
            }
            return false;
        };
        let ced = &mut self.ced;
        let first = ced.frames == 0;
        ced.weakest = if first { tone.dbm0 } else { ced.weakest.min(tone.dbm0) };
        ced.strongest = if first { tone.dbm0 } else { ced.strongest.max(tone.dbm0) };
        if ced.strongest - ced.weakest > CED_STEADY_DB {
            *ced = Ced { weakest: tone.dbm0, strongest: tone.dbm0, ..Ced::default() };
        }
        (ced.frames, ced.misses) = (ced.frames.saturating_add(1), 0);
        let found = ced.frames >= CED_FRAMES && !ced.reported;
        ced.reported |= found;
        found
    }

    fn hear_cng(&mut self, hearing: &Hearing, spoken: bool) -> bool {
        let tone = hearing.tone_near(CNG_HZ, CNG_TOLERANCE_HZ, PURE);
        let (cng, found) = match (self.cng, tone) {
            (Cng::None, None) => (Cng::None, false),
            (Cng::None, Some(tone)) => (Cng::On { frames: 1, misses: 0, dbm0: tone.dbm0, second: false }, false),
            (Cng::On { frames, dbm0, second, misses }, Some(_)) => {
                let frames = frames.saturating_add(1 + misses);
                let found = second && frames >= SECOND_FRAMES;
                (Cng::On { frames, misses: 0, dbm0, second: second && !found }, found)
            }
            (Cng::On { frames, misses, dbm0, second }, None) if misses < MISSES => {
                (Cng::On { frames, misses: misses + 1, dbm0, second }, false)
            }
            (Cng::On { frames, dbm0, .. }, None) => {
                let right = CNG_FRAMES.contains(&frames);
                (if right { Cng::Pause { frames: MISSES + 1, dbm0, quiet: is_quiet(hearing, dbm0) } } else { Cng::None }, false)
            }
            (Cng::Pause { frames, dbm0, quiet }, Some(tone)) => {
                let second = CNG_PAUSE_FRAMES.contains(&frames) && quiet;
                let dbm0 = if second { dbm0 } else { tone.dbm0 };
                (Cng::On { frames: 1, misses: 0, dbm0, second }, false)
            }
            (Cng::Pause { frames, .. }, None) if frames > *CNG_PAUSE_FRAMES.end() => (Cng::None, false),
            (Cng::Pause { frames, dbm0, quiet }, None) => {
                // From then on the next one may begin at any time.
                let quiet = quiet && (frames >= *CNG_PAUSE_FRAMES.start() || is_quiet(hearing, dbm0));
                let frames = frames + 1;
                (Cng::Pause { frames, dbm0, quiet }, quiet && !spoken && frames == CNG_QUIET_FRAMES)
            }
        };
        self.cng = cng;
        found
    }
}

fn is_quiet(hearing: &Hearing, tone_dbm0: f32) -> bool {
    hearing.dbm0 <= tone_dbm0 - QUIET_DB
}
