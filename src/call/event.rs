//! Everything that can happen to a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::call::{
    ids::{AgentId, LegId, RequestId},
    outcome::TransferOutcome,
    time::Time,
    understanding::{Scored, Transcript, Understanding},
};

/// What a driver reports. Reports that answer a request repeat its id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The far end of a dialled leg rings (SIP 180/183).
    LegRinging { leg: LegId },
    /// A leg is up: the caller's after `Answer` (ACK received), a dialled one after its 2xx.
    LegAnswered { leg: LegId },
    /// What the network says of why a leg does not come up or is gone. Before the `LegFailed` or `LegEnded` that it explains, if anything is said.
    LegCause { leg: LegId, cause: LegCause },
    /// A dialled leg could not be reached.
    LegFailed { leg: LegId, why: DialFailure },
    /// A leg that was up, or the caller's at any time, is gone.
    LegEnded { leg: LegId, why: LegEnd },
    /// The far end put us on hold, or took us back.
    LegHeld { leg: LegId, held: bool },
    /// A key was pressed (`0`–`9`, `*`, `#`, `A`–`D`).
    Digit { leg: LegId, digit: char },

    /// The far end of a leg is no person, or not yet: heard in its sound.
    FarEnd { leg: LegId, sign: FarEndSign },
    /// How a leg has sounded so far. Reported now and then; the last report stands.
    LegQuality { leg: LegId, quality: LegQuality },

    /// Sound that is speech began at `at`. Reported some 60–100 ms after that.
    VoiceStarted { leg: LegId, at: Time },
    /// The voice that began at `at` has now sounded for `ms` without a pause. Reported every 100 ms or so of voice; decides quickly whether the caller
    /// interrupts. A listener that never sends it costs 200 ms of barge-in time and nothing else.
    /// `meant`: how likely it is that somebody speaks to us, 0..=1; a hum, a noise and a voice in the background are less so.
    VoiceLasting {
        leg: LegId,
        at: Time,
        ms: u64,
        #[serde(default = "surely")]
        meant: f32,
    },
    /// Speech has paused: the last sound was at `at`. Reported when the pause has lasted the listener's minimum (200 ms by default).
    VoiceStopped { leg: LegId, at: Time },
    /// What was said so far, while the speaker goes on. May lag; may never come. `guessed`: nobody would bet on the words; they are better than none.
    /// `back_channel`: how much likelier than the words a "mhm" or its like is, as a natural logarithm; none if it is far less likely, or unknown.
    Partial {
        leg: LegId,
        from: Time,
        text: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        guessed: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back_channel: Option<f32>,
    },
    /// Before `Heard`, on the caller's first words, where the call may be held in other languages: they are in this one, and are written down in it.
    OtherLanguage { id: RequestId, language: String },
    /// Answer to `Transcribe`.
    Heard { id: RequestId, transcript: Transcript },
    /// Answer to `WriteDown`: words, and nothing of how they were said.
    WrittenDown { id: RequestId, text: String, confidence: f32 },
    /// Answer to `AskedFor`: slots, `name` or `matter`, the likeliest first, 0..=1.
    AsksFor { id: RequestId, values: Vec<Scored> },
    /// More about a `Transcribe`, before or after its answer, or never: how complete the turn sounds (Smart Turn), 0..=1. A hint, never a verdict.
    Sounded { id: RequestId, complete: f32 },
    /// Answer to `Understand`.
    Understood { id: RequestId, understanding: Understanding },

    /// The first sample of `Speak` was sent to its leg.
    SpeechStarted { id: RequestId, at: Time },
    /// `Speak` has ended, and how much of it was really sent: `clauses` whole ones and `fraction` (0..=1) of the next.
    SpeechEnded { id: RequestId, why: SpeechEnd, clauses: usize, fraction: f32 },

    /// Answer to `LookUp`.
    LookedUp { id: RequestId, found: Found },

    /// Answer to `FindAgent`: this agent is reserved for this call until `ReleaseAgent`. May come long after a `Queued`.
    AgentReserved { id: RequestId, agent: Agent },
    /// Answer to `FindAgent`: nobody is free, the call waits (position counts from 1). Repeated when the position changes.
    Queued { id: RequestId, position: u32, estimate_s: Option<u32> },
    /// Answer to `FindAgent`: nobody who could take this call is signed in, or the queue is closed or full.
    NobodyToAsk { id: RequestId },
    /// The agent who is reserved for this call has closed their page: what they were to read there, nobody reads.
    PageClosed { agent: AgentId },
    /// The caller's side has taken a `Transfer` upon it, or the agent's telephone rings there.
    TransferProgress { id: RequestId },
    /// Answer to `Transfer`: what came of it.
    TransferEnded { id: RequestId, outcome: TransferOutcome },
    /// An agent's telephone wants to hand the caller on to somebody whom the configuration knows. `AnswerTransfer` is expected.
    TransferAsked { leg: LegId, to: TransferTo },
    /// Another telephone of an agent has taken this leg's place.
    LegTakenOver { leg: LegId, agent: AgentId, name: String },
    /// The agent pressed a button on the page.
    AgentChose {
        agent: AgentId,
        #[serde(flatten)]
        choice: AgentChoice,
    },

    /// Somebody who watches over agents wants to follow the conversation, otherwise than before, or no longer.
    Supervise { by: Supervisor, wish: Supervision },

    /// A driver could not do what was asked. The call decides what follows.
    Failed { id: RequestId, why: Failure },
    /// An engine elsewhere could not do it, and the built-in one did. Repeated as often as it happens.
    FellBack { engine: Engine, why: Failure },
    /// Somebody who may do that ends the call: finish up. Nobody is called back.
    EndCall,
    /// The gateway shuts down: finish up.
    Drain,
}

