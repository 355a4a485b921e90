//! Wheels are ZIP files: single members out, or everything for Python to import.

use std::{
    fs::{self, File},
    io,
    path::Path,
};

use zip::ZipArchive;

use super::FetchError;
use crate::manifest::Package;

fn broken(package: &Package, reason: impl std::fmt::Display) -> FetchError {
    FetchError::Wheel { package: format!("{} {}", package.name, package.version), reason: reason.to_string() }
}

fn open(package: &Package, wheel: &Path) -> Result<ZipArchive<File>, FetchError> {
    let file = File::open(wheel).map_err(|error| FetchError::io(wheel, &error))?;
    ZipArchive::new(file).map_err(|error| broken(package, error))
}

/// Gives one member to `receive`.
pub(crate) fn member<T>(
    package: &Package,
    wheel: &Path,
    name: &str,
    receive: impl FnOnce(&mut dyn io::Read) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    let mut archive = open(package, wheel)?;
    let mut member = archive.by_name(name).map_err(|error| broken(package, format!("{name}: {error}")))?;
    receive(&mut member)
}

/// Unpacks everything under `folder`. Names that lead outside are refused.
pub(crate) fn unpack(package: &Package, wheel: &Path, folder: &Path) -> Result<(), FetchError> {
    let mut archive = open(package, wheel)?;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).map_err(|error| broken(package, error))?;
        let Some(name) = member.enclosed_name() else { return Err(broken(package, "a name leads outside the folder")) };
        let target = folder.join(name);
        if member.is_dir() {
            continue;
        }
        let written = target.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(&target));
        written.and_then(|mut file| io::copy(&mut member, &mut file)).map_err(|error| FetchError::io(&target, &error))?;
    }
    Ok(())
}
