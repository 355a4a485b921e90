//! The models folder as a place where files appear whole or not at all.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use super::FetchError;
use crate::manifest::{Kept, MANIFEST, Manifest, Part, hex};

/// The file that says that a part of the models is there.
fn stamp_of(part: Part) -> &'static str {
    match part {
        Part::Core => "complete",
        Part::Multilingual => "complete-multilingual",
        Part::Callers => "complete-callers",
    }
}

const LOCK: &str = ".lock";

/// The folder, and the names in it.
pub(crate) struct Place<'a> {
    pub(crate) root: &'a Path,
}

impl Place<'_> {
    /// Finished and unfinished wheels. Kept when a run is broken off, so that the next one goes on.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.root.join("downloads")
    }

    /// Everything that only the preparation needs.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// Takes the folder for this process alone; `waiting` is called once if another one has it. The file that comes back holds
    /// the lock until it is dropped (or the process ends).
    pub(crate) fn lock(&self, waiting: impl FnOnce()) -> Result<File, FetchError> {
        let path = self.root.join(LOCK);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(|error| FetchError::io(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                file.lock().map_err(|error| FetchError::io(&path, &error))?;
            }
            Err(TryLockError::Error(error)) => return Err(FetchError::io(&path, &error)),
        }
        Ok(file)
    }

    /// Whether the stamp of this very manifest is there and every file has its size: a check of a millisecond.
    pub(crate) fn is_complete(&self, part: Part) -> bool {
        let stamp = fs::read_to_string(self.root.join(stamp_of(part))).unwrap_or_default();
        stamp.trim() == Manifest::fingerprint() && MANIFEST.kept_of(part).all(|file| self.has_size(file))
    }

    /// Whether the part was once complete, be it of another build.
    pub(crate) fn is_stamped(&self, part: Part) -> bool {
        self.root.join(stamp_of(part)).exists()
    }

    /// Says that all of a part is there.
    pub(crate) fn stamp(&self, part: Part) -> Result<(), FetchError> {
        self.put(stamp_of(part), Manifest::fingerprint().as_bytes())
    }

    /// Takes the stamp away, before anything is changed.
    pub(crate) fn unstamp(&self, part: Part) {
        let _ = fs::remove_file(self.root.join(stamp_of(part)));
    }

    fn has_size(&self, file: Kept<'_>) -> bool {
        fs::metadata(self.root.join(file.name)).is_ok_and(|meta| meta.len() == file.size)
    }

    /// Whether the file is there with the right size and hash.
    pub(crate) fn has(&self, file: Kept<'_>) -> bool {
        self.has_size(file) && hash_of(&self.root.join(file.name)).is_ok_and(|hash| hash == file.sha256)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), FetchError> {
        let target = self.root.join(name);
        let part = self.root.join(format!("{name}.new"));
        let written = File::create(&part).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
        finish(written.and_then(|()| fs::rename(&part, &target)), &part)
    }

    /// Copies a stream to `name` in the folder: under a temporary name, checked, flushed to the disk, then renamed.
    pub(crate) fn receive(&self, file: Kept<'_>, source: &mut dyn Read) -> Result<(), FetchError> {
        receive(&self.root.join(file.name), file, source)
    }

    /// Moves a file of the scratch folder to its place, after checking it.
    pub(crate) fn adopt(&self, file: Kept<'_>, from: &Path) -> Result<(), FetchError> {
        let got = hash_of(from).map_err(|error| FetchError::io(from, &error))?;
        if got != file.sha256 {
            let _ = fs::remove_file(from);
            return Err(FetchError::WrongHash { file: file.name.into(), expected: file.sha256.into(), got });
        }
        let target = self.root.join(file.name);
        let moved = File::open(from).and_then(|file| file.sync_all()).and_then(|()| fs::rename(from, &target));
        moved.map_err(|error| FetchError::io(&target, &error))
    }

    /// Checks that the disk has room for `needed` bytes.
    pub(crate) fn check_space(&self, needed: u64) -> Result<(), FetchError> {
        // A file system that cannot say is not refused: a full disk is still caught when it happens.
        let Ok(stat) = rustix::fs::statvfs(self.root) else { return Ok(()) };
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        if free >= needed {
            return Ok(());
        }
        let mb = |bytes: u64| bytes.div_ceil(1_000_000);
        Err(FetchError::DiskFull { folder: self.root.display().to_string(), needed_mb: mb(needed), free_mb: free / 1_000_000 })
    }
}

/// Like [`Place::receive`], to any path.
pub(crate) fn receive(target: &Path, file: Kept<'_>, source: &mut dyn Read) -> Result<(), FetchError> {
    let part = target.with_file_name(format!("{}.new", file.name));
    let mut hash = Sha256::new();
    let written = File::create(&part).and_then(|mut out| {
        copy(source, &mut out, &mut hash)?;
        out.sync_all()
    });
    finish(written, &part)?;
    let got = hex(&hash.finalize());
    if got != file.sha256 {
        let _ = fs::remove_file(&part);
        return Err(FetchError::WrongHash { file: file.name.into(), expected: file.sha256.into(), got });
    }
    finish(fs::rename(&part, target), &part)
}

/// The sha256 of a file in hexadecimal.
pub(crate) fn hash_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    copy(&mut File::open(path)?, &mut io::sink(), &mut hash)?;
    Ok(hex(&hash.finalize()))
}

fn copy(source: &mut dyn Read, target: &mut dyn Write, hash: &mut Sha256) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 18];
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(()),
            count => {
                hash.update(&buffer[..count]);
                target.write_all(&buffer[..count])?;
            }
        }
    }
}

/// Removes the temporary file when something failed.
fn finish(result: io::Result<()>, part: &Path) -> Result<(), FetchError> {
    result.map_err(|error| {
        let _ = fs::remove_file(part);
        FetchError::io(part, &error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("warmline-place-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// sha256 of "abc" (FIPS 180-4, appendix B.1).
    const ABC: Kept<'_> = Kept { name: "abc", sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", size: 3 };

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let root = folder("receive");
        let place = Place { root: &root };
        let wrong = place.receive(ABC, &mut &b"abd"[..]);
        assert!(matches!(wrong, Err(FetchError::WrongHash { .. })), "{wrong:?}");
        assert_eq!(fs::read_dir(&root).unwrap().count(), 0);
        place.receive(ABC, &mut &b"abc"[..]).unwrap();
        assert!(place.has(ABC) && fs::read_dir(&root).unwrap().count() == 1);
        fs::write(root.join("abc"), "abx").unwrap();
        assert!(!place.has(ABC));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_full_disk_is_refused_before_anything_is_written() {
        let root = folder("space");
        let place = Place { root: &root };
        assert!(place.check_space(1).is_ok());
        assert!(matches!(place.check_space(u64::MAX / 2), Err(FetchError::DiskFull { .. })));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn the_lock_keeps_a_second_run_out() {
        let root = folder("lock");
        let place = Place { root: &root };
        let lock = place.lock(|| panic!("nobody has it")).unwrap();
        assert!(File::options().write(true).open(root.join(LOCK)).unwrap().try_lock().is_err());
        drop(lock);
        place.lock(|| panic!("nobody has it any more")).unwrap();
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn an_empty_folder_is_not_complete() {
        let root = folder("empty");
        let place = Place { root: &root };
        place.stamp(Part::Core).unwrap();
        assert!(!place.is_complete(Part::Core) && place.is_stamped(Part::Core) && !place.is_stamped(Part::Multilingual));
        fs::remove_dir_all(root).unwrap();
    }
}
