//! `GET /api/v1/calls/{id}/recording`, `GET /api/v1/calls/{id}/log`

use std::path::PathBuf;

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tower_http::services::ServeFile;

use crate::{
    http::{
        ErrorBody,
        error::ApiError,
        state::{Server, call_id},
    },
    view::CallState,
};

/// The recording of an ended call: stereo, the caller on the left, everything that the caller heard on the right. Ranges are served.
#[utoipa::path(get, path = "/api/v1/calls/{id}/recording", params(("id" = String, Path), ("range" = Option<String>, Header)),
    responses((status = 200, content_type = "audio/wav"), (status = 206, content_type = "audio/wav"), (status = 404, body = ErrorBody), (status = 416)))]
pub(crate) async fn recording(State(server): State<Server>, Path(id): Path<String>, request: Request) -> Result<Response, ApiError> {
    let id = call_id(id)?;
    if server.head(&id).await?.state != CallState::Ended {
        return Err(ApiError::NoRecording);
    }
    serve(server.parts.store.recording_path(&id), "audio/wav", request).await.ok_or(ApiError::NoRecording)
}

/// The event log: JSON lines.
#[utoipa::path(get, path = "/api/v1/calls/{id}/log", params(("id" = String, Path)),
    responses((status = 200, content_type = "application/x-ndjson"), (status = 404, body = ErrorBody)))]
pub(crate) async fn log(State(server): State<Server>, Path(id): Path<String>, request: Request) -> Result<Response, ApiError> {
    let id = call_id(id)?;
    server.head(&id).await?;
    serve(server.parts.store.log_path(&id), "application/x-ndjson", request).await.ok_or(ApiError::NoLog)
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
