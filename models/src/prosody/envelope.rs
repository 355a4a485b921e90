//! Where the voice is, and how its loudness rises and falls.

use super::{STEP, decibels};

/// A step this far above the floor…
const ABOVE_FLOOR_DB: f32 = 6.0;
/// …and this near to the loudest ones is speech.
const BELOW_PEAK_DB: f32 = 28.0;
/// Steps up to this far above the floor are the noise of the line.
const NOISE_DB: f32 = 3.0;
/// The loudness must fall by this between two syllables.
const DIP_DB: f32 = 2.0;
/// Shorter gaps are part of the words: 200 ms.
const GAP: usize = 20;
/// What is quieter than this is digital silence.
const SILENCE_DB: f32 = -75.0;

/// Steps this near to the loudest ones stand out of any noise that a voice is measured in at all: what is louder by itself, and not because its quiet
/// parts are lost.
const LOUD_DB: f32 = 9.0;

/// Loudness, step by step.
pub(super) struct Envelope {
    steps: Vec<f32>,
    peak: f32,
    smooth: Vec<f32>,
    pub(super) active: Vec<bool>,
    /// Steps that hold nothing but noise.
    pub(super) quiet: Vec<usize>,
    pub(super) snr_db: f32,
}

impl Envelope {
    pub(super) fn of(audio: &[f32]) -> Option<Self> {
        let steps: Vec<f32> = audio.chunks_exact(STEP).map(|step| decibels(mean_square(step)).max(SILENCE_DB)).collect();
        if steps.is_empty() || steps.iter().any(|step| !step.is_finite()) {
            return None;
        }
        let mut sorted = steps.clone();
        sorted.sort_by(f32::total_cmp);
        let at = |share: f32| sorted[((sorted.len() - 1) as f32 * share) as usize];
        let (floor, peak) = (at(0.1), at(0.95));
        let least = (floor + ABOVE_FLOOR_DB).max(peak - BELOW_PEAK_DB);
        let active: Vec<bool> = steps.iter().map(|step| *step >= least).collect();
        let quiet = (0..steps.len()).filter(|step| steps[*step] <= floor + NOISE_DB && !active[*step]).collect();
        Some(Self { smooth: smoothed(&steps), steps, peak, active, quiet, snr_db: peak - floor })
    }

    /// A step of the loud part.
    pub(super) fn is_loud(&self, step: usize) -> bool {
        self.steps[step] >= self.peak - LOUD_DB
    }

    /// The spans of speech, short gaps bridged.
    fn spans(&self) -> Vec<(usize, usize)> {
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for step in (0..self.active.len()).filter(|step| self.active[*step]) {
            match spans.last_mut() {
                Some((_, to)) if step - *to <= GAP => *to = step + 1,
                Some(_) | None => spans.push((step, step + 1)),
            }
        }
        spans
    }

    /// Rises of loudness with a voice in them, for each second of speech.
    pub(super) fn syllables(&self, pitches: &[Option<f32>]) -> f32 {
        let (mut count, mut steps) = (0usize, 0usize);
        for (from, to) in self.spans() {
            steps += to - from;
            count += peaks(&self.smooth[from..to]).filter(|at| (at.saturating_sub(2)..at + 3).any(|n| voiced(pitches, from + n))).count();
        }
        if steps == 0 { 0.0 } else { count as f32 * 100.0 / steps as f32 }
    }

    /// The share of the time between the first and the last word that is pauses.
    pub(super) fn pauses(&self) -> f32 {
        let spans = self.spans();
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return 0.0 };
        let spoken: usize = spans.iter().map(|(from, to)| to - from).sum();
        1.0 - spoken as f32 / (last.1 - first.0) as f32
    }
}

fn voiced(pitches: &[Option<f32>], step: usize) -> bool {
    pitches.get(step).is_some_and(Option::is_some)
}

/// Five steps to one: 50 ms, shorter than any syllable.
fn smoothed(steps: &[f32]) -> Vec<f32> {
    let mean = |part: &[f32]| part.iter().sum::<f32>() / part.len() as f32;
    (0..steps.len()).map(|n| mean(&steps[n.saturating_sub(2)..(n + 3).min(steps.len())])).collect()
}

/// Peaks with a dip on each side, or the edge.
fn peaks(levels: &[f32]) -> impl Iterator<Item = usize> {
    let mut found = Vec::new();
    let (mut low, mut high) = (f32::MIN, (0, f32::MIN));
    for (at, level) in levels.iter().copied().enumerate() {
        if level > high.1 {
            high = (at, level);
        }
        if high.1 - level >= DIP_DB && high.1 - low >= DIP_DB {
            found.push(high.0);
            (low, high) = (level, (at, level));
        } else if level < low {
            (low, high) = (level, (at, level));
        }
    }
    if high.1 - low >= DIP_DB {
        found.push(high.0);
    }
    found.into_iter()
}

/// Mean power.
pub(super) fn mean_square(step: &[f32]) -> f32 {
    step.iter().map(|x| x * x).sum::<f32>() / step.len().max(1) as f32
}
