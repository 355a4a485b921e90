//! `GET /api/v1/audit`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    accounts::Did,
    http::{ErrorBody, asker::Asker, error::ApiError, state::Server},
    store::{AuditFilter, AuditRow},
    view::Stamp,
};

const LIMIT: u32 = 100;
const LIMIT_MOST: u32 = 500;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// At most so many: 1 to 500, 100 if it is not said.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
    /// Only those before this one.
    before: Option<u64>,
    /// Only of this name.
    name: Option<String>,
    /// Only about this: a call's id, an account's name.
    target: Option<String>,
    /// Only this deed.
    did: Option<Did>,
}

/// Who did what, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Lines {
    lines: Vec<Line>,
    /// There are older ones: ask with `before` = the last one's `seq`.
    more: bool,
}

/// One deed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Line {
    seq: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Stamp,
    #[schema(value_type = Did)]
    did: String,
    /// The account's name then, or the one that somebody tried.
    name: Option<String>,
    /// None: nobody was signed in.
    role: Option<String>,
    /// A call's id, an account's name, a token's label.
    target: Option<String>,
    /// The address that it came from.
    source: String,
}

/// The audit log. Reading it is written down, too.
#[utoipa::path(get, path = "/api/v1/audit", params(Which),
    responses((status = 200, body = Lines), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(
    State(server): State<Server>,
    asker: Asker,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Lines>, ApiError> {
    let Query(which) = which.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let limit = which.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MOST).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit must be 1 to {LIMIT_MOST}")));
    }
    asker.did(&server, Did::ReadAudit, None);
    let did = which.did.map(|did| did.word().to_owned());
    let filter = AuditFilter { before: which.before, name: which.name, target: which.target, did, limit: limit + 1 };
    let mut lines: Vec<Line> = server.parts.store.audit_lines(&filter).await?.into_iter().map(line).collect();
    let more = lines.len() > limit as usize;
    lines.truncate(limit as usize);
    Ok(Json(Lines { lines, more }))
}

fn line(row: AuditRow) -> Line {
    let AuditRow { seq, at_ms, did, account: _, name, role, target, source } = row;
    Line { seq, at: Stamp(at_ms), did, name, role, target, source }
}
