//! What is kept.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where records and recordings go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// The folder of the database, the event logs and the recordings; made if missing.
    pub folder: PathBuf,
    /// Are calls recorded? The greeting must say so.
    pub recordings: bool,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { folder: PathBuf::from("../var/store"), recordings: true }
    }
}

impl StoreConfig {
    pub(super) fn under(&mut self, folder: &Path) {
        self.folder = folder.join(&self.folder);
    }
}
