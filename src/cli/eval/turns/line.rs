//! The way back from the caller's telephone: the bot's own voice through a small loudspeaker, a room, and a far end with a clock and a buffer of its own.

use super::{label::EchoPath, make::Chance};
use crate::{
    call::media::frame::{FRAME_SAMPLES, Samples},
    phone,
};

/// How far an echo may come earlier than its path says, because of a clock that runs behind: 10 ms.
const EARLIER: usize = 80;
/// Samples between two moves of a far end's buffer.
const MOVES_EVERY: usize = 64_000;
/// Full scale of a loudspeaker that bends what is loud.
const LOUD: f32 = 12_000.0;

/// The line.
pub(super) struct Line {
    path: Option<EchoPath>,
    taps: Vec<(usize, f32)>,
    /// What was sent, as the loudspeaker gives it.
    sent: Vec<f32>,
    /// The same by the far end's clock.
    played: Vec<f32>,
}

impl Line {
    /// A room: the first sound, and reflections that die away.
    pub(super) fn new(path: Option<EchoPath>, name: &str) -> Self {
        let mut line = Self { path, taps: Vec::new(), sent: Vec::new(), played: Vec::new() };
        let Some(path) = path else { return line };
        let mut chance = Chance::new(name.bytes().fold(7, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte)));
        let first = (path.ms * 8) as usize;
        line.taps = vec![(first, 1.0)];
        let reflections = path.tail_ms as usize * 8;
        line.taps.extend((8..reflections).step_by(5).map(|late| {
            let dies = (-3.0 * late as f32 / reflections as f32).exp();
            (first + late, (chance.share() - 0.5) * 0.8 * dies)
        }));
        let loud = line.taps.iter().map(|(_, tap)| tap * tap).sum::<f32>().sqrt();
        let gain = 10_f32.powf(path.db / 20.0) / loud;
        line.taps.iter_mut().for_each(|(_, tap)| *tap *= gain);
        line
    }

    /// What comes back with the frame that is sent now.
    pub(super) fn back(&mut self, sent: &Samples) -> [f32; FRAME_SAMPLES] {
        let Some(path) = self.path else { return [0.0; FRAME_SAMPLES] };
        let start = self.sent.len();
        self.sent.extend(phone::over_g711(*sent).iter().map(|sample| bent(f32::from(*sample), path.bend)));
        for index in start..start + FRAME_SAMPLES {
            let moved = if (index / MOVES_EVERY).is_multiple_of(2) { 0 } else { path.jump_ms as usize * 8 };
            let late = EARLIER as f32 + index as f32 * path.drift_ppm * 1e-6;
            let (whole, part) = (late.floor(), late.fract());
            let at = |late: usize| index.checked_sub(late + moved).map_or(0.0, |place| self.sent[place]);
            let whole = whole.max(0.0) as usize;
            self.played.push(at(whole) * (1.0 - part) + at(whole + 1) * part);
        }
        std::array::from_fn(|index| {
            let at = start + index + EARLIER;
            self.taps.iter().filter_map(|(late, tap)| Some(self.played.get(at.checked_sub(*late)?)? * tap)).sum()
        })
    }
}

/// A loudspeaker at its limit.
fn bent(sample: f32, bend: f32) -> f32 {
    let share = sample / LOUD;
    sample / (1.0 + bend * share * share).sqrt()
}
