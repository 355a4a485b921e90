//! A scripted telephone: real SIP and RTP on the wire, a voice that is not the bot's, and a stopwatch on every packet.
//!
//! The demo, the benchmarks and the wire tests call the gateway with it, and answer as an agent with it. It measures what a person
//! at a telephone would: times are those at which packets were sent and arrived, not what the gateway believes.
//!
//! [`Phone`] owns the SIP side, [`Line`] is one call on it, [`Tape`] is everything that was sent and heard on that call.

pub mod activity;
mod api;
mod dialog;
mod line;
mod media;
mod message;
mod ports;
mod rig;
mod sound;
mod stamped;
mod tape;
#[cfg(test)]
mod tests;
mod voice;

pub use api::{Api, Events};
pub use line::{Line, Phone, Ringing};
pub use media::{Media, MediaPort, Span};
pub use ports::free_port;
pub use rig::{Agent, PASSWORD, Rig, Setup};
pub use sound::{RATE, Sound, over_g711};
pub use tape::{HeardPacket, SentFrame, Tape};
pub use voice::Voice;