const fn surely() -> f32 {
    1.0
}

/// What a leg's sound says besides words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FarEndSign {
    /// A fax machine's tone.
    Fax,
    /// A greeting that no person gives: perhaps an answering machine.
    MachineSuspected,
    /// The tone after which an answering machine records.
    Beep,
    /// The network's busy or congestion tone, or its announcement tones.
    NetworkTone,
}

/// How a leg sounds, estimated from what came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LegQuality {
    /// What we send: `PCMU`, `PCMA`, `G722`, `opus`.
    pub codec: String,
    /// How the stream is protected: `none`, `sdes`, `dtls`, `failed`.
    pub protection: String,
    /// Packets received.
    pub packets: u64,
    /// Packets that did not come, or too late.
    pub lost: u64,
    /// Interarrival jitter (RFC 3550).
    pub jitter_ms: f32,
    /// Round trip by RTCP; none: never measured.
    pub round_trip_ms: Option<u32>,
    /// Mean opinion score from 1 to 4.5 by the E-model (ITU-T G.107).
    pub mos: f32,
}

/// Why a dialled leg did not come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DialFailure {
    /// 486, 600.
    Busy,
    /// 603, or the phone's reject key.
    Declined,
    /// It rang, and nobody took it (408, 480, our ring time-out).
    NoAnswer,
    /// No route, connection refused, no answer at all.
    Unreachable,
    /// Any other final status.
    Rejected,
    /// The trunk carries as many calls as it may.
    NoLine,
}

/// Why a leg does not come up or is gone, in the network's figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LegCause {
    /// The final SIP status (RFC 3261 §21), or the one that Reason names (RFC 3326).
    pub sip: Option<u16>,
    /// The cause of the telephone network (ITU-T Q.850): 16 normal clearing, 17 busy, …
    pub q850: Option<u8>,
    /// Seconds after which the far end wants to be asked again (Retry-After).
    pub retry_after_s: Option<u32>,
}

/// Why a leg is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegEnd {
    /// The far end hung up (BYE), or cancelled before the answer.
    HungUp,
    /// No RTP for the media time-out.
    MediaLost,
    /// The dialog failed: no ACK, transport gone.
    SignallingLost,
}

/// Why speech ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpeechEnd {
    /// All of it was sent.
    Finished,
    /// `StopSpeaking`.
    Stopped,
    /// It could not be synthesised, or its leg is gone.
    Failed,
}

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Found {
    /// The fields that the flow's `take` names, as text.
    Fields { fields: BTreeMap<String, String> },
    /// The service knows no such thing (404).
    Nothing,
}

