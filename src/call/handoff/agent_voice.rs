//! What is reported of an agent's mouth and ear while they are briefed and choose.

use crate::call::{
    base::Base,
    event::SpeechEnd,
    flow::step::Expect,
    ids::RequestId,
    time::Time,
    turn::{
        ear::{Ear, News},
        mouth::{Mouth, Told},
    },
    understanding::Transcript,
};

/// What happens to the agent's mouth and ear.
#[derive(Debug, Clone)]
pub(crate) enum AgentVoice {
    Started { id: RequestId, at: Time },
    Ended { id: RequestId, why: SpeechEnd, clauses: usize, fraction: f32 },
    SpeechLate,
    VoiceStarted { at: Time },
    VoiceStopped { at: Time },
    Heard { id: RequestId, heard: Transcript },
    Failed { id: RequestId },
    PauseOver,
    RecogniserLate,
    TooLong,
}

impl AgentVoice {
    pub(super) fn reach_mouth(&self, base: &mut Base, mouth: &mut Mouth) -> Told {
        let io = &mut base.io;
        match *self {
            Self::Started { id, at } => mouth.started(io, id, at),
            Self::Ended { id, why, clauses, fraction } => mouth.ended(io, id, why, clauses, fraction),
            Self::SpeechLate => mouth.late(io),
            Self::Failed { id } => mouth.failed(io, id),
            Self::VoiceStarted { .. }
            | Self::VoiceStopped { .. }
            | Self::Heard { .. }
            | Self::PauseOver
            | Self::RecogniserLate
            | Self::TooLong => Told::Nothing,
        }
    }

    pub(super) fn reach_ear(&self, base: &mut Base, ear: &mut Ear, expect: Expect) -> News {
        let io = &mut base.io;
        match *self {
            Self::VoiceStarted { at } => ear.voice_started(io, at, expect),
            Self::VoiceStopped { at } => ear.voice_stopped(io, at, expect),
            Self::Heard { id, ref heard } => ear.heard(io, id, heard.clone(), expect),
            Self::Failed { id } => ear.failed(io, id),
            Self::PauseOver => ear.pause_over(io),
            Self::RecogniserLate => ear.late(io),
            Self::TooLong => ear.too_long(io, expect),
            Self::Started { .. } | Self::Ended { .. } | Self::SpeechLate => News::Nothing,
        }
    }
}
