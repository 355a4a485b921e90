//! What a flow listens for, ready for the workers.

use std::sync::Arc;

use warmline_models::ModelError;

use super::engines::Engines;
use crate::{
    call::{flow::Flow, understanding::Understanding},
    understand::Understander,
};

/// The heads of one flow.
pub struct Heads(Understander);

impl Heads {
    /// Reads the example sentences of a flow: 4 ms each on one core.
    ///
    /// # Errors
    /// When the embedder fails, or the flow has fewer than two intents.
    pub fn of_flow(engines: &Engines, flow: &Arc<Flow>) -> Result<Self, ModelError> {
        Understander::new(flow, &engines.embedder).map(Self)
    }

    /// What the words mean; nothing for no words.
    pub(crate) fn understand(&self, text: &str) -> Result<Understanding, ModelError> {
        if text.trim().is_empty() { Ok(Understanding::default()) } else { self.0.understand(text) }
    }
}
