//! Sentences that the brain itself says, outside the flow's nodes. Every language file has all of them, and they can be replaced in the flow (`prompts:`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of the prompts, and the variables that each may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptKey {
    /// Asked when nothing was heard.
    AreYouThere,
    /// Said before the bot ends a silent call.
    SilentGoodbye,
    /// Asked when a turn could not be used.
    NotUnderstood,
    /// Asked when the recogniser failed.
    HearingTrouble,
    /// Said when something on our side failed and a human is called.
    ServiceTrouble,
    /// Announces the handoff: `{{ because }}` (a sentence, may be empty), `{{ department }}`.
    CallingColleague,
    /// Who is being rung: `{{ name }}`.
    RingingAgent,
    /// While it rings or the agent is briefed: `{{ name }}`.
    StillCalling,
    /// Queue: `{{ position }}`, `{{ estimate }}` (minutes, may be empty).
    InQueue,
    /// Nobody of the queue is there at this hour: `{{ department }}`. When they are is said behind it.
    QueueClosed,
    /// Queue, once: what else the caller may do; `{{ voicemail }}` is empty where there is none.
    QueueOptions,
    /// Before the first open question to a caller who waits.
    WhileWeWait,
    /// What the caller has answered is on the human's screen.
    Noted,
    /// The caller wants the bot again.
    BotAgain,
    /// Asks for a message.
    LeaveMessage,
    /// Before that: it is as long as one may be.
    MessageFull,
    /// The message is kept: goodbye.
    MessageKept,
    /// The agent could not take it, the next is asked.
    NextAgent,
    /// The agent has picked up, and hears what it is about: `{{ name }}`.
    AgentAnswers,
    /// To the caller before their own side is asked to connect them: `{{ name }}`.
    Connecting,
    /// Nobody can be had; asks whether a callback to `{{ number }}` is wanted.
    OfferCallback,
    /// Nobody can be had, and no number is known: asks for one.
    AskCallbackNumber,
    /// The caller wants a callback, and no number is known: asks for one.
    WishCallbackNumber,
    /// The callback is not wanted after all: the caller waits on.
    StillWaiting,
    /// Reads back the number that was given, and asks whether it is right: `{{ number }}`.
    ConfirmCallback,
    /// The callback is promised: `{{ number }}`.
    CallbackPromised,
    /// The callback was not wanted, or no number was given: goodbye.
    NobodyGoodbye,
    /// Nobody can be had, the bot goes on.
    BackToBot,
    /// The agent's leg was lost after the bridge.
    AgentLost,
    /// To the agent, first words: `{{ name }}`.
    BriefingHello,
    /// To the agent, after the summary: one to accept, two to hear it again, three for more, nine to decline.
    BriefingChoice,
    /// To the agent, where the summary cannot be spoken: it is on the page.
    BriefingShort,
    /// To an agent whose words do not count, because they may be a machine's.
    BriefingKeys,
    /// To the agent, with the summary, where it is not sent beside the call: `{{ code }}`.
    BriefingClaim,
    /// To the agent: the caller has hung up.
    BriefingCallerLeft,
    /// To the agent, first words of a callback, for which nobody waits on the line: `{{ name }}`.
    BriefingCallback,
    /// To the agent, after the summary of a callback: one rings the caller.
    BriefingCallbackChoice,
    /// To the agent: the caller is being rung.
    BriefingRingsCaller,
    /// To the agent: the caller could not be reached.
    BriefingNotReached,
    /// To the caller who is called back, right before the bridge: `{{ name }}`.
    CallbackHello,
    /// The gateway shuts down, and the caller is called back: `{{ number }}`.
    DrainedCallback,
    /// To agent and caller, right after the bridge: `{{ caller }}` (may be empty), `{{ name }}` of the agent, `{{ department }}`, `{{ matter }}` (a sentence).
    Introduction,
    /// To a caller who is put on hold because the agent speaks with somebody else: `{{ name }}` of the agent.
    ConsultHold,
    /// To the agent: whom they wanted, `{{ name }}`, has declined.
    ThirdDeclined,
    /// To the agent: `{{ name }}` is not free.
    ThirdBusy,
    /// To the agent: `{{ name }}` does not answer.
    ThirdNoAnswer,
    /// To the agent: `{{ name }}` cannot be reached.
    ThirdUnreachable,
    /// To the agent: a machine has answered for `{{ name }}`.
    ThirdMachine,
    /// To the agent: perhaps a machine has answered for `{{ name }}`, who joins only if the agent says so.
    ThirdMaybeMachine,
    /// To the agent: `{{ name }}` has left.
    ThirdLeft,
    /// To the caller: a colleague is asked, and the bot comes back with the answer.
    AskingColleague,
    /// To the caller: `{{ name }}` has the question now.
    AskedColleague,
    /// To the caller while the answer is not there: `{{ name }}` (empty as long as nobody has the question).
    StillAsking,
    /// The answer of a human, to the caller: `{{ name }}`, `{{ answer }}`.
    ColleagueSays,
    /// To the caller: `{{ name }}` was asked, and would rather speak with them.
    ColleagueTakes,
    /// To the agent who is asked one line, first words: `{{ name }}`.
    InquiryHello,
    /// To the agent, after the question: say the answer; one takes the call, two repeats, nine declines.
    InquiryChoice,
    /// To the agent, where the question cannot be spoken: it is on the page.
    InquiryShort,
    /// To the agent: what they have said, `{{ answer }}`, as the caller will hear it.
    InquirySaidBack,
    /// To the agent, after that: one confirms, or they say it again; two repeats, nine declines.
    InquiryConfirm,
    /// To the agent: what they said was not understood.
    InquiryAgain,
    /// Goodbye at the end of a contained call.
    Goodbye,
    /// The gateway shuts down.
    Drained,
    /// Asked after an answer, before listening again.
    AnythingElse,
    /// Asked in the middle of a long answer.
    GoOn,
    /// The caller is there, and has not said what for.
    HowCanIHelp,
    /// The caller asks for a moment.
    TakeYourTime,
    /// The caller asked for a moment, and it has been long.
    StillHere,
    /// An answer takes longer than it should: the words, or the voice, are late.
    OneMoment,
    /// Said when the machine has more to do than it can, and a human is called.
    Overloaded,
    /// The caller said thanks.
    Welcome,
    /// Read-back of a value: `{{ label }}`, `{{ value }}`.
    Confirm,
    /// A part of a number was heard: `{{ value }}`.
    PartHeard,
    /// A value was corrected or taken back: asks for it again, `{{ label }}`.
    AgainPlease,
    /// Opening hours of a day: `{{ day }}`, `{{ times }}`.
    HoursOpen,
    /// A day on which it is closed: `{{ day }}`, `{{ reason }}` (may be empty).
    HoursClosed,
    /// Regret about how the call goes, before the answer.
    SorryForTrouble,
    /// Asks whether a colleague should be brought in.
    OfferColleague,
    /// It is open now: `{{ until }}`.
    HoursOpenNow,
    /// It is closed now: `{{ day }}`, `{{ time }}` of the next opening.
    HoursClosedNow,
    /// Closed at that time of the day, but open at others: `{{ day }}`, `{{ times }}`.
    HoursNotThen,
    /// The whole week: `{{ days }}` (a list of days with their times).
    HoursWeek,
    /// A time from an hour to an hour: `{{ from }}`, `{{ to }}`.
    FromTo,
}

