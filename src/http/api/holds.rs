//! `GET /api/v1/privacy/holds`, `PUT /api/v1/calls/{id}/hold`, `DELETE /api/v1/calls/{id}/hold`

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    clock,
    http::{
        ErrorBody,
        asker::Asker,
        error::{ApiError, Body},
        state::{Server, call_id},
    },
    view::{Hold, Stamp},
};

/// Letters of a reason.
const LONGEST: usize = 500;

/// Why a call is kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Why {
    /// 1 to 500 letters; best a file number, since it is about somebody.
    why: String,
}

/// Calls under a legal hold, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Holds {
    holds: Vec<Hold>,
}

/// The calls that nothing deletes.
#[utoipa::path(get, path = "/api/v1/privacy/holds", responses((status = 200, body = Holds), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>) -> Result<Json<Holds>, ApiError> {
    Ok(Json(Holds { holds: server.parts.store.holds().await? }))
}

/// Keeps a call, whatever its age and whoever wants it erased.
#[utoipa::path(put, path = "/api/v1/calls/{id}/hold", params(("id" = String, Path)), request_body = Why,
    responses((status = 200, body = Hold), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn place(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(why): Body<Why>,
) -> Result<Json<Hold>, ApiError> {
    let call = call_id(id)?;
    server.head(&call).await?;
    let why = why.why.trim().to_owned();
    if !(1..=LONGEST).contains(&why.chars().count()) {
        return Err(ApiError::BadRequest(format!("why must be 1 to {LONGEST} letters")));
    }
    let placed = Stamp(u64::try_from(clock::utc().as_millis()).unwrap_or_default());
    let hold = Hold { call: call.clone(), placed, by: asker.identity().map(|identity| identity.name.clone()), why };
    if server.parts.store.place_hold(&hold).await? {
        asker.did(&server, Did::PlacedHold, Some(&call.0));
    }
    Ok(Json(server.parts.store.hold(&call).await?.unwrap_or(hold)))
}

/// Lets a call go.
#[utoipa::path(delete, path = "/api/v1/calls/{id}/hold", params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn lift(State(server): State<Server>, asker: Asker, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let call = call_id(id)?;
    server.head(&call).await?;
    if server.parts.store.lift_hold(&call).await? {
        asker.did(&server, Did::LiftedHold, Some(&call.0));
    }
    Ok(StatusCode::NO_CONTENT)
}
