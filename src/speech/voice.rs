//! A clause of text to sound for the line: from memory or the disk, else from the voice of its language, in pieces as they are made.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use warmline_models::{
    EspeakVoice, ModelError, Resampling,
    manifest::{MANIFEST, is_english},
    resample, speakable, to_pcm,
};

use super::{
    cache::{Cache, Key},
    call::failure,
    engines::Engines,
    lead::Lead,
    making::{Hearer, Making, Piece, What},
    remote::{Guarded, Trouble, VoiceService},
};
use crate::{call::event::Failure, clock};

/// Samples per second on the line.
pub(super) const LINE_RATE: u32 = 8_000;
/// Clauses that are kept in memory; a minute of sound is a megabyte.
const RECENT: usize = 128;

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
    /// What the flows say word for word. Only this is kept on the disk; what is made up for one call is forgotten with it.
    fixed: HashSet<String>,
    /// What stays in memory, whatever else was said since.
    standby: HashSet<String>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// What was said last, the latest first: every call begins with the same words.
    recent: Vec<Recent>,
    /// What is being made just now: whoever wants the same listens along.
    making: Vec<Arc<Making>>,
    /// Calls that are held.
    calls: HashSet<u64>,
}

impl Kept {
    fn said_of_late(&mut self, what: &What) -> Option<Arc<[i16]>> {
        let at = self.recent.iter().position(|one| one.what == *what)?;
        self.recent[..=at].rotate_right(1);
        Some(Arc::clone(&self.recent[0].samples))
    }

    /// Keeps one more; where there are enough, the one that was not said for longest goes, unless it is to stay.
    fn take_in(&mut self, recent: Recent, stays: &HashSet<String>) {
        if self.recent.len() >= RECENT
            && let Some(oldest) = self.recent.iter().rposition(|one| !stays.contains(&one.what.clause))
        {
            self.recent.remove(oldest);
        }
        self.recent.insert(0, recent);
    }
}

struct Recent {
    what: What,
    /// The call that alone says it.
    call: Option<u64>,
    samples: Arc<[i16]>,
}

impl Voice {
    pub(crate) fn new(engines: Arc<Engines>, cache: Option<Cache>, fixed: HashSet<String>, standby: HashSet<String>) -> Self {
        let name = engines.synthesiser.voice();
        let model = MANIFEST.kept().find(|file| file.name.starts_with(name)).map_or("", |file| file.sha256);
        Self { version: format!("{name} {model}"), engines, cache, fixed, standby, kept: Mutex::default() }
    }

    /// The sound of a clause, mono, 8 kHz, for a call (0: for none). `hearer` gets it in pieces, or hears that it cannot be said; perhaps on another thread, where the
    /// clause is being made already.
    pub(crate) fn clause(&self, call: u64, clause: &str, manner: &Manner, mut hearer: Hearer) {
        let what = What { clause: clause.to_owned(), manner: manner.clone(), elsewhere: false };
        let making = {
            let mut kept = self.kept();
            if let Some(samples) = kept.said_of_late(&what) {
                drop(kept);
                return hearer(Ok(Piece { samples, last: true }));
            }
            if let Some(under_way) = kept.making.iter().find(|making| making.what == what).cloned() {
                drop(kept);
                return under_way.listen(hearer);
            }
            let making = Arc::new(Making::new(what, hearer));
            kept.making.push(Arc::clone(&making));
            making
        };
        // Also if a model panics, nobody waits for ever.
        let _end = End { voice: self, making: &making };
        match self.make(&making) {
            Ok(whole) => self.keep(call, making.what.clone(), whole),
            Err(error) => making.fail(failure(&error)),
        }
    }

    /// The same by a voice elsewhere, which keeps its own pace.
    pub(crate) async fn clause_elsewhere(
        &self,
        call: u64,
        service: &Guarded<VoiceService>,
        clause: &str,
        manner: &Manner,
    ) -> Result<Arc<[i16]>, Trouble> {
        let what = What { clause: clause.to_owned(), manner: manner.clone(), elsewhere: true };
        if let Some(samples) = self.kept().said_of_late(&what) {
            return Ok(samples);
        }
        let (voice, text) = (service.engine().name(), speakable(clause, &manner.language));
        let key = Key { voice: &voice, text: &text, rate: LINE_RATE };
        if text.is_empty() {
            return Ok(Vec::new().into());
        }
        let samples: Arc<[i16]> = match self.cached(key) {
            Some(samples) => samples.into(),
            None => {
                let samples = service.ask(service.engine().speak(&text)).await?;
                self.cache(&what, key, &samples);
                samples.into()
            }
        };
        self.keep(call, what, Arc::clone(&samples));
        Ok(samples)
    }

    /// The sound of a clause that is in memory.
    pub(crate) fn in_memory(&self, clause: &str, manner: &Manner) -> Option<Arc<[i16]>> {
        self.kept().said_of_late(&What { clause: clause.to_owned(), manner: manner.clone(), elsewhere: false })
    }

