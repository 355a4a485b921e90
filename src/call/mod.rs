//! The brain of a call: a pure state machine. Events and time go in, actions come out.
//!
//! Nothing below this module knows tokio, SIP, SQL, HTTP, JSON, a clock or randomness (`tests/it/tidy.rs` holds that).

pub mod action;
pub mod caller;
pub mod event;
pub mod flow;
pub mod ids;
pub mod media;
pub mod outcome;
pub mod record;
pub mod time;
pub mod understanding;
