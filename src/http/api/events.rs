//! `GET /api/v1/events`

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::IntoResponse,
};
use futures_util::{StreamExt, future, stream};

use crate::{
    http::{
        ErrorBody,
        asker::Asker,
        error::ApiError,
        sse::{self, Behind},
        state::Server,
    },
    live::{Change, Heads},
    view::CallHead,
};

/// Heads of calls as they change, after the heads of the calls that are live or have just ended; for an agent those that are or were offered to them.
/// `event: call`, with the number of the change as the id. A reader who comes back gets the heads that have changed meanwhile; if more has happened than is
/// known, `event: reload` comes first and all heads follow. A reader that falls too far behind is cut off and may come back.
#[utoipa::path(get, path = "/api/v1/events", params(Behind, ("last-event-id" = Option<u64>, Header)),
    responses((status = 200, body = CallHead, content_type = "text/event-stream"), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn events(
    State(server): State<Server>,
    asker: Asker,
    asked: Result<Query<Behind>, QueryRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let after = sse::behind(asked, &headers)?;
    let place = server.stream()?;
    let Heads { missed, now, live } = server.parts.hub.watch_heads(after);
    let changes = stream::unfold(live, async |mut live| live.recv().await.ok().map(|change| (change, live)));
    let agent = asker.only_calls_of();
    let shown = move |Change { number, head }: Change| {
        let seen = agent.as_ref().is_none_or(|agent| server.parts.hub.was_offered(&head.id, agent));
        future::ready(seen.then(|| sse::event("call", &server.finish(&head)).id(number.to_string())))
    };
    let reload = stream::iter(missed.then(sse::reload));
    Ok(sse::answer(place, reload.chain(stream::iter(now).chain(changes).filter_map(shown))))
}
