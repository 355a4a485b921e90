//! `GET /api/v1/calls/{id}/vcon`

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    accounts::Did,
    clock,
    http::{
        ErrorBody,
        api::call,
        asker::Asker,
        error::ApiError,
        state::{Server, call_id},
    },
    view::{Sound, Stamp, vcon},
};

/// The largest recording that is put into a vCon: an hour.
const LARGEST: u64 = 116_000_000;

/// What it is to carry.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct With {
    /// The recording itself, in Base64url. Without it only its place is there.
    #[serde(default)]
    recording: bool,
}

/// An ended call as a vCon (draft-ietf-vcon-vcon-core-03, which continues draft-ietf-vcon-vcon-container): who took part, the recording, the transcript, what
/// the agent was told, and why a human was called.
#[utoipa::path(get, path = "/api/v1/calls/{id}/vcon", params(("id" = String, Path), With),
    responses((status = 200, content_type = "application/vcon"), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn export(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    with: Result<Query<With>, QueryRejection>,
) -> Result<Response, ApiError> {
    let id = call_id(id)?;
    let Query(with) = with.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let head = server.head(&id).await?;
    if !server.is_whole(&head) {
        return Err(ApiError::CallLive);
    }
    let sound =
        if with.recording { Some(sound(&server.parts.store.recording_path(&id)).await.ok_or(ApiError::NoRecording)?) } else { None };
    let entries = call::entries(&server, &id).await?;
    asker.did(&server, Did::ExportedCall, Some(&id.0));
    let now = Stamp(u64::try_from(clock::utc().as_millis()).unwrap_or_default());
    let vcon = vcon(&head, entries.iter().map(AsRef::as_ref), sound, now);
    let name = format!("attachment; filename=\"call-{}.vcon\"", id.0);
    Ok(([(header::CONTENT_TYPE, "application/vcon".to_owned()), (header::CONTENT_DISPOSITION, name)], vcon.to_string()).into_response())
}

/// None if there is no recording, or it is too long.
async fn sound(path: &std::path::Path) -> Option<Sound> {
    let small = tokio::fs::metadata(path).await.ok()?.len() <= LARGEST;
    let bytes = if small { tokio::fs::read(path).await.ok()? } else { return None };
    let filename = path.file_name()?.to_string_lossy().into_owned();
    Some(Sound { body: URL_SAFE_NO_PAD.encode(bytes), filename })
}
