//! `GET /api/v1/calls/{id}/compliance`

use axum::{
    Json,
    extract::{Path, State},
};

use crate::{
    http::{
        ErrorBody,
        api::call,
        error::ApiError,
        state::{Server, call_id},
    },
    store::AuditFilter,
    view::{Compliance, Seen, Stamp},
};

/// Lines of the audit log that are shown.
const LINES: u32 = 200;

/// What was announced to the caller and when, what they agreed to, what was struck out, how long the call is kept, and who had to do with it.
#[utoipa::path(get, path = "/api/v1/calls/{id}/compliance", params(("id" = String, Path)),
    responses((status = 200, body = Compliance), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn get(State(server): State<Server>, Path(id): Path<String>) -> Result<Json<Compliance>, ApiError> {
    let id = call_id(id)?;
    let head = server.head(&id).await?;
    let entries = call::entries(&server, &id).await?;
    let retention = server.parts.privacy.retention();
    let mut compliance = Compliance::of(&head, entries.iter().map(|item| &item.entry), &|kind| retention.days(kind));
    let store = &server.parts.store;
    compliance.hold = store.hold(&id).await?;
    compliance.deleted = store.swept(&id).await?;
    let lines = store.audit_lines(&AuditFilter { target: Some(id.0), limit: LINES, ..AuditFilter::default() }).await?;
    compliance.seen =
        lines.into_iter().map(|line| Seen { at: Stamp(line.at_ms), did: line.did, name: line.name, role: line.role }).collect();
    Ok(Json(compliance))
}
