//! Spoken clauses on the disk: one file each, checked when read, written whole or not at all, the longest unused thrown out.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};

use crate::clock;

/// First bytes of every file; the number changes with the format.
const MAGIC: &[u8; 8] = b"WLSPCH1\n";
/// The end of every name.
const KIND: &str = ".speech";
/// Magic, then the first eight bytes of the samples' sha256.
const HEADER: usize = 16;

/// What makes two clauses the same sound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    /// The voice and the version of its model.
    pub(crate) voice: &'a str,
    /// The words as they are spoken.
    pub(crate) text: &'a str,
    /// Samples per second.
    pub(crate) rate: u32,
}

impl Key<'_> {
    fn name(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.voice.as_bytes(), self.text.as_bytes(), &self.rate.to_le_bytes()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>() + KIND
    }
}

/// The folder with its index.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    bound: u64,
    index: Mutex<Index>,
    temporary: AtomicU64,
}

#[derive(Debug, Default)]
struct Index {
    /// Size and last use.
    files: HashMap<String, (u64, Duration)>,
    bytes: u64,
}

impl Cache {
    /// Opens the folder; what is in it already counts. A folder that cannot be used is an empty cache.
    pub(crate) fn open(folder: PathBuf, bound: u64) -> Self {
        let mut index = Index::default();
        if let Err(error) = fs::create_dir_all(&folder).and_then(|()| index.read(&folder)) {
            tracing::warn!(%error, folder = %folder.display(), "the cache of spoken clauses cannot be read");
        }
        Self { folder, bound, index: Mutex::new(index), temporary: AtomicU64::new(0) }
    }

    /// The samples of a clause. A file that is damaged is removed.
    pub(crate) fn get(&self, key: Key<'_>) -> Option<Vec<i16>> {
        let name = key.name();
        let path = self.folder.join(&name);
        let bytes = fs::read(&path).ok()?;
        let Some(samples) = decode(&bytes) else {
            tracing::warn!(file = name, "a spoken clause on the disk was damaged");
            let _ = fs::remove_file(&path);
            self.index().forget(&name);
            return None;
        };
        let now = clock::utc();
        // Only so that the order of use survives a restart.
        let _ = fs::File::open(&path).and_then(|file| file.set_modified(SystemTime::UNIX_EPOCH + now));
        self.index().used(name, bytes.len() as u64, now);
        Some(samples)
    }

    /// Keeps the samples of a clause.
    pub(crate) fn put(&self, key: Key<'_>, samples: &[i16]) {
        let name = key.name();
        let bytes = encode(samples);
        let part = self.folder.join(format!("{}-{}.new", std::process::id(), self.temporary.fetch_add(1, Ordering::Relaxed)));
        if let Err(error) = fs::write(&part, &bytes).and_then(|()| fs::rename(&part, self.folder.join(&name))) {
            let _ = fs::remove_file(&part);
            tracing::warn!(%error, "a spoken clause could not be kept");
            return;
        }
        let outdated = {
            let mut index = self.index();
            index.used(name, bytes.len() as u64, clock::utc());
            index.shrink(self.bound)
        };
        for name in outdated {
            let _ = fs::remove_file(self.folder.join(name));
        }
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    fn read(&mut self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.ends_with(".new") || name.ends_with(".pcm") {
                // Left by a process that was killed; one that runs writes its file in a moment again. Or of a time when everything was kept, also what was said to one caller only.
                let _ = fs::remove_file(entry.path());
            } else if name.ends_with(KIND) {
                let meta = entry.metadata()?;
                let used = meta.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                self.used(name, meta.len(), used);
            }
        }
        Ok(())
    }

    fn used(&mut self, name: String, size: u64, at: Duration) {
        self.bytes += size;
        if let Some((before, _)) = self.files.insert(name, (size, at)) {
            self.bytes -= before;
        }
    }

    fn forget(&mut self, name: &str) {
        if let Some((size, _)) = self.files.remove(name) {
            self.bytes -= size;
        }
    }

    /// Forgets the longest unused until the rest fits; a tenth more, so that this is rare.
    fn shrink(&mut self, bound: u64) -> Vec<String> {
        if self.bytes <= bound {
            return Vec::new();
        }
        let mut by_use: Vec<(Duration, String)> = self.files.iter().map(|(name, (_, at))| (*at, name.clone())).collect();
        by_use.sort();
        let outdated = by_use.into_iter().map(|(_, name)| name);
        outdated
            .take_while(|name| {
                let over = self.bytes > bound - bound / 10;
                if over {
                    self.forget(name);
                }
                over
            })
            .collect()
    }
}

fn encode(samples: &[i16]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    [MAGIC, &Sha256::digest(&data)[..HEADER - MAGIC.len()], &data].concat()
}

fn decode(bytes: &[u8]) -> Option<Vec<i16>> {
    let (header, data) = bytes.split_at_checked(HEADER)?;
    if header[..MAGIC.len()] != MAGIC[..] || header[MAGIC.len()..] != Sha256::digest(data)[..HEADER - MAGIC.len()] {
        return None;
    }
    Some(data.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key<'_> {
        Key { voice: "v", text, rate: 8_000 }
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("warmline-cache-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn what_was_put_comes_back_also_after_a_restart() {
        let folder = folder("restart");
        Cache::open(folder.clone(), 1_000).put(key("one"), &[1, -2, 3]);
        let cache = Cache::open(folder.clone(), 1_000);
        assert_eq!(cache.get(key("one")).unwrap(), [1, -2, 3]);
        assert_eq!(cache.get(Key { rate: 16_000, ..key("one") }), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_file_is_removed_and_not_played() {
        let folder = folder("damaged");
        let cache = Cache::open(folder.clone(), 1_000);
        cache.put(key("one"), &[7; 100]);
        let file = folder.join(key("one").name());
        let mut bytes = fs::read(&file).unwrap();
        bytes[50] ^= 1;
        fs::write(&file, bytes).unwrap();
        assert_eq!(cache.get(key("one")), None);
        assert!(!file.exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_bound_holds_and_the_longest_unused_goes() {
        let mut index = Index::default();
        for n in 0..10 {
            index.used(n.to_string(), 100, Duration::from_secs(n));
        }
        index.used("0".into(), 100, Duration::from_secs(99));
        assert_eq!(index.bytes, 1_000);
        let gone = index.shrink(500);
        assert_eq!(gone, ["1", "2", "3", "4", "5", "6"]);
        assert_eq!(index.bytes, 400);
    }
}
