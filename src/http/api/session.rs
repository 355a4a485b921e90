//! `GET`, `POST` and `DELETE /api/v1/session`, `DELETE /api/v1/session/all`, `PUT /api/v1/session/password`, `POST` and `PUT /api/v1/session/link`:
//! signing in and out.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::{Accounts, Demonstration, Identity, KeyKind, KeySecret, Permission, Role},
    http::{
        ErrorBody,
        asker::Asker,
        cookie,
        error::{ApiError, Body},
        state::Server,
    },
};

/// What a page needs to know before anything else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// People have accounts here; without them everybody on this machine may do everything.
    accounts: bool,
    /// Who is signed in.
    signed_in: Option<Me>,
    /// A claim code shows its call, without an account.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    claims_open: bool,
    /// The name of a provider where people sign in, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<String>,
    /// This is the demonstration: everybody may use these accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    demo: Option<Demonstration>,
}

/// Whoever is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    name: String,
    role: Role,
    /// The agent that the account works as.
    #[schema(value_type = Option<String>)]
    agent: Option<String>,
    permissions: Vec<Permission>,
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    name: String,
    password: String,
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    old: String,
    new: String,
}

/// What stands behind `#` in a one-time link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    link: String,
}

/// Whose one-time link it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Linked {
    name: String,
}

/// A one-time link and the password that is chosen with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChosenPassword)]
pub(crate) struct Chosen {
    link: String,
    password: String,
}

/// Whether people have accounts here, and who is signed in.
#[utoipa::path(get, path = "/api/v1/session", responses((status = 200, body = Session)))]
pub(crate) async fn get(State(server): State<Server>, asker: Asker) -> Json<Session> {
    let openid = server.openid.as_ref().map(|openid| openid.label().to_owned());
    let claims_open = server.parts.claims.are_open();
    let demo = server.parts.accounts.as_ref().and_then(Accounts::demonstration);
    Json(Session { claims_open, accounts: server.parts.accounts.is_some(), signed_in: asker.identity().map(Me::of), openid, demo })
}

/// Signs in. The session is in a cookie that no script sees.
#[utoipa::path(post, path = "/api/v1/session", request_body = SignIn,
    responses((status = 200, body = Me), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(crate) async fn sign_in(State(server): State<Server>, asker: Asker, Body(given): Body<SignIn>) -> Result<impl IntoResponse, ApiError> {
    let signed_in = server.accounts()?.sign_in(given.name.trim(), &given.password, &asker.source()).await?;
    // Whoever this page was signed in as before is not any more.
    sign_out_of(&server, &asker).await?;
    Ok(begun(&server, &asker, signed_in))
}

/// Signs this page out.
#[utoipa::path(delete, path = "/api/v1/session", responses((status = 204)))]
pub(crate) async fn sign_out(State(server): State<Server>, asker: Asker) -> Result<impl IntoResponse, ApiError> {
    sign_out_of(&server, &asker).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::clear(asker.is_secure()))]))
}

/// Signs every page of one's account out, this one too.
#[utoipa::path(delete, path = "/api/v1/session/all", responses((status = 204), (status = 401, body = ErrorBody)))]
pub(crate) async fn sign_out_everywhere(State(server): State<Server>, asker: Asker) -> Result<impl IntoResponse, ApiError> {
    let who = asker.known()?;
    server.accounts()?.sign_out_everywhere(who, &who.account, &asker.source()).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie::clear(asker.is_secure()))]))
}

/// Another password. Other pages of the account are signed out, and this one gets a new session.
#[utoipa::path(put, path = "/api/v1/session/password", request_body = NewPassword,
    responses((status = 200, body = Me), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(crate) async fn change_password(
    State(server): State<Server>,
    asker: Asker,
    Body(given): Body<NewPassword>,
) -> Result<impl IntoResponse, ApiError> {
    let who = page(&asker)?;
    let signed_in = server.accounts()?.change_password(who, &given.old, &given.new, &asker.source()).await?;
    Ok(begun(&server, &asker, signed_in))
}

/// Whose one-time link it is, if it is still good.
#[utoipa::path(post, path = "/api/v1/session/link", request_body = Link,
    responses((status = 200, body = Linked), (status = 404, body = ErrorBody), (status = 410, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(crate) async fn look_at_link(State(server): State<Server>, asker: Asker, Body(given): Body<Link>) -> Result<Json<Linked>, ApiError> {
    let name = server.accounts()?.look_at_link(&given.link, &asker.source())?;
    Ok(Json(Linked { name }))
}

/// Chooses a password with a one-time link, and signs in. The link is gone then.
#[utoipa::path(put, path = "/api/v1/session/link", request_body = Chosen,
    responses((status = 200, body = Me), (status = 400, body = ErrorBody), (status = 410, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(crate) async fn use_link(State(server): State<Server>, asker: Asker, Body(given): Body<Chosen>) -> Result<impl IntoResponse, ApiError> {
    let signed_in = server.accounts()?.use_link(&given.link, &given.password, &asker.source()).await?;
    Ok(begun(&server, &asker, signed_in))
}

/// A page that is signed in; a program has no password.
pub(super) fn page(asker: &Asker) -> Result<&Identity, ApiError> {
    let who = asker.known()?;
    if who.kind == KeyKind::Session { Ok(who) } else { Err(ApiError::NotAllowed) }
}

async fn sign_out_of(server: &Server, asker: &Asker) -> Result<(), ApiError> {
    if let (Some(accounts), Ok(who)) = (&server.parts.accounts, page(asker)) {
        accounts.sign_out(who, &asker.source()).await?;
    }
    Ok(())
}

fn begun(server: &Server, asker: &Asker, (secret, identity): (KeySecret, Identity)) -> impl IntoResponse + use<> {
    ([(header::SET_COOKIE, session_cookie(server, asker, &secret))], Json(Me::of(&identity)))
}

pub(super) fn session_cookie(server: &Server, asker: &Asker, secret: &KeySecret) -> HeaderValue {
    let longest = server.parts.accounts.as_ref().map_or_else(Default::default, |accounts| accounts.options().longest);
    cookie::set(secret.expose(), asker.is_secure(), longest)
}

impl Me {
    fn of(identity: &Identity) -> Self {
        Self {
            name: identity.name.clone(),
            role: identity.role,
            agent: identity.agent.as_ref().map(|agent| agent.0.clone()),
            permissions: identity.permissions(),
        }
    }
}
