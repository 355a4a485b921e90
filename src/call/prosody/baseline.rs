//! What is usual for one caller, learnt turn by turn, and the score of a turn against it.

use super::{ASPECTS, Difference, Judgement, Rise};
use crate::call::understanding::Voice;

/// Turns that are remembered; a mood that has lasted longer than these is how the caller is.
const TURNS: usize = 12;
/// Score from which a turn teaches nothing about what is usual.
const RAISED: f32 = 0.5;
/// Voice of a turn in milliseconds with which half of what varies is chance.
const SHORT_MS: f32 = 400.0;
/// A rise counts up to this, a fall down to that: one aspect alone is never everything.
const HIGHEST: f32 = 4.0;
const LOWEST: f32 = -2.0;
/// What cutting in adds when the caller has done it before: set by hand, no set of turns tells.
const CUT_IN: f32 = 0.4;

/// What is known of an aspect before the caller has said anything.
struct Usual {
    /// Of callers.
    value: f32,
    /// How much callers, lines and telephones differ in it.
    between: f32,
    /// How much it varies within a calm call.
    within: f32,
    /// What a rise by one standard deviation adds to the logit, fitted by `models/train/voices.py` on its voices for training.
    weight: f32,
}

/// Level (dB), pitch (semitones above 100 Hz), pace (natural logarithm of syllables in a second), tilt (dB).
const USUAL: [Usual; ASPECTS] = [
    Usual { value: -26.0, between: 6.0, within: 2.6, weight: 1.1 },
    Usual { value: 7.0, between: 5.0, within: 1.3, weight: 0.44 },
    Usual { value: 1.55, between: 0.2, within: 0.14, weight: 0.48 },
    Usual { value: -5.0, between: 5.0, within: 1.8, weight: 1.18 },
];
/// The logit of a turn that is as usual.
const BIAS: f32 = -2.13;

/// One caller.
#[derive(Debug, Clone, Default)]
pub struct Baseline {
    turns: Vec<[f32; ASPECTS]>,
    cut_ins: u32,
}

impl Baseline {
    /// Judges a turn by the turns before it, and learns from it if it was calm. `cut_in`: it began while the bot was speaking.
    pub fn hear(&mut self, voice: &Voice, cut_in: bool) -> Judgement {
        let heard = aspects(voice);
        let cuts_in = cut_in && self.cut_ins > 0;
        self.cut_ins += u32::from(cut_in);
        let mut rise = [0.0; ASPECTS];
        let mut difference = [0.0; ASPECTS];
        for (at, usual) in USUAL.iter().enumerate() {
            let (value, deviation) = self.expected(at, usual, voice.voiced_ms);
            rise[at] = ((heard[at] - value) / deviation).clamp(LOWEST, HIGHEST);
            difference[at] = heard[at] - if self.turns.is_empty() { usual.value } else { self.median(at) };
        }
        let logit: f32 = BIAS + USUAL.iter().zip(rise).map(|(usual, rise)| usual.weight * rise).sum::<f32>();
        let score = logistic(logit + if cuts_in { CUT_IN } else { 0.0 });
        let judgement = Judgement { score, rise: Rise::of(rise), difference: in_units(difference), turns: self.turns.len(), cuts_in };
        if score < RAISED {
            if self.turns.len() == TURNS {
                self.turns.remove(0);
            }
            self.turns.push(heard);
        }
        judgement
    }

    /// What an aspect of the next turn should be, and how far from it a calm one may be: the caller's own median, drawn towards what is usual by as
    /// much as few turns leave open (the posterior of a normal mean).
    #[expect(clippy::cast_precision_loss, reason = "a few turns, a few seconds")]
    fn expected(&self, aspect: usize, usual: &Usual, voiced_ms: u32) -> (f32, f32) {
        let own = self.turns.len() as f32;
        let prior = (usual.within / usual.between).powi(2);
        let value = (own * self.median(aspect) + prior * usual.value) / (own + prior);
        let chance = 1.0 + SHORT_MS / (voiced_ms as f32).max(1.0);
        (value, usual.within * (chance + 1.0 / (own + prior)).sqrt())
    }

    /// The median of the caller's turns; 0 before the first.
    fn median(&self, aspect: usize) -> f32 {
        let mut values: Vec<f32> = self.turns.iter().map(|turn| turn[aspect]).collect();
        values.sort_by(f32::total_cmp);
        let middle = values.len() / 2;
        match values.len() {
            0 => 0.0,
            odd if odd % 2 == 1 => values[middle],
            _ => f32::midpoint(values[middle - 1], values[middle]),
        }
    }
}

fn aspects(voice: &Voice) -> [f32; ASPECTS] {
    let semitones = 12.0 * (voice.pitch_hz.max(1.0) / 100.0).log2();
    [voice.level_db, semitones, voice.syllables_per_s.max(0.5).ln(), voice.tilt_db]
}

fn in_units([level_db, semitones, pace, tilt_db]: [f32; ASPECTS]) -> Difference {
    Difference { level_db, semitones, faster_percent: 100.0 * (pace.exp() - 1.0), tilt_db }
}

fn logistic(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn voice(level_db: f32, pitch_hz: f32, syllables_per_s: f32, tilt_db: f32) -> Voice {
        Voice { level_db, pitch_hz, syllables_per_s, tilt_db, pitch_span: 4.0, pauses: 0.1, voiced_ms: 1_500, snr_db: 30.0 }
    }

    fn calm_caller() -> Baseline {
        let mut caller = Baseline::default();
        for (level, pitch) in [(-30.0, 118.0), (-31.0, 122.0), (-29.0, 120.0)] {
            caller.hear(&voice(level, pitch, 4.0, -10.0), false);
        }
        caller
    }

    #[test]
    fn what_rises_above_the_callers_own_turns_is_a_raised_voice() {
        let judged = calm_caller().hear(&voice(-21.0, 145.0, 4.8, -5.0), false);
        assert!(judged.score > 0.9 && judged.turns == 3, "{judged:?}");
        assert_eq!(judged.in_words(), "9 dB louder, 3 semitones higher, 20 % faster and tenser than before");
        assert!(calm_caller().hear(&voice(-30.0, 121.0, 4.1, -9.5), false).score < 0.2);
    }

    #[test]
    fn a_loud_line_a_high_voice_and_a_fast_speaker_are_as_they_are() {
        for usual in [voice(-12.0, 120.0, 4.0, -10.0), voice(-30.0, 260.0, 4.0, -10.0), voice(-30.0, 120.0, 5.6, -3.0)] {
            let mut caller = Baseline::default();
            for turn in 0..6 {
                let judged = caller.hear(&usual, false);
                assert!(judged.score < 0.5, "turn {turn} of {usual:?}: {judged:?}");
            }
        }
    }

    #[test]
    fn anger_does_not_become_what_is_usual() {
        let mut caller = calm_caller();
        for _ in 0..20 {
            let judged = caller.hear(&voice(-21.0, 145.0, 4.8, -5.0), false);
            assert!(judged.score > 0.9 && judged.turns == 3, "{judged:?}");
        }
    }

    #[test]
    fn cutting_in_counts_from_the_second_time_and_never_alone() {
        let mut caller = calm_caller();
        let usual = voice(-30.0, 120.0, 4.0, -10.0);
        let first = caller.hear(&usual, true);
        let second = caller.hear(&usual, true);
        assert!(!first.cuts_in && second.cuts_in && second.score > first.score && second.score < 0.3, "{first:?} {second:?}");
    }
}
