//! `GET /api/v1/calls/{id}/events`

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, sse::Event},
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{self, error::RecvError};
use utoipa::IntoParams;

use crate::{
    accounts::Did,
    http::{
        ErrorBody,
        api::call::older,
        asker::Asker,
        error::ApiError,
        sse,
        state::{Server, call_id},
    },
    view::{Numbered, schema},
};

/// Where to begin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct From {
    /// Only entries behind this number; a `Last-Event-ID` header goes before it.
    after: Option<u64>,
}

#[derive(Debug, Serialize)]
struct End {}

/// A call's entries from the start, or behind the last one that a returning reader has, and then as they come. `event: entry` with the entry's number as
/// the id; `event: end` when the call is over. A reader that falls too far behind is cut off and may come back.
#[utoipa::path(get, path = "/api/v1/calls/{id}/events", params(("id" = String, Path), From, ("last-event-id" = Option<u64>, Header)),
    responses((status = 200, body = schema::Entry, content_type = "text/event-stream"), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn events(
    State(server): State<Server>,
    asker: Asker,
    Path(id): Path<String>,
    from: Result<Query<From>, QueryRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let id = call_id(id)?;
    let Query(from) = from.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let after = sse::last_event_id(&headers).or(from.after).unwrap_or(0);
    let language = server.head(&id).await?.language;
    let place = server.stream()?;
    let (mut entries, live) = match server.parts.hub.subscribe(&id, after) {
        Some(known) => {
            let mut entries = older(&server, &id, after, known.first).await?;
            entries.extend(known.backlog);
            (entries, known.live)
        }
        None => (server.parts.store.entries(&id, after).await?.into_iter().map(Arc::new).collect(), None),
    };
    asker.did(&server, Did::SawCall, Some(&id.0));
    entries.retain(|item| item.seq > after && server.shows(&asker, &item.entry.what));
    let shown = Arc::new(Shown { server, asker, language });
    let past = Arc::clone(&shown);
    let past = stream::iter(entries).map(move |item| past.entry(&item));
    let live = stream::unfold(Next::Live(live), move |state| next(Arc::clone(&shown), state));
    Ok(sse::answer(place, past.chain(live)))
}

enum Next {
    Live(Option<broadcast::Receiver<Arc<Numbered>>>),
    Over,
}

/// To whom, and what of.
struct Shown {
    server: Server,
    asker: Asker,
    /// The call's, when the page came.
    language: String,
}

impl Shown {
    fn entry(&self, item: &Numbered) -> Event {
        sse::event("entry", &self.server.mask.shown(&self.language, item)).id(item.seq.to_string())
    }
}

async fn next(shown: Arc<Shown>, state: Next) -> Option<(Event, Next)> {
    let Next::Live(live) = state else { return None };
    let Some(mut live) = live else { return Some((sse::event("end", &End {}), Next::Over)) };
    let Shown { server, asker, .. } = shown.as_ref();
    loop {
        match live.recv().await {
            Ok(item) if !server.shows(asker, &item.entry.what) => {}
            Ok(item) => return Some((shown.entry(&item), Next::Live(Some(live)))),
            Err(RecvError::Closed) => return Some((sse::event("end", &End {}), Next::Over)),
            Err(RecvError::Lagged(_)) => return None,
        }
    }
}
