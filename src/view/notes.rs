//! An agent's notes on a call.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{call::ids::AgentId, view::Stamp};

/// What one agent wrote about a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notes {
    /// Who.
    #[schema(value_type = String)]
    pub agent: AgentId,
    /// The text.
    pub text: String,
    /// What came of the conversation, a word of the desk's list; none while it goes on.
    pub disposition: Option<String>,
    /// When it was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub changed: Stamp,
}
