//! Who may ask for what: every address, for everybody.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use warmline::{
    accounts::Role,
    call::{
        event::{AgentChoice, Event},
        outcome::{OfferOutcome, Outcome},
        record::HandoffStep,
    },
    http::{Bound, Options},
};

use super::{
    people::{Browser, PEOPLE},
    support::{code, guarded},
};
use crate::store::samples::{ended, maria, said, step};

/// Who may: `*` everybody, else a letter for each role: agent, supervisor, operator, aDministrator. An agent's right is that of the agent whose desk
/// or call it is.
const WANTED: &[(&str, &str, &str)] = &[
    ("GET", "/api/v1/calls", "asod"),
    ("GET", "/api/v1/calls/{id}", "asod"),
    ("GET", "/api/v1/calls/{id}/earlier", "asod"),
    ("GET", "/api/v1/calls/{id}/events", "asod"),
    ("GET", "/api/v1/calls/{id}/recording", "asod"),
    ("GET", "/api/v1/calls/{id}/log", "od"),
    ("GET", "/api/v1/calls/{id}/notes", "asod"),
    ("PUT", "/api/v1/calls/{id}/notes/{agent}", "asd"),
    ("GET", "/api/v1/calls/{id}/corrections", "asod"),
    ("POST", "/api/v1/calls/{id}/corrections", "asd"),
    ("GET", "/api/v1/corrections", "sod"),
    ("GET", "/api/v1/callbacks", "sod"),
    ("PUT", "/api/v1/callbacks/{id}", "sd"),
    ("GET", "/api/v1/voicemails", "sod"),
    ("PUT", "/api/v1/voicemails/{call}/{seq}", "sd"),
    ("GET", "/api/v1/knowledge", "asod"),
    ("GET", "/api/v1/desk", "asod"),
    ("GET", "/api/v1/stream", "sod"),
    ("GET", "/api/v1/calls/{id}/vcon", "od"),
    ("GET", "/api/v1/figures", "sod"),
    ("GET", "/api/v1/webhooks", "od"),
    ("GET", "/api/v1/webhooks/{name}/dead", "od"),
    ("POST", "/api/v1/webhooks/{name}/replay", "od"),
    ("POST", "/api/v1/webhooks/{name}/dead/{seq}/replay", "od"),
    ("POST", "/api/v1/calls/{id}/choice", "asd"),
    ("POST", "/api/v1/calls/{id}/answer", "asd"),
    ("POST", "/api/v1/calls/{id}/hangup", "asd"),
    ("POST", "/api/v1/calls/{id}/supervision", "sd"),
    ("POST", "/api/v1/supervision/phone", "sd"),
    ("GET", "/api/v1/events", "asod"),
    ("GET", "/api/v1/agents", "asod"),
    ("PUT", "/api/v1/agents/{id}/state", "asd"),
    ("GET", "/api/v1/agents/{id}/events", "asd"),
    ("POST", "/api/v1/agents/{id}/phone", "asd"),
    ("POST", "/api/v1/claims", "asod"),
    ("GET", "/api/v1/session", "*"),
    ("POST", "/api/v1/session", "*"),
    ("POST", "/api/v1/session/link", "*"),
    ("PUT", "/api/v1/session/link", "*"),
    ("GET", "/api/v1/session/openid", "*"),
    ("GET", "/api/v1/session/openid/back", "*"),
    ("PUT", "/api/v1/session/password", "asod"),
    ("GET", "/api/v1/accounts", "d"),
    ("POST", "/api/v1/accounts", "d"),
    ("PATCH", "/api/v1/accounts/{id}", "d"),
    ("DELETE", "/api/v1/accounts/{id}", "d"),
    ("POST", "/api/v1/accounts/{id}/link", "d"),
    ("POST", "/api/v1/accounts/{id}/sign-out", "d"),
    ("GET", "/api/v1/tokens", "sod"),
    ("POST", "/api/v1/tokens", "sod"),
    ("DELETE", "/api/v1/tokens/{id}", "sod"),
    ("GET", "/api/v1/audit", "d"),
    ("GET", "/api/v1/privacy", "od"),
    ("POST", "/api/v1/privacy/find", "d"),
    ("POST", "/api/v1/privacy/export", "d"),
    ("POST", "/api/v1/privacy/erase", "d"),
    ("GET", "/api/v1/privacy/receipts", "od"),
    ("GET", "/api/v1/privacy/receipts/{id}", "od"),
    ("GET", "/api/v1/privacy/holds", "od"),
    ("PUT", "/api/v1/calls/{id}/hold", "d"),
    ("DELETE", "/api/v1/calls/{id}/hold", "d"),
    ("GET", "/api/v1/calls/{id}/compliance", "sod"),
    ("POST", "/api/v1/web-calls/token", "*"),
    ("POST", "/api/v1/web-calls", "*"),
    ("PATCH", "/api/v1/web-calls/{id}", "*"),
    ("DELETE", "/api/v1/web-calls/{id}", "*"),
    ("GET", "/api/v1/web-calls/{id}/events", "*"),
    ("GET", "/healthz", "*"),
    ("GET", "/readyz", "*"),
    // Last: they end the session that asks.
    ("DELETE", "/api/v1/session/all", "asod"),
    ("DELETE", "/api/v1/session", "*"),
];

