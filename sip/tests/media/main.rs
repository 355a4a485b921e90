//! The media half against an artificial network: loss, bursts, jitter, reordering, duplicates, drift, jumps, keys and garbage.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod agreed;
mod garbage;
mod keys;
mod line;
mod network;
mod sound;
mod strangers;
