//! What a flow listens for, ready for the workers.

use std::sync::Arc;

use warmline_models::{Embedder, ModelError, SpokenPhrases};

use super::remote::{ChatMode, Known};
use crate::{
    call::{
        flow::Flow,
        turn::words::{self, Language},
        understanding::{Before, Scored, Understanding},
    },
    clock,
    understand::Understander,
};

/// The heads of one flow.
pub struct Heads {
    understander: Understander,
    back_channels: SpokenPhrases,
}

/// What callers of a language say who only listen.
pub(crate) fn back_channels(language: Language) -> SpokenPhrases {
    let (phrases, most) = words::back_channels(language);
    SpokenPhrases::new(phrases, most)
}

impl Heads {
    /// Reads the example sentences of each flow: 4 ms a sentence on one core. A flow that stands there twice is read once.
    ///
    /// # Errors
    /// When the embedder fails, or a flow has fewer than two intents.
    pub(super) fn of_flows(embedder: &Arc<Embedder>, flows: &[Arc<Flow>]) -> Result<Vec<Arc<Self>>, ModelError> {
        let mut heads: Vec<Arc<Self>> = Vec::new();
        for (index, flow) in flows.iter().enumerate() {
            heads.push(match flows[..index].iter().position(|earlier| Arc::ptr_eq(earlier, flow)) {
                Some(known) => Arc::clone(&heads[known]),
                None => Arc::new(Self { understander: Understander::new(flow, embedder)?, back_channels: back_channels(flow.words()) }),
            });
        }
        Ok(heads)
    }

    /// The flow says that the caller's tone is looked at.
    pub(crate) fn looks_at_tone(&self) -> bool {
        self.understander.looks_at_tone()
    }

    /// What callers say who only listen.
    pub(super) fn back_channels(&self) -> &SpokenPhrases {
        &self.back_channels
    }

    /// What a chat model is told of the flow's knowledge for this question, and the score that what it finds has; nothing where the flow knows by itself what to do.
    pub(super) fn known(&self, understanding: &Understanding, mode: ChatMode) -> Option<(Vec<Known>, f32)> {
        let flow = self.understander.flow();
        let needed = flow.understanding.knowledge;
        let best = understanding.knowledge.first().map_or(0.0, |entry| entry.score);
        let intent = flow.intent_of(understanding).map(|intent| intent.score);
        let entry = |key: &String| {
            let entry = flow.knowledge.get(key)?;
            let question = entry.questions.first().cloned().unwrap_or_default();
            Some(Known { key: key.clone(), question, answer: entry.answer.clone() })
        };
        let likely = understanding.knowledge.iter().map(|scored| &scored.name);
        if best >= needed && intent.is_none_or(|intent| best > intent) {
            let few = likely.take(3).filter_map(entry).collect();
            return (mode == ChatMode::Phrase).then_some((few, best));
        }
        if intent.is_some() || flow.knowledge.is_empty() {
            return None;
        }
        let mut keys: Vec<&String> = likely.collect();
        keys.extend(flow.knowledge.keys().filter(|key| understanding.knowledge.iter().all(|scored| scored.name != **key)));
        Some((keys.into_iter().filter_map(entry).collect(), needed))
    }

    /// What the words mean after what was said before; nothing for no words.
    pub(crate) fn understand(&self, before: &Before, text: &str) -> Result<Understanding, ModelError> {
        if text.trim().is_empty() { Ok(Understanding::default()) } else { self.understander.understand(before, text) }
    }

    /// Which value of the flow a question of an agent is after, the likeliest first.
    pub(super) fn asks_for(&self, question: &str) -> Result<Vec<Scored>, ModelError> {
        self.understander.asks_for(question)
    }

    /// A clause as the voice is to say it.
    pub(crate) fn pronounced(&self, clause: &str) -> String {
        pronounced(self.understander.flow(), clause)
    }
}

/// A clause of a flow as the voice is to say it today.
pub(super) fn pronounced(flow: &Flow, clause: &str) -> String {
    flow.pronounced(clause, i64::try_from(clock::utc().as_millis()).unwrap_or(i64::MAX))
}
