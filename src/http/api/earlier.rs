//! `GET /api/v1/calls/{id}/earlier`

use axum::{
    Json,
    extract::{Path, State},
};

use crate::http::{
    ErrorBody,
    api::calls::Calls,
    error::ApiError,
    state::{Server, call_id},
};

/// So many are shown on a card.
const MOST: u32 = 10;

/// Earlier calls from the same number, newest first, at most ten. None of a caller who withholds it.
#[utoipa::path(get, path = "/api/v1/calls/{id}/earlier", params(("id" = String, Path)),
    responses((status = 200, body = Calls), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>, Path(id): Path<String>) -> Result<Json<Calls>, ApiError> {
    let head = server.head(&call_id(id)?).await?;
    let page = server.parts.store.earlier(&head, MOST).await?;
    Ok(Json(Calls { calls: page.calls, more: page.more }))
}
