//! Live events: what all streams have in common.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Query, rejection::QueryRejection},
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::IntoParams;

use crate::http::error::ApiError;

/// Time between two comments on a quiet stream, so that both sides notice when the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A browser whose stream has broken off comes back after this; left to itself it waits for three seconds.
const COMES_BACK: Duration = Duration::from_millis(500);

/// Where a reader goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Behind {
    /// Only what came behind this number; a `Last-Event-ID` header goes before it.
    after: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Reload {}

/// One event with its JSON.
pub(super) fn event(name: &str, data: &impl Serialize) -> Event {
    // Our own shapes have string keys only, so they are always JSON.
    Event::default().event(name).json_data(data).unwrap_or_else(|_| Event::default().comment("not JSON"))
}

/// A reader who comes back has missed more than is known: what it has is not to be trusted any more.
pub(super) fn reload() -> Event {
    event("reload", &Reload {})
}

/// The answer. The stream keeps its place until it ends.
pub(super) fn answer(
    place: OwnedSemaphorePermit,
    stream: impl Stream<Item = Event> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let how = stream::iter([Event::default().retry(COMES_BACK)]);
    let held = how.chain(stream).map(move |event| {
        let _place = &place;
        Ok(event)
    });
    Sse::new(held).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

/// The number behind which a reader wants to go on.
pub(super) fn behind(asked: Result<Query<Behind>, QueryRejection>, headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Query(asked) = asked.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    Ok(last_event_id(headers).or(asked.after))
}

/// The number behind which a returning reader wants to go on.
pub(super) fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}
