//! What operators write: the flow file, key by key. [`check`](crate::call::flow::check) makes a [`Flow`](crate::call::flow::Flow) of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::{
    action::CallerCap,
    escalation::policy::EscalationPolicy,
    flow::{
        consult::ConsultDef,
        policy::{Fallback, HandoffPolicy, InDoubt, TurnPolicy},
        prompt::PromptKey,
        text_list::TextList,
    },
    outcome::Outcome,
};

/// A call flow: what the bot says, understands, looks up, and when a human is the better answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The flow's name on records and pages.
    pub name: String,
    /// `en` or `ro`: readers of numbers and dates, default prompts, escalation lexicon.
    pub language: String,
    /// Where the company is: an IANA zone ("Europe/Bucharest") or an offset ("+02:00"). Opening hours, "now" and "tomorrow" are meant there.
    #[serde(default = "utc")]
    pub zone: String,
    /// Constants for templates: `company: Northwind` is `{{ company }}`.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What the configuration's `crm` tells of callers, and what stands for it where nothing is known: `vip: "no"` is `{{ caller.vip }}`.
    #[serde(default)]
    pub caller: BTreeMap<String, String>,
    /// Names of services whose addresses the configuration gives (`services:`): `orders` is `{{ services.orders }}`.
    #[serde(default)]
    pub services: Vec<String>,
    /// The first sentences of every call.
    pub greeting: Vec<GreetingDef>,
    /// The step that follows the greeting, like a question for consent. Without it the caller may say anything.
    #[serde(default)]
    pub begin: Option<String>,
    /// What callers want.
    pub intents: BTreeMap<String, IntentDef>,
    /// Questions with a fixed answer.
    #[serde(default)]
    pub knowledge: BTreeMap<String, KnowledgeDef>,
    /// When a meaning is taken for meant.
    #[serde(default)]
    pub understanding: ThresholdsDef,
    /// Names and products as they are written: what sounds like one of them is taken for it.
    #[serde(default)]
    pub vocabulary: Vec<String>,
    /// Words that the voice says wrong: word → how to spell it so that it is said right.
    #[serde(default)]
    pub pronounce: BTreeMap<String, String>,
    /// Letters of an answer after which the caller is asked whether to go on; 0 never.
    #[serde(default = "longest_answer")]
    pub longest_answer: usize,
    /// Opening hours.
    #[serde(default)]
    pub hours: Option<HoursDef>,
    /// Values that callers give.
    #[serde(default)]
    pub slots: BTreeMap<String, SlotDef>,
    /// Requests to services.
    #[serde(default)]
    pub lookups: BTreeMap<String, LookupDef>,
    /// Most look-ups in one call; after that a human.
    #[serde(default = "five")]
    pub lookups_per_call: u32,
    /// Most look-ups of one caller over all calls; callers whose numbers are withheld share one such bound.
    #[serde(default)]
    pub lookups_per_caller: Option<CallerCap>,
    /// The steps.
    pub nodes: BTreeMap<String, NodeDef>,
    /// Where people wait.
    pub queues: BTreeMap<String, QueueDef>,
    /// Turn-taking.
    #[serde(default)]
    pub turn: TurnPolicy,
    /// Handoff.
    #[serde(default)]
    pub handoff: HandoffPolicy,
    /// When a human is the better answer.
    #[serde(default)]
    pub escalation: EscalationPolicy,
    /// Replacements of the built-in sentences.
    #[serde(default)]
    pub prompts: BTreeMap<PromptKey, String>,
}

fn utc() -> String {
    "+00:00".to_owned()
}

fn five() -> u32 {
    5
}

fn longest_answer() -> usize {
    360
}

/// One sentence of the greeting.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GreetingDef {
    /// The sentence.
    pub say: String,
    /// The notice that is on record once this was heard in full: `automation`, `recording`, `tone_analysis`.
    #[serde(default)]
    pub notice: Option<String>,
    /// May the caller's voice interrupt it? Default: yes, unless it gives a notice.
    #[serde(default)]
    pub interruptible: Option<bool>,
    /// May keys? Default: as the voice.
    #[serde(default)]
    pub keys_interrupt: Option<bool>,
}

/// Something that callers want.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntentDef {
    /// How people say it: 10 to 20 sentences.
    pub examples: Vec<String>,
    /// The node that serves it.
    pub go: String,
    /// The queue of the people who know about it.
    #[serde(default)]
    pub queue: Option<String>,
    /// What it is called in a summary ("asks where an order is").
    #[serde(default)]
    pub summary: Option<String>,
    /// Score from which it is taken for meant, instead of `understanding.intent`.
    #[serde(default)]
    pub threshold: Option<f32>,
    /// Slots that a human is glad to know: asked for while the caller waits for one, before those of the queue.
    #[serde(default)]
    pub useful: Vec<String>,
}

/// A question with a fixed answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnowledgeDef {
    /// How people ask it.
    pub questions: Vec<String>,
    /// The answer, as it is said.
    pub answer: String,
    /// The queue of the people who know about it.
    #[serde(default)]
    pub queue: Option<String>,
}

