//! `GET /api/v1/agents/{id}/events`

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, sse::Event},
};
use futures_util::stream;
use tokio::sync::watch;

use crate::{
    call::ids::AgentId,
    desk::AgentView,
    http::{ErrorBody, Mask, api::agents, error::ApiError, sse, state::Server},
    screen_pop::ScreenPops,
    view::Card,
};

/// An agent's own state (`event: agent`) and the card of the call that is offered to them (`event: card`), as they are and as they change. A slow reader
/// misses states between, never the last one.
#[utoipa::path(get, path = "/api/v1/agents/{id}/events", params(("id" = String, Path)),
    responses((status = 200, body = Card, content_type = "text/event-stream"), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn events(State(server): State<Server>, Path(id): Path<String>) -> Result<impl IntoResponse, ApiError> {
    let id = AgentId(id);
    agents::find(&server, &id)?;
    let place = server.stream()?;
    let mut all = server.parts.desk.watch();
    let mut card = server.parts.hub.card(&id);
    // Both are news to a new reader.
    all.mark_changed();
    card.mark_changed();
    let watched = Watched { id, all, card, shown: None, mask: Arc::clone(&server.mask), pops: Arc::clone(&server.pops) };
    Ok(sse::answer(place, stream::unfold(watched, next)))
}

struct Watched {
    id: AgentId,
    all: watch::Receiver<Arc<Vec<AgentView>>>,
    card: watch::Receiver<Option<Arc<Card>>>,
    shown: Option<AgentView>,
    mask: Arc<Mask>,
    pops: Arc<ScreenPops>,
}

async fn next(mut watched: Watched) -> Option<(Event, Watched)> {
    loop {
        // The state goes first: a card for an agent who seems to be away would look wrong.
        tokio::select! {
            biased;
            changed = watched.all.changed() => {
                changed.ok()?;
                let now = watched.all.borrow_and_update().iter().find(|agent| agent.id == watched.id).cloned();
                if let Some(agent) = now.filter(|agent| watched.shown.as_ref() != Some(agent)) {
                    let event = sse::event("agent", &agent);
                    watched.shown = Some(agent);
                    return Some((event, watched));
                }
            }
            changed = watched.card.changed() => {
                changed.ok()?;
                let card = watched.card.borrow_and_update().clone();
                if let Some(card) = card {
                    let screen_pop = watched.pops.of(&watched.id.0, &card);
                    // The address is not masked: its words are for the other system.
                    let mut shown = watched.mask.shown(&*card);
                    shown["screen_pop"] = screen_pop.into();
                    return Some((sse::event("card", &shown), watched));
                }
            }
        }
    }
}
