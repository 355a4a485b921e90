//! `GET /api/v1/calls/{id}`

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    call::ids::CallId,
    http::{
        ErrorBody,
        asker::Asker,
        error::ApiError,
        state::{Server, call_id},
    },
    view::{CallHead, Numbered, schema},
};

/// A call and all that was written down of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Whole {
    head: CallHead,
    #[schema(value_type = Vec<schema::Entry>)]
    entries: Vec<Arc<Numbered>>,
}

/// One call with its entries so far.
#[utoipa::path(get, path = "/api/v1/calls/{id}", params(("id" = String, Path)), responses((status = 200, body = Whole), (status = 404, body = ErrorBody)))]
pub(crate) async fn get(State(server): State<Server>, asker: Asker, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    let id = call_id(id)?;
    let mut entries = entries(&server, &id).await?;
    entries.retain(|item| server.shows(&asker, &item.entry.what));
    let head = server.head(&id).await?;
    asker.did(&server, Did::SawCall, Some(&id.0));
    Ok(Json(server.mask.shown(&head.language.clone(), &Whole { head, entries })))
}

/// All entries of a call so far.
pub(super) async fn entries(server: &Server, id: &CallId) -> Result<Vec<Arc<Numbered>>, ApiError> {
    let Some(known) = server.parts.hub.subscribe(id, 0) else {
        return Ok(server.parts.store.entries(id, 0).await?.into_iter().map(Arc::new).collect());
    };
    let mut entries = older(server, id, 0, known.first).await?;
    entries.extend(known.backlog);
    Ok(entries)
}

/// Entries behind `after` that the hub no longer has: those before `first`.
pub(super) async fn older(server: &Server, id: &CallId, after: u64, first: u64) -> Result<Vec<Arc<Numbered>>, ApiError> {
    if after + 1 >= first {
        return Ok(Vec::new());
    }
    let stored = server.parts.store.entries(id, after).await?;
    Ok(stored.into_iter().take_while(|item| item.seq < first).map(Arc::new).collect())
}
