//! The flow language: what operators write, how it is checked, and how it steps through a call.

pub mod check;
pub mod consult;
pub mod definition;
pub mod dialogue;
pub mod hours;
pub mod lexicon;
pub mod policy;
pub mod prompt;
mod queue;
pub mod rehearse;
pub mod slot;
pub mod step;
pub mod template;
pub mod text;
pub mod text_list;
pub mod vocabulary;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use jiff::{
    Timestamp,
    tz::{TimeZone, TimeZoneDatabase},
};
use minijinja::Value;

pub use crate::yaml::Mistake;
use crate::{
    call::{
        action::{CallerCap, FieldRule},
        clauses,
        elsewhere::Asked,
        escalation::{patterns::Patterns, policy::EscalationPolicy},
        flow::{
            consult::ConsultPlan,
            definition::{ConsentTo, ThresholdsDef},
            hours::Hours,
            lexicon::Lexicon,
            policy::{HandoffPolicy, TurnPolicy},
            prompt::PromptKey,
            slot::Reader,
            step::Interrupt,
            template::{Templates, Values},
            vocabulary::Vocabulary,
        },
        language::{Language, Languages, days::Today},
        outcome::Outcome,
        record::Meaning,
        time::WallTime,
        understanding::{Scored, Understanding},
    },
    yaml,
};
pub use queue::Queue;

/// A flow that was checked: every name in it leads somewhere. Shared by all calls that follow it.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name on records and pages.
    pub name: String,
    /// The callers' language: "en", "ro".
    pub language: String,
    /// The language of its examples.
    pub written_in: String,
    /// Turn-taking.
    pub turn: TurnPolicy,
    /// Handoff.
    pub handoff: HandoffPolicy,
    /// When a human is the better answer.
    pub escalation: EscalationPolicy,
    /// When a meaning is taken for meant.
    pub understanding: ThresholdsDef,
    /// What callers want, by name.
    pub intents: BTreeMap<String, Intent>,
    /// Questions with a fixed answer, by key.
    pub knowledge: BTreeMap<String, Knowledge>,
    /// Queues, by name.
    pub queues: BTreeMap<String, Queue>,
    /// Names of the services that the configuration must give.
    pub services: Vec<String>,
    /// Names and products.
    pub vocabulary: Vocabulary,
    pronounce: Vec<(String, String)>,
    longest_answer: usize,
    zone: TimeZone,
    default_queue: String,
    variables: BTreeMap<String, String>,
    /// What is told of callers, and what stands for it where nothing is known.
    pub caller: BTreeMap<String, String>,
    addresses: BTreeMap<String, String>,
    greeting: Vec<Greeting>,
    begin: Option<String>,
    slots: BTreeMap<String, Slot>,
    lookups: BTreeMap<String, LookupPlan>,
    lookups_per_call: u32,
    lookups_per_caller: Option<CallerCap>,
    nodes: BTreeMap<String, Node>,
    hours: Option<Hours>,
    words: &'static Language,
    /// What the escalation policy looks for, compiled at the first call: that takes longer than a call.
    patterns: OnceLock<Arc<Patterns>>,
    templates: Templates,
}

/// Something that callers want.
#[derive(Debug, Clone)]
pub struct Intent {
    /// How people say it.
    pub examples: Vec<String>,
    /// The node that serves it.
    pub go: String,
    /// The queue of the people who know about it.
    pub queue: Option<String>,
    /// What it is called in a summary.
    pub summary: Option<String>,
    /// Score from which it is taken for meant.
    pub threshold: f32,
    /// Slots that a human is glad to know.
    pub useful: Vec<String>,
}

/// A question with a fixed answer (a template of the same key).
#[derive(Debug, Clone)]
pub struct Knowledge {
    /// How people ask it.
    pub questions: Vec<String>,
    /// The answer, as the file has it.
    pub answer: String,
    /// The queue of the people who know about it.
    pub queue: Option<String>,
}

/// Where a caller is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The queue.
    pub queue: String,
    /// How it is spoken ("orders").
    pub label: String,
}

#[derive(Debug, Clone)]
struct Greeting {
    template: String,
    notice: Option<String>,
    by: Interrupt,
}

#[derive(Debug, Clone)]
struct Slot {
    label: String,
    reader: Reader,
    has_retry: bool,
    has_keys: bool,
    has_confirm: bool,
    confirm_below: f32,
    tries: u32,
    private: bool,
    consent: Option<ConsentTo>,
}

#[derive(Debug, Clone)]
struct LookupPlan {
    post: bool,
    /// Names of the fields that are sent; their templates are `lookups.<name>.body.<field>`.
    body: Vec<String>,
    take: BTreeMap<String, String>,
    timeout_ms: u64,
    has_filler: bool,
    filler_after_ms: u64,
    /// Slots that the address and the fields use: what is found confirms them.
    uses: Vec<String>,
    retries: u32,
    answer: BTreeMap<String, FieldRule>,
    /// Slot and field of the answer that must be the same before anything of it is said.
    second_factor: Vec<(String, String)>,
}

