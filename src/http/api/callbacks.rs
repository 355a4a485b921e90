//! `GET /api/v1/callbacks`, `PUT /api/v1/callbacks/{id}`: callbacks that were promised.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    accounts::Did,
    http::{
        ErrorBody,
        asker::Asker,
        error::{ApiError, Body},
        state::Server,
    },
    store::{Callback, CallbackState},
    view::{CallHead, Stamp},
};

/// So many are shown.
const SHOWN: u32 = 200;

/// Which callbacks.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Those that are over, too, the newest first; otherwise those that are to be kept, the longest waiting first.
    #[serde(default)]
    all: bool,
}

/// Callbacks, at most 200.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Callbacks {
    callbacks: Vec<CallbackView>,
}

/// A callback that was promised.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallbackView {
    /// Its number.
    id: u64,
    /// The call in which it was promised, or which broke off while its caller waited.
    call: CallHead,
    /// Where the caller is to be rung.
    number: String,
    /// Since when they want a human.
    #[schema(value_type = String, format = DateTime)]
    since: Stamp,
    #[schema(value_type = String, format = DateTime)]
    promised: Stamp,
    /// Not before then.
    #[schema(value_type = String, format = DateTime)]
    due: Stamp,
    /// How often they were rung.
    tries: u32,
    state: CallbackState,
    /// The last call that was to keep it.
    #[schema(value_type = Option<String>)]
    last_call: Option<crate::call::ids::CallId>,
}

/// What somebody says of a callback.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    state: Closed,
}

/// Why it is off the list.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Closed {
    /// Somebody has called them.
    Done,
    /// It is not to be.
    Cancelled,
}

/// Callbacks that were promised.
#[utoipa::path(get, path = "/api/v1/callbacks", params(Which),
    responses((status = 200, body = Callbacks), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>, which: Result<Query<Which>, QueryRejection>) -> Result<Json<Callbacks>, ApiError> {
    let Query(which) = which.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let callbacks = server.parts.store.callbacks(which.all, SHOWN).await?;
    Ok(Json(Callbacks { callbacks: callbacks.into_iter().map(view).collect() }))
}

/// Takes a callback off the list that still waits.
#[utoipa::path(put, path = "/api/v1/callbacks/{id}", params(("id" = u64, Path)), request_body = Close,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn close(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(close): Body<Close>,
) -> Result<StatusCode, ApiError> {
    let id: u64 = id.parse().map_err(|_| ApiError::NoSuchCallback)?;
    let Some(callback) = server.parts.store.callback(id).await? else { return Err(ApiError::NoSuchCallback) };
    let state = match close.state {
        Closed::Done => CallbackState::Done,
        Closed::Cancelled => CallbackState::Cancelled,
    };
    if !server.parts.store.close_callback(id, state).await? {
        return Err(ApiError::CallbackOver);
    }
    asker.did(&server, Did::ClosedCallback, Some(&callback.call.id.0));
    Ok(StatusCode::NO_CONTENT)
}

fn view(callback: Callback) -> CallbackView {
    CallbackView {
        id: callback.id,
        number: callback.number,
        since: Stamp(callback.since_ms),
        promised: Stamp(callback.promised_ms),
        due: Stamp(callback.due_ms),
        tries: callback.tries,
        state: callback.state,
        last_call: callback.last_call,
        call: callback.call,
    }
}