impl PromptKey {
    /// All of them.
    pub const ALL: [Self; 83] = [
        Self::AreYouThere,
        Self::SilentGoodbye,
        Self::NotUnderstood,
        Self::HearingTrouble,
        Self::ServiceTrouble,
        Self::CallingColleague,
        Self::RingingAgent,
        Self::StillCalling,
        Self::InQueue,
        Self::QueueClosed,
        Self::QueueOptions,
        Self::WhileWeWait,
        Self::Noted,
        Self::BotAgain,
        Self::LeaveMessage,
        Self::MessageFull,
        Self::MessageKept,
        Self::NextAgent,
        Self::AgentAnswers,
        Self::Connecting,
        Self::OfferCallback,
        Self::AskCallbackNumber,
        Self::WishCallbackNumber,
        Self::StillWaiting,
        Self::ConfirmCallback,
        Self::CallbackPromised,
        Self::NobodyGoodbye,
        Self::BackToBot,
        Self::AgentLost,
        Self::BriefingHello,
        Self::BriefingChoice,
        Self::BriefingShort,
        Self::BriefingKeys,
        Self::BriefingClaim,
        Self::BriefingCallerLeft,
        Self::BriefingCallback,
        Self::BriefingCallbackChoice,
        Self::BriefingRingsCaller,
        Self::BriefingNotReached,
        Self::CallbackHello,
        Self::DrainedCallback,
        Self::Introduction,
        Self::ConsultHold,
        Self::ThirdDeclined,
        Self::ThirdBusy,
        Self::ThirdNoAnswer,
        Self::ThirdUnreachable,
        Self::ThirdMachine,
        Self::ThirdMaybeMachine,
        Self::ThirdLeft,
        Self::AskingColleague,
        Self::AskedColleague,
        Self::StillAsking,
        Self::ColleagueSays,
        Self::ColleagueTakes,
        Self::InquiryHello,
        Self::InquiryChoice,
        Self::InquiryShort,
        Self::InquirySaidBack,
        Self::InquiryConfirm,
        Self::InquiryAgain,
        Self::Goodbye,
        Self::Drained,
        Self::AnythingElse,
        Self::GoOn,
        Self::HowCanIHelp,
        Self::TakeYourTime,
        Self::StillHere,
        Self::OneMoment,
        Self::Overloaded,
        Self::Welcome,
        Self::Confirm,
        Self::PartHeard,
        Self::AgainPlease,
        Self::HoursOpen,
        Self::HoursClosed,
        Self::SorryForTrouble,
        Self::OfferColleague,
        Self::HoursOpenNow,
        Self::HoursClosedNow,
        Self::HoursNotThen,
        Self::HoursWeek,
        Self::FromTo,
    ];

