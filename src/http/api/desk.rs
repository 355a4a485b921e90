//! `GET /api/v1/desk`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::state::Server;

/// What agents may choose from, as the configuration has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeskSettings {
    /// Why somebody is away.
    pub away_reasons: Vec<String>,
    /// What may come of a conversation.
    pub dispositions: Vec<String>,
    /// Seconds within which a caller is to have a human.
    pub service_level_s: u32,
    /// Agents see that somebody follows their conversation.
    pub agents_see_supervision: bool,
}

/// What the desk's pages need to know of the configuration.
#[utoipa::path(get, path = "/api/v1/desk", responses((status = 200, body = DeskSettings)))]
pub(crate) async fn settings(State(server): State<Server>) -> Json<DeskSettings> {
    Json(server.desk.as_ref().clone())
}
