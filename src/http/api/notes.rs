//! `GET /api/v1/calls/{id}/notes`, `PUT /api/v1/calls/{id}/notes/{agent}`

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    call::ids::AgentId,
    clock,
    http::{
        ErrorBody,
        api::agents,
        asker::Asker,
        error::{ApiError, Body},
        state::{Server, call_id},
    },
    view::{Notes, Stamp},
};

/// Letters of one agent's notes on one call.
const LONGEST: usize = 5_000;

/// An agent's notes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// The text; it takes the place of the one before.
    #[schema(max_length = 5000)]
    text: String,
    /// What came of the conversation: a word of the desk's list.
    #[serde(default)]
    disposition: Option<String>,
}

/// The notes on a call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllNotes {
    notes: Vec<Notes>,
}

/// What agents wrote about a call.
#[utoipa::path(get, path = "/api/v1/calls/{id}/notes", params(("id" = String, Path)),
    responses((status = 200, body = AllNotes), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>, Path(id): Path<String>) -> Result<Json<AllNotes>, ApiError> {
    let id = call_id(id)?;
    server.head(&id).await?;
    Ok(Json(AllNotes { notes: server.parts.store.notes(&id).await? }))
}

/// An agent writes notes, while the call goes on or after it, and says at the end what came of it.
#[utoipa::path(put, path = "/api/v1/calls/{id}/notes/{agent}", params(("id" = String, Path), ("agent" = String, Path)), request_body = Written,
    responses((status = 200, body = Notes), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn put(
    State(server): State<Server>,
    asker: Asker,
    Path((id, agent)): Path<(String, String)>,
    Body(written): Body<Written>,
) -> Result<Json<Notes>, ApiError> {
    let id = call_id(id)?;
    server.head(&id).await?;
    let agent = agents::find(&server, &AgentId(agent))?.id;
    asker.must_act_as(&agent)?;
    if written.text.chars().count() > LONGEST {
        return Err(ApiError::BadRequest(format!("notes have at most {LONGEST} letters")));
    }
    let known = |word: &String| server.desk.dispositions.contains(word);
    if written.disposition.as_ref().is_some_and(|word| !known(word)) {
        return Err(ApiError::BadRequest(format!("disposition must be one of {}", server.desk.dispositions.join(", "))));
    }
    let changed = Stamp(u64::try_from(clock::utc().as_millis()).unwrap_or_default());
    let notes = Notes { agent, text: written.text, disposition: written.disposition, changed };
    server.parts.store.put_notes(&id, &notes).await?;
    asker.did(&server, Did::WroteNotes, Some(&id.0));
    Ok(Json(notes))
}
