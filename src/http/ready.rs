//! `/healthz` and `/readyz`.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::state::Server;

/// What must be there before calls can be taken. Set by whoever brings it up.
#[derive(Debug, Default)]
pub struct Readiness {
    /// The models are loaded.
    pub models: AtomicBool,
    /// The SIP sockets are bound.
    pub sip: AtomicBool,
    /// The gateway shuts down and takes no new calls.
    pub draining: AtomicBool,
}

/// The answer of `/readyz`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// New calls are taken.
    ready: bool,
    /// The models are loaded.
    models: bool,
    /// The SIP sockets are bound.
    sip: bool,
    /// The record is written. Calls are taken without it too.
    store: bool,
    /// The gateway shuts down.
    draining: bool,
}

/// The answer of `/healthz`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Healthy {
    /// "ok", or "degraded": calls go on, but somebody should look.
    status: &'static str,
    /// The database takes entries.
    database: bool,
    /// The event logs take lines.
    event_logs: bool,
    /// Entries that were left to the event logs since the start.
    deferred_entries: u64,
    /// Lines that no event log has.
    lost_lines: u64,
    /// Age of the oldest entry that waits for a failing database.
    lag_ms: u64,
}

/// Whether the process lives, and how well.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = Healthy)))]
pub(super) async fn healthz(State(server): State<Server>) -> Json<Healthy> {
    let health = server.parts.store.health();
    Json(Healthy {
        status: if health.ok() { "ok" } else { "degraded" },
        database: health.database,
        event_logs: health.event_logs,
        deferred_entries: health.deferred_entries,
        lost_lines: health.lost_lines,
        lag_ms: health.lag_ms,
    })
}

/// Whether calls can be taken.
#[utoipa::path(get, path = "/readyz", responses((status = 200, body = Ready), (status = 503, body = Ready)))]
pub(super) async fn readyz(State(server): State<Server>) -> (StatusCode, Json<Ready>) {
    let flag = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
    let readiness = &server.parts.readiness;
    let (models, sip, draining) = (flag(&readiness.models), flag(&readiness.sip), flag(&readiness.draining));
    let ready = models && sip && !draining;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Ready { ready, models, sip, store: server.parts.store.health().ok(), draining }))
}
