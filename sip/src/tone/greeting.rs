//! Human or machine, by the energy pattern of the greeting: a person says little and waits, a machine talks on.

use super::config::{FarEndConfig, frames};
use super::ear::Hearing;

/// The noise is the faintest frame of the last eight times 200 ms.
const PERIODS: usize = 8;
const PERIOD_FRAMES: u32 = 10;
/// Louder is no noise: a voice that was never silent yet.
const LOUDEST_NOISE_DBM0: f32 = -30.0;
/// Voice is believed at its fourth frame in a row; clicks and the edges of tones are shorter.
const CERTAIN: u32 = 4;

/// What the greeting was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Human,
    MachineSuspected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    /// In frames: since it began, of it voice, since the last voice.
    Greeting {
        since: u32,
        voice: u32,
        quiet: u32,
    },
    Decided,
}

/// Listens to the greeting.
#[derive(Debug, Clone)]
pub(super) struct Greeting {
    state: State,
    /// Frames of voice in a row.
    run: u32,
    /// Frames since the answer.
    heard: u32,
    spoken: bool,
    faintest: [f32; PERIODS],
    period_frames: u32,
}

impl Default for Greeting {
    fn default() -> Self {
        Self { state: State::Waiting, run: 0, heard: 0, spoken: false, faintest: [LOUDEST_NOISE_DBM0; PERIODS], period_frames: 0 }
    }
}

impl Greeting {
    /// The next 20 ms; `tonal`: it is a tone of some kind, so no voice.
    pub(super) fn hear(&mut self, config: &FarEndConfig, hearing: &Hearing, tonal: bool) -> Option<Verdict> {
        let noise = self.noise(hearing.dbm0);
        let loud = hearing.dbm0 >= config.faintest_voice_dbm0.max(noise + config.voice_above_noise_db);
        self.run = if loud && !tonal { self.run.saturating_add(1) } else { 0 };
        self.spoken |= self.run >= CERTAIN;
        self.heard = self.heard.saturating_add(1);
        let (state, verdict) = self.next(config);
        self.state = state;
        verdict
    }

    /// Was there any voice yet?
    pub(super) fn spoken(&self) -> bool {
        self.spoken
    }

    fn next(&self, config: &FarEndConfig) -> (State, Option<Verdict>) {
        match self.state {
            State::Waiting if self.heard > frames(config.latest_greeting) => (State::Decided, None),
            State::Waiting if self.run >= CERTAIN => (State::Greeting { since: self.run, voice: self.run, quiet: 0 }, None),
            State::Waiting => (State::Waiting, None),
            State::Greeting { since, voice, .. } if self.run > 0 => {
                if since + 1 > frames(config.longest_human_greeting) {
                    return (State::Decided, Some(Verdict::MachineSuspected));
                }
                (State::Greeting { since: since + 1, voice: voice + 1, quiet: 0 }, None)
            }
            State::Greeting { since, voice, quiet } if quiet + 1 < frames(config.pause) => {
                (State::Greeting { since: since + 1, voice, quiet: quiet + 1 }, None)
            }
            State::Greeting { voice, .. } if voice >= frames(config.shortest_greeting) => (State::Decided, Some(Verdict::Human)),
            State::Greeting { .. } => (State::Waiting, None),
            State::Decided => (State::Decided, None),
        }
    }

    /// The level of the noise: the faintest of late.
    fn noise(&mut self, dbm0: f32) -> f32 {
        self.period_frames += 1;
        if self.period_frames > PERIOD_FRAMES {
            self.period_frames = 1;
            self.faintest.rotate_right(1);
            self.faintest[0] = LOUDEST_NOISE_DBM0;
        }
        self.faintest[0] = self.faintest[0].min(dbm0);
        self.faintest.iter().copied().fold(LOUDEST_NOISE_DBM0, f32::min)
    }
}
