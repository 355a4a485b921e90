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
        event::{AgentChoice, DeclineReason, Event, TransferTo},
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
    choice: Button,
    /// Decline: why.
    #[serde(default)]
    #[schema(value_type = Option<Reason>)]
    reason: Option<DeclineReason>,
    /// Transfer, consult, add: whom.
    #[serde(default)]
    to: Option<To>,
    /// To the bot: to which step; one of the flow's `handoff.send_back`. None: the bot asks what else there is.
    #[serde(default)]
    node: Option<String>,
}

/// The buttons. The first five are for a call that is offered, the rest for one that the agent has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Button {
    Accept,
    Decline,
    Repeat,
    More,
    HangUp,
    Hold,
    Resume,
    Mute,
    Unmute,
    Transfer,
    /// Speak with somebody (`to`) while the caller is on hold.
    Consult,
    /// Ring a number outside (`to`), who joins.
    Add,
    /// All three hear each other.
    Conference,
    /// Leave the caller to the third person.
    Complete,
    /// The third person goes.
    Part,
    ToBot,
}

/// Why an agent passes a call on, for the OpenAPI document.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "states the shape of the brain's type, which carries no web library")]
pub(crate) enum Reason {
    Busy,
    NotMySkill,
    Other,
}

/// Somebody to hand a caller to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum To {
    /// Anybody of this queue.
    Queue(String),
    /// This agent.
    Agent(String),
    /// A number outside that the configuration lets this agent call.
    Number(String),
}

impl Chosen {
    /// As the call is told.
    fn choice(&self, server: &Server) -> Result<AgentChoice, ApiError> {
        let fits = (self.reason.is_none() || self.choice == Button::Decline)
            && (self.to.is_none() || matches!(self.choice, Button::Transfer | Button::Consult | Button::Add))
            && (self.node.is_none() || self.choice == Button::ToBot);
        if !fits {
            return Err(ApiError::BadRequest("This choice takes no such detail.".to_owned()));
        }
        Ok(match self.choice {
            Button::Accept => AgentChoice::Accept,
            Button::Decline => AgentChoice::Decline { reason: self.reason.unwrap_or_default() },
            Button::Repeat => AgentChoice::Repeat,
            Button::More => AgentChoice::More,
            Button::HangUp => AgentChoice::HangUp,
            Button::Hold => AgentChoice::Hold,
            Button::Resume => AgentChoice::Resume,
            Button::Mute => AgentChoice::Mute,
            Button::Unmute => AgentChoice::Unmute,
            Button::Transfer => AgentChoice::Transfer { to: self.whom(server)? },
            Button::Consult => AgentChoice::Consult { to: self.whom(server)? },
            Button::Add => AgentChoice::Add { to: self.number(server)? },
            Button::Conference => AgentChoice::Conference,
            Button::Complete => AgentChoice::Complete,
            Button::Part => AgentChoice::Part,
            Button::ToBot => AgentChoice::ToBot { node: self.node.clone() },
        })
    }

    fn whom(&self, server: &Server) -> Result<TransferTo, ApiError> {
        match self.to.clone() {
            Some(To::Queue(queue)) => Ok(TransferTo::Queue { queue }),
            Some(To::Agent(agent)) => Ok(TransferTo::Agent { agent: AgentId(agent), replaces: None }),
            Some(To::Number(number)) => server.numbers.may_call(&self.agent, &number).ok_or(ApiError::MayNotCall),
            None => Err(ApiError::BadRequest("A transfer needs `to`, and so does a consultation.".to_owned())),
        }
    }

    /// Only numbers join: agents are consulted first.
    fn number(&self, server: &Server) -> Result<TransferTo, ApiError> {
        match self.whom(server)? {
            to @ TransferTo::Number { .. } => Ok(to),
            TransferTo::Queue { .. } | TransferTo::Agent { .. } => {
                Err(ApiError::BadRequest("Only a number can be added: `to` must have `number`.".to_owned()))
            }
        }
    }
}

/// An agent chooses about the call that is offered to them, or does something with the caller whom they have. The answer only says that the call was
/// told; what follows is on its stream.
#[utoipa::path(post, path = "/api/v1/calls/{id}/choice", params(("id" = String, Path)), request_body = Chosen,
    responses((status = 202), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub(crate) async fn choose(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(chosen): Body<Chosen>,
) -> Result<StatusCode, ApiError> {
    let id = call_id(id)?;
    let agent = AgentId(chosen.agent.clone());
    asker.must_act_as(&agent)?;
    let choice = chosen.choice(&server)?;
    let told = server.parts.hub.choose(&id, &agent, choice);
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
        None => Event::EndCall,
    };
    accepted(&server, &id, server.parts.hub.tell(&id, event)).await
}

/// A call that is not live is gone, or was never there.
pub(super) async fn accepted(server: &Server, id: &CallId, told: Result<(), NotTold>) -> Result<StatusCode, ApiError> {
    match told {
        Ok(()) => Ok(StatusCode::ACCEPTED),
        Err(NotTold::NotLive) => {
            server.head(id).await?;
            Err(ApiError::CallEnded)
        }
        Err(why) => Err(why.into()),
    }
}
