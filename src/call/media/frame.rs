//! One audio frame.

use crate::call::time::Time;

/// Samples in a frame: 20 ms at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

/// Length of a frame in milliseconds.
pub const FRAME_MS: u64 = 20;

/// The sound of one frame, mono, 8 kHz, 16 bit.
pub type Samples = [i16; FRAME_SAMPLES];

/// 20 ms of one leg, mono, 8 kHz, 16 bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Where the frame begins on the call's timeline.
    pub at: Time,
    /// The samples.
    pub samples: Samples,
    /// True if the frame did not arrive and was made up by loss concealment.
    pub concealed: bool,
}
