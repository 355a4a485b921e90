//! What the audit log knows.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// Signed in.
    SignedIn,
    /// Tried to, with a wrong name or password.
    SignInFailed,
    /// Signed out.
    SignedOut,
    /// Signed out everywhere.
    SignedOutEverywhere,
    /// Chose a password.
    ChosePassword,
    /// Saw what was said in a call.
    SawCall,
    /// Heard a call's recording.
    HeardRecording,
    /// Took a call's event log away.
    ExportedLog,
    /// Changed whether an agent is there.
    ChangedAgent,
    /// Pressed a button for a call: accept, decline, hang up.
    ChoseForCall,
    /// Answered what the bot asked them for a caller.
    AnsweredForCall,
    /// Saw a call by its claim code.
    ClaimedCall,
    /// Ended a call.
    EndedCall,
    /// Took a callback off the list.
    ClosedCallback,
    /// Dealt with a message that a caller left.
    ClosedVoicemail,
    /// Began to listen to a conversation while it went on.
    ListenedToCall,
    /// Began to whisper to its agent.
    WhisperedInCall,
    /// Joined it.
    JoinedCall,
    /// Left it.
    LeftCall,
    /// Made an account.
    MadeAccount,
    /// Changed an account's role, agent or lock.
    ChangedAccount,
    /// Removed an account.
    RemovedAccount,
    /// Made a one-time link for an account.
    MadeLink,
    /// Made an API token.
    MadeToken,
    /// Ended an API token.
    EndedToken,
    /// Read the audit log.
    ReadAudit,
    /// Wrote notes on a call.
    WroteNotes,
    /// Said what the bot should have done.
    Corrected,
    /// Had messages to a webhook sent again.
    ReplayedMessages,
    /// Took a call away as a vCon.
    ExportedCall,
    /// Searched what is kept of a caller.
    SearchedNumber,
    /// Took what is kept of a caller away: a line for each call.
    ExportedNumber,
    /// Erased what is kept of a caller: the receipt's id.
    ErasedNumber,
    /// Placed a legal hold on a call.
    PlacedHold,
    /// Lifted a legal hold.
    LiftedHold,
    /// Deleted what was too old: the gateway itself.
    DeletedOld,
}

impl Did {
    /// Its word, as the log and the API have it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignedOut => "signed_out",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::ChosePassword => "chose_password",
            Self::SawCall => "saw_call",
            Self::HeardRecording => "heard_recording",
            Self::ExportedLog => "exported_log",
            Self::ChangedAgent => "changed_agent",
            Self::ChoseForCall => "chose_for_call",
            Self::AnsweredForCall => "answered_for_call",
            Self::ClaimedCall => "claimed_call",
            Self::EndedCall => "ended_call",
            Self::ClosedCallback => "closed_callback",
            Self::ClosedVoicemail => "closed_voicemail",
            Self::ListenedToCall => "listened_to_call",
            Self::WhisperedInCall => "whispered_in_call",
            Self::JoinedCall => "joined_call",
            Self::LeftCall => "left_call",
            Self::MadeAccount => "made_account",
            Self::ChangedAccount => "changed_account",
            Self::RemovedAccount => "removed_account",
            Self::MadeLink => "made_link",
            Self::MadeToken => "made_token",
            Self::EndedToken => "ended_token",
            Self::ReadAudit => "read_audit",
            Self::WroteNotes => "wrote_notes",
            Self::Corrected => "corrected",
            Self::ReplayedMessages => "replayed_messages",
            Self::ExportedCall => "exported_call",
            Self::SearchedNumber => "searched_number",
            Self::ExportedNumber => "exported_number",
            Self::ErasedNumber => "erased_number",
            Self::PlacedHold => "placed_hold",
            Self::LiftedHold => "lifted_hold",
            Self::DeletedOld => "deleted_old",
        }
    }

    /// Does the same again within a short time say nothing new? A player asks for a recording many times.
    #[must_use]
    pub const fn is_look(self) -> bool {
        match self {
            // Notes save themselves while they are written.
            Self::SawCall | Self::HeardRecording | Self::ReadAudit | Self::WroteNotes => true,
            Self::SignedIn
            | Self::SignInFailed
            | Self::SignedOut
            | Self::SignedOutEverywhere
            | Self::ChosePassword
            | Self::ExportedLog
            | Self::ChangedAgent
            | Self::ChoseForCall
            | Self::AnsweredForCall
            | Self::ClaimedCall
            | Self::EndedCall
            | Self::ClosedCallback
            | Self::ClosedVoicemail
            | Self::ListenedToCall
            | Self::WhisperedInCall
            | Self::JoinedCall
            | Self::LeftCall
            | Self::MadeAccount
            | Self::ChangedAccount
            | Self::RemovedAccount
            | Self::MadeLink
            | Self::MadeToken
            | Self::EndedToken
            | Self::Corrected
            | Self::ReplayedMessages
            | Self::ExportedCall
            | Self::SearchedNumber
            | Self::ExportedNumber
            | Self::ErasedNumber
            | Self::PlacedHold
            | Self::LiftedHold
            | Self::DeletedOld => false,
        }
    }
}
