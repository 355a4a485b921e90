//! `GET /api/v1/agents/{id}/events`

use std::{collections::VecDeque, sync::Arc};

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, sse::Event},
};
use futures_util::stream;
use tokio::sync::watch;

use crate::{
    call::ids::AgentId,
    desk::AgentView,
    http::{
        ErrorBody, Mask,
        api::agents,
        at_desk::AtDesk,
        error::ApiError,
        sse::{self, Behind},
        state::Server,
    },
    live::Cards,
    screen_pop::ScreenPops,
    view::Card,
};

/// An agent's own state (`event: agent`) and the card of the call that is offered to them (`event: card`), as they are and as they change, each with a number
/// as its id. A slow reader misses states between, never the last one of a call. A reader who comes back gets its state, and the cards of all calls that have
/// changed meanwhile; if more has happened than is kept (sixteen calls), `event: reload` comes before them.
#[utoipa::path(get, path = "/api/v1/agents/{id}/events", params(("id" = String, Path), Behind, ("last-event-id" = Option<u64>, Header)),
    responses((status = 200, body = Card, content_type = "text/event-stream"), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 503, body = ErrorBody)))]
pub(crate) async fn events(
    State(server): State<Server>,
    Path(id): Path<String>,
    asked: Result<Query<Behind>, QueryRejection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, ApiError> {
    let id = AgentId(id);
    agents::find(&server, &id)?;
    let after = sse::behind(asked, &headers)?;
    let place = server.stream()?;
    let mut all = server.parts.desk.watch();
    // It is news to a new reader.
    all.mark_changed();
    let due = Due::of(server.parts.hub.cards(&id), after);
    let (mask, pops) = (Arc::clone(&server.mask), Arc::clone(&server.pops));
    let watched = Watched { _open: server.web.at_desk(&id.0).await, id, all, due, shown: None, mask, pops };
    Ok(sse::answer(place, stream::unfold(watched, next)))
}

struct Watched {
    id: AgentId,
    all: watch::Receiver<Arc<Vec<AgentView>>>,
    due: Due,
    shown: Option<AgentView>,
    mask: Arc<Mask>,
    pops: Arc<ScreenPops>,
    _open: AtDesk,
}

/// The cards that a page has yet to get.
struct Due {
    changes: watch::Receiver<Cards>,
    cards: VecDeque<(u64, Arc<Card>)>,
    /// It has everything up to this number.
    after: u64,
    reload: bool,
}

/// What a page is told of cards.
enum Told {
    Reload,
    Card(u64, Arc<Card>),
}

impl Due {
    /// Of a page that has everything up to `after`. One that is opened gets the last card alone: the others are of calls that were over before.
    fn of(changes: watch::Receiver<Cards>, after: Option<u64>) -> Self {
        let mut due = Self { changes, cards: VecDeque::new(), after: after.unwrap_or_default(), reload: false };
        due.take(after);
        if after.is_none() {
            due.cards.drain(..due.cards.len().saturating_sub(1));
        }
        if after.is_none() || due.reload {
            due.after = due.cards.front().map_or_else(|| due.changes.borrow().newest(), |(number, _)| number - 1);
        }
        due
    }

    fn take(&mut self, after: Option<u64>) {
        let unseen = self.changes.borrow_and_update().since(after);
        self.reload = unseen.missed;
        self.cards = unseen.cards.into();
    }

    /// The next one. May be given up.
    async fn next(&mut self) -> Option<Told> {
        while self.cards.is_empty() && !self.reload {
            self.changes.changed().await.ok()?;
            self.take(Some(self.after));
        }
        if std::mem::take(&mut self.reload) {
            return Some(Told::Reload);
        }
        let (number, card) = self.cards.pop_front()?;
        self.after = number;
        Some(Told::Card(number, card))
    }
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
                    let event = sse::event("agent", &agent).id(watched.due.after.to_string());
                    watched.shown = Some(agent);
                    return Some((event, watched));
                }
            }
            told = watched.due.next() => {
                let event = match told? {
                    Told::Reload => sse::reload(),
                    Told::Card(number, card) => watched.card(&card).id(number.to_string()),
                };
                return Some((event, watched));
            }
        }
    }
}

impl Watched {
    fn card(&self, card: &Card) -> Event {
        let screen_pop = self.pops.of(&self.id.0, card);
        // The address is not masked: its words are for the other system.
        let mut shown = self.mask.shown(&card.call.language, card);
        shown["screen_pop"] = screen_pop.into();
        sse::event("card", &shown)
    }
}
