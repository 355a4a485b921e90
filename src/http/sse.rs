//! Live events: what all streams have in common.

use std::{convert::Infallible, time::Duration};

use axum::{
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

/// Time between two comments on a quiet stream, so that both sides notice when the other is gone.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// One event with its JSON.
pub(super) fn event(name: &str, data: &impl Serialize) -> Event {
    // Our own shapes have string keys only, so they are always JSON.
    Event::default().event(name).json_data(data).unwrap_or_else(|_| Event::default().comment("not JSON"))
}

/// The answer. The stream keeps its place until it ends.
pub(super) fn answer(
    place: OwnedSemaphorePermit,
    stream: impl Stream<Item = Event> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let held = stream.map(move |event| {
        let _place = &place;
        Ok(event)
    });
    Sse::new(held).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}

/// The number behind which a returning reader wants to go on.
pub(super) fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}
