//! `GET /api/v1/privacy`, `POST /api/v1/privacy/find`, `POST /api/v1/privacy/export`, `POST /api/v1/privacy/erase`, `GET /api/v1/privacy/receipts`,
//! `GET /api/v1/privacy/receipts/{id}`

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    clock,
    http::{
        ErrorBody,
        asker::Asker,
        error::{ApiError, Body},
        state::Server,
    },
    privacy::{EraseError, Found, WrongNumber, export},
    view::{CallHead, Kept, Receipt, Stamp},
};

/// Receipts that are listed.
const RECEIPTS: u32 = 200;

/// A piece of an export, in bytes.
const PIECE: usize = 64 * 1_024;

/// What the configuration says of it.
#[derive(Debug, Clone, Default)]
pub struct PrivacySettings {
    /// Kinds of what is struck out, and names of patterns.
    pub redact: Vec<String>,
    /// Calls are recorded.
    pub recordings: bool,
}

/// What is struck out, and how long things are kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rules {
    /// Kinds of what is struck out: `cards`, `passwords`, `cnp`, `birth_numbers`, and names of patterns.
    redact: Vec<String>,
    /// Calls are recorded.
    recordings: bool,
    /// Days after which each kind is deleted; null: never.
    retention: BTreeMap<&'static str, Option<u64>>,
    /// Days that the audit log goes back; null: there is none.
    audit_days: Option<u64>,
}

/// Whose calls.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Number {
    /// The caller's number or SIP user, however it is written.
    number: String,
}

/// What is kept of a number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Kin {
    /// How the record may have it.
    spellings: Vec<String>,
    /// Its calls, and calls that promised to call it back, oldest first.
    calls: Vec<CallHead>,
    /// Those of them that a legal hold keeps.
    held: Vec<String>,
}

/// Receipts, newest first: the last two hundred.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipts {
    receipts: Vec<Receipt>,
}

/// What is struck out of calls, and how long things are kept.
#[utoipa::path(get, path = "/api/v1/privacy", responses((status = 200, body = Rules)))]
pub(crate) async fn rules(State(server): State<Server>) -> Json<Rules> {
    let retention = server.parts.privacy.retention();
    let audit_days = server.parts.accounts.as_ref().map(|accounts| accounts.options().audit.as_secs() / 86_400);
    Json(Rules {
        redact: server.privacy.redact.clone(),
        recordings: server.privacy.recordings,
        retention: Kept::ALL.into_iter().map(|kind| (kind.word(), retention.days(kind))).collect(),
        audit_days,
    })
}

/// What is kept of a number. The number stands in the body, so that no log of addresses has it.
#[utoipa::path(post, path = "/api/v1/privacy/find", request_body = Number,
    responses((status = 200, body = Kin), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn find(State(server): State<Server>, asker: Asker, Body(wanted): Body<Number>) -> Result<Json<Kin>, ApiError> {
    let (spellings, Found { calls, held }) = found(&server, &wanted.number).await?;
    asker.did(&server, Did::SearchedNumber, None);
    Ok(Json(Kin { spellings, calls, held: held.into_iter().map(|id| id.0).collect() }))
}

/// Everything that is kept of a number, as a ZIP file: of each call the record, a vCon, the recording, the event log, notes, corrections, and who has seen it.
#[utoipa::path(post, path = "/api/v1/privacy/export", request_body = Number,
    responses((status = 200, content_type = "application/zip"), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn export_all(State(server): State<Server>, asker: Asker, Body(wanted): Body<Number>) -> Result<Response, ApiError> {
    server.parts.store.flush().await;
    let (_, Found { calls, .. }) = found(&server, &wanted.number).await?;
    let now = Stamp(u64::try_from(clock::utc().as_millis()).unwrap_or_default());
    let exported = export(&server.parts.store, wanted.number.trim(), &calls, now).await.map_err(|error| {
        tracing::error!(%error, "an export could not be made");
        ApiError::StoreUnavailable
    })?;
    for call in &calls {
        asker.did(&server, Did::ExportedNumber, Some(&call.id.0));
    }
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, exported.bytes.to_string()),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"export.zip\"".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, axum::body::Body::from_stream(pieces(exported.file))).into_response())
}

/// A file, piece by piece; an error ends it.
fn pieces(file: std::fs::File) -> impl Stream<Item = std::io::Result<Vec<u8>>> {
    stream::unfold(Some(tokio::fs::File::from_std(file)), async |file| {
        let mut file = file?;
        let mut piece = vec![0; PIECE];
        match file.read(&mut piece).await {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some((Ok(piece), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
}

/// Erases everything that is kept of a number, but for calls under a legal hold: rows, recordings, event logs, notes, corrections, messages that wait. It cannot
/// be undone. A number with a call that goes on is refused.
#[utoipa::path(post, path = "/api/v1/privacy/erase", request_body = Number,
    responses((status = 200, body = Receipt), (status = 400, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn erase(State(server): State<Server>, asker: Asker, Body(wanted): Body<Number>) -> Result<Json<Receipt>, ApiError> {
    let numbers = server.parts.privacy.spellings(&wanted.number)?;
    let by = asker.identity().map(|identity| identity.name.clone());
    let receipt = server.parts.privacy.erase(&numbers, by).await?;
    asker.did(&server, Did::ErasedNumber, Some(&receipt.id));
    Ok(Json(receipt))
}

/// What was erased so far.
#[utoipa::path(get, path = "/api/v1/privacy/receipts", responses((status = 200, body = Receipts), (status = 503, body = ErrorBody)))]
pub(crate) async fn receipts(State(server): State<Server>) -> Result<Json<Receipts>, ApiError> {
    Ok(Json(Receipts { receipts: server.parts.store.receipts(RECEIPTS).await? }))
}

/// One receipt, to be kept.
#[utoipa::path(get, path = "/api/v1/privacy/receipts/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Receipt), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn receipt(State(server): State<Server>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let receipt = server.parts.store.receipt(&id).await?.ok_or(ApiError::NoSuchReceipt)?;
    let name = format!("attachment; filename=\"receipt-{}.json\"", receipt.id);
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(receipt)).into_response())
}

async fn found(server: &Server, number: &str) -> Result<(Vec<String>, Found), ApiError> {
    let spellings = server.parts.privacy.spellings(number)?;
    let found = server.parts.privacy.find(&spellings).await?;
    Ok((spellings, found))
}

impl From<WrongNumber> for ApiError {
    fn from(wrong: WrongNumber) -> Self {
        Self::BadRequest(wrong.to_string())
    }
}

impl From<EraseError> for ApiError {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Live(_) => Self::CallLive,
            EraseError::Store(error) => error.into(),
        }
    }
}
