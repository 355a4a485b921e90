//! Everything that is kept of a number, as one ZIP file: what a person may ask for, in forms that others can read.

use std::{
    fs::File,
    io::{self, Seek, SeekFrom, Write},
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::{
    store::{AuditFilter, Corrections, Store},
    view::{CallHead, Numbered, Sound, Stamp, vcon},
};

/// Corrections and audit lines of one call that are given out.
const MOST: u32 = 1_000;

/// The largest recording that a vCon has in it, too: an hour.
const LARGEST: u64 = 116_000_000;

/// An export.
#[derive(Debug)]
pub struct Exported {
    /// The ZIP file, at its beginning. It has no name on the disk any more, and is gone when it is closed.
    pub file: File,
    /// Its length.
    pub bytes: u64,
    /// Calls in it.
    pub calls: usize,
}

/// Writes everything that is kept of these calls into a ZIP file in the record's folder.
///
/// # Errors
/// The record cannot be read, or the file cannot be written.
pub async fn export(store: &Store, number: &str, calls: &[CallHead], now: Stamp) -> Result<Exported> {
    let path = store.spool_path(&format!("export-{:012x}.zip", now.0));
    let file = File::options().read(true).write(true).create_new(true).open(&path).with_context(|| path.display().to_string())?;
    // Without a name it cannot be left behind.
    std::fs::remove_file(&path)?;
    let mut writing = Writing { zip: ZipWriter::new(file), manifest: Vec::new() };
    for head in calls {
        for part in parts(store, head, now).await? {
            writing = tokio::task::spawn_blocking(move || writing.add(part)).await??;
        }
    }
    let manifest = json!({
        "number": number,
        "made": now.to_string(),
        "calls": calls.len(),
        "files": writing.manifest.clone(),
        "about": "call.json: the call and all that was written down of it; call.vcon: the same as an IETF vCon; recording.wav: the caller on the left, \
                  what the caller heard on the right; events.jsonl: what the machine was told and did; notes.json, corrections.json: what agents wrote; \
                  audit.json: who saw, heard or changed it",
    });
    let writing = tokio::task::spawn_blocking(move || writing.text("export.json", &manifest)).await??;
    let mut file = writing.zip.finish()?;
    let bytes = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    Ok(Exported { file, bytes, calls: calls.len() })
}

/// One file of an export.
enum Part {
    Json(String, Value),
    File(String, PathBuf),
}

async fn parts(store: &Store, head: &CallHead, now: Stamp) -> Result<Vec<Part>> {
    let folder = format!("calls/{}", head.id.0);
    let name = |file: &str| format!("{folder}/{file}");
    let entries = store.entries(&head.id, 0).await?;
    let notes = store.notes(&head.id).await?;
    let (corrections, _) = store.corrections(&Corrections { call: Some(head.id.clone()), before: None, limit: MOST }).await?;
    let seen = store.audit_lines(&AuditFilter { target: Some(head.id.0.clone()), limit: MOST, ..AuditFilter::default() }).await?;
    let seen: Vec<Value> = seen
        .iter()
        .map(|line| json!({ "at": Stamp(line.at_ms).to_string(), "did": line.did, "name": line.name, "role": line.role }))
        .collect();
    let recording = store.recording_path(&head.id);
    let vcon = as_vcon(head, &entries, recording.clone(), now).await?;
    let mut parts = vec![Part::Json(name("call.json"), json!({ "head": head, "entries": entries })), Part::Json(name("call.vcon"), vcon)];
    for (file, list) in [("notes.json", json!(notes)), ("corrections.json", json!(corrections)), ("audit.json", json!(seen))] {
        if list.as_array().is_some_and(|list| !list.is_empty()) {
            parts.push(Part::Json(name(file), list));
        }
    }
    for (file, path) in [("recording.wav", recording), ("events.jsonl", store.log_path(&head.id))] {
        if path.is_file() {
            parts.push(Part::File(name(file), path));
        }
    }
    Ok(parts)
}

async fn as_vcon(head: &CallHead, entries: &[Numbered], recording: PathBuf, now: Stamp) -> Result<Value> {
    let sound = tokio::task::spawn_blocking(move || {
        let small = std::fs::metadata(&recording).is_ok_and(|data| data.len() <= LARGEST);
        let bytes = small.then(|| std::fs::read(&recording).ok()).flatten()?;
        Some(Sound { body: URL_SAFE_NO_PAD.encode(bytes), filename: recording.file_name()?.to_string_lossy().into_owned() })
    });
    Ok(vcon(head, entries, sound.await?, now))
}

struct Writing {
    zip: ZipWriter<File>,
    manifest: Vec<Value>,
}

impl Writing {
    fn add(self, part: Part) -> Result<Self> {
        match part {
            Part::Json(name, value) => self.text(&name, &value),
            Part::File(name, path) => {
                let mut from = match File::open(&path) {
                    Ok(file) => file,
                    // Retention may have been there in the meantime.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(self),
                    Err(error) => return Err(error).with_context(|| path.display().to_string()),
                };
                self.bytes(&name, &mut from)
            }
        }
    }

    fn text(self, name: &str, value: &Value) -> Result<Self> {
        self.bytes(name, &mut serde_json::to_string_pretty(value)?.as_bytes())
    }

    fn bytes(mut self, name: &str, from: &mut dyn io::Read) -> Result<Self> {
        self.zip.start_file(name, SimpleFileOptions::default().large_file(true))?;
        let mut hashed = Hashed { to: &mut self.zip, hash: Sha256::new(), bytes: 0 };
        io::copy(from, &mut hashed)?;
        let (hash, bytes) = (hashed.hash.finalize(), hashed.bytes);
        let sha256: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.manifest.push(json!({ "name": name, "bytes": bytes, "sha256": sha256 }));
        Ok(self)
    }
}

struct Hashed<'z> {
    to: &'z mut ZipWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.hash.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
