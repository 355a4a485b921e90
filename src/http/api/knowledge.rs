//! `GET /api/v1/knowledge`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    http::{ErrorBody, error::ApiError, state::Server},
    knowledge::{KnownEntry, NotFound},
};

const LIMIT: u32 = 5;
const LIMIT_MOST: u32 = 50;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    /// The flow's name; the first flow, if it is not said.
    flow: Option<String>,
    /// The question, in anybody's words; without it all entries are shown.
    q: Option<String>,
    /// At most so many: 1 to 50, 5 if it is not said.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u32>,
}

/// Entries of a flow's knowledge.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Entries {
    entries: Vec<KnownEntry>,
}

/// Looks into what a flow knows, by meaning; the best match comes first.
#[utoipa::path(get, path = "/api/v1/knowledge", params(Asked),
    responses((status = 200, body = Entries), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn search(State(server): State<Server>, asked: Result<Query<Asked>, QueryRejection>) -> Result<Json<Entries>, ApiError> {
    let Query(asked) = asked.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let limit = asked.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MOST).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit must be 1 to {LIMIT_MOST}")));
    }
    let question = asked.q.unwrap_or_default();
    let found = server.parts.library.search(asked.flow.as_deref(), &question, limit as usize).await;
    let entries = found.map_err(|why| match why {
        NotFound::NotReady | NotFound::Busy => ApiError::NotNow,
        NotFound::NoSuchFlow => ApiError::NoSuchFlow,
    })?;
    Ok(Json(Entries { entries }))
}
