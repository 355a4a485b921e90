//! All models, loaded once and shared.

use std::sync::Arc;

use warmline_models::{Embedder, EndOfTurn, ModelError, ModelsDir, Recogniser, Runtime, Synthesiser, Vad};

/// Sessions of the embedder: example sentences of a flow are read twice as fast with two.
const EMBEDDERS: usize = 2;
/// The recogniser takes a quarter of a gigabyte; its three parts overlap between two utterances even so.
const RECOGNISERS: usize = 1;
const VOICES: usize = 1;

/// The engines of `warmline-models`.
pub(crate) struct Engines {
    pub(crate) vad: Vad,
    pub(crate) end_of_turn: EndOfTurn,
    pub(crate) recogniser: Recogniser,
    pub(crate) synthesiser: Synthesiser,
}

impl Engines {
    /// Loads all of them, in parallel. What needs nothing but the embedder is done `meanwhile`: the voice takes longest to load.
    ///
    /// # Errors
    /// When one is missing or broken.
    pub(crate) fn load<T>(
        dir: &ModelsDir,
        meanwhile: impl FnOnce(&Arc<Embedder>) -> Result<T, ModelError>,
    ) -> Result<(Self, T), ModelError> {
        let runtime = Runtime::load(dir)?;
        std::thread::scope(|scope| {
            let synthesiser = scope.spawn(|| Synthesiser::load(&runtime, VOICES));
            let recogniser = scope.spawn(|| Recogniser::load(&runtime, RECOGNISERS));
            let embedder = Arc::new(Embedder::load(&runtime, EMBEDDERS)?);
            let vad = Vad::load(&runtime)?;
            let end_of_turn = EndOfTurn::load(&runtime)?;
            let done = meanwhile(&embedder)?;
            let recogniser = recogniser.join().map_err(|_| ModelError::Cancelled)??;
            let synthesiser = synthesiser.join().map_err(|_| ModelError::Cancelled)??;
            Ok((Self { vad, end_of_turn, recogniser, synthesiser }, done))
        })
    }
}
