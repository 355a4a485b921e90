//! `GET /api/v1/figures`

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    clock,
    desk::ServiceLevel,
    http::{ErrorBody, error::ApiError, state::Server},
    store::{Figures, QueueFigures},
    view::Stamp,
};

/// A week.
const LONGEST_MINUTES: u64 = 10_080;
/// A day.
const MINUTES: u64 = 1_440;

/// Since when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Since {
    /// Minutes back from now: 1 to 10080, 1440 if it is not said.
    #[param(minimum = 1, maximum = 10080)]
    minutes: Option<u64>,
}

/// How the calls of that time went.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Wall {
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    since: Stamp,
    /// Seconds within which a caller was to have a human.
    service_level_s: u32,
    figures: Figures,
    /// How each queue has kept its promise, those that were wanted.
    queues: Vec<QueueLevel>,
}

/// A queue, its promise, and how it was kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QueueLevel {
    queue: String,
    /// So many callers of a hundred …
    percent: u32,
    /// … within so many seconds.
    within_s: u32,
    /// Calls that came to it.
    wanted: u64,
    /// Of these, calls that got a human.
    answered: u64,
    /// Of these, calls that got one within the time.
    in_time: u64,
    /// Callers who hung up while they waited.
    gave_up: u64,
    /// The share in time of those who were answered or gave up, in percent.
    level: Option<f64>,
}

impl QueueLevel {
    fn of(queue: String, promised: ServiceLevel, figures: QueueFigures) -> Self {
        let QueueFigures { wanted, answered, in_time, gave_up } = figures;
        let ServiceLevel { percent, within_s } = promised;
        Self { queue, percent, within_s, wanted, answered, in_time, gave_up, level: figures.level() }
    }
}

/// Figures of the calls that arrived lately. What goes on now is on the live streams.
#[utoipa::path(get, path = "/api/v1/figures", params(Since),
    responses((status = 200, body = Wall), (status = 400, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn figures(State(server): State<Server>, since: Result<Query<Since>, QueryRejection>) -> Result<Json<Wall>, ApiError> {
    let Query(since) = since.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let minutes = since.minutes.unwrap_or(MINUTES);
    if !(1..=LONGEST_MINUTES).contains(&minutes) {
        return Err(ApiError::BadRequest(format!("minutes must be 1 to {LONGEST_MINUTES}")));
    }
    let now = u64::try_from(clock::utc().as_millis()).unwrap_or_default();
    let since = Stamp(now.saturating_sub(minutes * 60_000));
    let service_level_s = server.desk.service_level_s;
    let figures = server.parts.store.figures(since, u64::from(service_level_s) * 1_000).await?;
    let queues = server.parts.store.queue_figures(since, &server.levels).await?;
    let queues = queues.into_iter().map(|(queue, figures)| QueueLevel::of(queue.clone(), server.levels.of(&queue), figures)).collect();
    Ok(Json(Wall { since, service_level_s, figures, queues }))
}
