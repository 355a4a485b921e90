//! Tones and voices at the far end, recognised in the sound itself, and the tones of keys. Everything takes or makes one 20 ms frame after another and
//! allocates nothing.
//!
//! - [`DtmfDetector`]: keys, for legs without telephone events.
//! - [`KeyTones`]: keys, for peers without telephone events.
//! - [`FaxDetector`]: fax machines, for any leg; it listens through an [`Ear`].
//! - [`FarEnd`]: all that a placed call may meet: the network's tones, a fax, a person, an answering machine and its beep.

mod beep;
mod cadence;
mod config;
mod dtmf;
mod ear;
mod far_end;
mod fax;
mod goertzel;
mod greeting;
mod keys;
mod level;
mod pairs;
mod sit;

pub use config::FarEndConfig;
pub use dtmf::DtmfDetector;
pub use ear::{Ear, Hearing};
pub use far_end::{FarEnd, Heard, Progress};
pub use fax::{Fax, FaxDetector};
pub use keys::KeyTones;
