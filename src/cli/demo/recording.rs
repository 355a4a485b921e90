//! Looks into a stereo recording.

use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use crate::phone::activity;

/// What is in a recording.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// Its length.
    pub(crate) seconds: f64,
    /// The caller's side has sound.
    pub(crate) left_sounds: bool,
    /// The other side has sound.
    pub(crate) right_sounds: bool,
}

/// Looks into the bytes of a WAV file.
pub(crate) fn look(bytes: &[u8]) -> Result<Seen> {
    let mut reader = hound::WavReader::new(Cursor::new(bytes)).context("the recording is no WAV file")?;
    let spec = reader.spec();
    ensure!(spec.channels == 2, "the recording has {} channels", spec.channels);
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>().context("the recording breaks off")?;
    let channel = |first: usize| samples.iter().skip(first).step_by(2).copied().collect::<Vec<i16>>();
    Ok(Seen {
        seconds: samples.len() as f64 / 2.0 / f64::from(spec.sample_rate),
        left_sounds: activity::first(&channel(0)).is_some(),
        right_sounds: activity::first(&channel(1)).is_some(),
    })
}

/// The file of a call's recording, somewhere below the gateway's folder.
pub(crate) fn find(folder: &Path, call: &str) -> Option<PathBuf> {
    fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return find(&path, call);
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        (name.contains(call) && name.ends_with(".wav")).then(|| path.canonicalize().unwrap_or(path))
    })
}
