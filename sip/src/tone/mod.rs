//! Tones and voices at the far end, recognised in the sound itself. Every detector takes one 20 ms frame after another and allocates
//! nothing.

mod dtmf;
mod goertzel;
mod level;

pub use dtmf::DtmfDetector;