fn letter(role: Role) -> char {
    match role {
        Role::Agent => 'a',
        Role::Supervisor => 's',
        Role::Operator => 'o',
        Role::Administrator => 'd',
    }
}

#[tokio::test]
async fn every_address_asks_everybody_who_they_are() {
    let served = guarded().await;
    let mut call = served.live("one", 0);
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    let ada = served.sign_in("ada").await;
    let document: Value = served.ask(&ada, Method::GET, "/api/v1/openapi.json", None).await.json().await.unwrap();
    let routes = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| methods.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone())));
    let routes: BTreeSet<(String, String)> = routes.filter(|(_, path)| path != "/metrics").collect();
    let wanted: BTreeSet<(String, String)> = WANTED.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(routes, wanted, "each address has its line here");

    for (name, role) in [(None, None)]
        .into_iter()
        .chain(PEOPLE.iter().filter(|(name, ..)| *name != "ion").map(|(name, role, _)| (Some(*name), Some(*role))))
    {
        let browser = match name {
            Some(name) => served.sign_in(name).await,
            None => Browser::default(),
        };
        for (method, path, who) in WANTED {
            let id = if path.contains("agents/") { "maria" } else { "one" };
            let address = path.replace("{id}", id).replace("{agent}", "maria");
            let body = (*method != "GET" && *method != "DELETE").then(|| json!({}));
            let status = served.ask(&browser, method.parse().unwrap(), &address, body).await.status().as_u16();
            let at = format!("{method} {path} for {name:?}");
            match role {
                // A caller's page without its own token is refused as such.
                _ if *who == "*" => assert!(status != 403 && (status != 401 || path.starts_with("/api/v1/web-calls")), "{at}: {status}"),
                None => assert_eq!(status, 401, "{at}"),
                Some(role) if who.contains(letter(role)) => {
                    assert!(status != 403 && (status != 401 || path.ends_with("/phone")), "{at}: {status}");
                }
                Some(_) => assert_eq!(status, 403, "{at}"),
            }
        }
    }
}

#[tokio::test]
async fn an_agent_sees_and_does_nothing_at_anothers_desk() {
    let served = guarded().await;
    let (maria_page, ion) = (served.sign_in("maria").await, served.sign_in("ion").await);
    let mut call = served.live("one", 0);
    call.write(5, said("Let me talk to a person."));
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));

    let away = Some(json!({"state": "away"}));
    let put = served.ask(&ion, Method::PUT, "/api/v1/agents/maria/state", away.clone()).await;
    assert_eq!(code(put).await, (403, "not_allowed".to_owned()));
    assert_eq!(served.status(&ion, "/api/v1/agents/maria/events").await, 403);
    assert_eq!(served.status(&ion, "/api/v1/agents/nobody/events").await, 403, "nor is it said whether there is such a desk");
    let phone = served.ask(&ion, Method::POST, "/api/v1/agents/maria/phone", Some(json!({"sdp": "v=0"}))).await;
    assert_eq!(phone.status(), 403);
    assert_eq!(served.ask(&ion, Method::PUT, "/api/v1/agents/ion/state", away).await.status(), 200);

    // The call was never offered to Ion: for him there is none.
    for what in ["", "/events", "/recording"] {
        let answer = served.ask(&ion, Method::GET, &format!("/api/v1/calls/one{what}"), None).await;
        assert_eq!(code(answer).await, (404, "no_such_call".to_owned()), "{what}");
    }
    for (what, body) in [
        ("choice", json!({"agent": "maria", "choice": "accept"})),
        ("choice", json!({"agent": "ion", "choice": "accept"})),
        ("hangup", json!({})),
    ] {
        let answer = served.ask(&ion, Method::POST, &format!("/api/v1/calls/one/{what}"), Some(body)).await;
        assert_eq!(code(answer).await, (404, "no_such_call".to_owned()), "{what}");
    }
    let list: Value = served.ask(&ion, Method::GET, "/api/v1/calls", None).await.json().await.unwrap();
    assert_eq!(list["calls"], json!([]));

    assert_eq!(served.status(&maria_page, "/api/v1/calls/one").await, 200);
    let list: Value = served.ask(&maria_page, Method::GET, "/api/v1/calls", None).await.json().await.unwrap();
    assert_eq!(list["calls"][0]["id"], "one");
    let not_hers =
        served.ask(&maria_page, Method::POST, "/api/v1/calls/one/choice", Some(json!({"agent": "ion", "choice": "accept"}))).await;
    assert_eq!(code(not_hers).await, (403, "not_allowed".to_owned()));
    for (method, path, body) in [
        (Method::PUT, "/api/v1/calls/one/notes/ion", json!({"text": "by Ion"})),
        (Method::POST, "/api/v1/calls/one/corrections", json!({"agent": "ion", "seq": 1, "should_say": "no"})),
    ] {
        assert_eq!(code(served.ask(&maria_page, method, path, Some(body)).await).await, (403, "not_allowed".to_owned()), "{path}");
    }
    let hers = served.ask(&maria_page, Method::POST, "/api/v1/calls/one/choice", Some(json!({"agent": "maria", "choice": "accept"}))).await;
    assert_eq!(hers.status(), 202);
    assert_eq!(call.events.recv().await, Some(Event::AgentChose { agent: maria(), choice: AgentChoice::Accept }));
}

