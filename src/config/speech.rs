//! Hearing, understanding and speaking.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RemoteConfig;

/// The models and how they are run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpeechConfig {
    /// The folder of the models; empty: where `warmline models pull` puts them.
    pub models: Option<PathBuf>,
    /// Worker threads.
    pub threads: usize,
    /// A folder of languages (`*.yaml`) that are added to those that are compiled in, or replace them.
    pub languages: PathBuf,
    /// The bot's voice.
    pub voice: String,
    /// The folder in which spoken sentences are kept.
    pub cache: PathBuf,
    /// Megabytes that it may take.
    pub cache_mb: u64,
    /// Engines elsewhere, which are asked first.
    pub remote: RemoteConfig,
}

impl Default for SpeechConfig {
    fn default() -> Self {
        Self {
            models: None,
            threads: 2,
            languages: PathBuf::from("languages"),
            voice: "joe".to_owned(),
            cache: PathBuf::from("../var/speech"),
            cache_mb: 200,
            remote: RemoteConfig::default(),
        }
    }
}

impl SpeechConfig {
    pub(super) fn under(&mut self, folder: &Path) {
        self.cache = folder.join(&self.cache);
        self.languages = folder.join(&self.languages);
        self.models = self.models.take().map(|models| folder.join(models));
    }
}