/// Scores from which a meaning is taken for meant, 0..=1.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ThresholdsDef {
    /// An intent.
    pub intent: f32,
    /// An intent while a value is expected: changing the subject needs more.
    pub change_of_subject: f32,
    /// A knowledge entry.
    pub knowledge: f32,
    /// Recogniser confidence under which a turn is asked for again.
    pub hearing: f32,
    /// Turns in a row that could not be used, after which a human is called.
    pub tries: u32,
    /// Sentences that are none of the intents, above all those that sound like one ("cancel my alarm").
    pub others: Vec<String>,
}

impl Default for ThresholdsDef {
    fn default() -> Self {
        Self { intent: 0.4, change_of_subject: 0.75, knowledge: 0.7, hearing: 0.35, tries: 3, others: Vec::new() }
    }
}

/// Opening hours as data.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoursDef {
    /// By day or range of days (`monday`, `monday-friday`): "09:00-18:00", "09:00-12:00, 13:00-17:00" or "closed".
    pub weekly: BTreeMap<String, String>,
    /// By date ("2026-12-24") or yearly date ("12-25").
    #[serde(default)]
    pub exceptions: BTreeMap<String, ExceptionDef>,
}

/// A day that is not like others.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExceptionDef {
    /// "10:00-14:00" or "closed".
    pub open: String,
    /// What the day is called ("Christmas Day").
    #[serde(default)]
    pub name: Option<String>,
}

/// A value that the caller gives.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotDef {
    /// What people call it ("order number").
    pub label: String,
    /// How it is read.
    pub read: ReadDef,
    /// The question.
    pub ask: String,
    /// The question again, after an answer that could not be read.
    #[serde(default)]
    pub retry: Option<String>,
    /// The question for keys, the last try (`digits`, `phone`, `date`, `time`, `yes_no` with 1 and 2, `choice` from 1 on in the order of its names).
    #[serde(default)]
    pub keys: Option<String>,
    /// The read-back when the value is not sure: `{{ value }}`.
    #[serde(default)]
    pub confirm: Option<String>,
    /// Confidence under which the value is read back and confirmed, 0..=1. 0 never, 1 always.
    #[serde(default = "default_confirm_below")]
    pub confirm_below: f32,
    /// A regular expression that the normalised value must match as a whole.
    #[serde(default)]
    pub pattern: Option<String>,
    /// How often it is asked by voice before keys, then a human: once or twice.
    #[serde(default = "two")]
    pub tries: u32,
    /// A card number or the like: while it is asked for, the recording has silence, and neither its words nor its figures are written down or shown
    /// anywhere. It is never read back; look-ups get it, texts get dots.
    #[serde(default)]
    pub private: bool,
    /// The answer is a consent, yes or no. `recording`: who says no, or nothing until the end, is not recorded, and what was recorded before is removed.
    #[serde(default)]
    pub consent: Option<ConsentTo>,
}

/// What a caller may be asked to agree to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentTo {
    /// To be recorded.
    Recording,
}

impl ConsentTo {
    /// Its word on the record.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recording => "recording",
        }
    }
}

fn default_confirm_below() -> f32 {
    0.8
}

fn two() -> u32 {
    2
}

/// How a value is read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadDef {
    /// Digits, spoken or keyed.
    Digits(DigitsDef),
    /// An e-mail address, spoken or spelled.
    Email,
    /// A phone number.
    Phone,
    /// A date, also relative ("tomorrow"): `2026-11-23`. By keys: day and month, or day, month and year.
    Date,
    /// A time of the day: `17:30`. By keys: four figures.
    Time,
    /// An amount: `12.50 EUR`, or `12.50` where no currency is named.
    Money,
    /// The caller's name, said or spelled: `Jane Smith`.
    Name,
    /// A postcode or another code of letters and figures, said or spelled ("m as in mother"): capitals without blanks, `SW1A2AA`. Give it a `pattern`.
    Postcode,
    /// Yes or no.
    YesNo,
    /// One of these: name → how people say it. The names are sorted; that is their order for keys.
    Choice(BTreeMap<String, Vec<String>>),
    /// The words as they are.
    Text,
}

/// How many digits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DigitsDef {
    /// Fewest.
    pub least: usize,
    /// Most.
    pub most: usize,
}

