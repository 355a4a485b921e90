//! `GET /api/v1/calls`

use std::collections::HashSet;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    call::ids::CallId,
    http::{
        ErrorBody,
        asker::Asker,
        error::ApiError,
        state::{Server, call_id},
    },
    store::Filter,
    view::{CallHead, CallState},
};

const LIMIT: u32 = 50;
const LIMIT_MOST: u32 = 200;

/// Which calls.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// At most so many: 1 to 200, 50 if it is not said.
    limit: Option<u32>,
    /// Only calls that are older than the call with this id.
    before: Option<String>,
    /// Only live ones, or only ended ones.
    state: Option<CallState>,
}

/// A list of calls, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Calls {
    pub(super) calls: Vec<CallHead>,
    /// There are older ones: ask with `before` = the last one's id.
    pub(super) more: bool,
}

/// Calls, newest first; for an agent those that are or were offered to them.
#[utoipa::path(get, path = "/api/v1/calls", params(Which), responses((status = 200, body = Calls), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(
    State(server): State<Server>,
    asker: Asker,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Calls>, ApiError> {
    let Query(which) = which.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let limit = which.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MOST).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit must be 1 to {LIMIT_MOST}")));
    }
    let before = which.before.map(call_id).transpose()?;
    let agent = asker.only_calls_of();
    let stored = server.parts.store.calls(&Filter { state: which.state, before: before.clone(), agent: agent.clone(), limit }).await;
    // The hub is ahead of the store by up to a commit, and is all there is while the store fails.
    let fresh: Vec<CallHead> = server.heads_for(agent.as_ref());
    let page = match stored {
        Ok(page) => page,
        Err(error) if fresh.is_empty() => return Err(error.into()),
        Err(_) => crate::store::Page::default(),
    };
    let oldest = page.calls.last().filter(|_| page.more).map(|head| (head.started, head.id.clone()));
    let known: HashSet<CallId> = fresh.iter().map(|head| head.id.clone()).collect();
    let mut calls: Vec<CallHead> = page.calls.into_iter().filter(|head| !known.contains(&head.id)).collect();
    let newer_than_page = |head: &CallHead| oldest.as_ref().is_none_or(|oldest| (head.started, head.id.clone()) >= *oldest);
    let start = match &before {
        Some(before) => server.head(before).await.ok().map(|head| (head.started, head.id)),
        None => None,
    };
    let before_start = |head: &CallHead| start.as_ref().is_none_or(|start| (head.started, head.id.clone()) < *start);
    let wanted = |head: &CallHead| which.state.is_none_or(|state| head.state == state);
    calls.extend(fresh.into_iter().filter(|head| wanted(head) && newer_than_page(head) && before_start(head)));
    calls.sort_by(|a, b| (b.started, &b.id).cmp(&(a.started, &a.id)));
    let more = page.more || calls.len() > limit as usize;
    calls.truncate(limit as usize);
    Ok(Json(Calls { calls, more }))
}
