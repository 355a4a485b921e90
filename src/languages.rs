//! Reads a folder of language files: a language is added, or replaced, without compiling.

use std::{fs, io, path::Path};

use crate::call::{flow::Mistake, language::Languages};

/// More files than this are no languages.
const MOST_FILES: usize = 100;
/// A longer file is none: the longest one of the project has 40 kB.
const LONGEST_BYTES: u64 = 1_000_000;

/// Why a folder gives no languages.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// There is no such folder.
    #[error("there is no such folder")]
    Nothing,
    /// It, or a file in it, cannot be read.
    #[error("{0}")]
    Folder(String),
    /// A file is wrong.
    #[error("{}", .0.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Mistake>),
}

/// The languages that are compiled in, and those of the files `*.yaml` of a folder. One with a code that is known takes the other's place.
///
/// # Errors
/// What cannot be read, or every mistake in the files.
pub fn read(folder: &Path) -> Result<Languages, Unread> {
    let unread = |path: &Path, error: &io::Error| Unread::Folder(format!("{}: {error}", path.display()));
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unread::Nothing),
        Err(error) => return Err(unread(folder, &error)),
    };
    let mut files = Vec::new();
    for entry in listed {
        let path = entry.map_err(|error| unread(folder, &error))?.path();
        if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
        if files.len() > MOST_FILES {
            return Err(Unread::Folder(format!("{}: more than {MOST_FILES} files", folder.display())));
        }
    }
    files.sort();
    let (mut languages, mut mistakes) = (Languages::built_in().clone(), Vec::new());
    for path in files {
        let long = fs::metadata(&path).map_err(|error| unread(&path, &error))?.len() > LONGEST_BYTES;
        if long {
            return Err(Unread::Folder(format!("{}: longer than {LONGEST_BYTES} bytes", path.display())));
        }
        let text = fs::read_to_string(&path).map_err(|error| unread(&path, &error))?;
        match languages.clone().with(&text, &path.display().to_string()) {
            Ok(more) => languages = more,
            Err(wrong) => mistakes.extend(wrong),
        }
    }
    if mistakes.is_empty() { Ok(languages) } else { Err(Unread::Wrong(mistakes)) }
}

/// The languages for a flow that is named alone: those of the folder `languages` beside the flow's folder, if there is one (`config/languages` for
/// `config/flows/support.en.yaml`).
///
/// # Errors
/// What cannot be read, or every mistake in the files.
pub fn of_flow(flow: &Path) -> Result<Languages, Unread> {
    let folder = flow.canonicalize().ok().and_then(|path| Some(path.parent()?.parent()?.join("languages")));
    match folder.as_deref().map(read) {
        None | Some(Err(Unread::Nothing)) => Ok(Languages::built_in().clone()),
        Some(read) => read,
    }
}
