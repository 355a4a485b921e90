//! Vectors that were computed before. A flow's example sentences are embedded at each start of a gateway and change rarely; each costs some milliseconds.
//!
//! The file lies beside the models and may be deleted at any time. It holds records of a key (16 bytes: of the model's hashes and of what is embedded) and
//! [`EMBEDDING_WIDTH`] numbers (little-endian f32), in the order in which they were computed. It is only ever appended to, by several processes perhaps; when
//! it has grown too long, it is begun anew. What cannot be read or written is computed again.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File, OpenOptions},
    io::{BufReader, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::{
    embedder::{EMBEDDING_WIDTH, Embedding},
    error::ModelError,
    linear::dot,
    manifest::MANIFEST,
};

const FILE: &str = "sentences.bin";
const KEY_BYTES: usize = 16;
const RECORD_BYTES: usize = KEY_BYTES + EMBEDDING_WIDTH * 4;
/// 32 MB: some twenty flows of a thousand sentences.
const MOST_RECORDS: u64 = 20_000;
/// A vector has length 1; what has not was not written as a whole.
const SLACK: f32 = 1e-3;

type Key = [u8; KEY_BYTES];

/// The file, for one model.
pub(crate) struct Remembered {
    path: PathBuf,
    model: Sha256,
}

impl Remembered {
    /// What the model that these files of `folder` are has computed before.
    pub(crate) fn new(folder: &Path, files: &[&str]) -> Self {
        let mut model = Sha256::new();
        MANIFEST.kept().filter(|kept| files.contains(&kept.name)).for_each(|kept| model.update(kept.sha256));
        Self { path: folder.join(FILE), model }
    }

    /// The vectors of these texts, in their order: what is not known is computed by so many threads, each text once, and kept.
    pub(crate) fn all(
        &self,
        texts: &[String],
        threads: usize,
        compute: impl Fn(&str) -> Result<Embedding, ModelError> + Sync,
    ) -> Result<Vec<Embedding>, ModelError> {
        let keys: Vec<Key> = texts.iter().map(|text| self.key(text)).collect();
        let mut known = self.recall(&keys);
        let missing: BTreeMap<Key, &String> = keys.iter().copied().zip(texts).filter(|(key, _)| !known.contains_key(key)).collect();
        let missing: Vec<(Key, &String)> = missing.into_iter().collect();
        let share = missing.len().div_ceil(threads).max(1);
        let one = |(key, text): &(Key, &String)| compute(text).map(|vector| (*key, vector));
        let computed = std::thread::scope(|scope| {
            let part = |part| scope.spawn(move || <[_]>::iter(part).map(one).collect::<Result<Vec<_>, _>>());
            let workers: Vec<_> = missing.chunks(share).map(part).collect();
            let each = workers.into_iter().map(|worker| worker.join().map_err(|_| ModelError::Cancelled)?);
            each.collect::<Result<Vec<_>, ModelError>>()
        })?;
        let computed = computed.concat();
        self.keep(&computed.iter().map(|(key, vector)| (*key, vector)).collect::<Vec<_>>());
        known.extend(computed);
        Ok(keys.iter().map(|key| known[key].clone()).collect())
    }

    /// The key of what is embedded.
    fn key(&self, text: &str) -> Key {
        let hash = self.model.clone().chain_update(text).finalize();
        std::array::from_fn(|place| hash[place])
    }

    /// Those of the vectors that are known.
    fn recall(&self, keys: &[Key]) -> HashMap<Key, Embedding> {
        let mut wanted: HashMap<Key, Option<Embedding>> = keys.iter().map(|key| (*key, None)).collect();
        if let Err(error) = self.read(&mut wanted)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(path = %self.path.display(), %error, "vectors of earlier starts cannot be read");
        }
        wanted.into_iter().filter_map(|(key, vector)| vector.map(|vector| (key, vector))).collect()
    }

    fn read(&self, wanted: &mut HashMap<Key, Option<Embedding>>) -> std::io::Result<()> {
        let file = File::open(&self.path)?;
        let records = file.metadata()?.len() / RECORD_BYTES as u64;
        let mut file = BufReader::with_capacity(RECORD_BYTES * 64, file);
        let mut record = [0; RECORD_BYTES];
        for _ in 0..records {
            file.read_exact(&mut record)?;
            let (key, numbers) = record.split_at(KEY_BYTES);
            let Some(place) = wanted.get_mut(key) else { continue };
            let vector: Embedding = numbers.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
            if (dot(&vector, &vector) - 1.0).abs() < SLACK {
                *place = Some(vector);
            }
        }
        Ok(())
    }

    /// Keeps what was computed.
    fn keep(&self, computed: &[(Key, &Embedding)]) {
        // Where the folder may not be written to, each start computes them: slower, and nothing else.
        if let Err(error) = self.append(computed) {
            tracing::debug!(path = %self.path.display(), %error, "vectors cannot be kept for the next start");
        }
    }

    fn append(&self, computed: &[(Key, &Embedding)]) -> std::io::Result<()> {
        if computed.is_empty() {
            return Ok(());
        }
        let length = fs::metadata(&self.path).map_or(0, |meta| meta.len());
        let whole = RECORD_BYTES as u64;
        if !length.is_multiple_of(whole) || length / whole + computed.len() as u64 > MOST_RECORDS {
            fs::remove_file(&self.path)?;
        }
        let numbers = |vector: &Embedding| vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        let bytes: Vec<u8> = computed.iter().flat_map(|(key, vector)| key.iter().copied().chain(numbers(vector))).collect();
        OpenOptions::new().create(true).append(true).open(&self.path)?.write_all(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("warmline-remembered-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn unit(place: usize) -> Embedding {
        (0..EMBEDDING_WIDTH).map(|at| if at == place { 1.0 } else { 0.0 }).collect()
    }

    #[test]
    fn what_was_kept_is_recalled_and_nothing_else_is() {
        let folder = folder("kept");
        let remembered = Remembered::new(&folder, &["e5-encoder.int8.onnx"]);
        let [one, two, other] = ["one", "two", "other"].map(|text| remembered.key(text));
        assert!(remembered.recall(&[one]).is_empty());
        remembered.keep(&[(one, &unit(1))]);
        remembered.keep(&[(two, &unit(2))]);
        assert_eq!(remembered.recall(&[one, two, other]), HashMap::from([(one, unit(1)), (two, unit(2))]));
        // Another model's vectors are others.
        assert_ne!(Remembered::new(&folder, &["silero-vad-8k.bin"]).key("one"), one);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_asked_for_twice_is_computed_once_and_then_never() {
        let folder = folder("all");
        let remembered = Remembered::new(&folder, &[]);
        let texts = ["one", "two", "one"].map(str::to_owned);
        let asked = Mutex::new(Vec::new());
        let compute = |text: &str| {
            asked.lock().unwrap().push(text.to_owned());
            Ok(unit(text.len() + usize::from(text == "one")))
        };
        assert_eq!(remembered.all(&texts, 2, compute).unwrap(), [unit(4), unit(3), unit(4)]);
        let mut before = std::mem::take(&mut *asked.lock().unwrap());
        before.sort();
        assert_eq!(before, ["one", "two"]);
        assert_eq!(remembered.all(&texts[1..], 2, compute).unwrap(), [unit(3), unit(4)]);
        assert!(asked.lock().unwrap().is_empty());
        assert!(remembered.all(&["three".to_owned()], 2, |_| Err(ModelError::Cancelled)).is_err());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_was_cut_off_is_read_as_far_as_it_goes_and_begun_anew() {
        let folder = folder("cut");
        let remembered = Remembered::new(&folder, &[]);
        let [one, two] = ["one", "two"].map(|text| remembered.key(text));
        remembered.keep(&[(one, &unit(1)), (two, &unit(2))]);
        let path = folder.join(FILE);
        OpenOptions::new().write(true).open(&path).unwrap().set_len(RECORD_BYTES as u64 + 100).unwrap();
        assert_eq!(remembered.recall(&[one, two]), HashMap::from([(one, unit(1))]));
        remembered.keep(&[(two, &unit(2))]);
        assert_eq!(remembered.recall(&[one, two]), HashMap::from([(two, unit(2))]));
        // What is no vector is not taken for one.
        fs::write(&path, [one.as_slice(), &[0; RECORD_BYTES - KEY_BYTES]].concat()).unwrap();
        assert!(remembered.recall(&[one]).is_empty());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let folder = folder("long");
        let remembered = Remembered::new(&folder, &[]);
        let path = folder.join(FILE);
        File::create(&path).unwrap().set_len(MOST_RECORDS * RECORD_BYTES as u64).unwrap();
        let key = remembered.key("one");
        remembered.keep(&[(key, &unit(1))]);
        assert_eq!(fs::metadata(&path).unwrap().len(), RECORD_BYTES as u64);
        fs::remove_dir_all(folder).unwrap();
    }
}
