//! 20 ms frames, pure: who hears whom, playout, mixing, made-up sounds, the recording's timeline.

pub mod frame;
pub mod level;
pub mod mix;
pub mod patch;
pub mod playout;
pub mod record;
pub mod round;
pub mod under;
