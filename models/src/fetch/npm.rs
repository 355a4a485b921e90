//! Packages of npm's registry, by the user's own npm: its mirrors, certificates and proxies hold.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{FetchError, pip::last_lines};
use crate::manifest::Package;

/// Lets npm download one package into `folder`; gives the path of the archive.
pub(crate) fn download(package: &Package, folder: &Path) -> Result<PathBuf, FetchError> {
    std::fs::create_dir_all(folder).map_err(|error| FetchError::io(folder, &error))?;
    let mut command = Command::new("npm");
    command.args(["pack", "--silent", "--pack-destination"]).arg(folder).arg(format!("{}@{}", package.name, package.version));
    let output =
        command.output().map_err(|error| FetchError::Npm(format!("npm cannot be started ({error}): install it (Debian package npm)")))?;
    if !output.status.success() {
        return Err(FetchError::Npm(format!("npm failed: {}", last_lines(&String::from_utf8_lossy(&output.stderr), 3))));
    }
    Ok(folder.join(String::from_utf8_lossy(&output.stdout).trim()))
}
