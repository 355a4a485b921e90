//! `GET /api/v1/voicemails`, `PUT /api/v1/voicemails/{call}/{seq}`: messages that callers left. Their sound is a stretch of the call's recording.

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    accounts::Did,
    call::time::Time,
    clock,
    http::{
        ErrorBody,
        asker::Asker,
        error::{ApiError, Body},
        state::{Server, call_id},
    },
    store::Voicemail,
    view::{CallHead, Stamp},
};

/// So many are shown.
const SHOWN: u32 = 200;

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Those that are done, too, the newest first; otherwise those that nobody has dealt with, the oldest first.
    #[serde(default)]
    all: bool,
}

/// Messages, at most 200.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Voicemails {
    voicemails: Vec<VoicemailView>,
}

/// A message that a caller left. Its words are on the call's record, behind this number; its sound is there if the call's head says that there is a recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VoicemailView {
    /// The number of its entry in the call's record.
    seq: u64,
    /// The call in which it was left.
    call: CallHead,
    /// Where it begins in the call's recording, in milliseconds since the call arrived.
    #[schema(value_type = u64)]
    from: Time,
    /// Where it ends.
    #[schema(value_type = u64)]
    to: Time,
    /// When the caller had said it all.
    #[schema(value_type = String, format = DateTime)]
    left: Stamp,
    /// That somebody has dealt with it.
    done: Option<Done>,
}

/// Who has dealt with a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Done {
    /// Their account; none where there are none.
    by: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Stamp,
}

/// What somebody says of a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dealt {
    #[serde(rename = "state")]
    _state: DealtWith,
}

/// How it stands now.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DealtWith {
    /// Somebody has dealt with it.
    Done,
}

/// Messages that callers left.
#[utoipa::path(get, path = "/api/v1/voicemails", params(Which),
    responses((status = 200, body = Voicemails), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>, which: Result<Query<Which>, QueryRejection>) -> Result<Json<Voicemails>, ApiError> {
    let Query(which) = which.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let voicemails = server.parts.store.voicemails(which.all, SHOWN).await?;
    Ok(Json(Voicemails { voicemails: voicemails.into_iter().map(view).collect() }))
}

/// Takes a message off the list of those that nobody has dealt with.
#[utoipa::path(put, path = "/api/v1/voicemails/{call}/{seq}", params(("call" = String, Path), ("seq" = u64, Path)), request_body = Dealt,
    responses((status = 204), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn done(
    State(server): State<Server>,
    asker: Asker,
    Path((call, seq)): Path<(String, String)>,
    Body(Dealt { .. }): Body<Dealt>,
) -> Result<StatusCode, ApiError> {
    let call = call_id(call)?;
    let seq: u64 = seq.parse().map_err(|_| ApiError::NoSuchVoicemail)?;
    let by = asker.identity().map(|identity| identity.name.as_str()).unwrap_or_default();
    let at_ms = u64::try_from(clock::utc().as_millis()).unwrap_or(u64::MAX);
    match server.parts.store.voicemail_done(&call, seq, by, at_ms).await? {
        None => Err(ApiError::NoSuchVoicemail),
        Some(false) => Err(ApiError::VoicemailDone),
        Some(true) => {
            asker.did(&server, Did::ClosedVoicemail, Some(&call.0));
            Ok(StatusCode::NO_CONTENT)
        }
    }
}

fn view(message: Voicemail) -> VoicemailView {
    let Voicemail { seq, call, from, to, done } = message;
    let done = done.map(|(by, at)| Done { by: Some(by).filter(|by| !by.is_empty()), at: Stamp(at) });
    VoicemailView { seq, left: Stamp(call.started.0 + to.0), call, from, to, done }
}