#[tokio::test]
async fn who_had_a_call_may_look_at_it_and_not_end_it() {
    let served = guarded().await;
    let maria_page = served.sign_in("maria").await;
    let mut call = served.live("one", 0);
    call.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    call.write(20, step(HandoffStep::OfferEnded { agent: maria(), outcome: OfferOutcome::Declined }));
    assert_eq!(served.status(&maria_page, "/api/v1/calls/one").await, 200);
    let end = served.ask(&maria_page, Method::POST, "/api/v1/calls/one/hangup", Some(json!({}))).await;
    assert_eq!(code(end).await, (409, "not_offered".to_owned()));
    let sanda = served.sign_in("sanda").await;
    assert_eq!(served.ask(&sanda, Method::POST, "/api/v1/calls/one/hangup", Some(json!({}))).await.status(), 202);
    call.write(30, ended(Outcome::Contained));
    drop(call);
    served.parts.store.flush().await;
    // Out of the hub: the record still knows whom it was offered to.
    for index in 0..300 {
        drop(served.live(&format!("later-{index}"), 1));
    }
    served.parts.store.flush().await;
    assert_eq!(served.status(&maria_page, "/api/v1/calls/one").await, 200);
    assert_eq!(served.status(&maria_page, "/api/v1/calls/later-7").await, 404);
    let list: Value = served.ask(&maria_page, Method::GET, "/api/v1/calls", None).await.json().await.unwrap();
    let ids: Vec<&str> = list["calls"].as_array().unwrap().iter().map(|call| call["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["one"]);
}

#[tokio::test]
async fn an_agents_list_tells_of_their_own_calls_alone() {
    let served = guarded().await;
    let ion = served.sign_in("ion").await;
    let mut stream = served.stream_as(&ion, "/api/v1/events").await;
    let mut first = served.live("one", 0);
    first.write(10, step(HandoffStep::Offered { agent: maria(), name: "Maria".to_owned() }));
    let mut second = served.live("two", 1);
    let agent = warmline::call::ids::AgentId("ion".to_owned());
    second.write(10, step(HandoffStep::Offered { agent, name: "Ion".to_owned() }));
    second.write(20, ended(Outcome::Contained));
    assert_eq!(stream.next().await.unwrap().data["id"], "two");
    drop((first, second));
}

#[tokio::test]
async fn the_figures_are_not_on_the_address_of_the_pages() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    for browser in [&Browser::default(), &ada] {
        let answer = served.ask(browser, Method::GET, "/metrics", None).await;
        let text = answer.text().await.unwrap();
        assert!(!text.contains("warmline_"), "{text}");
    }
    let options = Options { metrics: Some(([127, 0, 0, 1], 0).into()), ..Options::new(([127, 0, 0, 1], 0).into()) };
    let bound = Bound::bind(&options, served.parts.clone()).await.unwrap();
    let figures = bound.metrics_address().unwrap();
    tokio::spawn(bound.run(std::future::pending()));
    warmline::http::install_metrics();
    let alone = async |path: &str| served.client.get(format!("http://{figures}{path}")).send().await.unwrap().status().as_u16();
    assert_eq!((alone("/metrics").await, alone("/").await, alone("/api/v1/calls").await), (200, 404, 404), "and nothing but them");
    for path in ["/healthz", "/readyz"] {
        let text = served.get(path).await.text().await.unwrap();
        assert!(!text.contains("0721") && !text.contains(env!("CARGO_PKG_VERSION")), "{text}");
    }
}
