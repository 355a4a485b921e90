//! `POST /api/v1/calls/{id}/choice`, `POST /api/v1/calls/{id}/hangup`

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    accounts::{Did, Permission},
    call::{
        event::{AgentChoice, Event},
        ids::{AgentId, CallId},
    },
    http::{
        ErrorBody,
        asker::Asker,
        error::{ApiError, Body},
        state::{Server, call_id},
    },
    live::NotTold,
};

/// What an agent chose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Chosen {
    agent: String,
    #[schema(value_type = Button)]
    choice: AgentChoice,
}

/// The buttons, for the OpenAPI document.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "states the shape of the brain's type, which carries no web library")]
pub(crate) enum Button {
    Accept,
    Decline,
    HangUp,
}

/// An agent accepts, declines or ends the call that is offered to them. The answer only says that the call was told; what follows is on its stream.
#[utoipa::path(post, path = "/api/v1/calls/{id}/choice", params(("id" = String, Path)), request_body = Chosen,
    responses((status = 202), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn choose(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(chosen): Body<Chosen>,
) -> Result<StatusCode, ApiError> {
    let id = call_id(id)?;
    let agent = AgentId(chosen.agent);
    asker.must_act_as(&agent)?;
    let told = server.parts.hub.choose(&id, &agent, chosen.choice);
    asker.did(&server, Did::ChoseForCall, Some(&id.0));
    accepted(&server, &id, told).await
}

/// Ends a call: for its agent if it has one, else the bot finishes up.
#[utoipa::path(post, path = "/api/v1/calls/{id}/hangup", params(("id" = String, Path)),
    responses((status = 202), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn hang_up(State(server): State<Server>, asker: Asker, Path(id): Path<String>) -> Result<StatusCode, ApiError> {
    let id = call_id(id)?;
    let offered_to = server.parts.hub.offered_to(&id);
    // Whoever had the call before does not end it for the one who has it now.
    if !asker.may(Permission::HangUp) && !offered_to.as_ref().is_some_and(|agent| asker.acts_as(agent)) {
        return Err(ApiError::NotOffered);
    }
    asker.did(&server, Did::EndedCall, Some(&id.0));
    let event = match offered_to {
        Some(agent) => Event::AgentChose { agent, choice: AgentChoice::HangUp },
        None => Event::Drain,
    };
    accepted(&server, &id, server.parts.hub.tell(&id, event)).await
}

/// A call that is not live is gone, or was never there.
async fn accepted(server: &Server, id: &CallId, told: Result<(), NotTold>) -> Result<StatusCode, ApiError> {
    match told {
        Ok(()) => Ok(StatusCode::ACCEPTED),
        Err(NotTold::NotLive) => {
            server.head(id).await?;
            Err(ApiError::CallEnded)
        }
        Err(why) => Err(why.into()),
    }
}
