//! What a flow listens for, ready for the workers.

use std::sync::Arc;

use warmline_models::{Embedder, ModelError};

use crate::{
    call::{flow::Flow, understanding::Understanding},
    understand::Understander,
};

/// The heads of one flow.
pub struct Heads(Understander);

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
                None => Arc::new(Self(Understander::new(flow, embedder)?)),
            });
        }
        Ok(heads)
    }

    /// What the words mean; nothing for no words.
    pub(crate) fn understand(&self, text: &str) -> Result<Understanding, ModelError> {
        if text.trim().is_empty() { Ok(Understanding::default()) } else { self.0.understand(text) }
    }

    /// A clause as the voice is to say it.
    pub(crate) fn pronounced(&self, clause: &str) -> String {
        self.0.flow().pronounced(clause)
    }
}