    /// Is a clause in memory, or about to be, so that it needs no preparing?
    pub(crate) fn is_at_hand(&self, clause: &str, manner: &Manner, elsewhere: bool) -> bool {
        let asked = |what: &What| what.clause == clause && what.manner == *manner && what.elsewhere == elsewhere;
        let kept = self.kept();
        kept.recent.iter().any(|one| asked(&one.what)) || kept.making.iter().any(|one| asked(&one.what))
    }

    /// A call begins: what only it says is kept while it lasts.
    pub(crate) fn begin(&self, call: u64) {
        self.kept().calls.insert(call);
    }

    /// A call is over: what only it says is forgotten.
    pub(crate) fn forget(&self, call: u64) {
        let mut kept = self.kept();
        kept.calls.remove(&call);
        kept.recent.retain(|one| one.call != Some(call));
    }

    fn keep(&self, call: u64, what: What, samples: Arc<[i16]>) {
        let call = (!self.fixed.contains(&what.clause)).then_some(call);
        let mut kept = self.kept();
        if call.is_none_or(|call| kept.calls.contains(&call)) {
            kept.take_in(Recent { what, call, samples }, &self.standby);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cached(&self, key: Key<'_>) -> Option<Vec<i16>> {
        self.cache.as_ref().and_then(|cache| cache.get(key))
    }

    fn cache(&self, what: &What, key: Key<'_>, samples: &[i16]) {
        if let Some(cache) = self.cache.as_ref().filter(|_| !samples.is_empty() && self.fixed.contains(&what.clause)) {
            cache.put(key, samples);
        }
    }

    #[cfg(test)]
    pub(crate) fn is_on_disk(&self, clause: &str, manner: &Manner) -> bool {
        let text = speakable(clause, &manner.language);
        self.cached(Key { voice: &self.version, text: &text, rate: LINE_RATE }).is_some()
    }

    /// Has the pieces of a clause heard, and gives the whole. English has a voice of its own; espeak-ng speaks every other language.
    fn make(&self, making: &Making) -> Result<Arc<[i16]>, ModelError> {
        let What { clause, manner, .. } = &making.what;
        let text = speakable(clause, &manner.language);
        let plain = (!is_english(&manner.language)).then(|| EspeakVoice::new(&manner.language));
        let voice = plain.as_ref().map_or(self.version.as_str(), EspeakVoice::voice);
        let version = if manner.percent == 100 { voice.to_owned() } else { format!("{voice} {} %", manner.percent) };
        let key = Key { voice: &version, text: &text, rate: LINE_RATE };
        if let Some(samples) = self.cached(key) {
            return Ok(making.piece(samples, true));
        }
        let tempo = manner.percent as f32 / 100.0;
        let whole = match plain {
            Some(plain) => making.piece(to_pcm(&resample(&plain.speak(&text, tempo)?, plain.rate(), LINE_RATE)?), true),
            None => self.synthesise(making, &text, tempo)?,
        };
        self.cache(&making.what, key, &whole);
        Ok(whole)
    }

    fn synthesise(&self, making: &Making, text: &str, tempo: f32) -> Result<Arc<[i16]>, ModelError> {
        let voice = &self.engines.synthesiser;
        let (mut utterance, mut resampling, mut lead) =
            (voice.begin(text, tempo)?, Resampling::new(voice.rate(), LINE_RATE)?, Lead::new(voice.rate()));
        let (mut held, mut whole) = (Vec::new(), None);
        while let Some(piece) = utterance.piece()? {
            let left = utterance.left();
            held.extend(to_pcm(&resampling.piece(&piece, left == 0)?));
            if lead.suffices(piece.len(), left, clock::now()) {
                whole = Some(making.piece(std::mem::take(&mut held), left == 0));
            }
        }
        Ok(whole.unwrap_or_else(|| making.piece(held, true)))
    }
}

/// The end of a making, however it comes.
struct End<'a> {
    voice: &'a Voice,
    making: &'a Arc<Making>,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.voice.kept().making.retain(|making| !Arc::ptr_eq(making, self.making));
        self.making.fail(Failure::Broken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_stay_stays_whatever_else_is_said() {
        let what =
            |clause: &str| What { clause: clause.to_owned(), manner: Manner { language: "en".to_owned(), percent: 100 }, elsewhere: false };
        let said = |clause: &str| Recent { what: what(clause), call: None, samples: Vec::new().into() };
        let stays = HashSet::from(["Sorry.".to_owned()]);
        let mut kept = Kept::default();
        kept.take_in(said("Hello."), &stays);
        kept.take_in(said("Sorry."), &stays);
        (0..2 * RECENT).for_each(|number| kept.take_in(said(&number.to_string()), &stays));
        assert_eq!(kept.recent.len(), RECENT);
        assert!(kept.said_of_late(&what("Sorry.")).is_some() && kept.said_of_late(&what("Hello.")).is_none());
    }
}
