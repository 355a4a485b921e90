//! Where the inputs are.

use std::fs;
use std::path::{Path, PathBuf};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The corpus of an entrance: one file, each input with its length in four bytes before it.
pub(crate) fn corpus(entrance: &str) -> Vec<Vec<u8>> {
    let path = data().join("corpus").join(entrance);
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (mut inputs, mut rest) = (Vec::new(), bytes.as_slice());
    while let Some((length, after)) = rest.split_first_chunk() {
        let (input, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        inputs.push(input.to_vec());
        rest = after;
    }
    assert!(!inputs.is_empty() && rest.is_empty(), "{} is broken", path.display());
    inputs
}

/// Inputs that once did harm, one file each, by name.
pub(crate) fn regressions(entrance: &str) -> Vec<(String, Vec<u8>)> {
    let Ok(folder) = fs::read_dir(data().join("regressions").join(entrance)) else { return Vec::new() };
    let mut found: Vec<_> =
        folder.flatten().map(|file| (file.file_name().to_string_lossy().into_owned(), fs::read(file.path()).unwrap())).collect();
    found.sort();
    found
}

/// Entrances that have regressions.
pub(crate) fn with_regressions() -> Vec<String> {
    let folder = fs::read_dir(data().join("regressions")).unwrap();
    folder.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