/// Why a request could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Its deadline passed.
    TimedOut,
    /// Refused: the queue is full.
    Overloaded,
    /// The engine or service failed or is gone.
    Broken,
    /// The service answered with something that is not what the flow says.
    BadAnswer,
}

/// An engine that may run elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Hears words.
    Recogniser,
    /// Speaks.
    Voice,
    /// Finds and phrases answers.
    Chat,
}

/// An agent, as much as the brain needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Who.
    pub id: AgentId,
    /// The name that is said to the caller ("Maria").
    pub name: String,
    /// Where to ring: a SIP address.
    pub target: String,
    /// How the caller gets to them.
    #[serde(default)]
    pub transfer: TransferBy,
    /// The call's claim code is spoken to them: what is sent beside the call does not reach them.
    #[serde(default)]
    pub spoken_claim: bool,
}

/// How a caller gets to an agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferBy {
    /// Both talk through us.
    #[default]
    Bridge,
    /// The agent is rung, briefed and accepts; then the caller's side is asked to call them, and the call through us ends.
    Attended,
    /// The caller's side is asked to call them; nobody is briefed.
    Blind,
    /// They are called, with what the call is about beside it, and both talk through us as soon as they answer; nobody is briefed.
    Invite,
}

/// To whom an agent hands a caller on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum TransferTo {
    /// Anybody of this queue.
    Queue { queue: String },
    /// This agent. `replaces`: they have spoken with each other, and the new call takes the place of that one.
    Agent { agent: AgentId, replaces: Option<String> },
    /// A number outside that this agent may call.
    Number { number: String, target: String, replaces: Option<String> },
}

impl TransferTo {
    /// Who that is.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Queue { queue } => queue,
            Self::Agent { agent, .. } => &agent.0,
            Self::Number { number, .. } => number,
        }
    }
}

/// What an agent does about a call: a button on the page, and some of it by key or word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "choice", rename_all = "snake_case")]
pub enum AgentChoice {
    /// Take the call (key 1).
    Accept,
    /// Pass it on (key 9).
    Decline {
        #[serde(default)]
        reason: DeclineReason,
    },
    /// Hear the briefing again (key 2).
    Repeat,
    /// Hear more than the briefing (key 3).
    More,
    /// End the call.
    HangUp,
    /// The caller hears music, and nobody hears them.
    Hold,
    /// Back from hold.
    Resume,
    /// The caller does not hear the agent.
    Mute,
    /// The caller hears the agent again.
    Unmute,
    /// Hand the caller on.
    Transfer { to: TransferTo },
    /// Put the caller on hold, and speak with somebody in private.
    Consult { to: TransferTo },
    /// Ring somebody at a number outside, who joins the conversation.
    Add { to: TransferTo },
    /// Let the third person and the caller hear each other.
    Conference,
    /// Leave the caller to the third person.
    Complete,
    /// The third person goes, and agent and caller are alone again.
    Part,
    /// Answer what the bot asks for the caller: in these words, or with one of the flow's suggestions.
    Answer {
        #[serde(default)]
        text: String,
        #[serde(default)]
        suggestion: Option<String>,
    },
    /// Send the caller back to the bot, to a step that the flow lists (`handoff.send_back`), or to whatever they want next.
    ToBot {
        #[serde(default)]
        node: Option<String>,
    },
}

/// Somebody who watches over agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supervisor {
    /// Who.
    pub who: AgentId,
    /// As agents read it.
    pub name: String,
    /// Where to ring.
    pub target: String,
    /// As whom they work, if they take calls themselves: nobody offers them one meanwhile.
    #[serde(default)]
    pub agent: Option<AgentId>,
}

/// How a conversation is to be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Supervision {
    /// They hear it, and nobody hears them.
    Listen,
    /// Beside that, the agent alone hears them.
    Whisper,
    /// They talk with everybody.
    Join,
    /// They leave.
    End,
}

/// Why an agent passes a call on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineReason {
    /// They are busy with something else, and are not asked again for a while.
    Busy,
    /// It is not what they know about.
    NotMySkill,
    /// They did not say.
    #[default]
    Other,
}
