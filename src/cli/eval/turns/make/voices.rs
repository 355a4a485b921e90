//! Who speaks: the voices that this machine has.

use anyhow::{Context, Result, ensure};
use warmline_models::{Caller, Callers, Runtime, Synthesiser};

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
    /// A voice that is nearly a person's.
    Person(Caller),
}

/// The paces at which people speak, one after the other.
const TEMPOS: [f32; 3] = [1.0, 0.9, 1.1];

/// All of them.
pub(super) struct Voices<'a> {
    own: &'a Synthesiser,
    people: Option<Callers>,
    all: Vec<Speaker>,
    /// Who speaks Romanian; nobody where espeak-ng is not installed.
    romanian: Vec<Speaker>,
    runtime: tokio::runtime::Runtime,
}

impl<'a> Voices<'a> {
    /// The voices of one part that are installed: the bot's own always is.
    pub(super) fn new(own: &'a Synthesiser, part: Part, models: &Runtime) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
        let there = |voices: &[Voice]| -> Vec<Speaker> {
            voices.iter().filter(|voice| runtime.block_on(voice.is_there())).map(|voice| Speaker::Of(*voice)).collect()
        };
        let only_robots = matches!(part, Part::A | Part::B | Part::C);
        let people = if only_robots { None } else { Some(Callers::load(models)?) };
        let speak = |language| people.iter().flat_map(|people| people.of(language)).map(Speaker::Person).collect::<Vec<_>>();
        // Whoever is practised on says nothing in the parts f to h.
        let known = |known: bool| speak("en").into_iter().enumerate().filter(move |(n, _)| (n % 3 != 1) == known).map(|(_, voice)| voice);
        let (mut all, romanian) = match part {
            // The bot's own voice is one of the callers of the first part only.
            Part::A => ([vec![Speaker::Own], there(&[Voice::Slt, Voice::Espeak])].concat(), there(&[Voice::EspeakRomanian])),
            Part::B => (there(&[Voice::Rms, Voice::Awb, Voice::EspeakBritish]), there(&[Voice::EspeakRomanianWoman])),
            Part::C => (there(&[Voice::Kal, Voice::EspeakWoman, Voice::EspeakScottish]), there(&[Voice::EspeakRomanianWoman])),
            Part::D | Part::E => (speak("en"), speak("ro")),
            Part::F | Part::G | Part::H => (known(false).collect(), speak("ro")),
            Part::Practice => (known(true).chain(there(&[Voice::Slt, Voice::Rms, Voice::Awb, Voice::Kal])).collect(), Vec::new()),
        };
        if all.is_empty() {
            all.push(Speaker::Own);
        }
        Ok(Self { own, people, all, romanian, runtime })
    }

    pub(super) fn speaks_romanian(&self) -> bool {
        !self.romanian.is_empty()
    }

    pub(super) fn romanian(&self, number: usize) -> Option<Speaker> {
        self.romanian.get(number % self.romanian.len().max(1)).copied()
    }

    pub(super) fn pick(&self, number: usize) -> Speaker {
        self.all[number % self.all.len()]
    }

    pub(super) fn name(&self, speaker: Speaker) -> String {
        match speaker {
            Speaker::Own => "own".to_owned(),
            Speaker::Of(voice) => voice.name().to_owned(),
            Speaker::Person(caller) => self.people.as_ref().map_or("", |people| people.name(caller)).to_owned(),
        }
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
        let text = &hummed(text);
        let sound = match speaker {
            Speaker::Own => {
                let samples = warmline_models::to_pcm(&self.own.speak(text, 1.0)?);
                Sound::through_telephone(&samples, self.own.rate()).trimmed()
            }
            Speaker::Of(voice) => self.runtime.block_on(voice.say(text))?,
            Speaker::Person(caller) => {
                let people = self.people.as_ref().context("nobody speaks")?;
                // Whoever says a text says it at the same pace each time.
                let samples = people.speak(caller, text, TEMPOS[text.len() % TEMPOS.len()])?;
                Sound::through_telephone(&warmline_models::to_pcm(&samples), Callers::RATE).trimmed()
            }
        };
        ensure!(!sound.samples.is_empty(), "{} says nothing for {text:?}", self.name(speaker));
        Ok(sound)
    }
}

/// Voices that read aloud spell "mm": "hmm" is a word to them.
fn hummed(text: &str) -> String {
    let is_hum = |word: &str| ["mm", "hm", "mhm"].iter().any(|hum| word.eq_ignore_ascii_case(hum));
    let spoken = |word: &str| if is_hum(word) { "hmm".to_owned() } else { word.to_owned() };
    text.split_inclusive(|c: char| !c.is_alphanumeric())
        .map(|part| {
            let word = part.trim_end_matches(|c: char| !c.is_alphanumeric());
            spoken(word) + &part[word.len()..]
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::hummed;

    #[test]
    fn a_hum_is_not_spelt() {
        assert_eq!(hummed("Mm, I see."), "hmm, I see.");
        assert_eq!(hummed("Mm-mm."), "hmm-hmm.");
        assert_eq!(hummed("The commander."), "The commander.");
    }
}
