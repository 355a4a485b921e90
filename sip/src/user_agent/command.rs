//! What a user agent is asked to do.

use std::time::Duration;

use tokio::sync::oneshot;

use super::event::{LegId, Stats, TransactionId};
use crate::uri::Uri;

/// A call to be placed.
#[derive(Debug, Clone)]
pub struct DialRequest {
    /// A fresh id from [`super::UserAgent::new_leg`].
    pub leg: LegId,
    /// Whom to call; `;transport=tcp` chooses TCP.
    pub target: Uri,
    /// The user part of our From URI.
    pub from: String,
    /// Our display name.
    pub display_name: Option<String>,
    /// The offer; without one the call fails.
    pub sdp: Vec<u8>,
    /// Further headers; names that belong to the protocol are left out.
    pub headers: Vec<(String, String)>,
    /// How long it may take until somebody answers.
    pub ring_timeout: Duration,
}

/// The wish list, one line per method of `UserAgent`.
#[derive(Debug)]
pub(crate) enum Command {
    Ring { leg: LegId, status: u16, sdp: Option<Vec<u8>> },
    Answer { leg: LegId, sdp: Vec<u8> },
    Reject { leg: LegId, status: u16, reason: Option<String>, headers: Vec<(String, String)> },
    Dial(Box<DialRequest>),
    Cancel { leg: LegId },
    Bye { leg: LegId, reason: Option<String> },
    Reinvite { leg: LegId, sdp: Vec<u8> },
    AnswerReinvite { leg: LegId, transaction: TransactionId, answer: Result<Vec<u8>, u16> },
    Drain,
    Shutdown,
    Stats(oneshot::Sender<Stats>),
}
