//! The shapes of the record for the OpenAPI document. The brain's types carry no web library, so their schemas are stated here; a test holds the two together.

use utoipa::ToSchema;

/// Milliseconds since the call arrived.
type Ms = u64;

/// Who has the caller now.
#[derive(ToSchema)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Owner {
    Bot,
    Queue { queue: String },
    Agent { agent: String, name: String },
    Ended,
}

/// Why a call ended.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Contained,
    HandedOver,
    CallbackPromised,
    CallerNotReached,
    CallbackPutOff,
    VoicemailLeft,
    NobodyCame,
    Abandoned,
    CallerSilent,
    Lost,
    Fax,
    Failed,
    Refused,
    Drained,
    Interrupted,
}

/// How a handoff ended.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandoffOutcome {
    Bridged,
    Transferred,
    CallerLeft,
    Callback,
    NotReached,
    PutOff,
    Voicemail,
    BackToBot,
    NobodyCame,
}

/// How the offer to one agent ended.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferOutcome {
    Accepted,
    Declined,
    DeclinedBusy,
    DeclinedSkill,
    Busy,
    NoAnswer,
    Unreachable,
    LeftInBriefing,
    Voicemail,
    NoLine,
    NeverChose,
    Answered,
    NotUnderstood,
    CallerLeft,
    CallerNotReached,
    Withdrawn,
}

/// What came of asking the caller's side to call an agent.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferOutcome {
    Connected,
    Busy,
    NoAnswer,
    Declined,
    Failed,
    Refused,
    Unknown,
}

/// One entry of a call's record with its number.
#[derive(ToSchema)]
pub struct Entry {
    /// Its number in the call, from 1.
    pub seq: u64,
    /// Milliseconds since the call arrived.
    pub at: Ms,
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(ToSchema)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    Arrived { caller: String, caller_name: Option<String>, called: String, flow: String, language: String },
    CallsBack { of: String },
    Answered,
    Owner { owner: Owner },
    Notice { notice: String },
    Hearing { text: String },
    CallerTurn { turn: u32, text: String, confidence: f32, from: Ms, to: Ms, understood: Option<Meaning> },
    AgentTurn { agent: String, text: String, confidence: f32, from: Ms, to: Ms },
    AskedAgain { agent: String, about: String, label: String, question: String, score: f32, from: Ms, to: Ms },
    Language { flow: String, language: String },
    Private { on: bool },
    Redacted { kinds: Vec<String>, from: Ms, to: Ms },
    Consent { to: String, answer: ConsentAnswer },
    Key { digit: String },
    BotTurn { turn: u32, node: String, text: String, heard: String, interrupted: bool, from: Ms, to: Ms, reply_ms: Option<u64> },
    Fact { fact: Fact },
    Tried { line: String },
    LookUp { name: String, ok: bool, took_ms: u64, failure: Option<Failure> },
    Evidence { evidence: Evidence },
    Decision { decision: Decision },
    Handoff { step: HandoffStep },
    Supervised { who: String, name: String, did: Supervised },
    FarEnd { who: Party, sign: FarEndSign },
    Cause { who: Party, cause: LegCause },
    Quality { who: Party, quality: LegQuality },
    Trouble { what_failed: String, then: String },
    Ended { outcome: Outcome },
}

/// What the caller said to a question for consent.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentAnswer {
    Asked,
    Given,
    Refused,
}

/// Whose leg.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    Caller,
    Agent,
}

/// What a leg's sound says besides words.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FarEndSign {
    Fax,
    MachineSuspected,
    Beep,
    NetworkTone,
}

/// Why a leg did not come up or is gone: the SIP status, the cause of the telephone network (ITU-T Q.850), when to ask again.
#[derive(ToSchema)]
pub struct LegCause {
    pub sip: Option<u16>,
    pub q850: Option<u8>,
    pub retry_after_s: Option<u32>,
}

/// How a leg has sounded.
#[derive(ToSchema)]
pub struct LegQuality {
    pub codec: String,
    pub protection: String,
    pub packets: u64,
    pub lost: u64,
    pub jitter_ms: f32,
    pub round_trip_ms: Option<u32>,
    pub mos: f32,
}

/// Why a request to a driver could not be done.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    TimedOut,
    Overloaded,
    Broken,
    BadAnswer,
}

/// What a turn was taken to mean.
#[derive(ToSchema)]
pub struct Meaning {
    pub intent: Option<String>,
    pub confidence: f32,
    pub intents: Vec<Scored>,
    pub knowledge: Vec<Scored>,
    pub tone: Tone,
    /// Entries that a chat model found the answer in.
    #[schema(required = false)]
    pub cited: Vec<String>,
}

/// A name with a score, 0..=1.
#[derive(ToSchema)]
pub struct Scored {
    pub name: String,
    pub score: f32,
}

/// The tone of the caller's words, each 0..=1.
#[derive(ToSchema)]
pub struct Tone {
    pub anger: f32,
    pub frustration: f32,
    pub sarcasm: f32,
    pub gratitude: f32,
}

/// A fact that a human will need.
#[derive(ToSchema)]
pub struct Fact {
    pub name: String,
    pub label: String,
    pub value: String,
    pub confidence: f32,
    pub confirmed: bool,
    pub source: FactSource,
    /// From and to, milliseconds.
    pub span: Option<Vec<u64>>,
}

/// Where a fact came from.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactSource {
    Said,
    Keyed,
    LookedUp,
    Network,
    Crm,
    Colleague,
}

