//! Which address asks for which permission. What is not in the table is for administrators alone.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;

use crate::{
    accounts::Permission,
    call::ids::AgentId,
    http::{
        asker::{Asker, bearer},
        error::ApiError,
        peer::Way,
        state::{Server, call_id},
    },
};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    /// Everybody.
    Open,
    /// Whoever is signed in.
    Known,
    /// Whoever has this permission.
    Needs(Permission),
    /// The agent of the address, and whoever may see every desk.
    Desk,
    /// An agent to whom the call of the address is or was offered, and whoever has this permission.
    Call(Permission),
}

use Access::{Call, Desk, Known, Needs, Open};

const TABLE: &[(&str, &str, Access)] = &[
    ("GET", "/healthz", Open),
    ("GET", "/readyz", Open),
    // Only there without accounts.
    ("GET", "/metrics", Open),
    ("GET", "/api/v1/openapi.json", Known),
    ("GET", "/api/v1/session", Open),
    ("POST", "/api/v1/session", Open),
    ("DELETE", "/api/v1/session", Open),
    ("GET", "/api/v1/session/openid", Open),
    ("GET", "/api/v1/session/openid/back", Open),
    ("DELETE", "/api/v1/session/all", Known),
    ("PUT", "/api/v1/session/password", Known),
    ("POST", "/api/v1/session/link", Open),
    ("PUT", "/api/v1/session/link", Open),
    // Where the configuration says so, the code alone is enough.
    ("POST", "/api/v1/claims", Known),
    ("GET", "/api/v1/accounts", Needs(Permission::Accounts)),
    ("POST", "/api/v1/accounts", Needs(Permission::Accounts)),
    ("PATCH", "/api/v1/accounts/{id}", Needs(Permission::Accounts)),
    ("DELETE", "/api/v1/accounts/{id}", Needs(Permission::Accounts)),
    ("POST", "/api/v1/accounts/{id}/link", Needs(Permission::Accounts)),
    ("POST", "/api/v1/accounts/{id}/sign-out", Needs(Permission::Accounts)),
    ("GET", "/api/v1/tokens", Needs(Permission::Tokens)),
    ("POST", "/api/v1/tokens", Needs(Permission::Tokens)),
    ("DELETE", "/api/v1/tokens/{id}", Needs(Permission::Tokens)),
    ("GET", "/api/v1/audit", Needs(Permission::Audit)),
    ("GET", "/api/v1/privacy", Needs(Permission::PrivacyReports)),
    ("POST", "/api/v1/privacy/find", Needs(Permission::Privacy)),
    ("POST", "/api/v1/privacy/export", Needs(Permission::Privacy)),
    ("POST", "/api/v1/privacy/erase", Needs(Permission::Privacy)),
    ("GET", "/api/v1/privacy/receipts", Needs(Permission::PrivacyReports)),
    ("GET", "/api/v1/privacy/receipts/{id}", Needs(Permission::PrivacyReports)),
    ("GET", "/api/v1/privacy/holds", Needs(Permission::PrivacyReports)),
    ("PUT", "/api/v1/calls/{id}/hold", Needs(Permission::Privacy)),
    ("DELETE", "/api/v1/calls/{id}/hold", Needs(Permission::Privacy)),
    ("GET", "/api/v1/calls/{id}/compliance", Needs(Permission::AllCalls)),
    ("GET", "/api/v1/calls", Needs(Permission::OwnCalls)),
    ("GET", "/api/v1/calls/{id}", Call(Permission::AllCalls)),
    ("GET", "/api/v1/calls/{id}/earlier", Call(Permission::AllCalls)),
    ("GET", "/api/v1/calls/{id}/events", Call(Permission::AllCalls)),
    ("GET", "/api/v1/calls/{id}/recording", Call(Permission::Recordings)),
    ("GET", "/api/v1/calls/{id}/log", Needs(Permission::EventLogs)),
    ("GET", "/api/v1/calls/{id}/notes", Call(Permission::AllCalls)),
    ("PUT", "/api/v1/calls/{id}/notes/{agent}", Call(Permission::AnyDesk)),
    ("GET", "/api/v1/calls/{id}/corrections", Call(Permission::AllCalls)),
    ("POST", "/api/v1/calls/{id}/corrections", Call(Permission::AnyDesk)),
    ("GET", "/api/v1/corrections", Needs(Permission::AllCalls)),
    ("GET", "/api/v1/callbacks", Needs(Permission::AllCalls)),
    ("PUT", "/api/v1/callbacks/{id}", Needs(Permission::AnyDesk)),
    ("GET", "/api/v1/voicemails", Needs(Permission::AllCalls)),
    ("PUT", "/api/v1/voicemails/{call}/{seq}", Needs(Permission::AnyDesk)),
    ("GET", "/api/v1/knowledge", Needs(Permission::Roster)),
    ("GET", "/api/v1/desk", Needs(Permission::Roster)),
    ("GET", "/api/v1/calls/{id}/vcon", Needs(Permission::EventLogs)),
    ("GET", "/api/v1/figures", Needs(Permission::AllCalls)),
    ("GET", "/api/v1/webhooks", Needs(Permission::EventLogs)),
    ("GET", "/api/v1/webhooks/{name}/dead", Needs(Permission::EventLogs)),
    ("POST", "/api/v1/webhooks/{name}/replay", Needs(Permission::EventLogs)),
    ("POST", "/api/v1/webhooks/{name}/dead/{seq}/replay", Needs(Permission::EventLogs)),
    ("GET", "/api/v1/stream", Needs(Permission::AllCalls)),
    ("POST", "/api/v1/calls/{id}/choice", Call(Permission::AnyDesk)),
    ("POST", "/api/v1/calls/{id}/answer", Call(Permission::AnyDesk)),
    ("POST", "/api/v1/calls/{id}/hangup", Call(Permission::HangUp)),
    ("POST", "/api/v1/calls/{id}/supervision", Needs(Permission::Supervise)),
    ("POST", "/api/v1/supervision/phone", Needs(Permission::Supervise)),
    ("GET", "/api/v1/events", Needs(Permission::OwnCalls)),
    ("GET", "/api/v1/agents", Needs(Permission::Roster)),
    ("PUT", "/api/v1/agents/{id}/state", Desk),
    ("GET", "/api/v1/agents/{id}/events", Desk),
    ("POST", "/api/v1/agents/{id}/phone", Desk),
    // Callers have no accounts: their pages have tokens of their own.
    ("POST", "/api/v1/web-calls/token", Open),
    ("POST", "/api/v1/web-calls", Open),
    ("PATCH", "/api/v1/web-calls/{id}", Open),
    ("DELETE", "/api/v1/web-calls/{id}", Open),
    ("GET", "/api/v1/web-calls/{id}/events", Open),
];

