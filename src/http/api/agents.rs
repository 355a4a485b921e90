//! `GET /api/v1/agents`, `PUT /api/v1/agents/{id}/state`

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    call::ids::AgentId,
    desk::AgentView,
    http::{
        ErrorBody,
        error::{ApiError, Body},
        state::Server,
    },
};

/// All agents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Agents {
    agents: Vec<AgentView>,
}

/// What an agent can say of themselves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    state: WantedState,
}

/// There, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WantedState {
    Available,
    Away,
}

/// All agents with what they do now.
#[utoipa::path(get, path = "/api/v1/agents", responses((status = 200, body = Agents)))]
pub(crate) async fn list(State(server): State<Server>) -> Json<Agents> {
    Json(Agents { agents: server.parts.desk.watch().borrow().to_vec() })
}

/// An agent is there, or not. With a call at hand it counts from its end on.
#[utoipa::path(put, path = "/api/v1/agents/{id}/state", params(("id" = String, Path)), request_body = Wanted,
    responses((status = 200, body = AgentView), (status = 404, body = ErrorBody)))]
pub(crate) async fn set_state(
    State(server): State<Server>,
    Path(id): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<AgentView>, ApiError> {
    let id = AgentId(id);
    if !server.parts.desk.set_available(&id, wanted.state == WantedState::Available) {
        return Err(ApiError::NoSuchAgent);
    }
    find(&server, &id).map(Json)
}

/// One agent as they are now.
pub(super) fn find(server: &Server, id: &AgentId) -> Result<AgentView, ApiError> {
    server.parts.desk.watch().borrow().iter().find(|agent| agent.id == *id).cloned().ok_or(ApiError::NoSuchAgent)
}
