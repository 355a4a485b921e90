//! A clause of text to sound for the line: from the cache, else from the voice of its language.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use warmline_models::{
    EspeakVoice, ModelError,
    manifest::{MANIFEST, is_english},
    pause_after_ms, resample, speakable, to_pcm,
};

use super::{
    cache::{Cache, Key},
    engines::Engines,
    remote::{Guarded, Trouble, VoiceService},
};

/// Samples per second on the line.
const LINE_RATE: u32 = 8_000;

/// How something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) language: String,
    /// The pace in percent of the voice's own.
    pub(crate) percent: u32,
}

/// The voice with its cache.
pub(crate) struct Voice {
    engines: Arc<Engines>,
    cache: Option<Cache>,
    /// Name and version of the voice, for the cache.
    version: String,
    /// What was said last, the latest first: every call begins with the same words.
    recent: Mutex<Vec<Recent>>,
}

/// Clauses that are kept in memory; a minute of sound is a megabyte.
const RECENT: usize = 64;

/// What makes two clauses of a call the same sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked<'a> {
    clause: &'a str,
    manner: &'a Manner,
    more: bool,
    elsewhere: bool,
}

struct Recent {
    clause: String,
    manner: Manner,
    more: bool,
    elsewhere: bool,
    samples: Arc<[i16]>,
}

impl Recent {
    fn asked(&self) -> Asked<'_> {
        Asked { clause: &self.clause, manner: &self.manner, more: self.more, elsewhere: self.elsewhere }
    }
}

impl Voice {
    pub(crate) fn new(engines: Arc<Engines>, cache: Option<Cache>) -> Self {
        let name = engines.synthesiser.voice();
        let model = MANIFEST.kept().find(|file| file.name.starts_with(name)).map_or("", |file| file.sha256);
        Self { version: format!("{name} {model}"), engines, cache, recent: Mutex::default() }
    }

    /// The sound of a clause, mono, 8 kHz, with the silence that follows it if another clause does. Empty when there is nothing to say.
    pub(crate) fn clause(&self, clause: &str, manner: &Manner, more: bool) -> Result<Arc<[i16]>, ModelError> {
        let asked = Asked { clause, manner, more, elsewhere: false };
        if let Some(samples) = self.said_of_late(asked) {
            return Ok(samples);
        }
        let text = speakable(clause, &manner.language);
        let plain = (!is_english(&manner.language)).then(|| EspeakVoice::new(&manner.language));
        let voice = plain.as_ref().map_or(self.version.as_str(), EspeakVoice::voice);
        let version = if manner.percent == 100 { voice.to_owned() } else { format!("{voice} {} %", manner.percent) };
        let key = Key { voice: &version, text: &text, rate: LINE_RATE };
        let samples = match self.cached(key) {
            Some(samples) => samples,
            None => self.synthesise(key, manner.percent, plain.as_ref())?,
        };
        Ok(self.keep(asked, samples))
    }

    /// The same by a voice elsewhere, which keeps its own pace.
    pub(crate) async fn clause_elsewhere(
        &self,
        service: &Guarded<VoiceService>,
        clause: &str,
        manner: &Manner,
        more: bool,
    ) -> Result<Arc<[i16]>, Trouble> {
        let asked = Asked { clause, manner, more, elsewhere: true };
        if let Some(samples) = self.said_of_late(asked) {
            return Ok(samples);
        }
        let (voice, text) = (service.engine().name(), speakable(clause, &manner.language));
        let key = Key { voice: &voice, text: &text, rate: LINE_RATE };
        if text.is_empty() {
            return Ok(Vec::new().into());
        }
        let samples = match self.cached(key) {
            Some(samples) => samples,
            None => {
                let samples = service.ask(service.engine().speak(&text)).await?;
                self.cache(key, &samples);
                samples
            }
        };
        Ok(self.keep(asked, samples))
    }

    /// Is a clause in memory, so that it needs no preparing?
    pub(crate) fn is_at_hand(&self, clause: &str, manner: &Manner, elsewhere: bool) -> bool {
        let asked = Asked { clause, manner, more: false, elsewhere };
        self.recent().iter().any(|one| one.asked() == asked)
    }

    fn said_of_late(&self, asked: Asked<'_>) -> Option<Arc<[i16]>> {
        let mut recent = self.recent();
        let at = recent.iter().position(|one| one.asked() == asked)?;
        recent[..=at].rotate_right(1);
        Some(Arc::clone(&recent[0].samples))
    }

    /// Adds the silence after a clause, and keeps it in memory.
    fn keep(&self, asked: Asked<'_>, mut samples: Vec<i16>) -> Arc<[i16]> {
        let Asked { clause, manner, more, elsewhere } = asked;
        if more && !samples.is_empty() {
            samples.extend(std::iter::repeat_n(0, (LINE_RATE * pause_after_ms(clause) / 1_000) as usize));
        }
        let samples: Arc<[i16]> = samples.into();
        let mut recent = self.recent();
        recent.truncate(RECENT - 1);
        let kept = Recent { clause: clause.to_owned(), manner: manner.clone(), more, elsewhere, samples: Arc::clone(&samples) };
        recent.insert(0, kept);
        samples
    }

    fn recent(&self) -> MutexGuard<'_, Vec<Recent>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cached(&self, key: Key<'_>) -> Option<Vec<i16>> {
        self.cache.as_ref().and_then(|cache| cache.get(key))
    }

    fn cache(&self, key: Key<'_>, samples: &[i16]) {
        if let Some(cache) = self.cache.as_ref().filter(|_| !samples.is_empty()) {
            cache.put(key, samples);
        }
    }

    /// English has a voice of its own; `plain` speaks every other language.
    fn synthesise(&self, key: Key<'_>, percent: u32, plain: Option<&EspeakVoice>) -> Result<Vec<i16>, ModelError> {
        let voice = &self.engines.synthesiser;
        let tempo = percent as f32 / 100.0;
        let (rate, sound) = match plain {
            Some(plain) => (plain.rate(), plain.speak(key.text, tempo)?),
            None => (voice.rate(), voice.speak(key.text, tempo)?),
        };
        let samples = to_pcm(&resample(&sound, rate, LINE_RATE)?);
        self.cache(key, &samples);
        Ok(samples)
    }
}
