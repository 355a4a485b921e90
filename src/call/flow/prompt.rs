//! Sentences that the brain itself says, outside the flow's nodes. Every one has a default for each language and can be replaced in the flow (`prompts:`).

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
    /// Announces the handoff: `{{ department }}`.
    CallingColleague,
    /// Who is being rung: `{{ name }}`.
    RingingAgent,
    /// While it rings or the agent is briefed: `{{ name }}`.
    StillCalling,
    /// Queue: `{{ position }}`, `{{ estimate }}` (minutes, may be empty).
    InQueue,
    /// The agent could not take it, the next is asked.
    NextAgent,
    /// To the caller right before the bridge: `{{ name }}`.
    Connecting,
    /// Nobody can be had; asks whether a callback to `{{ number }}` is wanted.
    OfferCallback,
    /// Nobody can be had, and no number is known: asks for one.
    AskCallbackNumber,
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
    /// To the agent, after the summary: press one or say accept, two to decline.
    BriefingChoice,
    /// To the agent, with the summary, where it is not sent beside the call: `{{ code }}`.
    BriefingClaim,
    /// To the agent: the caller has hung up.
    BriefingCallerLeft,
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
    pub const ALL: [Self; 43] = [
        Self::AreYouThere,
        Self::SilentGoodbye,
        Self::NotUnderstood,
        Self::HearingTrouble,
        Self::ServiceTrouble,
        Self::CallingColleague,
        Self::RingingAgent,
        Self::StillCalling,
        Self::InQueue,
        Self::NextAgent,
        Self::Connecting,
        Self::OfferCallback,
        Self::AskCallbackNumber,
        Self::ConfirmCallback,
        Self::CallbackPromised,
        Self::NobodyGoodbye,
        Self::BackToBot,
        Self::AgentLost,
        Self::BriefingHello,
        Self::BriefingChoice,
        Self::BriefingClaim,
        Self::BriefingCallerLeft,
        Self::Goodbye,
        Self::Drained,
        Self::AnythingElse,
        Self::GoOn,
        Self::HowCanIHelp,
        Self::TakeYourTime,
        Self::StillHere,
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
            Self::CallingColleague => &["department"],
            Self::RingingAgent | Self::NextAgent | Self::StillCalling | Self::Connecting | Self::BriefingHello => &["name"],
            Self::InQueue => &["position", "estimate"],
            Self::OfferCallback | Self::ConfirmCallback | Self::CallbackPromised => &["number"],
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
            | Self::SilentGoodbye
            | Self::NotUnderstood
            | Self::HearingTrouble
            | Self::ServiceTrouble
            | Self::AskCallbackNumber
            | Self::NobodyGoodbye
            | Self::BackToBot
            | Self::AgentLost
            | Self::BriefingChoice
            | Self::BriefingCallerLeft
            | Self::Goodbye
            | Self::Drained
            | Self::AnythingElse
            | Self::GoOn
            | Self::HowCanIHelp
            | Self::TakeYourTime
            | Self::SorryForTrouble
            | Self::OfferColleague
            | Self::StillHere
            | Self::Overloaded
            | Self::Welcome => &[],
        }
    }

    /// What is said in `language` unless the flow says otherwise.
    #[must_use]
    pub fn default_text(self, language: &str) -> &'static str {
        if language == "ro" { self.romanian() } else { self.english() }
    }

    fn english(self) -> &'static str {
        match self {
            Self::AreYouThere => "Are you still there?",
            Self::SilentGoodbye => "I cannot hear you. Please call again. Goodbye.",
            Self::NotUnderstood => "Sorry, I did not understand that. Could you say it in other words?",
            Self::HearingTrouble => "Sorry, I did not hear that well. Could you say it again?",
            Self::ServiceTrouble => "I am sorry, something is not working on our side.",
            Self::CallingColleague => "I am calling a colleague for {{ department }}. Please stay on the line.",
            Self::RingingAgent => "I am ringing {{ name }} now.",
            Self::StillCalling => "One more moment please, {{ name }} is being told what this is about, so that you need not repeat it.",
            Self::InQueue => {
                "All colleagues are speaking with callers. You are number {{ position }} in the queue.{% if estimate %} It should take about {{ estimate }} minutes.{% endif %}"
            }
            Self::NextAgent => "I am asking the next colleague, {{ name }}. Thank you for your patience.",
            Self::Connecting => "I am connecting you with {{ name }} now.",
            Self::AskCallbackNumber => "I am sorry, nobody is free at the moment. Which number shall we call you back on?",
            Self::ConfirmCallback => "Shall we call you back on {{ number }}?",
            Self::OfferCallback => "I am sorry, nobody is free at the moment. Shall we call you back on {{ number }}?",
            Self::CallbackPromised => "Good, we will call you back on {{ number }}. Thank you for calling. Goodbye.",
            Self::NobodyGoodbye => "I am sorry that nobody is free at the moment. Please call again later. Goodbye.",
            Self::BackToBot => "I am sorry, nobody is free at the moment. I will help as well as I can. What can I do for you?",
            Self::AgentLost => "We have lost the connection to your colleague. Please stay on the line, I am calling somebody again.",
            Self::BriefingHello => "Hello {{ name }}, this is Warmline with a caller for you.",
            Self::BriefingChoice => "Press one or say accept to take the call. Press two to decline.",
            Self::BriefingClaim => "The code of this call is {{ code }}.",
            Self::BriefingCallerLeft => "The caller left.",
            Self::Goodbye => "Thank you for calling. Goodbye.",
            Self::Drained => "I am sorry, we have to end this call because of maintenance. Please call again in a few minutes. Goodbye.",
            Self::AnythingElse => "Is there anything else I can help you with?",
            Self::GoOn => "Shall I go on?",
            Self::HowCanIHelp => "What can I do for you?",
            Self::TakeYourTime => "Of course, take your time.",
            Self::StillHere => "I am still here. Take all the time that you need.",
            Self::Overloaded => "I am sorry, too many people are calling at once, and I cannot answer as fast as I should.",
            Self::Welcome => "You are welcome.",
            Self::SorryForTrouble => "I am sorry for the trouble.",
            Self::OfferColleague => "Shall I bring in a colleague?",
            Self::Confirm => "I understood {{ value }}. Is that right?",
            Self::PartHeard => "I have {{ value }} so far. Please go on.",
            Self::AgainPlease => "All right. Please tell me the {{ label }} again.",
            Self::HoursOpen => "{{ day }} we are open {{ times }}.",
            Self::HoursClosed => "{{ day }} we are closed{% if reason %}, because of {{ reason }}{% endif %}.",
            Self::HoursOpenNow => "Yes, we are open now, until {{ until }}.",
            Self::HoursClosedNow => "We are closed at the moment. We open again {{ day }} at {{ time }}.",
            Self::HoursNotThen => "No, not at that time. {{ day }} we are open {{ times }}.",
            Self::HoursWeek => "We are open {{ days }}.",
            Self::FromTo => "from {{ from }} to {{ to }}",
        }
    }

    fn romanian(self) -> &'static str {
        match self {
            Self::AreYouThere => "Mai sunteți pe fir?",
            Self::SilentGoodbye => "Nu vă aud. Vă rog să sunați din nou. La revedere.",
            Self::NotUnderstood => "Îmi pare rău, nu am înțeles. Puteți spune cu alte cuvinte?",
            Self::HearingTrouble => "Îmi pare rău, nu am auzit bine. Puteți repeta?",
            Self::ServiceTrouble => "Îmi pare rău, ceva nu funcționează la noi.",
            Self::CallingColleague => "Sun un coleg pentru {{ department }}. Vă rog să rămâneți pe fir.",
            Self::RingingAgent => "Îl sun acum pe {{ name }}.",
            Self::StillCalling => "Încă o clipă, vă rog. {{ name }} află despre ce este vorba, ca să nu fie nevoie să repetați.",
            Self::InQueue => {
                "Toți colegii vorbesc cu clienți. Sunteți pe locul {{ position }}.{% if estimate %} Ar trebui să dureze cam {{ estimate }} minute.{% endif %}"
            }
            Self::NextAgent => "Întreb următorul coleg, {{ name }}. Vă mulțumesc pentru răbdare.",
            Self::Connecting => "Vă fac legătura cu {{ name }}.",
            Self::AskCallbackNumber => "Îmi pare rău, nimeni nu este liber acum. La ce număr să vă sunăm noi?",
            Self::ConfirmCallback => "Să vă sunăm noi la {{ number }}?",
            Self::OfferCallback => "Îmi pare rău, nimeni nu este liber acum. Să vă sunăm noi la {{ number }}?",
            Self::CallbackPromised => "Bine, vă sunăm la {{ number }}. Vă mulțumim pentru apel. La revedere.",
            Self::NobodyGoodbye => "Îmi pare rău, nimeni nu este liber acum. Vă rog să sunați mai târziu. La revedere.",
            Self::BackToBot => "Îmi pare rău, nimeni nu este liber acum. Vă ajut eu cât pot. Cu ce vă pot ajuta?",
            Self::AgentLost => "Am pierdut legătura cu colegul. Vă rog să rămâneți pe fir, sun din nou pe cineva.",
            Self::BriefingHello => "Bună, {{ name }}, aici Warmline, cu un apel pentru tine.",
            Self::BriefingChoice => "Apasă unu sau spune accept ca să preiei apelul. Apasă doi ca să refuzi.",
            Self::BriefingClaim => "Codul apelului este {{ code }}.",
            Self::BriefingCallerLeft => "Clientul a închis.",
            Self::Goodbye => "Vă mulțumim pentru apel. La revedere.",
            Self::Drained => {
                "Îmi pare rău, trebuie să încheiem apelul din cauza unor lucrări. Vă rog să sunați peste câteva minute. La revedere."
            }
            Self::AnythingElse => "Vă mai pot ajuta cu ceva?",
            Self::GoOn => "Să continui?",
            Self::HowCanIHelp => "Cu ce vă pot ajuta?",
            Self::TakeYourTime => "Desigur, nu vă grăbiți.",
            Self::StillHere => "Sunt tot aici. Nu vă grăbiți.",
            Self::Overloaded => "Îmi pare rău, sună prea mulți oameni deodată și nu pot răspunde atât de repede cât ar trebui.",
            Self::Welcome => "Cu plăcere.",
            Self::SorryForTrouble => "Îmi pare rău pentru neplăceri.",
            Self::OfferColleague => "Doriți să chem un coleg?",
            Self::Confirm => "Am înțeles {{ value }}. Este corect?",
            Self::PartHeard => "Până acum am {{ value }}. Vă rog să continuați.",
            Self::AgainPlease => "Bine. Vă rog să îmi spuneți încă o dată: {{ label }}.",
            Self::HoursOpen => "{{ day }} avem deschis {{ times }}.",
            Self::HoursClosed => "{{ day }} avem închis{% if reason %}, {{ reason }}{% endif %}.",
            Self::HoursOpenNow => "Da, acum avem deschis, până la {{ until }}.",
            Self::HoursClosedNow => "Acum avem închis. Deschidem {{ day }} la {{ time }}.",
            Self::HoursNotThen => "Nu, la ora aceea nu. {{ day }} avem deschis {{ times }}.",
            Self::HoursWeek => "Avem deschis {{ days }}.",
            Self::FromTo => "de la {{ from }} la {{ to }}",
        }
    }
}
