//! A clause of text to sound for the line: from the cache, else from the voice.

use std::sync::Arc;

use warmline_models::{ModelError, manifest::MANIFEST, pause_after_ms, resample, speakable, to_pcm};

use super::{
    cache::{Cache, Key},
    engines::Engines,
};

/// Samples per second on the line.
const LINE_RATE: u32 = 8_000;
/// The voice's own pace.
const TEMPO: f32 = 1.0;

/// The voice with its cache.
pub(crate) struct Voice {
    engines: Arc<Engines>,
    cache: Option<Cache>,
    /// Name and version of the voice, for the cache.
    version: String,
}

impl Voice {
    pub(crate) fn new(engines: Arc<Engines>, cache: Option<Cache>) -> Self {
        let name = engines.synthesiser.voice();
        let model = MANIFEST.kept().find(|file| file.name.starts_with(name)).map_or("", |file| file.sha256);
        Self { version: format!("{name} {model}"), engines, cache }
    }

    /// The sound of a clause, mono, 8 kHz, with the silence that follows it if another clause does. Empty when there is nothing to say.
    pub(crate) fn clause(&self, clause: &str, language: &str, more: bool) -> Result<Arc<[i16]>, ModelError> {
        let text = speakable(clause, language);
        let key = Key { voice: &self.version, text: &text, rate: LINE_RATE };
        let mut samples = match self.cache.as_ref().and_then(|cache| cache.get(key)) {
            Some(samples) => samples,
            None => self.synthesise(key)?,
        };
        if more && !samples.is_empty() {
            samples.extend(std::iter::repeat_n(0, (LINE_RATE * pause_after_ms(clause) / 1_000) as usize));
        }
        Ok(samples.into())
    }

    fn synthesise(&self, key: Key<'_>) -> Result<Vec<i16>, ModelError> {
        let voice = &self.engines.synthesiser;
        let samples = to_pcm(&resample(&voice.speak(key.text, TEMPO)?, voice.rate(), LINE_RATE)?);
        if let Some(cache) = self.cache.as_ref().filter(|_| !samples.is_empty()) {
            cache.put(key, &samples);
        }
        Ok(samples)
    }
}
