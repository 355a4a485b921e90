//! Stretches of a recording that are silence for good: what was written there is overwritten, and what comes is not written.

use std::{
    fs::File,
    io,
    ops::Range,
    os::unix::fs::FileExt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::call::time::Time;

/// A sample of both channels, in bytes.
const SAMPLE: u64 = 4;
/// Bytes that are written at once.
const BLOCK: usize = 16 * 1024;

/// Between the media thread, which adds to them, and the recorder, which does what they say. The lock is held for a few instructions, by one call.
#[derive(Debug, Clone, Default)]
pub(super) struct Strikes(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    /// Position of the file's first sample on the call's timeline.
    origin: u64,
    /// In positions of the call.
    ranges: Vec<Range<u64>>,
    /// How far each of them was overwritten.
    done: Vec<u64>,
    /// All of it: the file is to be removed.
    discarded: bool,
}

impl Strikes {
    pub(super) fn begin(&self, origin: Time) {
        self.lock().origin = origin.samples_8k();
    }

    pub(super) fn push(&self, positions: Range<u64>) {
        let mut inner = self.lock();
        inner.done.push(positions.start);
        inner.ranges.push(positions);
    }

    pub(super) fn discard(&self) {
        self.lock().discarded = true;
    }

    pub(super) fn is_discarded(&self) -> bool {
        self.lock().discarded
    }

    /// What of the next samples is silence, counted from the first of them.
    pub(super) fn quiet(&self, written: u64, length: usize) -> Vec<Range<usize>> {
        let inner = self.lock();
        let (start, end) = (inner.origin + written, inner.origin + written + length as u64);
        let inside = inner.ranges.iter().map(|range| range.start.max(start)..range.end.min(end)).filter(|range| range.start < range.end);
        inside.map(|range| (range.start - start) as usize..(range.end - start) as usize).collect()
    }

    /// Overwrites what a flushed file of so many samples has of them. The lock is not held meanwhile: a disk takes its time, and a media thread has none.
    pub(super) fn silence(&self, path: &Path, written: u64) -> io::Result<()> {
        let (origin, todo) = self.todo(written);
        if todo.is_empty() {
            return Ok(());
        }
        let file = File::options().write(true).open(path)?;
        let header = file.metadata()?.len().saturating_sub(written * SAMPLE);
        for (_, range) in &todo {
            zero(&file, header + (range.start - origin) * SAMPLE..header + (range.end - origin) * SAMPLE)?;
        }
        file.sync_data()?;
        // Only the recorder's thread comes here, and nothing is ever taken out: the places are the same.
        let mut inner = self.lock();
        for (index, range) in todo {
            inner.done[index] = range.end;
        }
        Ok(())
    }

    /// The file's first position, and what of it is still to be overwritten, with its place among the ranges.
    fn todo(&self, written: u64) -> (u64, Vec<(usize, Range<u64>)>) {
        let inner = self.lock();
        let (origin, end) = (inner.origin, inner.origin + written);
        let left = inner.ranges.iter().zip(&inner.done).map(|(range, done)| (*done).max(range.start).max(origin)..range.end.min(end));
        (origin, left.enumerate().filter(|(_, range)| range.start < range.end).collect())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn zero(file: &File, bytes: Range<u64>) -> io::Result<()> {
    let mut at = bytes.start;
    while at < bytes.end {
        let count = usize::try_from(bytes.end - at).map_or(BLOCK, |left| left.min(BLOCK));
        file.write_all_at(&[0; BLOCK][..count], at)?;
        at += count as u64;
    }
    Ok(())
}