    /// The names that the prompt may use.
    #[must_use]
    pub fn variables(self) -> &'static [&'static str] {
        match self {
            Self::CallingColleague => &["because", "department"],
            Self::Introduction => &["caller", "name", "department", "matter"],
            Self::QueueClosed => &["department"],
            Self::QueueOptions => &["voicemail"],
            Self::RingingAgent
            | Self::NextAgent
            | Self::StillCalling
            | Self::AgentAnswers
            | Self::Connecting
            | Self::BriefingHello
            | Self::BriefingCallback
            | Self::CallbackHello
            | Self::ConsultHold
            | Self::ThirdDeclined
            | Self::ThirdBusy
            | Self::ThirdNoAnswer
            | Self::ThirdUnreachable
            | Self::ThirdMachine
            | Self::ThirdMaybeMachine
            | Self::ThirdLeft
            | Self::AskedColleague
            | Self::StillAsking
            | Self::ColleagueTakes
            | Self::InquiryHello => &["name"],
            Self::ColleagueSays => &["name", "answer"],
            Self::InquirySaidBack => &["answer"],
            Self::InQueue => &["position", "estimate"],
            Self::OfferCallback | Self::ConfirmCallback | Self::CallbackPromised | Self::DrainedCallback => &["number"],
            Self::BriefingClaim => &["code"],
            Self::Confirm => &["label", "value"],
            Self::PartHeard => &["value"],
            Self::AgainPlease => &["label"],
            Self::HoursOpen | Self::HoursNotThen => &["day", "times"],
            Self::HoursClosed => &["day", "reason"],
            Self::HoursOpenNow => &["until"],
            Self::HoursClosedNow => &["day", "time"],
            Self::HoursWeek => &["days"],
            Self::FromTo => &["from", "to"],
            Self::AreYouThere
            | Self::WhileWeWait
            | Self::WishCallbackNumber
            | Self::StillWaiting
            | Self::Noted
            | Self::BotAgain
            | Self::LeaveMessage
            | Self::MessageFull
            | Self::MessageKept
            | Self::SilentGoodbye
            | Self::NotUnderstood
            | Self::HearingTrouble
            | Self::ServiceTrouble
            | Self::AskCallbackNumber
            | Self::NobodyGoodbye
            | Self::BackToBot
            | Self::AgentLost
            | Self::BriefingChoice
            | Self::BriefingShort
            | Self::BriefingKeys
            | Self::BriefingCallerLeft
            | Self::BriefingCallbackChoice
            | Self::BriefingRingsCaller
            | Self::BriefingNotReached
            | Self::AskingColleague
            | Self::InquiryChoice
            | Self::InquiryShort
            | Self::InquiryConfirm
            | Self::InquiryAgain
            | Self::Goodbye
            | Self::Drained
            | Self::AnythingElse
            | Self::GoOn
            | Self::HowCanIHelp
            | Self::TakeYourTime
            | Self::SorryForTrouble
            | Self::OfferColleague
            | Self::StillHere
            | Self::OneMoment
            | Self::Overloaded
            | Self::Welcome => &[],
        }
    }

    /// Its name in files: "are_you_there".
    #[must_use]
    pub fn word(self) -> String {
        let mut word = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_uppercase() && !word.is_empty() {
                word.push('_');
            }
            word.push(letter.to_ascii_lowercase());
        }
        word
    }
}
