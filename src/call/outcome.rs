//! Why a call ended, and how a handoff ended: the one word list for record, metric and API.

use serde::{Deserialize, Serialize};

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The bot answered, the caller said goodbye or hung up after an answer: contained.
    Contained,
    /// A human took over, and the call ended with a normal hang-up of either side.
    HandedOver,
    /// A callback was promised.
    CallbackPromised,
    /// A callback that was promised found nobody at the caller's number.
    CallerNotReached,
    /// A callback that was promised found no agent to place it; it is tried again.
    CallbackPutOff,
    /// The caller has left a message.
    VoicemailLeft,
    /// A human was needed, none could be had, and the caller was told so.
    NobodyCame,
    /// The caller hung up before anything was answered, or while being handed over.
    Abandoned,
    /// Nothing was heard for so long that the bot ended the call.
    CallerSilent,
    /// The caller's media or signalling was lost.
    Lost,
    /// A fax machine called.
    Fax,
    /// Something on our side failed so that the call could not go on; the caller was told.
    Failed,
    /// The gateway refused the call (capacity, no flow).
    Refused,
    /// The gateway shut down.
    Drained,
    /// The gateway died in mid call; written at the next start.
    Interrupted,
}

/// How one handoff ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffOutcome {
    /// Agent and caller were bridged.
    Bridged,
    /// The caller's own side has connected them with the agent.
    Transferred,
    /// The caller hung up before the bridge.
    CallerLeft,
    /// A callback was promised.
    Callback,
    /// A callback: the caller was not reached.
    NotReached,
    /// A callback: no agent took it.
    PutOff,
    /// The caller has left a message.
    Voicemail,
    /// The caller went back to the bot: nobody could be had, or nobody was wanted any more.
    BackToBot,
    /// Nobody could be had, and the caller was told so and the call ended.
    NobodyCame,
}

/// What came of asking a human one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InquiryOutcome {
    /// There is an answer.
    Answered,
    /// Nobody was there to be asked, or could be reached.
    Nobody,
    /// No answer came in time.
    Late,
    /// Whoever was asked could not say.
    Declined,
    /// Whoever was asked was lost before they had answered.
    Lost,
    /// The answer could not be understood.
    Unclear,
    /// The caller did not want to wait for it any more.
    CalledOff,
    /// The human took the call instead.
    Taken,
    /// The caller left.
    CallerLeft,
    /// The call had to come to an end.
    Withdrawn,
}

/// How the offer to one agent ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferOutcome {
    /// Accepted by key, voice or page.
    Accepted,
    /// Declined by key, voice or page, or 603 at the phone.
    Declined,
    /// Declined: they are busy with something else.
    DeclinedBusy,
    /// Declined: it is not what they know about.
    DeclinedSkill,
    /// The phone was busy.
    Busy,
    /// The phone rang out.
    NoAnswer,
    /// The phone could not be reached.
    Unreachable,
    /// The trunk to the phone carried as many calls as it may.
    NoLine,
    /// Answered, but hung up in the briefing.
    LeftInBriefing,
    /// An answering machine answered.
    Voicemail,
    /// Answered, but never chose (an empty chair).
    NeverChose,
    /// The caller left first.
    CallerLeft,
    /// A callback: the agent was there, and the caller could not be reached.
    CallerNotReached,
    /// The agent has answered the one line that they were asked.
    Answered,
    /// What the agent has answered could not be understood.
    NotUnderstood,
    /// Taken back: the caller wanted the bot again, or the gateway shuts down.
    Withdrawn,
}

/// What came of asking the caller's side to call an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferOutcome {
    /// They talk.
    Connected,
    /// The agent was busy.
    Busy,
    /// The agent's phone rang out.
    NoAnswer,
    /// The agent declined.
    Declined,
    /// Anything else went wrong with the new call.
    Failed,
    /// The caller's side takes no such requests.
    Refused,
    /// It was never said.
    Unknown,
}
