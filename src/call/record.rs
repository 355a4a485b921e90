//! What is written down of a call. Store, live pages, report and summary read nothing else.

mod chosen;
mod inquiry;
mod people;

use serde::{Deserialize, Serialize};

use crate::call::{
    event::{Failure, FarEndSign, LegCause, LegQuality},
    ids::{AgentId, CallId, LegId},
    outcome::{HandoffOutcome, OfferOutcome, Outcome, TransferOutcome},
    time::Time,
    understanding::{Scored, Tone},
};

pub use chosen::{ChosenBy, OfferChoice};
pub use inquiry::{AskBy, InquiryStep, Suggestion};
pub use people::{Supervised, ThirdEnd, ThirdStep};

/// What stands for words and figures that nobody may know.
pub const CONCEALED: &str = "••••";

/// One entry of a call's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When it happened.
    pub at: Time,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

impl Entry {
    /// Puts dots in the place of what the caller said and what quotes it, if that lies in a stretch that was struck out.
    pub fn blot(&mut self, within_from: Time, within_to: Time) {
        let within = |from: Time, to: Time| within_from <= from && to <= within_to;
        match &mut self.what {
            What::CallerTurn { text, from, to, .. } | What::AgentTurn { text, from, to, .. }
                if within(*from, *to) && !text.contains(CONCEALED) =>
            {
                CONCEALED.clone_into(text);
            }
            What::AskedAgain { question, from, to, .. } if within(*from, *to) => CONCEALED.clone_into(question),
            What::Evidence { evidence } if within(evidence.span.0, evidence.span.1) => CONCEALED.clone_into(&mut evidence.quote),
            // It quotes the evidence.
            What::Decision { decision } if within(self.at, self.at) => CONCEALED.clone_into(&mut decision.why),
            _ => {}
        }
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum What {
    /// The call arrived.
    Arrived { caller: String, caller_name: Option<String>, called: String, flow: String, language: String },
    /// Nobody calls: this call keeps a promise that was given in that one.
    CallsBack { of: CallId },
    /// The caller's leg is up.
    Answered,
    /// Who has the caller now. Exactly one at every instant.
    Owner { owner: Owner },
    /// A notice was spoken in full (automation, recording, tone analysis): the compliance record.
    Notice { notice: String },
    /// The words so far, for live pages only.
    Hearing { text: String },
    /// A turn of the caller. Turns count from 1; not `understood` is what was no turn of its own: "mhm", or words to the queue.
    CallerTurn { turn: u32, text: String, confidence: f32, from: Time, to: Time, understood: Option<Meaning> },
    /// What an agent has said to the caller: the words, and nothing else. What agents say is not understood, and how they say it is not looked at.
    AgentTurn { agent: AgentId, text: String, confidence: f32, from: Time, to: Time },
    /// An agent has asked for what was on their card when they took the call: a slot, `name` or `matter`.
    AskedAgain { agent: AgentId, about: String, label: String, question: String, score: f32, from: Time, to: Time },
    /// The caller speaks another language: this flow goes on with the call.
    Language { flow: String, language: String },
    /// The caller gives something that nobody else may know, or is done with it. Meanwhile nothing is recorded.
    Private { on: bool },
    /// Something was struck out of what was said between these times: what kinds of things (`cards`, `passwords`, the names of the configuration's patterns).
    Redacted { kinds: Vec<String>, from: Time, to: Time },
    /// The caller is asked whether they agree to something (`recording`), or has answered. No answer counts as no.
    Consent { to: String, answer: ConsentAnswer },
    /// A key the caller pressed.
    Key { digit: char },
    /// What the bot said in one go, with the part of it that the caller really heard. `turn` is the caller's turn that it answers, 0 before the first;
    /// `reply_ms` runs from the caller's last sound to the bot's first one.
    BotTurn { turn: u32, node: String, text: String, heard: String, interrupted: bool, from: Time, to: Time, reply_ms: Option<u64> },
    /// A fact is known, or known better.
    Fact { fact: Fact },
    /// The bot has answered something: one line for the summary.
    Tried { line: String },
    /// A look-up has ended.
    LookUp { name: String, ok: bool, took_ms: u64, failure: Option<Failure> },
    /// A signal for or against a human.
    Evidence { evidence: Evidence },
    /// The policy weighed the evidence.
    Decision { decision: Decision },
    /// A step of the handoff.
    Handoff { step: HandoffStep },
    /// Somebody who watches over agents follows the conversation, or does no longer: who heard what, and who heard them.
    Supervised { who: AgentId, name: String, did: Supervised },
    /// A leg's sound said something besides words.
    FarEnd { who: Party, sign: FarEndSign },
    /// Why a leg did not come up or is gone, as the network says.
    Cause { who: Party, cause: LegCause },
    /// How a leg has sounded, at its end.
    Quality { who: Party, quality: LegQuality },
    /// Something failed, and what the call did about it.
    Trouble { what_failed: String, then: String },
    /// The call is over.
    Ended { outcome: Outcome },
}

/// What the caller said to a question for consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentAnswer {
    /// They are asked.
    Asked,
    /// They agree.
    Given,
    /// They do not.
    Refused,
}

/// Whose leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The caller's.
    Caller,
    /// An agent's.
    Agent,
}

