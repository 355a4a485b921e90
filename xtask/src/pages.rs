//! Builds the web pages, if they or what they are made of changed.

use std::{fs, path::Path, time::SystemTime};

use anyhow::{Context, Result};

use crate::run;

/// Folders of the pages' sources that are results, not sources.
const RESULTS: &[&str] = &["node_modules", "dist"];

/// Installs the packages and builds `web/dist`. Does nothing when both are newer than their sources.
pub(crate) fn build() -> Result<()> {
    let web = run::root().join("web");
    install("web")?;
    let built = modified(&web.join("dist/index.html"));
    if built.is_some_and(|built| newest(&web).is_some_and(|newest| newest <= built)) {
        return Ok(());
    }
    println!("Building the web pages.");
    run::visible(run::command("npm", "web").args(["run", "build"])).context("the web pages cannot be built")
}

/// `npm ci`, if the lock file is newer than what is installed.
pub(crate) fn install(folder: &str) -> Result<()> {
    let path = run::root().join(folder);
    // npm writes this file last, so it stands for a complete installation.
    let installed = modified(&path.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&path.join("package-lock.json")) {
        return Ok(());
    }
    println!("Installing the npm packages of {folder}/.");
    run::visible(run::command("npm", folder).args(["ci", "--no-audit", "--no-fund"])).with_context(|| format!("npm ci in {folder}/"))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

/// When the youngest source below `folder` was written.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    entries
        .filter(|entry| !RESULTS.iter().any(|result| entry.file_name() == *result))
        .filter_map(|entry| if entry.path().is_dir() { newest(&entry.path()) } else { modified(&entry.path()) })
        .max()
}
