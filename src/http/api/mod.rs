//! `/api/v1`. One file per address.

pub(super) mod accounts;
pub(super) mod agent_events;
pub(super) mod agents;
pub(super) mod answer;
pub(super) mod audit;
pub(super) mod call;
pub(super) mod call_events;
pub(super) mod callbacks;
pub(super) mod calls;
pub(super) mod choice;
pub(super) mod claims;
pub(super) mod compliance;
pub(super) mod corrections;
pub(super) mod desk;
pub(super) mod earlier;
pub(super) mod events;
pub(super) mod figures;
pub(super) mod files;
pub(super) mod holds;
pub(super) mod knowledge;
pub(super) mod notes;
pub(super) mod openid;
pub(super) mod privacy;
pub(super) mod session;
mod span;
pub(super) mod stream;
pub(super) mod supervision;
pub(super) mod tokens;
pub(super) mod vcon;
pub(super) mod voicemails;
pub(super) mod web_calls;
pub(super) mod webhooks;

use axum::{
    Router,
    routing::{delete, get, patch, post, put},
};

use crate::http::{openapi, state::Server};

pub(super) fn router() -> Router<Server> {
    Router::new()
        .route("/calls", get(calls::list))
        .route("/calls/{id}", get(call::get))
        .route("/calls/{id}/events", get(call_events::events))
        .route("/calls/{id}/earlier", get(earlier::list))
        .route("/calls/{id}/recording", get(files::recording))
        .route("/calls/{id}/log", get(files::log))
        .route("/calls/{id}/notes", get(notes::list))
        .route("/calls/{id}/notes/{agent}", put(notes::put))
        .route("/calls/{id}/corrections", get(corrections::of_call).post(corrections::add))
        .route("/corrections", get(corrections::list))
        .route("/claims", post(claims::claim))
        .route("/callbacks", get(callbacks::list))
        .route("/callbacks/{id}", put(callbacks::close))
        .route("/voicemails", get(voicemails::list))
        .route("/voicemails/{call}/{seq}", put(voicemails::done))
        .route("/knowledge", get(knowledge::search))
        .route("/desk", get(desk::settings))
        .route("/stream", get(stream::stream_of))
        .route("/calls/{id}/vcon", get(vcon::export))
        .route("/figures", get(figures::figures))
        .route("/webhooks", get(webhooks::list))
        .route("/webhooks/{name}/dead", get(webhooks::dead))
        .route("/webhooks/{name}/dead/{seq}/replay", post(webhooks::replay_one))
        .route("/webhooks/{name}/replay", post(webhooks::replay_all))
        .route("/calls/{id}/choice", post(choice::choose))
        .route("/calls/{id}/answer", post(answer::answer))
        .route("/calls/{id}/hangup", post(choice::hang_up))
        .route("/calls/{id}/supervision", post(supervision::follow))
        .route("/supervision/phone", post(supervision::answer))
        .route("/events", get(events::events))
        .route("/agents", get(agents::list))
        .route("/agents/{id}/state", put(agents::set_state))
        .route("/agents/{id}/events", get(agent_events::events))
        .route("/agents/{id}/phone", post(web_calls::answer))
        .route("/web-calls", post(web_calls::call))
        .route("/web-calls/token", post(web_calls::token))
        .route("/web-calls/{id}", patch(web_calls::change).delete(web_calls::end))
        .route("/web-calls/{id}/events", get(web_calls::events))
        .route("/session", get(session::get).post(session::sign_in).delete(session::sign_out))
        .route("/session/all", delete(session::sign_out_everywhere))
        .route("/session/password", put(session::change_password))
        .route("/session/link", post(session::look_at_link).put(session::use_link))
        .route("/session/openid", get(openid::start))
        .route("/session/openid/back", get(openid::back))
        .route("/accounts", get(accounts::list).post(accounts::create))
        .route("/accounts/{id}", patch(accounts::change).delete(accounts::remove))
        .route("/accounts/{id}/link", post(accounts::link))
        .route("/accounts/{id}/sign-out", post(accounts::sign_out))
        .route("/tokens", get(tokens::list).post(tokens::make))
        .route("/tokens/{id}", delete(tokens::end))
        .route("/audit", get(audit::list))
        .route("/privacy", get(privacy::rules))
        .route("/privacy/find", post(privacy::find))
        .route("/privacy/export", post(privacy::export_all))
        .route("/privacy/erase", post(privacy::erase))
        .route("/privacy/receipts", get(privacy::receipts))
        .route("/privacy/receipts/{id}", get(privacy::receipt))
        .route("/privacy/holds", get(holds::list))
        .route("/calls/{id}/hold", put(holds::place).delete(holds::lift))
        .route("/calls/{id}/compliance", get(compliance::get))
        .route("/openapi.json", get(openapi::document))
}
