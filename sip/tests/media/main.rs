//! The media half against an artificial network: loss, bursts, jitter, reordering, duplicates, drift, jumps, keys and garbage.

mod garbage;
mod keys;
mod line;
mod network;
mod sound;
