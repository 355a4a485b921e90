//! What a part of the brain asks of the whole.

use crate::call::{
    flow::{
        Destination,
        step::{Consult, Consulted},
    },
    handoff::Farewell,
    outcome::Outcome,
};

/// What follows for the call.
#[derive(Debug)]
pub(crate) enum Then {
    /// It goes on as it is.
    Stay,
    /// A human of this queue is called, because of this.
    Human { to: Destination, why: String },
    /// A human is asked one line, and the bot keeps the caller.
    Ask(Box<Consult>),
    /// What came of that: the bot goes on.
    Asked { node: String, result: Consulted },
    /// The bot has the caller again.
    Bot,
    /// The bot has the caller again, whom a human has spoken with, and goes on at this step.
    BotAt { node: Option<String> },
    /// The last words are heard, then the call ends.
    Close(Outcome),
    /// The call ends now.
    End(Outcome),
    /// Nobody is on the caller's side; the agent on the line is told, then the call ends.
    Part(Outcome, Box<Farewell>),
}
