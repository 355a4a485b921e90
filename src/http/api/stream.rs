//! `GET /api/v1/stream`

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, sse::Event},
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use utoipa::{IntoParams, ToSchema};

use crate::{
    feed::{Happened, Kind, Reading},
    http::{ErrorBody, Mask, error::ApiError, sse, state::Server},
    view::{CallHead, Correction, Numbered, schema},
};

/// Where to begin, and what to tell.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only events behind this number; a `Last-Event-ID` header goes before it. Without either only what comes.
    after: Option<u64>,
    /// Only these kinds, with commas between: `call.started,call.ended`.
    types: Option<String>,
}

/// One event, as it is on the stream and in the body of a webhook.
#[derive(ToSchema)]
#[expect(dead_code, reason = "states the shape of `Happened`, which is written by hand")]
pub(crate) struct CallEvent {
    /// Its number; numbers grow, also over restarts.
    id: String,
    /// `call.started`, `call.turn`, `call.escalated`, `call.offered`, `call.accepted`, `call.bridged`, `call.asked_again`, `call.ended` or `call.correction`.
    /// Last words come behind the end: `call.turn` may follow `call.ended`.
    r#type: String,
    #[schema(value_type = String, format = DateTime)]
    timestamp: String,
    data: CallEventData,
}

/// What an event is about.
#[derive(ToSchema)]
#[expect(dead_code, reason = "states the shape of `Happened`, which is written by hand")]
pub(crate) struct CallEventData {
    /// The call as it was then.
    call: CallHead,
    /// The entry of its record.
    #[schema(value_type = Option<schema::Entry>, required = false)]
    entry: Option<Numbered>,
    /// The correction.
    #[schema(required = false)]
    correction: Option<Correction>,
}

#[derive(Debug, Serialize)]
struct Missed {}

/// What happens to all calls, in the shape of the webhooks: each event under its name, with its number as the id. A reader who comes back gets what it has
/// missed, as far as it is kept (the last 8,192); if that is not all, `event: missed` comes first. A reader that falls too far behind is cut off and may
/// come back.
#[utoipa::path(get, path = "/api/v1/stream", params(Wanted, ("last-event-id" = Option<u64>, Header)),
    responses((status = 200, body = CallEvent, content_type = "text/event-stream"), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn stream_of(
    State(server): State<Server>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let Query(wanted) = wanted.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let kinds = Arc::new(kinds(wanted.types.as_deref())?);
    let place = server.stream()?;
    let Reading { kept, missed, live } = server.parts.hub.feed().read(sse::last_event_id(&headers).or(wanted.after));
    let gap = stream::iter(missed.then(|| sse::event("missed", &Missed {})));
    let (mask, wanted) = (Arc::clone(&server.mask), Arc::clone(&kinds));
    let past =
        stream::iter(kept).filter(move |event| std::future::ready(wanted.contains(&event.kind))).map(move |event| shown(&mask, &event));
    let mask = Arc::clone(&server.mask);
    let live = stream::unfold(live, move |live| next(Arc::clone(&mask), Arc::clone(&kinds), live));
    Ok(sse::answer(place, gap.chain(past).chain(live)))
}

fn kinds(words: Option<&str>) -> Result<BTreeSet<Kind>, ApiError> {
    let Some(words) = words else { return Ok(Kind::ALL.into()) };
    let kind = |word: &str| Kind::of_word(word.trim()).ok_or_else(|| ApiError::BadRequest(format!("“{word}” is no kind of event")));
    words.split(',').map(kind).collect()
}

async fn next(
    mask: Arc<Mask>,
    kinds: Arc<BTreeSet<Kind>>,
    mut live: broadcast::Receiver<Arc<Happened>>,
) -> Option<(Event, broadcast::Receiver<Arc<Happened>>)> {
    loop {
        let event = live.recv().await.ok()?;
        if kinds.contains(&event.kind) {
            return Some((shown(&mask, &event), live));
        }
    }
}

fn shown(mask: &Mask, event: &Happened) -> Event {
    sse::event(event.kind.word(), &mask.shown(&event.call.language, event)).id(event.id.to_string())
}
