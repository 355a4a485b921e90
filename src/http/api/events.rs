//! `GET /api/v1/events`

use axum::{extract::State, response::IntoResponse};
use futures_util::{StreamExt, stream};

use crate::{
    http::{ErrorBody, error::ApiError, sse, state::Server},
    view::CallHead,
};

/// Heads of calls as they change, after the heads of the calls that are live or have just ended. `event: call`.
#[utoipa::path(get, path = "/api/v1/events",
    responses((status = 200, body = CallHead, content_type = "text/event-stream"), (status = 503, body = ErrorBody)))]
pub(crate) async fn events(State(server): State<Server>) -> Result<impl IntoResponse, ApiError> {
    let place = server.stream()?;
    let (now, changes) = server.parts.hub.watch_heads();
    // A reader that falls behind is cut off; when it comes back it gets the heads as they are then.
    let changes = stream::unfold(changes, async |mut changes| changes.recv().await.ok().map(|head| (head, changes)));
    let heads = stream::iter(now).chain(changes);
    Ok(sse::answer(place, heads.map(move |head| sse::event("call", &server.finish(&head)))))
}