/// A step. Where no node is named to go on, the caller is asked whether there is anything else.
#[derive(Debug, Clone)]
enum Node {
    Say { clauses: usize, next: Option<String>, has_summary: bool, notice: Option<String>, by: Interrupt },
    Ask { slot: String, next: String, by: Interrupt, patience: f32 },
    Hours,
    Lookup { lookup: String, found: String, nothing: String, failed: String },
    Branch { ways: Vec<(Option<String>, String)> },
    Goto { next: String },
    Human { queue: Option<String>, why: String },
    Consult { plan: ConsultPlan, next: Option<String> },
    End { outcome: Outcome },
}

impl Flow {
    /// Reads a flow. `file` only names it in mistakes.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the file.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<Mistake>> {
        Self::parse_in(text, file, Languages::built_in())
    }

    /// Reads a flow for one of `languages`.
    ///
    /// # Errors
    /// Every mistake in it, in the order of the file.
    pub fn parse_in(text: &str, file: &str, languages: &Languages) -> Result<Self, Vec<Mistake>> {
        let read = yaml::read(text, file).map_err(|mistake| vec![*mistake])?;
        check::check(read, languages)
    }

    /// The same flow for callers of another language: its examples are understood by meaning, words and numbers are read in that language. What the
    /// flow says stays as it is written.
    #[must_use]
    pub fn spoken_in(mut self, language: &'static Language) -> Self {
        self.words = language;
        language.code.clone_into(&mut self.language);
        self.patterns = OnceLock::new();
        self
    }

    /// What the bot says first, in the pieces in which it says it: its whole greeting, and the beginning of every answer that has no holes but the flow's
    /// constants.
    #[must_use]
    pub fn first_clauses(&self) -> Vec<String> {
        let filled = |name: &str| self.fixed(name);
        let greeting = self.greeting.iter().filter_map(|greeting| filled(&greeting.template)).flat_map(|text| clauses::split(&text));
        let answers = self.knowledge.keys().filter_map(|key| filled(&format!("knowledge.{key}")));
        greeting.chain(answers.filter_map(|text| clauses::split(&text).into_iter().next())).collect()
    }

    /// What the bot says when ears or voice are late or fail, in pieces: the voice has it ready at any time.
    #[must_use]
    pub fn standby_clauses(&self) -> Vec<String> {
        let prompts = [PromptKey::OneMoment, PromptKey::HearingTrouble, PromptKey::ServiceTrouble, PromptKey::Overloaded];
        prompts.into_iter().flat_map(|key| clauses::split(&self.prompt(key, &[]))).collect()
    }

    /// Everything that is said word for word, in the pieces in which it is said: texts that have no holes but the flow's constants.
    #[must_use]
    pub fn fixed_clauses(&self) -> Vec<String> {
        self.templates.all().filter_map(|name| self.fixed(name)).flat_map(|text| clauses::split(&text)).collect()
    }

    /// A text that is the same in every call.
    fn fixed(&self, name: &str) -> Option<String> {
        let values: Values = self.variables.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
        let is_fixed = self.templates.names(name).iter().all(|name| self.variables.contains_key(name));
        self.templates.fill(name, &values).ok().filter(|_| is_fixed)
    }

    /// The answer of a knowledge entry, with the flow's constants; what only a call knows is left out.
    #[must_use]
    pub fn answer(&self, key: &str) -> Option<String> {
        let values: Values = self.variables.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
        self.templates.fill(&format!("knowledge.{key}"), &values).ok()
    }

    /// Gives the addresses of the services that the flow names.
    ///
    /// # Errors
    /// The names that have no address.
    pub fn bind(mut self, addresses: &BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        let missing: Vec<String> = self.services.iter().filter(|name| !addresses.contains_key(*name)).cloned().collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        self.addresses = addresses.iter().map(|(name, address)| (name.clone(), address.trim_end_matches('/').to_owned())).collect();
        Ok(self)
    }

    /// The civil time at the company at a moment, in milliseconds since 1970 UTC.
    #[must_use]
    pub fn wall_time(&self, unix_ms: i64) -> WallTime {
        let moment = Timestamp::from_millisecond(unix_ms).unwrap_or_default();
        let local_ms = moment.as_millisecond() + i64::from(self.zone.to_offset(moment).seconds()) * 1_000;
        WallTime { day: local_ms.div_euclid(86_400_000), ms_of_day: local_ms.rem_euclid(86_400_000).unsigned_abs() }
    }

    /// A sentence that the brain says outside the flow's nodes.
    #[must_use]
    pub fn prompt(&self, key: PromptKey, values: &[(&str, &str)]) -> String {
        let mut all: Values = self.variables.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        all.extend(values.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))));
        // Checked with the flow: it fills.
        self.templates.fill(&prompt_name(key), &all).unwrap_or_default()
    }

    /// Where people with this intent are sent; without an intent to the default queue.
    #[must_use]
    pub fn queue_for(&self, intent: Option<&str>) -> Destination {
        let queue = intent.and_then(|name| {
            let of_intent = self.intents.get(name).and_then(|intent| intent.queue.as_ref());
            of_intent.or_else(|| self.knowledge.get(name).and_then(|entry| entry.queue.as_ref()))
        });
        self.destination(queue.unwrap_or(&self.default_queue))
    }

    /// A queue with its spoken label; the default queue if there is no such queue.
    #[must_use]
    pub fn destination(&self, queue: &str) -> Destination {
        let queue = if self.queues.contains_key(queue) { queue } else { &self.default_queue };
        let label = self.queues.get(queue).map(|queue| queue.label.clone()).unwrap_or_default();
        Destination { queue: queue.to_owned(), label }
    }

    /// The intent that is taken for meant, by its threshold.
    #[must_use]
    pub fn intent_of<'u>(&self, understanding: &'u Understanding) -> Option<&'u Scored> {
        let best = understanding.intents.first()?;
        self.intents.get(&best.name).filter(|intent| best.score >= intent.threshold).map(|_| best)
    }

    /// What a turn was taken to mean, for the record.
    #[must_use]
    pub fn meaning(&self, understanding: &Understanding) -> Meaning {
        let intent = self.intent_of(understanding);
        Meaning {
            intent: intent.map(|intent| intent.name.clone()),
            confidence: understanding.intents.first().map(|best| best.score).unwrap_or_default(),
            intents: understanding.intents.iter().take(3).cloned().collect(),
            knowledge: understanding.knowledge.iter().take(3).cloned().collect(),
            tone: understanding.tone,
            cited: understanding.phrased.as_ref().map(|phrased| phrased.entries.clone()).unwrap_or_default(),
        }
    }

    /// Does this intent only ask for a human, whatever it is about?
    #[must_use]
    pub fn is_human_intent(&self, intent: &str) -> bool {
        self.intents.get(intent).is_some_and(|intent| matches!(self.nodes.get(&intent.go), Some(Node::Human { queue: None, .. })))
    }

    /// The intent that only asks for a human.
    #[must_use]
    pub fn human_intent(&self) -> Option<&str> {
        self.intents.keys().map(String::as_str).find(|name| self.is_human_intent(name))
    }

    /// A clause as the voice is to say it at a moment, in milliseconds since 1970 UTC: words of the pronunciation list are respelled, the rest is the
    /// language's matter.
    #[must_use]
    pub fn pronounced(&self, clause: &str, unix_ms: i64) -> String {
        let respelled = |word: &str| {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
            let found = self.pronounce.iter().find(|(written, _)| !bare.is_empty() && *written == bare.to_lowercase());
            found.map_or_else(|| word.to_owned(), |(_, spoken)| word.replacen(bare, spoken, 1))
        };
        let respelt =
            if self.pronounce.is_empty() { clause.to_owned() } else { clause.split(' ').map(respelled).collect::<Vec<_>>().join(" ") };
        self.words.spoken(&respelt, &Today::at(unix_ms, self.zone.clone()))
    }

    /// Everything that is looked for in callers' words, compiled when it is first wanted.
    pub(in crate::call) fn patterns(&self) -> &Arc<Patterns> {
        self.patterns.get_or_init(|| Arc::new(Patterns::new(self)))
    }

    /// What of a caller's words is asked of this flow.
    pub(crate) fn asked<'t>(&self, said: &'t str) -> Asked<'t> {
        self.patterns().ours.asked(said)
    }

    /// Every value that callers are asked for: its slot, what people call it, and how the flow asks; private ones excepted.
    pub fn questions(&self) -> impl Iterator<Item = (&str, &str, Vec<String>)> {
        let values: Values = self.variables.iter().map(|(name, value)| (name.clone(), Value::from(value.clone()))).collect();
        self.slots.iter().filter(|(_, slot)| !slot.private).map(move |(name, slot)| {
            let asked = ["ask", "retry"].iter().filter_map(|kind| self.templates.fill(&format!("slots.{name}.{kind}"), &values).ok());
            (name.as_str(), slot.label.as_str(), asked.collect())
        })
    }

    /// The words of its language that the dialogue and its readers know.
    #[must_use]
    pub fn lexicon(&self) -> &'static Lexicon {
        &self.words.lexicon
    }

    /// Its language.
    #[must_use]
    pub fn words(&self) -> &'static Language {
        self.words
    }
}

/// An IANA zone or an offset.
pub(crate) fn zone(text: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(text).ok().or_else(|| offset(text))
}

/// "+02:00", "-05:30".
fn offset(text: &str) -> Option<TimeZone> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text[1..].split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 14 && minutes < 60)
        .then(|| jiff::tz::Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok().map(TimeZone::fixed))
        .flatten()
}

fn prompt_name(key: PromptKey) -> String {
    format!("prompts.{key:?}")
}
