//! The media engine: RTP sockets, one 20 ms tick for everything, and the recorder.
//!
//! [`MediaPool`] owns a few threads that do nothing else: every 20 ms each of them reads the sockets of its calls, joins the frames by the
//! call's `Patch`, sends, and hands frames to the listener and the recorder through bounded queues that never make it wait. Sockets are
//! read at the tick only: earlier nothing could be done with a packet, and the kernel stamps its arrival. The exception are two legs that
//! hear just each other in the same codec: their packets go across as they come (`passing`), looked for every 5 ms,
//! and their call is ticked only now and then (`rest`).

mod call;
mod command;
mod early;
mod heard;
mod leg;
mod listening;
mod pacing;
mod passing;
mod pool;
mod ports;
pub(crate) mod priority;
mod recorder;
mod rest;
mod socket;
mod strikes;
#[cfg(test)]
mod tests;
mod watch;
mod worker;

pub(crate) use passing::LOOK;
pub(crate) use socket::Inbox;

pub use command::{CallMedia, CallMediaError, Command, MediaEvent};
pub use heard::{HeardFrame, HeardQueue};
pub use listening::Listening;
pub use pacing::PacingSnapshot;
pub use pool::{MediaConfig, MediaPool};
pub use ports::{LegSockets, NoPort};
pub use recorder::{Recording, RecordingState};
