//! Engines that run elsewhere: asked first where the configuration names them, with the built-in ones behind them.
//!
//! Nothing here runs on the threads of the built-in engines: a slow network must not take a worker. Each request has a time-out, each answer a bound, each
//! engine a breaker and a number of places; whatever goes wrong, the built-in engine does the work, and the call's record says so. An agent's leg is
//! never heard elsewhere.

mod breaker;
mod chat;
mod guarded;
mod http;
mod recognition;
mod stream;
mod transcription;
mod voice;

use std::{sync::Arc, time::Duration};

use tokio::runtime::Handle;

pub use breaker::{Breaker, BreakerOptions};
pub use chat::{Chat, ChatMode, ChatOptions, Found, Known};
pub use guarded::Guarded;
pub use http::{Endpoint, Key};
pub use recognition::Words;
pub use stream::{Heard, Stream, StreamOptions, Streams, Tells};
pub use transcription::{Transcription, TranscriptionOptions};
pub use voice::{VoiceFormat, VoiceOptions, VoiceService};

use crate::call::event::Failure;

/// The engines elsewhere that the configuration names. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Where requests run.
    pub runtime: Handle,
    /// A recogniser that is given whole utterances.
    pub transcription: Option<Arc<Guarded<Transcription>>>,
    /// A recogniser that listens along; it goes before the other one.
    pub stream: Option<Arc<Guarded<Streams>>>,
    /// A voice.
    pub voice: Option<Arc<Guarded<VoiceService>>>,
    /// A chat model.
    pub chat: Option<Arc<Guarded<Chat>>>,
}

impl Remote {
    /// Is there a recogniser?
    #[must_use]
    pub fn recognises(&self) -> bool {
        self.transcription.is_some() || self.stream.is_some()
    }
}

/// Why an engine elsewhere gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// It did not answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// No connection, or it broke.
    #[error("cannot be reached, or the connection broke")]
    Unreachable,
    /// It does not take our credentials.
    #[error("refuses our credentials (status {status})")]
    Denied {
        /// 401 or 403.
        status: u16,
    },
    /// It is asked too much (429).
    #[error("is asked too much (status 429)")]
    Crowded {
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// Any other status that is no success.
    #[error("fails (status {status})")]
    Failing {
        /// The status.
        status: u16,
    },
    /// It answered with something that is no answer.
    #[error("answers wrongly: {0}")]
    BadAnswer(&'static str),
    /// It failed before, and is left alone for now.
    #[error("is left alone after failures")]
    Resting,
    /// As much as may be asked at once is being asked.
    #[error("is asked as much as it may be")]
    NoPlace,
}

impl Trouble {
    /// The brain's word for it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::TimedOut => Failure::TimedOut,
            Self::Crowded { .. } | Self::NoPlace => Failure::Overloaded,
            Self::BadAnswer(_) => Failure::BadAnswer,
            Self::Unreachable | Self::Denied { .. } | Self::Failing { .. } | Self::Resting => Failure::Broken,
        }
    }
}