/// Where a code may be enough.
const CLAIMS: &str = "/api/v1/claims";

/// A stream that is read shows that somebody is there; it says so this often.
const STREAM_TOUCH: Duration = Duration::from_secs(20);

fn access(method: &Method, path: &str) -> Access {
    let method = if method == Method::HEAD { "GET" } else { method.as_str() };
    let found = TABLE.iter().find(|(one, address, _)| *one == method && *address == path);
    found.map_or(Needs(Permission::Accounts), |(.., access)| *access)
}

/// Lets those in who may come in, and tells handlers who it is.
pub(super) async fn admit(State(server): State<Server>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let asker = Asker::of(&server, &parts.headers, Way::of(&parts.headers, &parts.extensions, &server.proxies));
    if let Err(error) = check(&server, &mut parts, &asker).await {
        return error.into_response();
    }
    parts.extensions.insert(asker.clone());
    // What everybody may read does not end with a session: a caller stays on the line of an agent's page.
    let open = parts.extensions.get::<MatchedPath>().is_some_and(|path| access(&parts.method, path.as_str()) == Open);
    let response = next.run(Request::from_parts(parts, body)).await;
    if open { response } else { until_gone(&server, &asker, response) }
}

async fn check(server: &Server, parts: &mut Parts, asker: &Asker) -> Result<(), ApiError> {
    // Pages are open: without what they ask for they show nothing.
    let Some(path) = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()) else { return Ok(()) };
    let access = access(&parts.method, &path);
    if access == Open || (path == CLAIMS && server.parts.claims.are_open()) {
        return Ok(());
    }
    if asker.is_nobody() {
        return Err(stranger(server, &parts.headers, asker));
    }
    if asker.identity().is_some() && changes_unasked(parts) {
        return Err(ApiError::ForeignOrigin);
    }
    match access {
        Open | Known => Ok(()),
        Needs(permission) => allowed(asker.may(permission)),
        Desk => {
            let agent = AgentId(id_of(server, parts).await);
            allowed(asker.acts_as(&agent))
        }
        Call(permission) => {
            if asker.may(permission) {
                return Ok(());
            }
            allowed(asker.may(Permission::OwnCalls))?;
            let id = call_id(id_of(server, parts).await)?;
            let offered = match asker.agent() {
                Some(agent) => server.was_offered(&id, agent).await?,
                None => false,
            };
            match (offered, asker.may(Permission::AllCalls)) {
                (true, _) => Ok(()),
                (false, true) => Err(ApiError::NotAllowed),
                // Whether there is such a call is nobody's business either.
                (false, false) => Err(ApiError::NoSuchCall),
            }
        }
    }
}

fn allowed(may: bool) -> Result<(), ApiError> {
    if may { Ok(()) } else { Err(ApiError::NotAllowed) }
}

/// Who shows tokens that are none has to wait after a few.
fn stranger(server: &Server, headers: &HeaderMap, asker: &Asker) -> ApiError {
    let wrong = headers.contains_key(header::AUTHORIZATION);
    let accounts = server.parts.accounts.as_ref().filter(|_| wrong);
    match accounts.map(|accounts| accounts.wrong_token(&asker.source())) {
        Some(Err(wait)) => ApiError::TryLater(wait),
        Some(Ok(())) | None => ApiError::NotSignedIn,
    }
}

/// A change for which a cookie stands in must say which page it comes from, as every browser does; `guard` has looked whether that is one of ours.
fn changes_unasked(parts: &Parts) -> bool {
    let changes = !matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let says = parts.headers.contains_key(header::ORIGIN) || parts.headers.contains_key("sec-fetch-site");
    changes && !says && bearer(&parts.headers).is_none()
}

/// The `{id}` of the address; empty if it has none, or none that is text.
async fn id_of(server: &Server, parts: &mut Parts) -> String {
    match RawPathParams::from_request_parts(parts, server).await {
        Ok(found) => found.iter().find(|(name, _)| *name == "id").map(|(_, id)| id.to_owned()).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// A live stream ends with the key that opened it.
fn until_gone(server: &Server, asker: &Asker, response: Response) -> Response {
    let is_stream = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
    let (Some(accounts), Some(identity), true) = (server.parts.accounts.clone(), asker.identity().cloned(), is_stream) else {
        return response;
    };
    let over = async move {
        let key = identity.key;
        let used = async {
            let mut every = tokio::time::interval(STREAM_TOUCH);
            loop {
                every.tick().await;
                accounts.touch(key);
            }
        };
        tokio::select! {
            () = identity.gone() => {}
            () = used => {}
        }
    };
    let (parts, body) = response.into_parts();
    Response::from_parts(parts, Body::from_stream(body.into_data_stream().take_until(Box::pin(over))))
}
