//! `GET /api/v1/webhooks`, `GET /api/v1/webhooks/{name}/dead`, `POST /api/v1/webhooks/{name}/replay`, `POST /api/v1/webhooks/{name}/dead/{seq}/replay`

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    accounts::Did,
    clock,
    http::{ErrorBody, api::stream::CallEvent, asker::Asker, error::ApiError, state::Server},
    store::Delivery,
    webhooks::Hook,
};

/// So many that were given up are shown: the oldest.
const SHOWN: u32 = 100;

/// Everybody who is told of what happens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hooks {
    webhooks: Vec<HookState>,
}

/// One webhook and its queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookState {
    /// Its name in the configuration.
    name: String,
    /// Where events are posted.
    url: String,
    /// What it is told of.
    events: Vec<&'static str>,
    /// Messages that wait.
    waiting: u64,
    /// Messages that were given up.
    dead: u64,
}

/// Messages that were given up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dead {
    messages: Vec<DeadMessage>,
}

/// One of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeadMessage {
    /// Its number in the queue.
    seq: u64,
    /// The message's id, as it was sent.
    id: String,
    /// How often it was sent.
    attempts: u32,
    /// Why it was given up.
    why: Option<String>,
    /// What was posted.
    #[schema(value_type = CallEvent)]
    event: Value,
}

/// How many messages are sent again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replayed {
    messages: u64,
}

/// The webhooks of the configuration and how their queues stand.
#[utoipa::path(get, path = "/api/v1/webhooks", responses((status = 200, body = Hooks), (status = 503, body = ErrorBody)))]
pub(crate) async fn list(State(server): State<Server>) -> Result<Json<Hooks>, ApiError> {
    let mut webhooks = Vec::new();
    for hook in server.parts.webhooks.hooks() {
        let (waiting, dead) = server.parts.store.count_deliveries(&hook.name).await?;
        let events = hook.kinds.iter().map(|kind| kind.word()).collect();
        webhooks.push(HookState { name: hook.name.clone(), url: hook.url.clone(), events, waiting, dead });
    }
    Ok(Json(Hooks { webhooks }))
}

/// The oldest hundred messages to a webhook that were given up.
#[utoipa::path(get, path = "/api/v1/webhooks/{name}/dead", params(("name" = String, Path)),
    responses((status = 200, body = Dead), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn dead(State(server): State<Server>, Path(name): Path<String>) -> Result<Json<Dead>, ApiError> {
    let hook = find(&server, &name)?;
    let dead = server.parts.store.dead_deliveries(&hook.name, SHOWN).await?;
    Ok(Json(Dead { messages: dead.into_iter().filter_map(message).collect() }))
}

/// Sends all messages again that were given up.
#[utoipa::path(post, path = "/api/v1/webhooks/{name}/replay", params(("name" = String, Path)),
    responses((status = 200, body = Replayed), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn replay_all(State(server): State<Server>, asker: Asker, Path(name): Path<String>) -> Result<Json<Replayed>, ApiError> {
    replay(&server, &asker, &name, None).await
}

/// Sends one message again that was given up.
#[utoipa::path(post, path = "/api/v1/webhooks/{name}/dead/{seq}/replay", params(("name" = String, Path), ("seq" = u64, Path)),
    responses((status = 200, body = Replayed), (status = 404, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub(crate) async fn replay_one(
    State(server): State<Server>,
    asker: Asker,
    Path((name, seq)): Path<(String, String)>,
) -> Result<Json<Replayed>, ApiError> {
    // What cannot be a number is a message that does not exist.
    let seq = seq.parse().map_err(|_| ApiError::NoSuchMessage)?;
    let Json(replayed) = replay(&server, &asker, &name, Some(seq)).await?;
    if replayed.messages == 0 { Err(ApiError::NoSuchMessage) } else { Ok(Json(replayed)) }
}

async fn replay(server: &Server, asker: &Asker, name: &str, seq: Option<u64>) -> Result<Json<Replayed>, ApiError> {
    let hook = find(server, name)?;
    let now = u64::try_from(clock::utc().as_millis()).unwrap_or_default();
    let messages = server.parts.store.revive_deliveries(&hook.name, seq, now).await?;
    if messages > 0 {
        asker.did(server, Did::ReplayedMessages, Some(&hook.name));
    }
    server.parts.webhooks.wake();
    Ok(Json(Replayed { messages }))
}

fn find<'s>(server: &'s Server, name: &str) -> Result<&'s Hook, ApiError> {
    server.parts.webhooks.find(name).ok_or(ApiError::NoSuchWebhook)
}

/// None of what is no JSON, which nobody has written.
fn message(delivery: Delivery) -> Option<DeadMessage> {
    let Delivery { seq, event, body, attempts, why, .. } = delivery;
    Some(DeadMessage { seq, id: format!("evt_{event}"), attempts, why, event: serde_json::from_str(&body).ok()? })
}
