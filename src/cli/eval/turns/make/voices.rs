//! Who speaks: the voices that this machine has.

use anyhow::{Context, Result, ensure};
use warmline_models::Synthesiser;

use super::Part;
use crate::phone::{Sound, Voice};

/// The least silence between two parts of a sentence at which it can be taken apart.
const GAP: usize = 320;

/// A synthetic caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// The bot's own voice.
    Own,
    /// Another program's.
    Of(Voice),
}

impl Speaker {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Of(voice) => voice.name(),
        }
    }
}

/// All of them.
pub(super) struct Voices<'a> {
    own: &'a Synthesiser,
    all: Vec<Speaker>,
    /// Who speaks Romanian; nobody where espeak-ng is not installed.
    romanian: Option<Speaker>,
    runtime: tokio::runtime::Runtime,
}

impl<'a> Voices<'a> {
    /// The voices of one part that are installed: the bot's own always is.
    pub(super) fn new(own: &'a Synthesiser, part: Part) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let wanted: &[Voice] = match part {
            Part::A => &[Voice::Slt, Voice::Espeak],
            Part::B => &[Voice::Rms, Voice::Awb, Voice::EspeakBritish],
            Part::C => &[Voice::Kal, Voice::EspeakWoman, Voice::EspeakScottish],
        };
        let there = wanted.iter().filter(|voice| runtime.block_on(voice.is_there())).map(|voice| Speaker::Of(*voice));
        // The bot's own voice is one of the callers of the first part only.
        let first = (part == Part::A).then_some(Speaker::Own);
        let mut all: Vec<Speaker> = first.into_iter().chain(there).collect();
        if all.is_empty() {
            all.push(Speaker::Own);
        }
        let romanian = if part == Part::A { Voice::EspeakRomanian } else { Voice::EspeakRomanianWoman };
        let romanian = runtime.block_on(romanian.is_there()).then_some(Speaker::Of(romanian));
        Ok(Self { own, all, romanian, runtime })
    }

    pub(super) fn romanian(&self) -> Option<Speaker> {
        self.romanian
    }

    pub(super) fn pick(&self, number: usize) -> Speaker {
        self.all[number % self.all.len()]
    }

    /// Says the parts of a sentence. They are spoken as one sentence and taken apart where it pauses, so that each but the last sounds as if it went on;
    /// where it does not pause, one by one.
    pub(super) fn say(&self, speaker: Speaker, parts: &[String]) -> Result<Vec<Sound>> {
        let whole = self.one(speaker, &parts.join(", "))?;
        if parts.len() == 1 {
            return Ok(vec![whole]);
        }
        let letters: usize = parts.iter().map(String::len).sum();
        let place = parts[0].len() as f32 / letters.max(1) as f32;
        if let (2, Some((from, to))) = (parts.len(), gap(&whole.samples, place)) {
            let (first, second) = (whole.samples[..from].to_vec(), whole.samples[to..].to_vec());
            return Ok(vec![Sound { samples: first }, Sound { samples: second }]);
        }
        parts.iter().map(|part| self.one(speaker, &format!("{part},"))).collect()
    }

    fn one(&self, speaker: Speaker, text: &str) -> Result<Sound> {
        let sound = match speaker {
            Speaker::Own => {
                let samples = warmline_models::to_pcm(&self.own.speak(text, 1.0)?);
                Sound::through_telephone(&samples, self.own.rate()).trimmed()
            }
            Speaker::Of(voice) => self.runtime.block_on(voice.say(text))?,
        };
        ensure!(!sound.samples.is_empty(), "{} says nothing for {text:?}", speaker.name());
        Ok(sound)
    }
}

/// The longest silence near a place (0..1) of a sentence, if there is one.
fn gap(samples: &[i16], place: f32) -> Option<(usize, usize)> {
    let near = |at: usize| (at as f32 / samples.len() as f32 - place).abs() < 0.25;
    let mut best: Option<(usize, usize)> = None;
    let mut from = None;
    for (index, window) in samples.chunks(40).enumerate() {
        let quiet = window.iter().all(|sample| sample.unsigned_abs() < 260);
        let at = index * 40;
        match (quiet, from) {
            (true, None) => from = Some(at),
            (false, Some(began)) => {
                if at - began >= GAP && near(began) && best.is_none_or(|(from, to)| at - began > to - from) {
                    best = Some((began, at));
                }
                from = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    best
}
