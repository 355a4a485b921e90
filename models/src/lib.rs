//! What the machine hears, understands and says: blocking calls, no telephony, no async.
//!
//! [`Runtime`] loads ONNX Runtime from the models folder ([`ModelsDir`]); each engine is one type that is loaded from it and then
//! shared between threads. Weights are never in git: [`fetch`] brings them, checked, by the list in `manifest.toml`.

pub mod fetch;
pub mod manifest;

mod callers;
mod dir;
mod echo;
mod embedder;
mod end_of_turn;
mod error;
mod espeak;
mod feeling;
mod intent;
mod linear;
mod listening;
mod loudness;
mod mel;
mod packed;
mod phonemes;
mod prosody;
mod recogniser;
mod remembered;
mod resample;
mod runtime;
mod segment;
mod softmax;
mod speakable;
mod spoken_number;
mod spoken_phrase;
mod synthesiser;
mod unigram;
mod vad;
mod vocabulary;
mod wav;
mod weights;
mod whisper;
mod wholeness;

pub use callers::{Caller, Callers};
pub use dir::{MODELS_VARIABLE, ModelsDir};
pub use echo::{Cleaned, ECHO_FRAME, EchoGuard};
pub use embedder::{EMBEDDING_WIDTH, Embedder, Embedding, Heard, Speaker};
pub use end_of_turn::EndOfTurn;
pub use error::ModelError;
pub use espeak::EspeakVoice;
pub use feeling::{Felt, ToneScores};
pub use intent::{IntentHead, LabelScore};
pub use linear::dot;
pub use listening::listening;
pub use loudness::finish as even_loudness;
pub use prosody::{PROSODY_RATE, Prosody, prosody};
pub use recogniser::{Glimpse, Phrases, RECOGNISER_RATE, Recogniser, Transcript};
pub use resample::{Resampling, resample, to_float, to_pcm};
pub use runtime::Runtime;
pub use segment::split_at_pauses;
pub use speakable::{pause_after_ms, speakable};
pub use spoken_number::{NumberWord, SpokenNumber};
pub use spoken_phrase::SpokenPhrases;
pub use synthesiser::{Synthesiser, Utterance};
pub use vad::{VAD_WINDOW, Vad, VadState};
pub use wav::{Audio, parse_wav, read_wav, write_wav};
pub use whisper::Whisper;
pub use wholeness::{wholeness, word_keys};
