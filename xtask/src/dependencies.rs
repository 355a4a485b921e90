//! What the registries say about the versions in the lock files: crates that were withdrawn, npm packages with known advisories.
//!
//! The RustSec database is a git repository, not a package: it is read only where cargo-deny is installed.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run;

/// Checks all of it, and says what could not be checked.
pub(crate) fn check() -> Result<()> {
    withdrawn_crates()?;
    if run::succeeds(run::cargo().args(["deny", "--version"])) {
        run::visible(run::cargo().args(["deny", "check", "advisories", "bans", "sources"]))?;
    } else {
        println!("advisories: cargo-deny is not installed, so the RustSec database was NOT checked (only withdrawn versions were)");
    }
    npm_audit("web")?;
    npm_audit("tests/browser")
}

/// Fails if the lock file holds a version that its author has yanked.
fn withdrawn_crates() -> Result<()> {
    // Asks the registry about every crate of the lock file, so that cargo's own cache of the index is of today.
    if !run::succeeds(run::cargo().args(["update", "--dry-run", "--quiet"])) {
        println!("withdrawn crates: the registry cannot be reached, NOT checked");
        return Ok(());
    }
    let lock = fs::read_to_string(run::root().join("Cargo.lock")).context("Cargo.lock")?;
    let lock: toml::Table = lock.parse().context("Cargo.lock")?;
    let packages = lock.get("package").and_then(|packages| packages.as_array()).context("Cargo.lock names no packages")?;
    let mut withdrawn = Vec::new();
    let (mut known, mut unknown) = (0, Vec::new());
    for package in packages.iter().filter(|package| package.get("source").is_some()) {
        let field = |name: &str| package.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let (name, version) = (field("name"), field("version"));
        match yanked(name, version) {
            Some(true) => withdrawn.push(format!("  {name} {version}")),
            Some(false) => known += 1,
            None => unknown.push(format!("{name} {version}")),
        }
    }
    if !withdrawn.is_empty() {
        bail!("Cargo.lock holds versions that were withdrawn by their authors:\n{}", withdrawn.join("\n"));
    }
    println!("withdrawn crates: {known} of {} versions checked, none withdrawn", known + unknown.len());
    if !unknown.is_empty() {
        println!("  NOT in cargo's cache of the index: {}", unknown.join(", "));
    }
    Ok(())
}

/// Looks one version up in cargo's cache of the registry index: JSON records between zero bytes.
fn yanked(name: &str, version: &str) -> Option<bool> {
    let file = index_caches().into_iter().map(|cache| cache.join(index_path(name))).find(|file| file.is_file())?;
    let bytes = fs::read(file).ok()?;
    bytes
        .split(|byte| *byte == 0)
        .filter(|record| record.first() == Some(&b'{'))
        .filter_map(|record| serde_json::from_slice::<Value>(record).ok())
        .find(|record| record["vers"] == version)
        .and_then(|record| record["yanked"].as_bool())
}

fn index_caches() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let index = home.map(|home| home.join("registry/index")).and_then(|index| fs::read_dir(index).ok());
    index.into_iter().flatten().flatten().map(|entry| entry.path().join(".cache")).collect()
}

/// Where a crate stands in an index: `se/rd/serde`, `3/a/abc` (Cargo book, "Index files").
fn index_path(name: &str) -> PathBuf {
    let name = name.to_lowercase();
    match name.len() {
        1 | 2 => Path::new(&name.len().to_string()).join(&name),
        3 => Path::new("3").join(&name[..1]).join(&name),
        _ => Path::new(&name[..2]).join(&name[2..4]).join(&name),
    }
}

/// `npm audit` of what is shipped. A registry without that service is said, not hidden.
fn npm_audit(folder: &str) -> Result<()> {
    let output = run::command("npm", folder).args(["audit", "--json", "--audit-level=high"]).output().context("npm audit")?;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let Some(counts) = report["metadata"]["vulnerabilities"].as_object() else {
        println!("npm advisories of {folder}: the registry has no such service here, NOT checked");
        return Ok(());
    };
    let count = |level: &str| counts.get(level).and_then(Value::as_u64).unwrap_or(0);
    if count("high") + count("critical") > 0 {
        bail!("npm audit in {folder}/ knows {} high and {} critical advisories; see `npm audit` there", count("high"), count("critical"));
    }
    println!("npm advisories of {folder}: none of high or critical severity");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_found_where_the_index_puts_them() {
        assert_eq!(index_path("serde"), Path::new("se/rd/serde"));
        assert_eq!(index_path("syn"), Path::new("3/s/syn"));
        assert_eq!(index_path("ab"), Path::new("2/ab"));
    }
}
