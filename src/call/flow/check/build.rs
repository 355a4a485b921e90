//! The [`Flow`] of a definition in which nothing is wrong.

use std::collections::BTreeMap;

use regex::Regex;

use crate::call::action::FieldRule;
use crate::call::flow::{
    Flow, Greeting, Intent, Knowledge, LookupPlan, Node, Queue, Slot,
    consult::ConsultPlan,
    definition::{Definition, LookupDef, NodeDef, QueueDef, SlotDef},
    hours::Hours,
    prompt::PromptKey,
    prompt_name,
    slot::Reader,
    step::Interrupt,
    template::Templates,
    vocabulary::Vocabulary,
    zone,
};
use crate::call::language::{Language, Languages};

/// None if the check has overlooked something.
pub(super) fn build(from: &Definition, hours: Option<Hours>, mut templates: Templates, languages: &Languages) -> Option<Flow> {
    let words = languages.of(&from.language)?;
    for key in PromptKey::ALL {
        if !from.prompts.contains_key(&key) {
            templates.add(prompt_name(key), words.prompt(key).to_owned()).ok()?;
        }
    }
    let map = |(name, def): (&String, &_)| Some((name.clone(), slot(def)?));
    let slots = from.slots.iter().map(map).collect::<Option<BTreeMap<_, _>>>()?;
    let lookups = from.lookups.iter().map(|(name, def)| (name.clone(), lookup(name, def, from, &templates))).collect();
    let nodes = from.nodes.iter().map(|(name, def)| Some((name.clone(), node(def)?))).collect::<Option<BTreeMap<_, _>>>()?;
    Some(Flow {
        name: from.name.clone(),
        language: from.language.clone(),
        written_in: from.language.clone(),
        turn: from.turn.clone(),
        handoff: from.handoff.clone(),
        escalation: from.escalation.clone(),
        understanding: from.understanding.clone(),
        intents: from.intents.iter().map(|(name, def)| (name.clone(), intent(def, from.understanding.intent))).collect(),
        knowledge: from
            .knowledge
            .iter()
            .map(|(key, def)| {
                (key.clone(), Knowledge { questions: def.questions.clone(), answer: def.answer.clone(), queue: def.queue.clone() })
            })
            .collect(),
        queues: from.queues.iter().map(|(name, def)| Some((name.clone(), queue(def, words)?))).collect::<Option<BTreeMap<_, _>>>()?,
        services: from.services.clone(),
        vocabulary: Vocabulary::new(&from.vocabulary),
        pronounce: from.pronounce.iter().map(|(word, spoken)| (word.to_lowercase(), spoken.clone())).collect(),
        longest_answer: from.longest_answer,
        zone: zone(&from.zone)?,
        default_queue: from.queues.iter().find(|(_, queue)| queue.default).map(|(name, _)| name.clone())?,
        variables: from.variables.clone(),
        caller: from.caller.clone(),
        addresses: BTreeMap::new(),
        greeting: greeting(from),
        begin: from.begin.clone(),
        slots,
        lookups,
        lookups_per_call: from.lookups_per_call,
        lookups_per_caller: from.lookups_per_caller,
        nodes,
        hours,
        words,
        patterns: std::sync::OnceLock::new(),
        templates,
    })
}

fn queue(def: &QueueDef, words: &Language) -> Option<Queue> {
    let hours = match &def.hours {
        Some(hours) => Some(Hours::new(hours, &words.lexicon).ok()?),
        None => None,
    };
    Some(Queue {
        label: def.label.clone(),
        skills: def.skills.clone(),
        useful: def.useful.clone(),
        hours,
        outside: def.outside,
        fallback: def.fallback,
        wait_ms: def.wait_ms,
    })
}

fn greeting(from: &Definition) -> Vec<Greeting> {
    let one = |(index, def): (usize, &crate::call::flow::definition::GreetingDef)| Greeting {
        template: format!("greeting.{index}"),
        notice: def.notice.clone(),
        by: interrupt(def.interruptible, def.keys_interrupt, def.notice.is_some()),
    };
    from.greeting.iter().enumerate().map(one).collect()
}

