//! Runs the preparation scripts with the pinned Python packages, in a scratch folder that is removed afterwards.

use std::{fs, path::Path, process::Command};

use super::{FetchError, pip::last_lines, place::Place};
use crate::manifest::{BESIDE, SCRIPTS, Step};

/// Space that the largest step takes beside its inputs and outputs: float32 copies of the decoder, and the Python packages.
pub(crate) const SPACE: u64 = 700_000_000;

/// Folders of a preparation, inside the scratch folder.
pub(crate) const PYTHON: &str = "python";
pub(crate) const SOURCES: &str = "sources";
const OUT: &str = "out";
const TEMPORARY: &str = "tmp";

/// Runs one step and moves its checked outputs into the models folder.
pub(crate) fn run(place: &Place<'_>, step: &Step) -> Result<(), FetchError> {
    let scratch = place.scratch();
    let failed = |reason: String| FetchError::Prepare { step: step.script.clone(), reason };
    for folder in [OUT, TEMPORARY, PYTHON, SOURCES] {
        let path = scratch.join(folder);
        fs::create_dir_all(&path).map_err(|error| FetchError::io(&path, &error))?;
    }
    let (_, script) = SCRIPTS.iter().find(|(name, _)| *name == step.script).ok_or_else(|| failed("no such script".into()))?;
    let file = scratch.join(format!("{}.py", step.script));
    fs::write(&file, script).map_err(|error| FetchError::io(&file, &error))?;
    for (_, name, weights) in BESIDE.iter().filter(|(name, ..)| *name == step.script) {
        let path = scratch.join(name);
        fs::write(&path, weights).map_err(|error| FetchError::io(&path, &error))?;
    }
    let output = python(&scratch, &file).output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("No space left on device") {
            return Err(FetchError::RanFull { folder: scratch.display().to_string() });
        }
        return Err(failed(last_lines(&said, 2)));
    }
    step.outputs.iter().try_for_each(|output| place.adopt(output.kept(), &scratch.join(OUT).join(&output.name)))
}

fn python(scratch: &Path, script: &Path) -> Command {
    let mut command = Command::new("python3");
    // -s: packages of the user's own folder must not take the place of the pinned ones.
    command.args(["-s", "-B"]).arg(script).args([SOURCES, OUT, TEMPORARY].map(|folder| scratch.join(folder)));
    command.env("PYTHONPATH", scratch.join(PYTHON)).env("TMPDIR", scratch.join(TEMPORARY)).env_remove("PYTHONHOME");
    command.current_dir(scratch);
    command
}
