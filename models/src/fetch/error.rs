//! What can go wrong while models are fetched and prepared. One sentence each, with what to do.

use std::{io, path::Path};

/// Why the models are not complete.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The disk has too little room.
    #[error("not enough space in {folder}: {needed_mb} MB needed, {free_mb} MB free (set WARMLINE_MODELS to another disk)")]
    DiskFull {
        /// The models folder.
        folder: String,
        /// What the whole run needs.
        needed_mb: u64,
        /// What there is.
        free_mb: u64,
    },
    /// The disk ran full on the way.
    #[error("the disk of {folder} is full: nothing half-written was left; make room, or set WARMLINE_MODELS to another disk")]
    RanFull {
        /// Where it was written.
        folder: String,
    },
    /// A file is not what the manifest says. It was removed.
    #[error(
        "{file} has sha256 {got}, expected {expected}: it was removed; try again, and if it stays so the package index serves another file"
    )]
    WrongHash {
        /// What was checked.
        file: String,
        /// The manifest's sha256.
        expected: String,
        /// What came.
        got: String,
    },
    /// Python or pip is missing or failed.
    #[error("{0}")]
    Python(String),
    /// npm is missing or failed.
    #[error("{0}")]
    Npm(String),
    /// A package could not be downloaded, neither directly nor by pip.
    #[error("{package} could not be downloaded: {reason}; what has come so far is kept, run the command again to go on")]
    Download {
        /// Name and version.
        package: String,
        /// The last error.
        reason: String,
    },
    /// A wheel does not hold what the manifest says.
    #[error("{package} cannot be unpacked: {reason}")]
    Wheel {
        /// Name and version.
        package: String,
        /// What was wrong.
        reason: String,
    },
    /// A preparation script failed.
    #[error("preparation step {step} failed: {reason}")]
    Prepare {
        /// The script.
        step: String,
        /// The end of what it printed.
        reason: String,
    },
    /// The models folder cannot be written or read.
    #[error("{path}: {reason}")]
    Io {
        /// Which path.
        path: String,
        /// What the system said.
        reason: String,
    },
}

impl FetchError {
    /// An error of the file system at `path`; a full disk is told apart.
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
            let folder = path.parent().unwrap_or(path);
            return Self::RanFull { folder: folder.display().to_string() };
        }
        Self::Io { path: path.display().to_string(), reason: error.to_string() }
    }
}