/// A request to a service.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupDef {
    /// Address to read: a template whose values are escaped.
    #[serde(default)]
    pub get: Option<String>,
    /// Address to send `body` to, as JSON.
    #[serde(default)]
    pub post: Option<String>,
    /// Fields to send: name → template.
    #[serde(default)]
    pub body: BTreeMap<String, String>,
    /// Fields of the JSON answer: name → path of keys ("order.status"). `status` of the look-up `order` is `{{ order.status }}`.
    pub take: BTreeMap<String, String>,
    /// Milliseconds until it counts as failed, at most 3,000.
    #[serde(default = "default_timeout")]
    pub timeout_ms: u64,
    /// Said while it lasts.
    #[serde(default)]
    pub filler: Option<String>,
    /// Milliseconds until the filler.
    #[serde(default = "default_filler_after")]
    pub filler_after_ms: u64,
    /// How often a `get` that did not get through is tried again within `timeout_ms`, at most 3.
    #[serde(default = "one")]
    pub retries: u32,
    /// What fields of the answer must be: field → `text`, `number`, `whole`, `flag` or `date`, with a `?` behind what may be null or missing. An answer that is
    /// something else counts as failed, and the log says which field.
    #[serde(default)]
    pub answer: BTreeMap<String, String>,
    /// Slot → field of the answer: before anything of the answer is said, the caller must give these values as the service has them. Who does not hears what
    /// callers hear for whom nothing was found.
    #[serde(default)]
    pub second_factor: BTreeMap<String, String>,
}

fn one() -> u32 {
    1
}

fn default_timeout() -> u64 {
    2_500
}

fn default_filler_after() -> u64 {
    700
}

/// A step. It does exactly one thing: `say`, `ask`, `hours`, `lookup`, `branch`, `goto`, `human`, `consult` or `end`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeDef {
    /// Say this, then go to `next`; without `next`, ask whether there is anything else.
    #[serde(default)]
    pub say: Option<TextList>,
    /// Ask for this slot, then go to `next`. A value that is known already is not asked for again.
    #[serde(default)]
    pub ask: Option<String>,
    /// Answer from the opening hours.
    #[serde(default)]
    pub hours: Option<bool>,
    /// Do this look-up, then go to `found`, `nothing` or `failed`.
    #[serde(default)]
    pub lookup: Option<String>,
    /// Go where the first true condition says.
    #[serde(default)]
    pub branch: Option<Vec<BranchDef>>,
    /// Go there.
    #[serde(default)]
    pub goto: Option<String>,
    /// Call a human of this queue (`intent`: of the queue of what the caller wants).
    #[serde(default)]
    pub human: Option<String>,
    /// Ask a human one line, tell the caller what they say, then go to `next`.
    #[serde(default)]
    pub consult: Option<ConsultDef>,
    /// End the call with this outcome.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub end: Option<Outcome>,

    /// Where to go on.
    #[serde(default)]
    pub next: Option<String>,
    /// Look-up: it was found.
    #[serde(default)]
    pub found: Option<String>,
    /// Look-up: the service knows no such thing. One wording for all reasons, so that nobody learns by guessing.
    #[serde(default)]
    pub nothing: Option<String>,
    /// Look-up: the service failed.
    #[serde(default)]
    pub failed: Option<String>,
    /// Human: why, in a few words.
    #[serde(default)]
    pub why: Option<String>,
    /// Say: a line for the summary ("order {{ order_number }} is on its way").
    #[serde(default)]
    pub summary: Option<String>,
    /// Say: the notice that is on record once this was heard.
    #[serde(default)]
    pub notice: Option<String>,
    /// Say, ask: may the caller's voice interrupt it? Default: yes, unless it gives a notice.
    #[serde(default)]
    pub interruptible: Option<bool>,
    /// Say, ask: may keys? Default: as the voice.
    #[serde(default)]
    pub keys_interrupt: Option<bool>,
    /// Say, ask: what a voice does that may be a "mhm" or a turn. Default: as `turn.in_doubt` says.
    #[serde(default)]
    pub in_doubt: Option<InDoubt>,
    /// Ask: how much longer than usual the caller may pause in the answer, as a factor from 0.5 to 4. Default: 1.
    #[serde(default)]
    pub patience: Option<f32>,
}

/// One way of a branch.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BranchDef {
    /// A condition on values (`order.status == "shipped"`); the last way has none. `queue.open`: somebody of the queue is there that knows about what the
    /// caller wants; `queues.orders.open`: somebody of this one.
    #[serde(default)]
    pub when: Option<String>,
    /// Where to go.
    pub go: String,
}

/// A queue of people.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueDef {
    /// How it is spoken in "a colleague for …".
    pub label: String,
    /// What these people can do, for the choice of the agent.
    #[serde(default)]
    pub skills: Vec<String>,
    /// Takes what no other queue does. Exactly one queue does.
    #[serde(default)]
    pub default: bool,
    /// Slots that these people are glad to know: asked for while the caller waits, if they are not known yet.
    #[serde(default)]
    pub useful: Vec<String>,
    /// When they are there. Outside nobody is called, and the caller is told so. Default: always.
    #[serde(default)]
    pub hours: Option<HoursDef>,
    /// What happens outside these hours. Default: as `fallback`.
    #[serde(default)]
    pub outside: Option<Fallback>,
    /// What happens when nobody can be had, or after `wait_ms`. Default: `handoff.fallback`.
    #[serde(default)]
    pub fallback: Option<Fallback>,
    /// The longest that somebody waits, in milliseconds. Default: `handoff.wait_ms`.
    #[serde(default)]
    pub wait_ms: Option<u64>,
}
