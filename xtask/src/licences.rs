//! Licences of everything that is linked in or shipped: `deny.toml` says which ones are allowed.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use spdx::{Expression, LicenseItem, ParseMode};

use crate::run;

/// Checks the crates and the npm packages in the lock files.
pub(crate) fn check() -> Result<()> {
    let allowed = allowed()?;
    let mut wrong = Vec::new();
    let crates = crates()?;
    for package in crates.iter().chain(&npm("web")?).chain(&npm("tests/browser")?) {
        if !package.licence.as_deref().is_some_and(|licence| is_allowed(licence, &allowed)) {
            wrong.push(format!("  {} {}: {}", package.name, package.version, package.licence.as_deref().unwrap_or("no licence given")));
        }
    }
    if !wrong.is_empty() {
        bail!("licences that deny.toml does not allow:\n{}", wrong.join("\n"));
    }
    println!("licences: {} crates and the npm packages of the lock files are allowed by deny.toml", crates.len());
    Ok(())
}

struct Package {
    name: String,
    version: String,
    licence: Option<String>,
}

/// The allow-list, shared with cargo-deny.
fn allowed() -> Result<Vec<String>> {
    let text = fs::read_to_string(run::root().join("deny.toml")).context("deny.toml")?;
    let table: toml::Table = text.parse().context("deny.toml")?;
    let list = table.get("licenses").and_then(|licences| licences.get("allow")).and_then(|allow| allow.as_array());
    let list = list.context("deny.toml has no licenses.allow")?;
    Ok(list.iter().filter_map(|licence| licence.as_str().map(str::to_owned)).collect())
}

/// True if the SPDX expression can be met with allowed licences alone. Old crates write `/` for `OR`: that is read leniently.
fn is_allowed(licence: &str, allowed: &[String]) -> bool {
    let Ok(expression) = Expression::parse_mode(licence, ParseMode::LAX) else { return false };
    expression.evaluate(|required| match &required.license {
        LicenseItem::Spdx { id, .. } => allowed.iter().any(|name| name == id.name),
        LicenseItem::Other(_) => false,
    })
}

/// Every crate that cargo resolves for this machine's kind, ours excepted.
fn crates() -> Result<Vec<Package>> {
    let target = run::output(run::command("rustc", ".").args(["-vV"]))?;
    let target = target.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not say its host")?.to_owned();
    let text = run::output(run::cargo().args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &target]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    Ok(packages
        .iter()
        .filter(|package| !package["source"].is_null())
        .map(|package| Package {
            name: package["name"].as_str().unwrap_or_default().to_owned(),
            version: package["version"].as_str().unwrap_or_default().to_owned(),
            licence: package["license"].as_str().map(str::to_owned),
        })
        .collect())
}

/// Every npm package of a lock file; npm writes each licence into it.
fn npm(folder: &str) -> Result<Vec<Package>> {
    let file = run::root().join(folder).join("package-lock.json");
    let text = fs::read_to_string(&file).with_context(|| format!("{folder}/package-lock.json"))?;
    let lock: Value = serde_json::from_str(&text).with_context(|| format!("{folder}/package-lock.json"))?;
    let packages = lock["packages"].as_object().context("the lock file names no packages")?;
    Ok(packages
        .iter()
        .filter(|(path, _)| path.contains("node_modules/"))
        .map(|(path, package)| Package {
            name: path.rsplit("node_modules/").next().unwrap_or(path).to_owned(),
            version: package["version"].as_str().unwrap_or_default().to_owned(),
            licence: package["license"].as_str().map(str::to_owned),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_allowed_if_one_way_to_meet_it_is() {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned);
        assert!(is_allowed("MIT OR GPL-3.0-only", &allowed));
        assert!(is_allowed("MIT/Apache-2.0", &allowed));
        assert!(is_allowed("(MIT OR Apache-2.0) AND Unicode-3.0", &allowed));
        assert!(!is_allowed("MIT AND GPL-3.0-only", &allowed));
        assert!(!is_allowed("LicenseRef-Own", &allowed));
        assert!(!is_allowed("whatever", &allowed));
    }
}