/// One signal for or against a human.
#[derive(ToSchema)]
pub struct Evidence {
    pub number: u32,
    pub signal: Signal,
    pub quote: String,
    /// From and to, milliseconds.
    pub span: Vec<u64>,
    pub weight: f32,
    pub certainty: f32,
}

/// Kinds of signals.
#[derive(ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Signal {
    AskedForHuman,
    LowConfidence,
    NotUnderstood,
    Repeated,
    Critical { matter: String },
    Anger,
    Frustration,
    Sarcasm,
    RaisedVoice,
    ServiceFailed,
    Silence,
    FlowAsked,
    Calmed,
    Vip,
}

/// What the policy decided.
#[derive(ToSchema)]
pub struct Decision {
    pub escalate: bool,
    pub score: f32,
    pub threshold: f32,
    pub reasons: Vec<String>,
    pub evidence: Vec<u32>,
    pub why: String,
    pub would_change: String,
    pub at_thresholds: Vec<AtThreshold>,
    pub care: Care,
}

/// When a human would have been called at another threshold.
#[derive(ToSchema)]
pub struct AtThreshold {
    pub threshold: f32,
    pub at: u64,
}

/// What the bot does beside going on.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Care {
    None,
    Soothe,
    Offer,
}

/// A step of the handoff.
#[derive(ToSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum HandoffStep {
    Started { queue: String, summary: Box<Summary> },
    Waiting { position: u32, estimate_s: Option<u32> },
    Offered { agent: String, name: String },
    Ringing { agent: String },
    Briefing { agent: String },
    OfferEnded { agent: String, outcome: OfferOutcome },
    Closed { queue: String },
    CallerTold { text: String },
    Bridged { agent: String, time_to_agent_ms: u64, longest_silence_ms: u64 },
    Transferring { agent: String },
    TransferEnded { agent: String, outcome: TransferOutcome },
    TransferAsked { agent: String, to: String },
    BackToAgent { agent: String },
    TakenOver { agent: String, name: String },
    CallbackPromised { number: String },
    CallerRung,
    CallerNotReached { why: NotReached },
    Voicemail { from: Ms, to: Ms, text: String },
    Briefed { agent: String, took_ms: u64, repeats: u32 },
    BriefingFailed { agent: String, instead: Whisper },
    Chose { agent: String, choice: OfferChoice, by: ChosenBy, words: Option<String> },
    Held { agent: String, held: bool },
    Muted { agent: String, muted: bool },
    Inquiry { inquiry: InquiryStep },
    Third { agent: String, third: ThirdStep },
    Introduced { agent: String, whole: bool },
    SentToBot { agent: String, node: Option<String> },
    Ended { outcome: HandoffOutcome, waited_ms: u64, longest_silence_ms: u64, offers: u32, repeats: u32 },
}

/// What an agent does about an offer.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferChoice {
    Accept,
    Decline,
    Repeat,
    More,
}

/// How an agent has said so.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    Key,
    Word,
    Page,
}

/// What happens with one line that the bot asks a human.
#[derive(ToSchema)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum InquiryStep {
    Asked { node: String, queue: String, question: String, suggestions: Vec<Suggestion>, by: AskBy, within_ms: u64, summary: Box<Summary> },
    SaidBack { agent: String },
    NotUnderstood { agent: String },
    Answered { agent: String, name: String, text: String, choice: Option<String>, by: AskBy },
    Ended { outcome: InquiryOutcome, waited_ms: u64, longest_silence_ms: u64, offers: u32 },
}

/// What came of asking a human one line.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InquiryOutcome {
    Answered,
    Nobody,
    Late,
    Declined,
    Lost,
    Unclear,
    CalledOff,
    Taken,
    CallerLeft,
    Withdrawn,
}

/// How a human is asked.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AskBy {
    Screen,
    Ear,
}

/// An answer that is at hand.
#[derive(ToSchema)]
pub struct Suggestion {
    pub name: String,
    pub text: String,
}

/// Why a caller who is to be called back was not reached.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotReached {
    Busy,
    NoAnswer,
    Declined,
    Unreachable,
    Machine,
    AgentLeft,
}

/// What a supervisor does, from then on.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Supervised {
    Rung,
    Listens,
    Whispers,
    Joined,
    Left,
    NotReached,
}

/// What happens with a third person.
#[derive(ToSchema)]
#[serde(tag = "did", rename_all = "snake_case")]
pub enum ThirdStep {
    Asked { to: String, adds: bool },
    Offered { who: String, name: String, by: String },
    Answered { who: String },
    MachineSuspected { who: String },
    Joined { who: String },
    HasCaller { who: String, name: String },
    Ended { who: Option<String>, why: ThirdEnd },
}

/// Why a third person is out of it.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ThirdEnd {
    Parted,
    HungUp,
    Lost,
    Declined,
    Busy,
    NoAnswer,
    Unreachable,
    NoLine,
    NobodyFree,
    Machine,
    CallEnded,
}

/// What of a briefing an agent hears.
#[derive(ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Whisper {
    Whole,
    Short,
    Bell,
}

/// What the human is told.
#[derive(ToSchema)]
pub struct Summary {
    pub who: String,
    pub intent: Option<String>,
    pub reason: String,
    pub why_now: String,
    pub facts: Vec<Fact>,
    pub tried: Vec<String>,
    pub open_question: Option<String>,
    pub mood: String,
    pub last_words: Vec<String>,
    pub suggested_opening: String,
    pub do_first: String,
    pub spoken: Vec<String>,
    pub more: Vec<String>,
}
