//! Servers that ask for no further requests for a while: 500 or 503 with Retry-After (RFC 3261 §20.33, §21.5.4). Whoever else is there is asked
//! first; where nobody is, they are asked all the same, as a call that is not tried is a call that is lost. With any other status the header says
//! when the callee may be there again, which is the application's to know.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Hop;
use crate::transport::Transport;

/// Servers of which that is remembered.
const MOST: usize = 1_024;

/// The longest that is believed: a mistake there must not turn a line's order around for the day.
const LONGEST: Duration = Duration::from_secs(600);

/// Until when whom is asked last.
#[derive(Debug, Default)]
pub(super) struct Rests(HashMap<(SocketAddr, Transport), Instant>);

impl Rests {
    /// A server asks for that much time.
    pub(super) fn note(&mut self, now: Instant, server: Hop, time: Duration) {
        self.0.retain(|_, until| now < *until);
        let address = (server.remote, server.transport);
        if self.0.len() < MOST || self.0.contains_key(&address) {
            let time = time.min(LONGEST);
            tracing::info!(server = %server.remote, ?time, "a server asks for no further calls for a while");
            self.0.insert(address, now + time);
        }
    }

    /// Does it still want to be left alone?
    pub(super) fn holds(&self, now: Instant, server: Hop) -> bool {
        self.0.get(&(server.remote, server.transport)).is_some_and(|until| now < *until)
    }
}
