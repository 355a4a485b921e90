//! 20 ms frames, pure: who hears whom, playout, mixing, the recording's plan.

pub mod frame;
pub mod patch;
