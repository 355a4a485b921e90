//! `GET` and `POST /api/v1/calls/{id}/corrections`, `GET /api/v1/corrections`

use axum::{
    Json,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    accounts::Did,
    call::ids::AgentId,
    clock,
    http::{
        ErrorBody,
        api::{agents, call},
        asker::Asker,
        error::{ApiError, Body},
        state::{Server, call_id},
    },
    store::Corrections,
    view::{About, Correction, CorrectionState, Stamp},
};

/// Of one call.
const MOST: u32 = 100;
/// Letters of a text.
const LONGEST: usize = 2_000;
/// A list shows so many, if it is not said.
const LIMIT: u32 = 50;
const LIMIT_MOST: u32 = 200;

/// What an agent says that the bot should have done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wrong {
    /// Who says so.
    agent: String,
    /// The number of the entry that is wrong: a turn of the bot, or of the caller, if it was misunderstood.
    seq: u64,
    /// What the bot should have said. This or the next one must be there.
    #[serde(default)]
    #[schema(max_length = 2000)]
    should_say: Option<String>,
    /// The intent that it was.
    #[serde(default)]
    #[schema(max_length = 2000)]
    should_mean: Option<String>,
    /// What else the operator should know.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: Option<String>,
}

/// Corrections.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Proposals {
    corrections: Vec<Correction>,
    /// There are older ones: ask with `before` = the last one's id.
    more: bool,
}

/// Which corrections.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// At most so many: 1 to 200, 50 if it is not said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// Only those that are older than the one with this id.
    before: Option<String>,
}

/// An agent corrects the bot. It is kept with the words and the place of the sound, for the operator, and changes nothing by itself.
#[utoipa::path(post, path = "/api/v1/calls/{id}/corrections", params(("id" = String, Path)), request_body = Wrong,
    responses((status = 201, body = Correction), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn add(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(wrong): Body<Wrong>,
) -> Result<(StatusCode, Json<Correction>), ApiError> {
    let id = call_id(id)?;
    let head = server.head(&id).await?;
    let agent = agents::find(&server, &AgentId(wrong.agent))?.id;
    asker.must_act_as(&agent)?;
    let (should_say, should_mean, note) = (text(wrong.should_say)?, text(wrong.should_mean)?, text(wrong.note)?);
    if should_say.is_none() && should_mean.is_none() {
        return Err(ApiError::BadRequest("should_say or should_mean must be there".to_owned()));
    }
    let entries = call::entries(&server, &id).await?;
    let about = About::of(wrong.seq, entries.iter().map(AsRef::as_ref));
    let About { heard, intent, said, span } = about.ok_or_else(|| ApiError::BadRequest("this entry of the call is no turn".to_owned()))?;
    let created = Stamp(u64::try_from(clock::utc().as_millis()).unwrap_or_default());
    let (seq, state) = (wrong.seq, CorrectionState::Proposed);
    let own = new_id(created);
    let correction = Correction { id: own, call: id, seq, agent, created, heard, intent, said, span, should_say, should_mean, note, state };
    if !server.parts.store.add_correction(&correction, MOST).await? {
        return Err(ApiError::BadRequest(format!("a call takes {MOST} corrections")));
    }
    asker.did(&server, Did::Corrected, Some(&correction.call.0));
    server.parts.hub.feed().corrected(head, correction.clone());
    Ok((StatusCode::CREATED, Json(correction)))
}

/// The corrections of a call, newest first.
#[utoipa::path(get, path = "/api/v1/calls/{id}/corrections", params(("id" = String, Path)),
    responses((status = 200, body = Proposals), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn of_call(State(server): State<Server>, Path(id): Path<String>) -> Result<Json<Proposals>, ApiError> {
    let id = call_id(id)?;
    server.head(&id).await?;
    listed(&server, &Corrections { call: Some(id), before: None, limit: MOST }).await
}

/// The corrections of all calls, newest first.
#[utoipa::path(get, path = "/api/v1/corrections", params(Which),
    responses((status = 200, body = Proposals), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>, which: Result<Query<Which>, QueryRejection>) -> Result<Json<Proposals>, ApiError> {
    let Query(which) = which.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let limit = which.limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MOST).contains(&limit) {
        return Err(ApiError::BadRequest(format!("limit must be 1 to {LIMIT_MOST}")));
    }
    listed(&server, &Corrections { call: None, before: which.before, limit }).await
}

async fn listed(server: &Server, which: &Corrections) -> Result<Json<Proposals>, ApiError> {
    let (corrections, more) = server.parts.store.corrections(which).await?;
    Ok(Json(Proposals { corrections, more }))
}

/// A text without blanks around it; none if nothing is left.
fn text(text: Option<String>) -> Result<Option<String>, ApiError> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match text {
        Some(text) if text.chars().count() > LONGEST => Err(ApiError::BadRequest(format!("a text has at most {LONGEST} letters"))),
        text => Ok(text),
    }
}

/// Sortable by time, and never the same twice.
fn new_id(created: Stamp) -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("{:012x}-{:012x}", created.0, RandomState::new().hash_one(created.0) >> 16)
}
