//! What a sentence means to a flow: the embedder's vector, through the heads that are built from the flow's examples.

use std::sync::Arc;

use warmline_models::{Embedder, Embedding, IntentHead, ModelError, tone};

use crate::call::{
    flow::Flow,
    understanding::{Scored, Tone, Understanding},
};

/// Words with this many digits are numbers of something.
const LONG_NUMBER: usize = 3;
/// Score from which a turn is certain to mean it; below, a clause that is certain says what the turn means.
const SURE: f32 = 0.8;
/// Shorter clauses mean nothing alone.
const CLAUSE_WORDS: usize = 3;

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

    /// The flow says that the caller's tone is looked at.
    #[must_use]
    pub fn looks_at_tone(&self) -> bool {
        self.flow.escalation.tone
    }

    /// The flow whose heads these are.
    #[must_use]
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// What the sentence means. The tone is only computed where the flow announces it.
    ///
    /// # Errors
    /// When the model fails.
    pub fn understand(&self, text: &str) -> Result<Understanding, ModelError> {
        let vector = self.embedder.embed(&without_numbers(text))?;
        let (mut intents, mut knowledge) = self.scores(&vector);
        // "I was told to cancel my appointment, but where is my order?": what the whole is not about, a clause may be.
        let sure = |scored: &[Scored]| scored.first().is_some_and(|best| best.score >= SURE);
        if !sure(&intents) && !sure(&knowledge) {
            for clause in clauses(text, self.flow.lexicon().but) {
                let vector = self.embedder.embed(&without_numbers(clause))?;
                let (of_clause, known) = self.scores(&vector);
                if sure(&of_clause) || sure(&known) {
                    (intents, knowledge) = (of_clause, known);
                    break;
                }
            }
        }
        let tone = if self.flow.escalation.tone {
            let scores = tone(&vector);
            Tone { anger: scores.anger, frustration: scores.frustration, sarcasm: scores.sarcasm, gratitude: scores.gratitude }
        } else {
            Tone::default()
        };
        Ok(Understanding { intents, knowledge, tone, phrased: None })
    }

    fn scores(&self, vector: &Embedding) -> (Vec<Scored>, Vec<Scored>) {
        let scored = self.head.scores(vector).into_iter().map(|it| Scored { name: it.label, score: it.score });
        scored.partition(|it| self.flow.intents.contains_key(&it.name))
    }
}

/// A text without long numbers: which order it is says nothing about what is wanted, and leads the embedder astray.
fn without_numbers(text: &str) -> String {
    let digits = |word: &str| word.chars().filter(char::is_ascii_digit).count();
    let kept: Vec<&str> = text.split_whitespace().filter(|word| digits(word) < LONG_NUMBER).collect();
    if kept.is_empty() { text.to_owned() } else { kept.join(" ") }
}

/// The clauses of a longer sentence, the last first: what is wanted comes at the end.
fn clauses<'t>(text: &'t str, but: &[&str]) -> Vec<&'t str> {
    let mut clauses: Vec<&str> = text.split([',', '.', ';', '?', '!']).collect();
    for word in but {
        let joint = format!(" {word} ");
        clauses = clauses.into_iter().flat_map(|clause| clause.split(joint.as_str()).collect::<Vec<_>>()).collect();
    }
    clauses.retain(|clause| clause.split_whitespace().count() >= CLAUSE_WORDS);
    clauses.reverse();
    if clauses.len() > 1 || clauses.first().is_some_and(|clause| clause.len() + 2 < text.len()) { clauses } else { Vec::new() }
}
