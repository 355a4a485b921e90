//! `GET` and `POST /api/v1/tokens`, `DELETE /api/v1/tokens/{id}`: what programs show instead of a session.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::{Key, Permission},
    http::{
        ErrorBody,
        api::session::page,
        asker::Asker,
        error::{ApiError, Body},
        state::Server,
    },
    view::Stamp,
};

/// A token lives at most so many days.
const DAYS_MOST: u64 = 366;

/// The tokens of one's own account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    tokens: Vec<TokenView>,
}

/// One token; its secret is not kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenView {
    id: String,
    label: String,
    scopes: Vec<Permission>,
    #[schema(value_type = String, format = DateTime)]
    created: Stamp,
    #[schema(value_type = String, format = DateTime)]
    expires: Stamp,
    #[schema(value_type = String, format = DateTime)]
    used: Stamp,
}

/// A token that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WantedToken {
    /// What it is for.
    label: String,
    /// What it may be used for; nothing that the account may not.
    scopes: Vec<Permission>,
    /// Days until it ends: 1 to 366.
    #[schema(minimum = 1, maximum = 366)]
    days: u64,
}

/// A new token. The secret is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    token: TokenView,
    secret: String,
}

/// One's own tokens, newest first.
#[utoipa::path(get, path = "/api/v1/tokens", responses((status = 200, body = Tokens), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>, asker: Asker) -> Result<Json<Tokens>, ApiError> {
    let accounts = server.accounts()?;
    let tokens = accounts.tokens(&asker.known()?.account).into_iter().map(view).collect();
    Ok(Json(Tokens { tokens }))
}

/// Makes a token, from a page that is signed in: a token makes no others.
#[utoipa::path(post, path = "/api/v1/tokens", request_body = WantedToken,
    responses((status = 201, body = MadeToken), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn make(
    State(server): State<Server>,
    asker: Asker,
    Body(wanted): Body<WantedToken>,
) -> Result<(StatusCode, Json<MadeToken>), ApiError> {
    if !(1..=DAYS_MOST).contains(&wanted.days) || wanted.scopes.is_empty() || wanted.label.trim().is_empty() {
        return Err(ApiError::BadRequest(format!("a token has a label, a scope at least, and 1 to {DAYS_MOST} days")));
    }
    let life = Duration::from_secs(wanted.days * 86_400);
    let accounts = server.accounts()?;
    let (key, secret) = accounts.make_token(page(&asker)?, wanted.label.trim(), wanted.scopes, life, &asker.source()).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { token: view(key), secret: secret.expose().to_owned() })))
}

/// Ends a token at once; its streams end, too.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn end(State(server): State<Server>, asker: Asker, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    server.accounts()?.end_token(asker.known()?, &id, &asker.source()).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(key: Key) -> TokenView {
    TokenView {
        id: key.id,
        label: key.label,
        scopes: key.scopes.unwrap_or_default(),
        created: Stamp(key.created_ms),
        expires: Stamp(key.expires_ms),
        used: Stamp(key.used_ms),
    }
}
