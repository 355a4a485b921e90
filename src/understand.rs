//! What a sentence means to a flow: the embedder's vector, through the heads that are built from the flow's examples.

use std::sync::Arc;

use warmline_models::{Embedder, IntentHead, ModelError, tone};

use crate::call::{
    flow::Flow,
    understanding::{Scored, Tone, Understanding},
};

/// The heads of one flow. Intents and knowledge entries share a head, so that each is weighed against all others.
pub struct Understander {
    flow: Arc<Flow>,
    embedder: Arc<Embedder>,
    head: IntentHead,
}

impl Understander {
    /// Builds the heads: some 6 ms for each example sentence of the flow.
    ///
    /// # Errors
    /// When the model fails, or the flow has fewer than two intents.
    pub fn new(flow: &Arc<Flow>, embedder: &Arc<Embedder>) -> Result<Self, ModelError> {
        let intents = flow.intents.iter().map(|(name, intent)| (name, &intent.examples));
        let knowledge = flow.knowledge.iter().map(|(key, entry)| (key, &entry.questions));
        let mut examples = Vec::new();
        for (name, sentences) in intents.chain(knowledge) {
            examples.push((name.clone(), embedder.embed_all(sentences)?));
        }
        Ok(Self { flow: Arc::clone(flow), embedder: Arc::clone(embedder), head: IntentHead::train(&examples)? })
    }

    /// What the sentence means. The tone is only computed where the flow announces it.
    ///
    /// # Errors
    /// When the model fails.
    pub fn understand(&self, text: &str) -> Result<Understanding, ModelError> {
        let vector = self.embedder.embed(text)?;
        let scored = self.head.scores(&vector).into_iter().map(|it| Scored { name: it.label, score: it.score });
        let (intents, knowledge) = scored.partition(|it| self.flow.intents.contains_key(&it.name));
        let tone = if self.flow.escalation.tone {
            let scores = tone(&vector);
            Tone { anger: scores.anger, frustration: scores.frustration, sarcasm: scores.sarcasm, gratitude: scores.gratitude }
        } else {
            Tone::default()
        };
        Ok(Understanding { intents, knowledge, tone })
    }
}
