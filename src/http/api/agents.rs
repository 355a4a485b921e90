//! `GET /api/v1/agents`, `PUT /api/v1/agents/{id}/state`

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    call::ids::AgentId,
    desk::{AgentView, Own, RingAt},
    http::{
        ErrorBody,
        asker::Asker,
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
#[schema(as = AgentWanted)]
pub(crate) struct Wanted {
    state: WantedState,
    /// Why they are away: a word of the desk's list.
    #[serde(default)]
    reason: Option<String>,
    /// Where they are rung from now on.
    #[serde(default)]
    phone: Option<PhoneChoice>,
}

/// There, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WantedState {
    Available,
    Away,
}

/// Where an agent is rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PhoneChoice {
    /// On their page.
    Browser,
    /// Where the configuration says.
    DeskPhone,
}

/// All agents with what they do now.
#[utoipa::path(get, path = "/api/v1/agents", responses((status = 200, body = Agents)))]
pub(crate) async fn list(State(server): State<Server>) -> Json<Agents> {
    Json(Agents { agents: server.parts.desk.watch().borrow().to_vec() })
}

/// An agent is there, or not and why, and says where they are to be rung. With a call at hand it counts from its end on.
#[utoipa::path(put, path = "/api/v1/agents/{id}/state", params(("id" = String, Path)), request_body = Wanted,
    responses((status = 200, body = AgentView), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn set_state(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(wanted): Body<Wanted>,
) -> Result<Json<AgentView>, ApiError> {
    let id = AgentId(id);
    let available = wanted.state == WantedState::Available;
    if wanted.reason.as_ref().is_some_and(|reason| available || !server.desk.away_reasons.contains(reason)) {
        let words = server.desk.away_reasons.join(", ");
        return Err(ApiError::BadRequest(format!("a reason is for those who are away, and one of {words}")));
    }
    let phone = wanted.phone.map(|phone| match phone {
        PhoneChoice::Browser => RingAt::Page,
        PhoneChoice::DeskPhone => RingAt::Configured,
    });
    if !server.parts.desk.set_state(&id, Own { available, reason: wanted.reason, phone }) {
        return Err(ApiError::NoSuchAgent);
    }
    asker.did(&server, Did::ChangedAgent, Some(&id.0));
    find(&server, &id).map(Json)
}

/// One agent as they are now.
pub(super) fn find(server: &Server, id: &AgentId) -> Result<AgentView, ApiError> {
    server.parts.desk.watch().borrow().iter().find(|agent| agent.id == *id).cloned().ok_or(ApiError::NoSuchAgent)
}
