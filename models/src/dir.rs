//! Where the model files are.

use std::path::{Path, PathBuf};

use crate::error::ModelError;

/// Overrides the folder of the models (an absolute path).
pub const MODELS_VARIABLE: &str = "WARMLINE_MODELS";

/// The folder that holds the prepared models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelsDir(PathBuf);

impl ModelsDir {
    /// A folder chosen by the caller.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The user's folder: `$WARMLINE_MODELS`, else `$XDG_CACHE_HOME/warmline/models`, else `~/.cache/warmline/models`
    /// (XDG Base Directory Specification). Relative values are ignored, as that specification asks.
    ///
    /// # Errors
    /// When none of the three variables says where.
    pub fn of_user() -> Result<Self, ModelError> {
        let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        folder(MODELS_VARIABLE)
            .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("warmline/models")))
            .or_else(|| folder("HOME").map(|home| home.join(".cache/warmline/models")))
            .map(Self)
            .ok_or_else(|| ModelError::File { path: PathBuf::from("models"), reason: format!("set {MODELS_VARIABLE} or HOME") })
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it; it must exist.
    pub(crate) fn file(&self, name: &str) -> Result<PathBuf, ModelError> {
        let path = self.0.join(name);
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_file() => Ok(path),
            Ok(_) => Err(ModelError::File { path, reason: "not a file".into() }),
            Err(error) => Err(ModelError::File { path, reason: error.to_string() }),
        }
    }
}
