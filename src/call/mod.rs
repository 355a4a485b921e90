//! The brain of a call: a pure state machine. Events and time go in, actions come out.
//!
//! Nothing below this module knows tokio, SIP, SQL, HTTP, JSON, a clock or randomness (`tests/it/tidy.rs` holds that).
//!
//! ```text
//! state      Call: new, handle, handle_timeout, poll_action, poll_timeout
//!   caller_voice   the caller's ear and mouth, by phase     settle   what follows from the state alone     leaving   how it ends
//!   bot/           the bot has the caller                   handoff/ a human is called, or has the caller
//!   turn/          ear, mouth, end of turn                  flow/, escalation/  what to say, when a human is better
//! ```

pub mod action;
pub mod asked_again;
mod asking;
mod base;
mod bot;
pub mod caller;
mod caller_voice;
pub mod claim;
pub mod clauses;
mod consent;
pub(crate) mod elsewhere;
pub mod escalation;
pub mod event;
pub mod flow;
pub mod handoff;
pub mod ids;
mod io;
mod known_caller;
pub mod language;
mod leaving;
mod measured;
pub mod media;
mod other_language;
pub mod outcome;
mod private;
pub mod prosody;
pub mod record;
pub mod redact;
pub mod replay;
mod scribe;
mod settle;
mod silence;
pub mod state;
mod struck;
mod then;
pub mod time;
pub mod timer;
pub(crate) mod turn;
pub mod understanding;
mod written;

pub use caller::Caller;
pub use state::{Call, Setup};
pub use timer::Timer;
