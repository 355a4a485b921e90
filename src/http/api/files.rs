//! `GET /api/v1/calls/{id}/recording`, `GET /api/v1/calls/{id}/log`

use std::path::PathBuf;

use axum::{
    body::Body,
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tower_http::services::ServeFile;
use utoipa::IntoParams;

use crate::{
    accounts::Did,
    http::{
        ErrorBody,
        api::span,
        asker::Asker,
        error::ApiError,
        state::{Server, call_id},
    },
};

/// Which stretch of a recording; all of it, if it is not said.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Stretch {
    /// Its beginning, milliseconds since the call arrived. `to` must be there, too.
    from: Option<u64>,
    /// Its end. At most ten minutes are served, as long as a message may be.
    to: Option<u64>,
}

/// The recording of an ended call: stereo, the caller on the left, everything that the caller heard on the right. Ranges are served. A stretch of it, from
/// one time to another, is there while the call goes on, too.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", params(("id" = String, Path), Stretch, ("range" = Option<String>, Header)),
    responses((status = 200, content_type = "audio/wav"), (status = 206, content_type = "audio/wav"), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 416)))]
pub(crate) async fn recording(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    stretch: Result<Query<Stretch>, QueryRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let id = call_id(id)?;
    let Query(stretch) = stretch.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let whole = server.is_whole(&server.head(&id).await?);
    let path = server.parts.store.recording_path(&id);
    let answer = match (stretch.from, stretch.to) {
        (Some(from), Some(to)) => cut(path, from, to).await,
        (None, None) if whole => serve(path, "audio/wav", request).await.ok_or(ApiError::NoRecording),
        (None, None) => Err(ApiError::NoRecording),
        (Some(_), None) | (None, Some(_)) => Err(ApiError::BadRequest("from and to go together".to_owned())),
    }?;
    asker.did(&server, Did::HeardRecording, Some(&id.0));
    Ok(answer)
}

async fn cut(path: PathBuf, from: u64, to: u64) -> Result<Response, ApiError> {
    let cut = tokio::task::spawn_blocking(move || span::cut(&path, from, to)).await;
    let wav = cut.ok().and_then(Result::ok).flatten().ok_or(ApiError::NoRecording)?;
    let headers = [(header::CONTENT_TYPE, "audio/wav"), (header::CACHE_CONTROL, "private, no-store")];
    Ok((headers, wav).into_response())
}

/// The event log: JSON lines.
#[utoipa::path(get, path = "/api/v1/calls/{id}/log", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/x-ndjson"), (status = 404, body = ErrorBody)))]
pub(crate) async fn log(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let id = call_id(id)?;
    server.head(&id).await?;
    let answer = serve(server.parts.store.log_path(&id), "application/x-ndjson", request).await.ok_or(ApiError::NoLog)?;
    asker.did(&server, Did::ExportedLog, Some(&id.0));
    Ok(answer)
}

/// None if there is no such file, or it cannot be read.
async fn serve(path: PathBuf, kind: &'static str, request: Request) -> Option<Response> {
    let mut response = ServeFile::new(path).try_call(request).await.ok()?.map(Body::new).into_response();
    if response.status() == StatusCode::NOT_FOUND {
        return None;
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // It holds a caller's words.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Some(response)
}
