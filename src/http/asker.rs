//! Who is asking, and whether they may. A handler takes an [`Asker`]; whether its address may be asked at all is decided by `access` before.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use crate::{
    accounts::{Did, Identity, KeyKind, Permission, TOKEN_MARK},
    call::ids::AgentId,
    http::{cookie, error::ApiError, peer::Way, state::Server},
};

/// The one who asks.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    who: Who,
    way: Way,
}

#[derive(Debug, Clone)]
enum Who {
    /// There are no accounts here: everybody on this machine may do everything.
    Anybody,
    /// Not signed in.
    Nobody,
    /// Signed in, or with a token.
    Known(Identity),
}

impl Asker {
    /// Reads it from a request's headers.
    pub(super) fn of(server: &Server, headers: &HeaderMap, way: Way) -> Self {
        let Some(accounts) = &server.parts.accounts else { return Self { who: Who::Anybody, way } };
        let identity = match bearer(headers) {
            // Pages show a token of another kind for their calls, and their cookie besides.
            Some(token) if token.starts_with(TOKEN_MARK) => accounts.identify(token, KeyKind::Token),
            Some(_) | None => cookie::read(headers, way.secure).and_then(|secret| accounts.identify(secret, KeyKind::Session)),
        };
        Self { who: identity.map_or(Who::Nobody, Who::Known), way }
    }

    /// May they?
    pub(super) fn may(&self, permission: Permission) -> bool {
        match &self.who {
            Who::Anybody => true,
            Who::Nobody => false,
            Who::Known(identity) => identity.may(permission),
        }
    }

    /// May they work at this agent's desk?
    pub(super) fn acts_as(&self, agent: &AgentId) -> bool {
        self.may(Permission::AnyDesk) || (self.agent() == Some(agent) && self.may(Permission::OwnDesk))
    }

    /// They must work at this agent's desk.
    pub(super) fn must_act_as(&self, agent: &AgentId) -> Result<(), ApiError> {
        if self.acts_as(agent) { Ok(()) } else { Err(ApiError::NotAllowed) }
    }

    /// The agent that their account works as.
    pub(super) fn agent(&self) -> Option<&AgentId> {
        self.identity().and_then(|identity| identity.agent.as_ref())
    }

    /// Whose calls alone they see; none: all calls.
    pub(super) fn only_calls_of(&self) -> Option<AgentId> {
        // An agent without a name has been offered nothing.
        (!self.may(Permission::AllCalls)).then(|| self.agent().cloned().unwrap_or_else(|| AgentId(String::new())))
    }

    /// The account, if they are signed in.
    pub(super) fn identity(&self) -> Option<&Identity> {
        match &self.who {
            Who::Known(identity) => Some(identity),
            Who::Anybody | Who::Nobody => None,
        }
    }

    /// The account, which must be there.
    pub(super) fn known(&self) -> Result<&Identity, ApiError> {
        self.identity().ok_or(ApiError::NotSignedIn)
    }

    /// Nobody that is known, where people are.
    pub(super) fn is_nobody(&self) -> bool {
        matches!(self.who, Who::Nobody)
    }

    /// Where they are, for the log and for throttles.
    pub(super) fn source(&self) -> String {
        self.way.word()
    }

    /// Nobody on the way can read what they are told.
    pub(super) fn is_secure(&self) -> bool {
        self.way.secure
    }

    /// Writes down what they did. Without accounts nobody did it.
    pub(super) fn did(&self, server: &Server, did: Did, target: Option<&str>) {
        if let (Some(accounts), Some(identity)) = (&server.parts.accounts, self.identity()) {
            accounts.did(did, Some(identity), None, target, &self.source());
        }
    }
}

impl Asker {
    /// Writes down what they did, also if nobody knows who they are.
    pub(super) fn did_or_somebody(&self, server: &Server, did: Did, target: Option<&str>) {
        if let Some(accounts) = &server.parts.accounts {
            accounts.did(did, self.identity(), None, target, &self.source());
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // `access` put it there.
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::NotSignedIn)
    }
}

/// What stands behind `Authorization: Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim)
}