impl Party {
    /// Whose leg it is.
    #[must_use]
    pub fn of(leg: LegId) -> Self {
        if leg == LegId::CALLER { Self::Caller } else { Self::Agent }
    }
}

/// Who has the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum Owner {
    /// The bot.
    Bot,
    /// Waiting for a human, kept company by the bot.
    Queue { queue: String },
    /// A human.
    Agent { agent: AgentId, name: String },
    /// Nobody any more.
    Ended,
}

/// What a turn was taken to mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meaning {
    /// The intent, none if out of scope.
    pub intent: Option<String>,
    /// Its calibrated score, 0..=1.
    pub confidence: f32,
    /// The best intents.
    pub intents: Vec<Scored>,
    /// The best knowledge entries.
    pub knowledge: Vec<Scored>,
    /// The tone of the words.
    pub tone: Tone,
    /// The entries of the flow's knowledge that a chat model found the answer in; empty if none was asked or found anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cited: Vec<String>,
}

/// A fact that a human will need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The slot's or field's name ("order_number").
    pub name: String,
    /// What people call it ("order number").
    pub label: String,
    /// The value, normalised ("457129").
    pub value: String,
    /// 0..=1; 1 for values from a service.
    pub confidence: f32,
    /// The caller confirmed it, or a service did.
    pub confirmed: bool,
    /// Where it came from.
    pub source: FactSource,
    /// Where it was said, if it was said.
    pub span: Option<(Time, Time)>,
}

/// Where a fact came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactSource {
    /// The caller said it.
    Said,
    /// The caller keyed it.
    Keyed,
    /// A service answered it.
    LookedUp,
    /// The network gave it (caller number).
    Network,
    /// The company knows it of the number that calls.
    Crm,
    /// A human whom the bot has asked answered it.
    Colleague,
}

/// One signal for (or against) a human.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its number in this call, from 1.
    pub number: u32,
    /// What kind of signal.
    pub signal: Signal,
    /// The caller's words that carry it, or a plain description of the event.
    pub quote: String,
    /// Where on the timeline.
    pub span: (Time, Time),
    /// What it adds to the score, in units of the policy (1.0 = enough alone).
    pub weight: f32,
    /// How sure the detector is, 0..=1.
    pub certainty: f32,
}

/// Kinds of signals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Signal {
    /// The caller asked for a human.
    AskedForHuman,
    /// The recogniser or the understanding is not sure enough.
    LowConfidence,
    /// A turn that could not be used.
    NotUnderstood,
    /// The same question again.
    Repeated,
    /// A critical matter of the flow's list (formal complaint, cancellation, legal threat …).
    Critical { matter: String },
    /// The words are angry.
    Anger,
    /// The words are annoyed.
    Frustration,
    /// The words say the opposite of what is meant.
    Sarcasm,
    /// The voice has risen above what it was before, whatever the words.
    RaisedVoice,
    /// A service that the answer needed failed.
    ServiceFailed,
    /// Nothing was heard.
    Silence,
    /// The flow itself leads to a human.
    FlowAsked,
    /// A calming sign: thanks, a confirmed answer.
    Calmed,
    /// The caller is on the flow's list of callers who are brought to a human sooner.
    Vip,
}

/// What the policy decided on the evidence so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// A human, or stay.
    pub escalate: bool,
    /// The sum of what counts now.
    pub score: f32,
    /// What it is compared with.
    pub threshold: f32,
    /// Short reasons, strongest first, in the word list of [`Signal`] (`asked_for_human`, `critical:cancellation`, …).
    pub reasons: Vec<String>,
    /// Numbers of the evidence that counted, strongest first.
    pub evidence: Vec<u32>,
    /// One plain sentence: why.
    pub why: String,
    /// One plain sentence: what would have changed it.
    pub would_change: String,
    /// When a human would have been called at other thresholds, the lowest first; those that were never reached are left out.
    #[serde(default)]
    pub at_thresholds: Vec<AtThreshold>,
    /// What the bot does beside going on.
    #[serde(default)]
    pub care: Care,
}

/// The moment at which a threshold was first reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AtThreshold {
    /// The threshold.
    pub threshold: f32,
    /// When.
    pub at: Time,
}

/// What the bot does for a caller who is not (yet) brought to a human.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Care {
    /// Nothing special.
    #[default]
    None,
    /// Begins with words of regret.
    Soothe,
    /// Asks whether a colleague should be brought in.
    Offer,
}

