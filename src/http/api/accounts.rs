//! `GET` and `POST /api/v1/accounts`, `PATCH` and `DELETE /api/v1/accounts/{id}`, `POST /api/v1/accounts/{id}/link`,
//! `POST /api/v1/accounts/{id}/sign-out`: what administrators do.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::{Account, Change, KeySecret, NewAccount, Role},
    call::ids::AgentId,
    http::{
        ErrorBody,
        asker::Asker,
        error::{ApiError, Body},
        state::Server,
    },
    view::Stamp,
};

/// All accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountList {
    accounts: Vec<AccountView>,
}

/// One account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountView {
    id: String,
    name: String,
    role: Role,
    /// The agent that it works as.
    agent: Option<String>,
    locked: bool,
    /// Somebody has chosen a password for it.
    password: bool,
    /// Signs in at an OpenID Connect provider.
    openid: bool,
    #[schema(value_type = String, format = DateTime)]
    created: Stamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    signed_in: Option<Stamp>,
    sessions: usize,
    tokens: usize,
}

/// A new account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    name: String,
    role: Role,
    #[serde(default)]
    agent: Option<String>,
}

/// What is to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Changed {
    #[serde(default)]
    role: Option<Role>,
    /// `null`: none.
    #[serde(default, deserialize_with = "there")]
    #[schema(value_type = Option<String>)]
    agent: Option<Option<String>>,
    #[serde(default)]
    locked: Option<bool>,
}

/// An account and the link with which its password is chosen. The link is shown this once.
#[derive(Serialize, ToSchema)]
pub(crate) struct WithLink {
    account: AccountView,
    link: String,
}

/// All accounts.
#[utoipa::path(get, path = "/api/v1/accounts", responses((status = 200, body = AccountList), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>) -> Result<Json<AccountList>, ApiError> {
    let accounts = server.accounts()?.list().into_iter().map(|(account, sessions, tokens)| view(account, sessions, tokens)).collect();
    Ok(Json(AccountList { accounts }))
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/accounts", request_body = Wanted,
    responses((status = 201, body = WithLink), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn create(
    State(server): State<Server>,
    asker: Asker,
    Body(wanted): Body<Wanted>,
) -> Result<(StatusCode, Json<WithLink>), ApiError> {
    let agent = agent(&server, wanted.role, wanted.agent)?;
    let new = NewAccount { name: wanted.name, role: wanted.role, agent };
    let made = server.accounts()?.create(new, asker.identity(), &asker.source()).await?;
    Ok((StatusCode::CREATED, Json(with_link(&server, made)?)))
}

/// Changes an account. Its pages are signed out, and its tokens end. A caller whom somebody has on their page stays with them, unless the account is locked: then
/// the page's line is lost, and the flow calls somebody else for the caller.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", params(("id" = String, Path)), request_body = Changed,
    responses((status = 200, body = AccountView), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn change(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(wanted): Body<Changed>,
) -> Result<Json<AccountView>, ApiError> {
    let accounts = server.accounts()?;
    let (now, ..) = accounts.list().into_iter().find(|(account, ..)| account.id == id).ok_or(ApiError::NoSuchAccount)?;
    let role = wanted.role.unwrap_or(now.role);
    let name = wanted.agent.clone().unwrap_or_else(|| now.agent.map(|agent| agent.0));
    let agent = agent(&server, role, name)?;
    let change = Change { role: wanted.role, agent: Some(agent), locked: wanted.locked };
    let changed = accounts.change(&id, change, asker.known()?, &asker.source()).await?;
    if changed.locked {
        server.web.end_calls_of(&id).await;
    }
    Ok(Json(view(changed, 0, 0)))
}

/// Removes an account. What it did stays in the audit log. Its pages lose their calls, as if it were locked.
#[utoipa::path(delete, path = "/api/v1/accounts/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn remove(State(server): State<Server>, asker: Asker, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    server.accounts()?.remove(&id, asker.known()?, &asker.source()).await?;
    server.web.end_calls_of(&id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// A link with which another password is chosen; older ones are gone.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/link", params(("id" = String, Path)),
    responses((status = 200, body = WithLink), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn link(State(server): State<Server>, asker: Asker, Path(id): Path<String>) -> Result<Json<WithLink>, ApiError> {
    let made = server.accounts()?.link(&id, asker.known()?, &asker.source()).await?;
    Ok(Json(with_link(&server, made)?))
}

/// Signs every page of an account out. A caller whom somebody has there stays with them.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/sign-out", params(("id" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn sign_out(State(server): State<Server>, asker: Asker, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    server.accounts()?.sign_out_everywhere(asker.known()?, &id, &asker.source()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An agent of the configuration; who is nothing but an agent must be one.
fn agent(server: &Server, role: Role, wanted: Option<String>) -> Result<Option<AgentId>, ApiError> {
    let wanted = wanted.map(AgentId);
    match &wanted {
        Some(agent) => super::agents::find(server, agent).map(drop)?,
        None if role == Role::Agent => return Err(ApiError::BadRequest("An account with the role agent needs an agent.".to_owned())),
        None => {}
    }
    Ok(wanted)
}

fn with_link(server: &Server, (account, secret): (Account, KeySecret)) -> Result<WithLink, ApiError> {
    let link = format!("{}/welcome#{}", server.accounts()?.options().address, secret.expose());
    Ok(WithLink { account: view(account, 0, 0), link })
}

fn view(account: Account, sessions: usize, tokens: usize) -> AccountView {
    AccountView {
        id: account.id,
        name: account.name,
        role: account.role,
        agent: account.agent.map(|agent| agent.0),
        locked: account.locked,
        password: account.password.is_some(),
        openid: account.openid.is_some(),
        created: Stamp(account.created_ms),
        signed_in: account.signed_in_ms.map(Stamp),
        sessions,
        tokens,
    }
}

/// What is there, even if it is `null`.
fn there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
