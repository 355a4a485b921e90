//! `GET /api/v1/openapi.json`

use axum::Json;
use utoipa::{
    Modify, OpenApi,
    openapi::{Content, Ref, RefOr, Response, ResponseBuilder},
};

use crate::{
    http::{api, metrics, ready},
    view::{Card, schema},
};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "Warmline", description = "Calls, their records and live events, and the agents' desk."),
    paths(
        api::calls::list,
        api::call::get,
        api::call_events::events,
        api::earlier::list,
        api::notes::list,
        api::notes::put,
        api::corrections::add,
        api::corrections::of_call,
        api::corrections::list,
        api::callbacks::list,
        api::callbacks::close,
        api::voicemails::list,
        api::voicemails::done,
        api::knowledge::search,
        api::desk::settings,
        api::stream::stream_of,
        api::vcon::export,
        api::figures::figures,
        api::webhooks::list,
        api::webhooks::dead,
        api::webhooks::replay_all,
        api::webhooks::replay_one,
        api::events::events,
        api::files::recording,
        api::files::log,
        api::choice::choose,
        api::choice::hang_up,
        api::answer::answer,
        api::claims::claim,
        api::supervision::follow,
        api::supervision::answer,
        api::agents::list,
        api::agents::set_state,
        api::agent_events::events,
        api::web_calls::token,
        api::web_calls::call,
        api::web_calls::answer,
        api::web_calls::change,
        api::web_calls::end,
        api::web_calls::events,
        api::session::get,
        api::session::sign_in,
        api::session::sign_out,
        api::session::sign_out_everywhere,
        api::session::change_password,
        api::session::look_at_link,
        api::session::use_link,
        api::openid::start,
        api::openid::back,
        api::accounts::list,
        api::accounts::create,
        api::accounts::change,
        api::accounts::remove,
        api::accounts::link,
        api::accounts::sign_out,
        api::tokens::list,
        api::tokens::make,
        api::tokens::end,
        api::audit::list,
        api::privacy::rules,
        api::privacy::find,
        api::privacy::export_all,
        api::privacy::erase,
        api::privacy::receipts,
        api::privacy::receipt,
        api::holds::list,
        api::holds::place,
        api::holds::lift,
        api::compliance::get,
        ready::healthz,
        ready::readyz,
        metrics::metrics,
    ),
    modifiers(&Everywhere),
    components(schemas(Card, schema::Entry))
)]
struct Document;

/// What any address may answer besides: whoever asks may be nobody, or not allowed, or ask for another host; there may be nothing of that name; and a body
/// may be too large, or nothing that the address takes.
struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (_, item) in document.paths.paths.iter_mut().filter(|(path, _)| path.starts_with("/api/")) {
            let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
            for operation in operations.into_iter().flatten() {
                let of_bodies = if operation.request_body.is_some() { &["400", "413", "415"][..] } else { &[] };
                for status in ["401", "403", "404", "421"].iter().chain(of_bodies) {
                    operation.responses.responses.entry((*status).to_owned()).or_insert_with(refusal);
                }
            }
        }
    }
}

fn refusal() -> RefOr<Response> {
    let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    RefOr::T(ResponseBuilder::new().content("application/json", body).build())
}

/// The OpenAPI document, as text.
///
/// # Errors
/// It cannot be written as JSON.
pub fn openapi_document() -> serde_json::Result<String> {
    Document::openapi().to_pretty_json()
}

/// The OpenAPI document of this server.
pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