/// A step of the handoff.
#[expect(clippy::large_enum_variant, reason = "a summary is made once a handoff, and read in many places")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum HandoffStep {
    /// A human is wanted; this is what they will be told.
    Started { queue: String, summary: Summary },
    /// Waiting in the queue.
    Waiting { position: u32, estimate_s: Option<u32> },
    /// An agent was chosen and is being rung.
    Offered { agent: AgentId, name: String },
    /// The phone rings.
    Ringing { agent: AgentId },
    /// The agent picked up and is being briefed.
    Briefing { agent: AgentId },
    /// The briefing was said to its end, or to where the agent had enough of it; so long it took. `repeats`: how often it was asked for again.
    Briefed { agent: AgentId, took_ms: u64, repeats: u32 },
    /// The briefing could not be spoken: what the agent got instead.
    BriefingFailed { agent: AgentId, instead: Whisper },
    /// The agent has chosen what becomes of the offer. `words`: what they said, where they said it.
    Chose {
        agent: AgentId,
        choice: OfferChoice,
        by: ChosenBy,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        words: Option<String>,
    },
    /// The bot has introduced agent and caller to each other; not to its end, if the agent had enough of it.
    Introduced { agent: AgentId, whole: bool },
    /// The agent put the caller on hold, or took them back.
    Held { agent: AgentId, held: bool },
    /// The caller does not hear the agent, or does again.
    Muted { agent: AgentId, muted: bool },
    /// The bot asks a human one line, and answers the caller itself.
    Inquiry { inquiry: InquiryStep },
    /// Something about a third person whom the agent who has the caller has called in.
    Third { agent: AgentId, third: ThirdStep },
    /// The agent has sent the caller back to the bot, to this step.
    SentToBot { agent: AgentId, node: Option<String> },
    /// The offer is over.
    OfferEnded { agent: AgentId, outcome: OfferOutcome },
    /// Nobody of the queue is there at this hour.
    Closed { queue: String },
    /// The caller was told how it stands.
    CallerTold { text: String },
    /// Both hear each other.
    Bridged { agent: AgentId, time_to_agent_ms: u64, longest_silence_ms: u64 },
    /// The caller's side was asked to call the agent by itself.
    Transferring { agent: AgentId },
    /// What came of that.
    TransferEnded { agent: AgentId, outcome: TransferOutcome },
    /// The agent's telephone hands the caller on: to a queue, an agent or a number.
    TransferAsked { agent: AgentId, to: String },
    /// Nobody took the caller whom the agent wanted to hand on: they have them back.
    BackToAgent { agent: AgentId },
    /// Another telephone has taken the agent's place: theirs, or another agent's.
    TakenOver { agent: AgentId, name: String },
    /// A callback to this number was promised.
    CallbackPromised { number: String },
    /// The agent waits, and the caller is being rung.
    CallerRung,
    /// The caller could not be reached.
    CallerNotReached { why: NotReached },
    /// The caller has left a message: where it is in the call, and its words as far as they were understood.
    Voicemail { from: Time, to: Time, text: String },
    /// The handoff is over: how long the caller has waited, the longest silence they heard, and how often agents were asked and briefed again.
    Ended {
        outcome: HandoffOutcome,
        #[serde(default)]
        waited_ms: u64,
        #[serde(default)]
        longest_silence_ms: u64,
        #[serde(default)]
        offers: u32,
        #[serde(default)]
        repeats: u32,
    },
}

/// Why a caller who is to be called back was not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotReached {
    /// The number is busy.
    Busy,
    /// Nobody answered, or the agent has had it ring long enough.
    NoAnswer,
    /// The call was declined.
    Declined,
    /// The number cannot be reached, or no line was free.
    Unreachable,
    /// A machine answered.
    Machine,
    /// The agent hung up while it rang.
    AgentLeft,
}

/// What of a briefing an agent hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whisper {
    /// All of it.
    Whole,
    /// That there is a caller; the rest is on the page.
    Short,
    /// No words: a bell. Everything is on the page.
    Bell,
}

/// What the human is told. Made from the record by rules.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Who calls: name or number, as it is said.
    pub who: String,
    /// The intent that is what the caller is about: not the wish for a human itself.
    #[serde(default)]
    pub intent: Option<String>,
    /// One sentence: what for.
    pub reason: String,
    /// One sentence: why a human, why now.
    pub why_now: String,
    /// What is known.
    pub facts: Vec<Fact>,
    /// What the bot has already answered or tried, one line each.
    pub tried: Vec<String>,
    /// The question that is still open.
    pub open_question: Option<String>,
    /// The mood in one word or two ("calm", "annoyed", "angry").
    pub mood: String,
    /// The caller's last sentences.
    pub last_words: Vec<String>,
    /// A good first sentence for the agent.
    pub suggested_opening: String,
    /// What is best done first, in few words; empty if nothing stands out.
    #[serde(default)]
    pub do_first: String,
    /// The briefing as it is spoken to the agent, clause by clause.
    pub spoken: Vec<String>,
    /// The longer one, for agents who ask for more.
    #[serde(default)]
    pub more: Vec<String>,
}
