//! `GET /api/v1/session/openid`, `GET /api/v1/session/openid/back`: signing in at a provider.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    accounts::Did,
    http::{
        ErrorBody,
        api::{agents, session::session_cookie},
        asker::Asker,
        cookie,
        error::ApiError,
        state::Server,
    },
    openid::{OpenIdError, Person},
};

/// Holds the state while somebody is at the provider. It must come back with them, so it is not strict about where they come from.
const STATE: &str = "warmline-openid";

/// What the provider sends people back with.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Back {
    /// To be exchanged for a token.
    code: Option<String>,
    /// What we sent them away with.
    state: Option<String>,
}

/// Sends somebody to the provider.
#[utoipa::path(get, path = "/api/v1/session/openid", responses((status = 303), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn start(State(server): State<Server>, asker: Asker) -> Result<Response, ApiError> {
    let openid = server.openid.as_ref().ok_or(ApiError::NoAccounts)?;
    let (address, state) = openid.start().await.map_err(|error| {
        tracing::warn!(%error, "nobody can sign in at the provider");
        ApiError::NotNow
    })?;
    Ok(sent(&address, Some(kept(&state, asker.is_secure(), 600))))
}

/// Somebody comes back from the provider: a session, or back to the page for signing in.
#[utoipa::path(get, path = "/api/v1/session/openid/back", params(Back),
    responses((status = 303), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn back(
    State(server): State<Server>,
    asker: Asker,
    headers: HeaderMap,
    back: Result<Query<Back>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(back) = back.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let openid = server.openid.as_ref().ok_or(ApiError::NoAccounts)?;
    let state = cookie::find(&headers, STATE).unwrap_or_default();
    let (code, shown) = (back.code.unwrap_or_default(), back.state.unwrap_or_default());
    let person = if state.is_empty() { Err(OpenIdError::NotOnTheWay) } else { openid.finish(&code, &shown, state).await };
    let gone = kept("", asker.is_secure(), 0);
    match person {
        Ok(person) => {
            let person = Person { agent: person.agent.filter(|agent| agents::find(&server, agent).is_ok()), ..person };
            let accounts = server.accounts()?;
            match accounts.sign_in_as(&person, &asker.source()).await {
                Ok((secret, _)) => {
                    let mut answer = sent("/", Some(gone));
                    answer.headers_mut().append(header::SET_COOKIE, session_cookie(&server, &asker, &secret));
                    Ok(answer)
                }
                Err(error) => Ok(refused(&server, &asker, Some(&person.name), &error, gone)),
            }
        }
        Err(error) => Ok(refused(&server, &asker, None, &error, gone)),
    }
}

fn refused(server: &Server, asker: &Asker, name: Option<&str>, error: &dyn std::fmt::Display, gone: HeaderValue) -> Response {
    tracing::info!(%error, "somebody who came from the provider was not let in");
    if let Some(accounts) = &server.parts.accounts {
        accounts.did(Did::SignInFailed, None, name, None, &asker.source());
    }
    sent("/#refused", Some(gone))
}

fn sent(to: &str, cookie: Option<HeaderValue>) -> Response {
    let Ok(location) = HeaderValue::from_str(to) else { return ApiError::NotNow.into_response() };
    let mut answer = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

fn kept(state: &str, secure: bool, seconds: u32) -> HeaderValue {
    let also = if secure { "; Secure" } else { "" };
    let text = format!("{STATE}={state}; Path=/api/v1/session/openid; Max-Age={seconds}; HttpOnly; SameSite=Lax{also}");
    HeaderValue::from_str(&text).expect("a state is made of letters and digits")
}
