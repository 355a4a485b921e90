//! `POST /api/v1/calls/{id}/supervision`, `POST /api/v1/supervision/phone`: listening to a conversation, whispering to its agent, joining it.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    call::{
        event::{Event, Supervision, Supervisor},
        ids::AgentId,
        record::Owner,
    },
    http::{
        ErrorBody,
        api::{choice, web_calls},
        asker::Asker,
        error::{ApiError, Body},
        state::{Server, call_id},
    },
};

/// How pages are called, as targets of calls.
const PAGE: &str = "browser:";

/// Marks supervisors among whom a call rings, so that none of them is taken for an agent.
const MARK: char = '~';

/// How a conversation is to be followed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Followed {
    mode: Mode,
    /// Where to ring; not needed for a change.
    #[serde(default)]
    phone: At,
    /// With `desk_phone`: of this agent. With accounts, nobody but the agent as whom the account works, who is meant without it, too.
    #[serde(default)]
    agent: Option<String>,
}

/// How.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SupervisionMode)]
enum Mode {
    /// Hear it, unheard.
    Listen,
    /// The agent alone hears it, too.
    Whisper,
    /// Talk with everybody.
    Join,
    /// Leave.
    End,
}

/// On which telephone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SupervisorPhone)]
enum At {
    /// The page that asks: it answers at `/api/v1/supervision/phone`.
    #[default]
    Page,
    /// An agent's telephone.
    DeskPhone,
}

impl Mode {
    const fn wish(self) -> Supervision {
        match self {
            Self::Listen => Supervision::Listen,
            Self::Whisper => Supervision::Whisper,
            Self::Join => Supervision::Join,
            Self::End => Supervision::End,
        }
    }

    const fn deed(self) -> Did {
        match self {
            Self::Listen => Did::ListenedToCall,
            Self::Whisper => Did::WhisperedInCall,
            Self::Join => Did::JoinedCall,
            Self::End => Did::LeftCall,
        }
    }
}

/// A supervisor follows the conversation of a caller with an agent, in another way than before, or no longer. Their telephone is rung; what they hear and who
/// hears them is on the call's record. The answer only says that the call was told.
#[utoipa::path(post, path = "/api/v1/calls/{id}/supervision", params(("id" = String, Path)), request_body = Followed,
    responses((status = 202), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn follow(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(followed): Body<Followed>,
) -> Result<StatusCode, ApiError> {
    let id = call_id(id)?;
    if followed.agent.is_some() && followed.phone == At::Page {
        return Err(ApiError::BadRequest("`agent` is for the desk phone.".to_owned()));
    }
    let talks = server.parts.hub.head(&id).is_none_or(|head| matches!(head.owner, Owner::Agent { .. } | Owner::Ended));
    if !talks && followed.mode != Mode::End {
        return Err(ApiError::NoConversation);
    }
    let by = supervisor(&server, &asker, &followed)?;
    let told = server.parts.hub.tell(&id, Event::Supervise { by, wish: followed.mode.wish() });
    asker.did(&server, followed.mode.deed(), Some(&id.0));
    choice::accepted(&server, &id, told).await
}

/// The supervisor's page takes the call that rings there.
#[utoipa::path(post, path = "/api/v1/supervision/phone", params(("authorization" = String, Header)), request_body = web_calls::Description,
    responses((status = 201, body = web_calls::Begun), (status = 401, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn answer(
    State(server): State<Server>,
    asker: Asker,
    headers: HeaderMap,
    Body(offered): Body<web_calls::Description>,
) -> Result<impl IntoResponse, ApiError> {
    web_calls::answer_for(&server, &asker, &headers, name_of(&asker), offered).await
}

fn name_of(asker: &Asker) -> String {
    format!("{MARK}{}", asker.identity().map(|identity| identity.account.as_str()).unwrap_or_default())
}

fn supervisor(server: &Server, asker: &Asker, followed: &Followed) -> Result<Supervisor, ApiError> {
    let who = name_of(asker);
    let own = asker.agent().cloned();
    let target = match followed.phone {
        At::Page => format!("{PAGE}{who}"),
        At::DeskPhone => {
            let agent = followed.agent.clone().map(AgentId).or_else(|| own.clone()).ok_or(ApiError::NoPhone)?;
            // To work at anybody's desk is no right to have their telephone ring.
            if asker.identity().is_some() && own.as_ref() != Some(&agent) {
                return Err(ApiError::NotAllowed);
            }
            server.parts.desk.telephone(&agent).ok_or(ApiError::NoPhone)?
        }
    };
    let name = asker.identity().map(|identity| identity.name.clone()).unwrap_or_default();
    Ok(Supervisor { who: AgentId(who), name, target, agent: own })
}
