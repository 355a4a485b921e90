//! When a turn ends: every pause of a scene is heard as the machine hears it, and what it would do is worked out for any patience.

use anyhow::Result;
use serde::Serialize;
use warmline_models::{RECOGNISER_RATE, resample, to_float, wholeness};

use super::{
    Bench,
    label::{Expected, Scene},
};
use crate::{
    call::{
        flow::policy::TurnPolicy,
        language,
        media::frame::{FRAME_MS, FRAME_SAMPLES, Frame},
        time::Time,
        turn::end_of_turn::{Witnesses, pause_ms, surest},
        understanding::{Before, Transcript},
    },
    speech::{Numbers, ear::LegEar, gate::Noticed},
};

/// Sound before and after a voice that is recognised with it, as the driver does it.
const BEFORE_MS: u64 = 300;
const AFTER_MS: u64 = 60;
/// What understanding and the hint take.
const UNDERSTAND_MS: u64 = 20;
/// The detector hears a voice for so long after it has faded.
const FADED_MS: u64 = 200;
/// Silence after the last sound of a scene.
const SILENCE_MS: u64 = 4_000;

/// A pause as the machine knows it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Pause {
    /// The last sound before it.
    pub(super) to: Time,
    /// When the words are known.
    pub(super) known: Time,
    /// When the caller is heard to go on; none: never.
    pub(super) goes_on: Option<Time>,
    pub(super) heard: Transcript,
    pub(super) complete: f32,
    pub(super) meant: Option<f32>,
    pub(super) whole: Option<f32>,
    pub(super) pace_ms: u64,
}

/// A turn with its pauses.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Turn {
    pub(super) name: String,
    pub(super) expects: Expected,
    /// Its real end.
    pub(super) end: Time,
    pub(super) pauses: Vec<Pause>,
}

/// What came of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// Before its end.
    CutOff,
    /// So many milliseconds after it.
    After(u64),
    /// Nothing was understood of its last words, so that it is the recogniser's matter.
    Unheard,
}

/// Listens to a scene.
pub(super) fn hear(bench: &Bench, scene: &Scene) -> Result<Turn> {
    let mut ear = LegEar::default();
    let mut noticed = Vec::new();
    let silence = vec![0_i16; (SILENCE_MS * 8) as usize];
    let sound: Vec<i16> = scene.samples.iter().copied().chain(silence).collect();
    let mut at = Time::ZERO;
    for samples in sound.as_chunks::<FRAME_SAMPLES>().0 {
        let frame = Frame { at, samples: *samples, concealed: false };
        at = at.plus(FRAME_MS);
        ear.hear(&frame, &[0; FRAME_SAMPLES], &bench.engines.vad, &mut |what| noticed.push((at, what)));
    }
    let end = Time(scene.label.voices.last().map_or(0, |(_, to)| *to));
    let mut turn = Turn { name: scene.name.clone(), expects: scene.label.expects, end, pauses: Vec::new() };
    let (mut from, mut pace_ms, mut faded) = (None, 0, None);
    for (told, what) in noticed {
        match what {
            Noticed::Hushed(..) => faded = Some(told),
            Noticed::Started(began) => {
                faded = None;
                from.get_or_insert(began);
                if let Some(pause) = turn.pauses.last_mut() {
                    pause.goes_on = Some(told);
                    pace_ms = began.since(pause.to);
                }
            }
            Noticed::Stopped(to) => {
                let first = from.unwrap_or(to);
                // What faded last is what has stopped, unless something has sounded since.
                let is_number = scene.label.expects.expect().digits().is_some();
                let begun = faded.take().filter(|faded| to <= faded.plus(FADED_MS) && !is_number).unwrap_or(told);
                let mut pause = pause(bench, &ear, scene.label.expects, (first, to))?;
                pause.known = told.max(begun.plus(bench.takes_ms(to.since(first)))).plus(UNDERSTAND_MS);
                turn.pauses.push(Pause { pace_ms, ..pause });
            }
            Noticed::Lasting(..) | Noticed::Fades(_) => {}
        }
    }
    Ok(turn)
}

