//! `POST /api/v1/claims`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    call::record::{Entry, Summary, What},
    claims::Refused,
    http::{
        ErrorBody,
        api::call::entries,
        asker::Asker,
        error::{ApiError, Body},
        state::Server,
    },
    view::{CallHead, CardFold, schema},
};

/// Longer ones are no codes.
const LONGEST_CODE: usize = 40;

/// Words of a call that are shown; the newest ones.
const MOST_WORDS: usize = 400;

/// A code, as somebody types it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    /// Figures; blanks and dashes between them are as nothing.
    #[schema(max_length = 40)]
    code: String,
}

/// What somebody reads who got the call.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Claimed {
    call: CallHead,
    /// What the bot found out; none where no human was wanted.
    #[schema(value_type = Option<schema::Summary>)]
    summary: Option<Summary>,
    /// The words of caller, bot and agents.
    said: Vec<Said>,
}

/// One turn.
#[derive(Debug, Serialize, ToSchema)]
struct Said {
    by: Speaker,
    text: String,
    /// Milliseconds since the call arrived.
    at: u64,
}

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Speaker {
    Caller,
    Bot,
    Agent,
}

impl Said {
    fn of(entry: &Entry) -> Option<Self> {
        let (by, text, at) = match &entry.what {
            What::CallerTurn { text, from, .. } => (Speaker::Caller, text, from.0),
            What::BotTurn { heard, from, .. } => (Speaker::Bot, heard, from.0),
            What::AgentTurn { text, from, .. } => (Speaker::Agent, text, from.0),
            _ => return None,
        };
        (!text.trim().is_empty()).then(|| Self { by, text: text.clone(), at })
    }
}

/// The call that a claim code means: for whoever got it over a line on which nothing else arrives.
#[utoipa::path(post, path = "/api/v1/claims", request_body = Claim,
    responses((status = 200, body = Claimed), (status = 404, body = ErrorBody), (status = 429, body = ErrorBody)))]
pub(crate) async fn claim(State(server): State<Server>, asker: Asker, Body(claim): Body<Claim>) -> Result<Json<Value>, ApiError> {
    if claim.code.len() > LONGEST_CODE {
        return Err(ApiError::BadRequest("A code has some figures.".to_owned()));
    }
    let code: String = claim.code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    // An account is one source wherever it is used; nobody in particular is where they are.
    let source = asker.identity().map_or_else(|| asker.source(), |identity| format!("account {}", identity.name));
    let id = server.parts.claims.look(&code, &source).map_err(|why| match why {
        Refused::Unknown => ApiError::NoSuchClaim,
        Refused::Wait(wait) => ApiError::TryLater(wait),
    });
    let id = match id {
        Ok(id) => id,
        Err(why) => {
            metrics::counter!("warmline_claims_total", "found" => "false").increment(1);
            return Err(why);
        }
    };
    metrics::counter!("warmline_claims_total", "found" => "true").increment(1);
    let entries = entries(&server, &id).await?;
    let mut fold = CardFold::default();
    for item in &entries {
        fold.apply(&item.entry);
    }
    let summary = fold.is_told().then(|| fold.told().1);
    let said: Vec<Said> = entries.iter().filter_map(|item| Said::of(&item.entry)).collect();
    let said = said.into_iter().rev().take(MOST_WORDS).rev().collect();
    let claimed = Claimed { call: server.head(&id).await?, summary, said };
    asker.did_or_somebody(&server, Did::ClaimedCall, Some(&id.0));
    Ok(Json(server.mask.shown(&claimed.call.language, &claimed)))
}
