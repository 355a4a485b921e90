//! `POST /api/v1/web-calls/token`, `POST /api/v1/web-calls`, `PATCH` and `DELETE /api/v1/web-calls/{id}`, `GET /api/v1/web-calls/{id}/events`,
//! `POST /api/v1/agents/{id}/phone`: calls of browsers, in the manner of WHIP (RFC 9725), with JSON around the session descriptions.

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    call::{event::LegEnd, ids::AgentId},
    http::{
        ErrorBody,
        api::agents,
        asker::Asker,
        error::{ApiError, Body},
        shares::Share,
        sse,
        state::Server,
        web::{IceServer, Watching},
    },
    web_call::{WebCall, WebRefused},
};

/// What a page needs to begin a call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Token {
    token: String,
    /// Seconds that it may be used to begin a call.
    expires_s: u64,
    ice_servers: Vec<IceServer>,
}

/// A caller's offer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offered {
    /// The number or name that is called.
    to: String,
    /// What the caller says that they are called.
    #[serde(default)]
    name: Option<String>,
    /// The session description.
    sdp: String,
}

/// A session description.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Description {
    pub(super) sdp: String,
}

/// A call that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Begun {
    id: String,
    /// Ours.
    sdp: String,
}

/// A token for a page, and the STUN and TURN servers that it may need.
#[utoipa::path(post, path = "/api/v1/web-calls/token", responses((status = 200, body = Token)))]
pub(crate) async fn token(State(server): State<Server>) -> Json<Token> {
    let (token, expires_s) = server.web.token();
    Json(Token { token, expires_s, ice_servers: server.web.options.ice_servers.clone() })
}

/// A caller calls from a page. The answer comes when the call is answered; `Location` is the call, to be changed and ended.
#[utoipa::path(post, path = "/api/v1/web-calls", request_body = Offered, params(("authorization" = String, Header)),
    responses((status = 201, body = Begun), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 406, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn call(
    State(server): State<Server>,
    asker: Asker,
    headers: HeaderMap,
    Body(offered): Body<Offered>,
) -> Result<impl IntoResponse, ApiError> {
    let token = bearer(&headers)?;
    server.web.check(&token)?;
    let place = server.web.place(asker.source())?;
    let call = server.web.calls.call(offered.to, offered.name, offered.sdp).await?;
    Ok(begun(&server, call, token, None, Some(place)))
}

/// An agent takes the call that rings on their page.
#[utoipa::path(post, path = "/api/v1/agents/{id}/phone", params(("id" = String, Path), ("authorization" = String, Header)), request_body = Description,
    responses((status = 201, body = Begun), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn answer(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(offered): Body<Description>,
) -> Result<impl IntoResponse, ApiError> {
    agents::find(&server, &AgentId(id.clone()))?;
    answer_for(&server, &asker, &headers, id, offered).await
}

/// The page of this name takes the call that rings there.
pub(super) async fn answer_for(
    server: &Server,
    asker: &Asker,
    headers: &HeaderMap,
    name: String,
    offered: Description,
) -> Result<impl IntoResponse + use<>, ApiError> {
    let token = bearer(headers)?;
    server.web.check(&token)?;
    let call = server.web.calls.answer(name, offered.sdp).await?;
    let account = asker.identity().map(|identity| identity.account.clone());
    Ok(begun(server, call, token, account, None))
}

/// Another session description for a call that goes on: the browser has changed its network (ICE restart).
#[utoipa::path(patch, path = "/api/v1/web-calls/{id}", params(("id" = String, Path), ("authorization" = String, Header)), request_body = Description,
    responses((status = 200, body = Description), (status = 404, body = ErrorBody), (status = 406, body = ErrorBody)))]
pub(crate) async fn change(
    State(server): State<Server>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(offered): Body<Description>,
) -> Result<Json<Description>, ApiError> {
    let id = server.web.find(&id, &bearer(&headers)?)?;
    let sdp = server.web.calls.reoffer(id, offered.sdp).await?;
    Ok(Json(Description { sdp }))
}

/// Hangs up.
#[utoipa::path(delete, path = "/api/v1/web-calls/{id}", params(("id" = String, Path), ("authorization" = String, Header)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn end(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap) -> Result<StatusCode, ApiError> {
    let id = server.web.find(&id, &bearer(&headers)?)?;
    server.web.calls.end(id, LegEnd::HungUp).await;
    Ok(StatusCode::NO_CONTENT)
}

/// `event: ended` when the call is over. As long as a page reads this, its call lives; soon after nobody reads it any more, the call ends. It goes on when the
/// session of whoever has it on their page is over.
#[utoipa::path(get, path = "/api/v1/web-calls/{id}/events", params(("id" = String, Path)),
    responses((status = 200, content_type = "text/event-stream"), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn events(State(server): State<Server>, Path(id): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let place = server.stream()?;
    let watching = server.web.watch(&id)?;
    Ok(sse::answer(place, stream::unfold(Next::Live(watching), next)))
}

enum Next {
    Live(Watching),
    Over,
}

#[derive(Debug, Serialize)]
struct Ended {}

async fn next(state: Next) -> Option<(axum::response::sse::Event, Next)> {
    let Next::Live(mut watching) = state else { return None };
    // A driver that is gone has ended the call too.
    let _ = watching.ended.wait_for(|ended| *ended).await;
    Some((sse::event("ended", &Ended {}), Next::Over))
}

fn begun(server: &Server, call: WebCall, token: String, account: Option<String>, place: Option<Share>) -> impl IntoResponse + use<> {
    server.web.add(&call, token, account, place);
    let location = format!("/api/v1/web-calls/{}", call.id.0);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(Begun { id: call.id.0, sdp: call.answer }))
}

fn bearer(headers: &HeaderMap) -> Result<String, ApiError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).map(|token| token.trim().to_owned()).ok_or(ApiError::NoToken)
}

impl From<WebRefused> for ApiError {
    fn from(why: WebRefused) -> Self {
        match why {
            WebRefused::Busy => Self::CallBusy,
            WebRefused::NotFound => Self::NobodyAnswers,
            WebRefused::BadOffer => Self::BadRequest("This is no session description.".to_owned()),
            WebRefused::NotAcceptable => Self::NotAcceptable,
            WebRefused::NoSuchCall => Self::NoSuchCall,
            WebRefused::NothingRings => Self::NotOffered,
        }
    }
}
