//! The beep after an answering machine's greeting: one pure, steady tone.
//!
//! Where it could as well be the first of a busy tone or of a calling fax, it is reported only when nothing follows it.

use super::cadence::{SINGLE_HZ, SINGLE_TOLERANCE_HZ};
use super::config::{FarEndConfig, frames};
use super::ear::{Hearing, Tone};
use super::fax::{CED_HZ, CED_TOLERANCE_HZ, CNG_HZ, CNG_TOLERANCE_HZ};
use super::level::SILENCE_DBM0;

/// From frame to frame a beep's level moves by no more; only the first frame may hold its edge.
const STEADY_DB: f32 = 0.7;
const EDGE_DB: f32 = 3.0;
/// Just before it, it was quieter by this: a beep comes out of silence, a vowel that sounds like one seldom does.
const OUT_OF_SILENCE_DB: f32 = 8.0;
/// Below this a vowel can be nearly one tone: there a beep must be purer.
const VOWELS_HZ: f32 = 800.0;
const PURE_AMONG_VOWELS: f32 = 0.97;
/// A longer tone of a doubtful frequency is the network's or a fax machine's.
const LONGEST_DOUBTFUL_FRAMES: u32 = 34;

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    Nothing,
    /// A tone of this kind is on. `follows`: another of its kind was on shortly before.
    On {
        tone: Tone,
        frames: u32,
        follows: bool,
    },
    /// A beep of a doubtful frequency is over.
    Doubtful {
        hz: f32,
        quiet: u32,
        /// It can still be one.
        beep: bool,
    },
}

/// Listens for beeps.
#[derive(Debug, Clone)]
pub(super) struct BeepDetector {
    state: State,
    /// Levels of the last frames, the newest first.
    before: [f32; 3],
}

impl Default for BeepDetector {
    fn default() -> Self {
        Self { state: State::Nothing, before: [SILENCE_DBM0; 3] }
    }
}

impl BeepDetector {
    /// The next 20 ms: true once a beep.
    pub(super) fn hear(&mut self, config: &FarEndConfig, hearing: &Hearing) -> bool {
        let (low, high) = config.beep_hz;
        let pure =
            |tone: &Tone| tone.share >= if tone.hz < VOWELS_HZ { config.beep_share.max(PURE_AMONG_VOWELS) } else { config.beep_share };
        let tone = hearing.tone.filter(|tone| (low..=high).contains(&tone.hz) && pure(tone));
        // The newest may hold the tone's edge.
        let starts = tone.filter(|tone| self.before[1].min(self.before[2]) <= tone.dbm0 - OUT_OF_SILENCE_DB);
        self.before = [hearing.dbm0, self.before[0], self.before[1]];
        let (state, found) = match (self.state, tone) {
            (State::Nothing, None) => (State::Nothing, false),
            (State::Nothing, Some(_)) => (start(starts, false), false),
            (State::On { tone, frames, follows }, Some(now)) if goes_on(config, tone, now, frames) => {
                on(config, tone, now, frames + 1, follows)
            }
            (State::On { .. }, Some(_)) => (start(starts, false), false),
            (State::On { tone, frames, follows }, None) => (over(config, tone, frames, follows), false),
            (State::Doubtful { hz, .. }, Some(tone)) => (start(starts, (tone.hz - hz).abs() <= config.beep_drift_hz), false),
            (State::Doubtful { hz, quiet, beep }, None) => {
                let quiet = quiet + 1;
                let done = quiet >= frames(config.beep_quiet);
                (if done { State::Nothing } else { State::Doubtful { hz, quiet, beep } }, done && beep)
            }
        };
        self.state = state;
        found
    }
}

fn start(tone: Option<Tone>, follows: bool) -> State {
    tone.map_or(State::Nothing, |tone| State::On { tone, frames: 1, follows })
}

fn on(config: &FarEndConfig, first: Tone, now: Tone, frames: u32, follows: bool) -> (State, bool) {
    // Its place stays that of its beginning, so that a slow glide is no beep; its level follows.
    let tone = Tone { hz: first.hz, ..now };
    (State::On { tone, frames, follows }, frames == needed(config) && !is_doubtful(first.hz))
}

fn over(config: &FarEndConfig, tone: Tone, frames: u32, follows: bool) -> State {
    if !is_doubtful(tone.hz) || frames < needed(config) {
        return State::Nothing;
    }
    State::Doubtful { hz: tone.hz, quiet: 1, beep: !follows && frames <= LONGEST_DOUBTFUL_FRAMES }
}

/// Whole frames within a beep of the configured length: it rarely begins with a frame.
fn needed(config: &FarEndConfig) -> u32 {
    frames(config.shortest_beep).saturating_sub(1).max(2)
}

fn goes_on(config: &FarEndConfig, before: Tone, now: Tone, frames: u32) -> bool {
    let steady = if frames == 1 { EDGE_DB } else { STEADY_DB };
    (before.hz - now.hz).abs() <= config.beep_drift_hz && (before.dbm0 - now.dbm0).abs() <= steady
}

fn is_doubtful(hz: f32) -> bool {
    [(SINGLE_HZ, SINGLE_TOLERANCE_HZ), (CNG_HZ, CNG_TOLERANCE_HZ), (CED_HZ, CED_TOLERANCE_HZ)]
        .into_iter()
        .any(|(middle, tolerance)| (hz - middle).abs() <= tolerance)
}
