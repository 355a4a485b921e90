//! All models, loaded once and shared.

use std::sync::Arc;

use warmline_models::{
    Embedder, EndOfTurn, Glimpse, ModelError, ModelsDir, Phrases, Recogniser, Runtime, SpokenPhrases, Synthesiser, Transcript, Vad,
    Whisper, manifest::is_english,
};

/// Sessions of the embedder: example sentences of a flow are read twice as fast with two.
const EMBEDDERS: usize = 2;
/// The recogniser takes a quarter of a gigabyte; its three parts overlap between two utterances even so.
const RECOGNISERS: usize = 1;
const VOICES: usize = 1;
/// More words are no back-channel that was misheard.
const MISHEARD_WORDS: usize = 5;
/// Back-channels that are less likely than the words by more than this, as a natural logarithm, are not looked for.
const FAR_LESS_LIKELY: f32 = 6.0;
/// The same of what has only begun, where there is less time.
const FAR_LESS_LIKELY_YET: f32 = 3.0;

/// The engines of `warmline-models`.
pub(crate) struct Engines {
    pub(crate) vad: Vad,
    pub(crate) end_of_turn: EndOfTurn,
    pub(crate) recogniser: Recogniser,
    /// Hears every language but English; only there if a flow needs it.
    pub(crate) multilingual: Option<Whisper>,
    pub(crate) synthesiser: Synthesiser,
}

impl Engines {
    /// Loads all of them, in parallel. What needs nothing but the embedder is done `meanwhile`: the voice takes longest to load.
    ///
    /// # Errors
    /// When one is missing or broken.
    pub(crate) fn load<T>(
        dir: &ModelsDir,
        languages: &[&str],
        meanwhile: impl FnOnce(&Arc<Embedder>) -> Result<T, ModelError>,
    ) -> Result<(Self, T), ModelError> {
        let runtime = Runtime::load(dir)?;
        let further = languages.iter().any(|language| !is_english(language));
        std::thread::scope(|scope| {
            let synthesiser = scope.spawn(|| Synthesiser::load(&runtime, VOICES));
            let recogniser = scope.spawn(|| Recogniser::load(&runtime, RECOGNISERS));
            let multilingual = scope.spawn(|| further.then(|| Whisper::load(&runtime, RECOGNISERS)).transpose());
            let embedder = Arc::new(Embedder::load(&runtime, EMBEDDERS)?);
            let vad = Vad::load(dir)?;
            let end_of_turn = EndOfTurn::load(&runtime)?;
            let done = meanwhile(&embedder)?;
            let recogniser = recogniser.join().map_err(|_| ModelError::Cancelled)??;
            let synthesiser = synthesiser.join().map_err(|_| ModelError::Cancelled)??;
            let multilingual = multilingual.join().map_err(|_| ModelError::Cancelled)??;
            let unknown =
                |language: &&&str| !is_english(language) && multilingual.as_ref().is_none_or(|recogniser| !recogniser.knows(language));
            if let Some(language) = languages.iter().find(unknown) {
                return Err(ModelError::Language((*language).to_owned()));
            }
            Ok((Self { vad, end_of_turn, recogniser, multilingual, synthesiser }, done))
        })
    }

    /// How likely each of `languages` is in `audio` (16 kHz) beside the others; nothing without the recogniser that could tell.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) fn languages(&self, audio: &[f32], languages: &[&str]) -> Result<Vec<f32>, ModelError> {
        self.multilingual.as_ref().map_or(Ok(Vec::new()), |recogniser| recogniser.languages(audio, languages))
    }

    /// Writes down what is said in `audio` (16 kHz) in a language, with the recogniser for it.
    ///
    /// # Errors
    /// When no recogniser that was loaded knows the language, or it fails, or `cancelled` says so.
    pub(crate) fn transcribe(&self, language: &str, audio: &[f32], cancelled: &dyn Fn() -> bool) -> Result<Transcript, ModelError> {
        if is_english(language) {
            return self.recogniser.transcribe(audio, cancelled);
        }
        let multilingual = self.multilingual.as_ref().ok_or_else(|| ModelError::Language(language.to_owned()))?;
        multilingual.transcribe(language, audio, cancelled)
    }

    /// What somebody has begun to say over the bot's words, and how likely it is a back-channel.
    ///
    /// # Errors
    /// As [`transcribe`](Self::transcribe).
    pub(crate) fn glimpse(
        &self,
        language: &str,
        back_channels: &SpokenPhrases,
        audio: &[f32],
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Glimpse, ModelError> {
        if is_english(language) {
            return self.recogniser.glimpse(audio, &Phrases { of: back_channels, worse: FAR_LESS_LIKELY_YET }, cancelled);
        }
        Ok(Glimpse { text: self.transcribe(language, audio, cancelled)?.text, ..Glimpse::default() })
    }

    /// How much likelier than these words of `audio` (16 kHz) a back-channel is, as a natural logarithm; none if it is far less likely. Only the recogniser of
    /// English can tell.
    ///
    /// # Errors
    /// As [`transcribe`](Self::transcribe).
    pub(crate) fn back_channel(
        &self,
        language: &str,
        back_channels: &SpokenPhrases,
        (text, audio): (&str, &[f32]),
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Option<f32>, ModelError> {
        if !is_english(language) || !(1..=MISHEARD_WORDS).contains(&text.split_whitespace().count()) {
            return Ok(None);
        }
        self.recogniser.phrase(audio, &Phrases { of: back_channels, worse: FAR_LESS_LIKELY }, cancelled)
    }

    /// The same where much depends on the words: doubtful English is heard again as long as there `is_time`.
    ///
    /// # Errors
    /// As [`transcribe`](Self::transcribe).
    pub(crate) fn transcribe_well(
        &self,
        language: &str,
        audio: &[f32],
        is_time: &dyn Fn() -> bool,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Transcript, ModelError> {
        if is_english(language) {
            return self.recogniser.transcribe_well(audio, is_time, cancelled);
        }
        self.transcribe(language, audio, cancelled)
    }
}
