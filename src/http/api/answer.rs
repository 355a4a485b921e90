//! `POST /api/v1/calls/{id}/answer`

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    call::{event::AgentChoice, handoff::answer::MOST_LETTERS, ids::AgentId},
    http::{
        ErrorBody,
        api::choice::accepted,
        asker::Asker,
        error::{ApiError, Body},
        state::{Server, call_id},
    },
};

/// What an agent answers: in their own words, or one of the suggestions.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answered {
    agent: String,
    /// One line of text; at most 300 letters.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 300)]
    text: Option<String>,
    /// The name of a suggestion on the card.
    #[serde(default)]
    suggestion: Option<String>,
}

impl Answered {
    fn choice(self) -> Result<AgentChoice, ApiError> {
        let text = self.text.unwrap_or_default();
        if text.trim().is_empty() == self.suggestion.is_none() {
            return Err(ApiError::BadRequest("An answer has either `text` or `suggestion`.".to_owned()));
        }
        if text.chars().count() > MOST_LETTERS {
            return Err(ApiError::BadRequest(format!("An answer has at most {MOST_LETTERS} letters.")));
        }
        Ok(AgentChoice::Answer { text, suggestion: self.suggestion })
    }
}

/// An agent answers what the bot asks them for a caller. The bot says it to the caller; the words are text, whatever they look like. What follows is on the
/// agent's stream.
#[utoipa::path(post, path = "/api/v1/calls/{id}/answer", params(("id" = String, Path)), request_body = Answered,
    responses((status = 202), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub(crate) async fn answer(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    Body(answered): Body<Answered>,
) -> Result<StatusCode, ApiError> {
    let id = call_id(id)?;
    let agent = AgentId(answered.agent.clone());
    asker.must_act_as(&agent)?;
    let told = server.parts.hub.answer(&id, &agent, answered.choice()?);
    asker.did(&server, Did::AnsweredForCall, Some(&id.0));
    accepted(&server, &id, told).await
}
