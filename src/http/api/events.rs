//! `GET /api/v1/events`

use std::sync::Arc;

use axum::{extract::State, response::IntoResponse};
use futures_util::{StreamExt, future, stream};

use crate::{
    http::{ErrorBody, asker::Asker, error::ApiError, sse, state::Server},
    view::CallHead,
};

/// Heads of calls as they change, after the heads of the calls that are live or have just ended; for an agent those that are or were offered to them.
/// `event: call`.
#[utoipa::path(get, path = "/api/v1/events",
    responses((status = 200, body = CallHead, content_type = "text/event-stream"), (status = 503, body = ErrorBody)))]
pub(crate) async fn events(State(server): State<Server>, asker: Asker) -> Result<impl IntoResponse, ApiError> {
    let place = server.stream()?;
    let (now, changes) = server.parts.hub.watch_heads();
    // A reader that falls behind is cut off; when it comes back it gets the heads as they are then.
    let changes = stream::unfold(changes, async |mut changes| changes.recv().await.ok().map(|head| (head, changes)));
    let agent = asker.only_calls_of();
    let shown = move |head: Arc<CallHead>| {
        let seen = agent.as_ref().is_none_or(|agent| server.parts.hub.was_offered(&head.id, agent));
        future::ready(seen.then(|| sse::event("call", &server.finish(&head))))
    };
    Ok(sse::answer(place, stream::iter(now).chain(changes).filter_map(shown)))
}
