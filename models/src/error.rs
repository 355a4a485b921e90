//! What can go wrong with an engine. Closed list: whoever asks decides what the caller hears.

use std::path::PathBuf;

/// Why an engine could not be loaded, or could not answer.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file of the models folder is missing or unreadable.
    #[error(
        "model file {path} cannot be read ({reason}): run `warmline models pull`, with `--lang` for a further language, with `--callers` for the voices of evaluations"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// ONNX Runtime's shared library could not be loaded.
    #[error("ONNX Runtime cannot be loaded: {0}")]
    Runtime(String),
    /// A model refused its input or failed inside.
    #[error("{model}: {reason}")]
    Inference {
        /// Which model.
        model: &'static str,
        /// What ONNX Runtime said.
        reason: String,
    },
    /// A file of the models folder is not what it should be.
    #[error("{file} is not in the expected format: {reason}")]
    Format {
        /// Which file.
        file: &'static str,
        /// What was wrong.
        reason: &'static str,
    },
    /// The asker gave up (its deadline passed, or the call ended) before the answer was there.
    #[error("given up before the answer was ready")]
    Cancelled,
    /// No engine knows the language.
    #[error("no recogniser knows the language `{0}`")]
    Language(String),
    /// `espeak-ng` could not be started, failed, or did not answer.
    #[error("espeak-ng, which turns text into sounds, failed: {0} (Debian package espeak-ng)")]
    Phonemes(String),
    /// Audio that cannot be resampled or read.
    #[error("audio: {0}")]
    Audio(String),
    /// Not enough examples to build a head from.
    #[error("a head needs at least two labels with an example each")]
    TooFewExamples,
}

impl ModelError {
    /// An error of ONNX Runtime, with the model's name.
    pub(crate) fn inference(model: &'static str, error: &ort::Error) -> Self {
        Self::Inference { model, reason: error.to_string() }
    }
}
