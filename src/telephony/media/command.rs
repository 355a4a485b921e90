//! What a call can tell its media, and what the media tells the call.

use std::{ops::Range, sync::Arc};

use tokio::sync::mpsc;
use warmline_sip::{dtmf::Digit, media::LegStats, sdp::Negotiated};

use super::{heard::HeardQueue, listening::Listening, ports::LegSockets, recorder::Recording, rest::Stir};
use crate::call::{
    event::{DialFailure, Event, FarEndSign, LegEnd, LegQuality, SpeechEnd},
    ids::{LegId, RequestId},
    media::{
        patch::Patch,
        playout::{Chunk, Heard, Loudness},
    },
    time::Time,
};

/// What a call wants of its media. Taken at the next tick, in order.
#[derive(Debug)]
pub enum Command {
    /// A leg's negotiation is finished: sound may flow.
    AddLeg { leg: LegId, sockets: LegSockets, negotiated: Box<Negotiated>, listening: Listening },
    /// A leg that rings sends sound already: the network's tones in it are listened for, and nobody hears it.
    AddEarlyLeg { leg: LegId, sockets: LegSockets, negotiated: Box<Negotiated>, listening: Listening },
    /// That leg was answered: it is one as every other one now.
    AnsweredLeg { leg: LegId },
    /// A later offer and answer: hold, resume, another address.
    UpdateLeg { leg: LegId, negotiated: Box<Negotiated> },
    /// The leg is gone. Its waiting speech ends as failed, its statistics follow.
    RemoveLeg { leg: LegId },
    /// Who hears whom, from the next frame on.
    Patch(Patch),
    /// Keeps a speech's place in a leg's order before its first chunk is there.
    Announce { leg: LegId, id: RequestId },
    /// A piece of speech for one leg.
    Play { leg: LegId, chunk: Chunk },
    /// Stops a speech with a fade of 10 ms, on whichever leg it is.
    Stop { id: RequestId },
    /// A speech cannot be made: it ends as failed with what was heard so far.
    Fail { id: RequestId },
    /// Lowers, holds or restores the speech to a leg.
    Loudness { leg: LegId, loudness: Loudness },
    /// A key came by signalling (SIP INFO).
    Key { leg: LegId, digit: Digit },
    /// A key for a leg, as its two tones: it takes them in no other way.
    Tones { leg: LegId, digit: Digit },
    /// Records from now on, in place of any other recording.
    Record(Recording),
    /// The recording has silence of the same length, or sound again a second later: the last tone may still be on its way.
    Private { on: bool },
    /// The recording has silence between these positions of the call's timeline, whether they were written or are to come.
    Strike { positions: Range<u64> },
    /// Closes the recording and removes its file.
    Unrecord,
    /// Closes the recording.
    StopRecording,
    /// Ends everything: the events end after the last statistics.
    Close,
}

/// What the media reports. None of these is ever dropped.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaEvent {
    /// The first valid RTP of a leg came.
    FirstRtp { leg: LegId, at: Time },
    /// A key was pressed.
    Digit { leg: LegId, digit: char },
    /// A key is for a leg that agreed on no telephone events: it has to be told in another way.
    KeyLeft { leg: LegId, digit: Digit },
    /// The first sample of a speech was sent.
    SpeechStarted { id: RequestId, at: Time },
    /// A leg's sound says something besides words.
    FarEnd { leg: LegId, sign: FarEndSign },
    /// The network says before the answer, by its tones, that there will be none.
    ToneBeforeAnswer { leg: LegId, why: DialFailure },
    /// How a leg sounds so far.
    Quality { leg: LegId, quality: LegQuality },
    /// Nothing more of a speech will be sent.
    SpeechEnded { id: RequestId, why: SpeechEnd, heard: Heard },
    /// No RTP came for the configured time. Said once; the leg stays until it is removed.
    MediaLost { leg: LegId },
    /// A leg was removed: its figures.
    LegClosed { leg: LegId, stats: Box<LegStats> },
    /// The disk did not take the recording: it has ended, the call goes on.
    RecordingFailed,
}

impl MediaEvent {
    /// The same as an event of the brain, if the brain has one.
    #[must_use]
    pub fn to_call_event(&self) -> Option<Event> {
        match self {
            Self::Digit { leg, digit } => Some(Event::Digit { leg: *leg, digit: *digit }),
            Self::SpeechStarted { id, at } => Some(Event::SpeechStarted { id: *id, at: *at }),
            Self::SpeechEnded { id, why, heard } => {
                Some(Event::SpeechEnded { id: *id, why: *why, clauses: heard.clauses, fraction: heard.fraction() })
            }
            Self::FarEnd { leg, sign } => Some(Event::FarEnd { leg: *leg, sign: *sign }),
            Self::Quality { leg, quality } => Some(Event::LegQuality { leg: *leg, quality: quality.clone() }),
            Self::MediaLost { leg } => Some(Event::LegEnded { leg: *leg, why: LegEnd::MediaLost }),
            Self::ToneBeforeAnswer { .. }
            | Self::KeyLeft { .. }
            | Self::FirstRtp { .. }
            | Self::LegClosed { .. }
            | Self::RecordingFailed => None,
        }
    }
}

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallMediaError {
    /// More commands in one tick than any call needs.
    #[error("the media engine is behind")]
    Busy,
    /// The call's media was closed.
    #[error("the call's media is closed")]
    Closed,
}

/// One call's media. Dropping it closes the call's media.
#[derive(Debug)]
pub struct CallMedia {
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) heard: Arc<HeardQueue>,
    pub(super) stir: Arc<Stir>,
}

impl CallMedia {
    /// Gives a command; never waits.
    ///
    /// # Errors
    /// [`CallMediaError::Busy`] with 1,024 commands waiting, [`CallMediaError::Closed`] after `Close`.
    pub fn send(&self, command: Command) -> Result<(), CallMediaError> {
        let sent = self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => CallMediaError::Busy,
            mpsc::error::TrySendError::Closed(_) => CallMediaError::Closed,
        });
        self.stir.stir();
        sent
    }

    /// The frames of the legs that the patch listens to.
    #[must_use]
    pub fn heard(&self) -> Arc<HeardQueue> {
        Arc::clone(&self.heard)
    }
}