/// A pause, as far as the sound before it says; what the recogniser takes is not in it.
fn pause(bench: &Bench, ear: &LegEar, expects: Expected, (from, to): (Time, Time)) -> Result<Pause> {
    let sound = ear.between(Time(from.0.saturating_sub(BEFORE_MS)), to.plus(AFTER_MS));
    let audio = resample(&to_float(&sound), 8_000, RECOGNISER_RATE)?;
    let recogniser = &bench.engines.recogniser;
    let heard = match expects.expect().digits().and_then(|digits| Numbers::of("en", digits)) {
        Some(numbers) => numbers.hear(recogniser, &audio, &|| false)?,
        None => recogniser.transcribe_well(&audio, &|| true, &|| false)?,
    };
    let complete = bench.engines.end_of_turn.completeness(&audio)?;
    let whole = Some(wholeness(&heard.text, &bench.embedder.embed(&heard.text)?));
    let meant =
        bench.heads.as_ref().map(|heads| heads.understand(&Before::default(), &heard.text)).transpose()?.map(|meaning| surest(&meaning));
    let heard = Transcript { text: heard.text, confidence: heard.confidence, complete: None, back_channel: None, voice: None };
    Ok(Pause { to, known: to, goes_on: None, heard, complete, meant, whole, pace_ms: 0 })
}

impl Bench {
    /// How long the words of an utterance take.
    pub(super) fn takes_ms(&self, ms: u64) -> u64 {
        self.recogniser_ms.0 + self.recogniser_ms.1 * ms / 1_000
    }
}

impl Turn {
    /// What comes of the turn if every pause of the policy is this much longer.
    pub(super) fn by_witnesses(&self, policy: &TurnPolicy, patience: f32) -> Ended {
        self.by(|pause| {
            let known = Witnesses {
                expect: self.expects.expect(),
                heard: Some(&pause.heard),
                complete: Some(pause.complete),
                meant: pause.meant,
                whole: pause.whole,
                patience,
                pace_ms: pause.pace_ms,
            };
            pause.to.plus(pause_ms(policy, &known, language::english())).max(pause.known)
        })
    }

    /// What comes of it if nothing but the length of a pause counts.
    pub(super) fn by_silence(&self, ms: u64) -> Ended {
        self.by(|pause| pause.to.plus(ms))
    }

    fn by(&self, due: impl Fn(&Pause) -> Time) -> Ended {
        for pause in &self.pauses {
            // Noise may sound like a voice, and is no turn.
            if pause.heard.text.trim().is_empty() {
                continue;
            }
            let due = due(pause);
            if pause.goes_on.is_none_or(|on| due < on) {
                // What the detector calls the last sound may be a little before it.
                let cut = pause.to.plus(CLOSE_MS) < self.end && pause.goes_on.is_some();
                return if cut { Ended::CutOff } else { Ended::After(due.since(self.end)) };
            }
        }
        Ended::Unheard
    }
}

/// A pause that begins this close to the turn's end is its end.
const CLOSE_MS: u64 = 150;

#[cfg(test)]
mod tests {
    use super::*;

    fn turn() -> Turn {
        let pause = |to: u64, goes_on: Option<u64>| Pause {
            to: Time(to),
            known: Time(to + 250),
            goes_on: goes_on.map(Time),
            heard: Transcript {
                text: "where is the parcel that I sent".to_owned(),
                confidence: 0.9,
                complete: None,
                back_channel: None,
                voice: None,
            },
            complete: 0.5,
            meant: None,
            whole: None,
            pace_ms: 0,
        };
        let (name, expects) = ("turn".to_owned(), Expected::Sentence);
        Turn { name, expects, end: Time(3_000), pauses: vec![pause(1_000, Some(1_500)), pause(3_040, None)] }
    }

    #[test]
    fn a_pause_that_outlasts_the_rule_is_a_cut_off() {
        assert_eq!(turn().by_silence(400), Ended::CutOff);
        assert_eq!(turn().by_silence(600), Ended::After(640));
        // The words are known after a quarter of a second, whatever the patience.
        let policy = TurnPolicy::default();
        assert_eq!(turn().by_witnesses(&policy, 0.1), Ended::CutOff);
        assert_eq!(turn().by_witnesses(&policy, 2.0), Ended::After(40 + 2 * policy.pause_ms));
    }

    #[test]
    fn what_was_not_heard_is_no_ones_delay() {
        let mut turn = turn();
        turn.pauses.iter_mut().for_each(|pause| pause.heard.text.clear());
        assert_eq!(turn.by_silence(600), Ended::Unheard);
    }
}