/// A notice is heard out unless the flow says otherwise.
fn interrupt(voice: Option<bool>, keys: Option<bool>, is_notice: bool) -> Interrupt {
    let voice = voice.unwrap_or(!is_notice);
    Interrupt { voice, keys: keys.unwrap_or(voice), in_doubt: None }
}

fn intent(def: &crate::call::flow::definition::IntentDef, threshold: f32) -> Intent {
    Intent {
        examples: def.examples.clone(),
        go: def.go.clone(),
        queue: def.queue.clone(),
        summary: def.summary.clone(),
        threshold: def.threshold.unwrap_or(threshold),
        useful: def.useful.clone(),
    }
}

fn slot(def: &SlotDef) -> Option<Slot> {
    let pattern = match &def.pattern {
        Some(pattern) => Some(Regex::new(&format!("^(?:{pattern})$")).ok()?),
        None => None,
    };
    Some(Slot {
        label: def.label.clone(),
        reader: Reader::new(def.read.clone(), pattern),
        has_retry: def.retry.is_some(),
        has_keys: def.keys.is_some(),
        has_confirm: def.confirm.is_some(),
        confirm_below: def.confirm_below,
        tries: def.tries,
        private: def.private,
        consent: def.consent,
    })
}

fn lookup(name: &str, def: &LookupDef, from: &Definition, templates: &Templates) -> LookupPlan {
    let used = std::iter::once(format!("lookups.{name}.url"))
        .chain(def.body.keys().map(|field| format!("lookups.{name}.body.{field}")))
        .flat_map(|template| templates.names(&template))
        .collect::<std::collections::BTreeSet<_>>();
    LookupPlan {
        post: def.post.is_some(),
        body: def.body.keys().cloned().collect(),
        take: def.take.clone(),
        timeout_ms: def.timeout_ms,
        has_filler: def.filler.is_some(),
        filler_after_ms: def.filler_after_ms,
        uses: from.slots.keys().filter(|slot| used.contains(*slot)).cloned().collect(),
        retries: def.retries,
        answer: def.answer.iter().filter_map(|(field, kind)| Some((field.clone(), FieldRule::parse(kind)?))).collect(),
        second_factor: def.second_factor.iter().map(|(slot, field)| (slot.clone(), field.clone())).collect(),
    }
}

fn node(def: &NodeDef) -> Option<Node> {
    Some(match def.actions().first().copied()? {
        "say" => Node::Say {
            clauses: def.say.as_ref()?.0.len(),
            next: def.next.clone(),
            has_summary: def.summary.is_some(),
            notice: def.notice.clone(),
            by: Interrupt { in_doubt: def.in_doubt, ..interrupt(def.interruptible, def.keys_interrupt, def.notice.is_some()) },
        },
        "ask" => Node::Ask {
            slot: def.ask.clone()?,
            next: def.next.clone()?,
            by: Interrupt { in_doubt: def.in_doubt, ..interrupt(def.interruptible, def.keys_interrupt, false) },
            patience: def.patience.unwrap_or(1.0),
        },
        "hours" => Node::Hours,
        "lookup" => Node::Lookup {
            lookup: def.lookup.clone()?,
            found: def.found.clone()?,
            nothing: def.nothing.clone()?,
            failed: def.failed.clone()?,
        },
        "branch" => Node::Branch { ways: def.branch.as_ref()?.iter().map(|way| (way.when.clone(), way.go.clone())).collect() },
        "goto" => Node::Goto { next: def.goto.clone()? },
        "human" => Node::Human {
            queue: def.human.clone().filter(|queue| queue != "intent"),
            why: def.why.clone().unwrap_or_else(|| "the flow leads to a human".to_owned()),
        },
        "consult" => Node::Consult { plan: ConsultPlan::new(def.consult.as_ref()?), next: def.next.clone() },
        _ => Node::End { outcome: def.end? },
    })
}
