//! API tokens: for programs, with an end, and never in an address.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{
    people::Browser,
    support::{Served, code, guarded},
};

const TOKENS: &str = "/api/v1/tokens";

async fn made(served: &Served, browser: &Browser, scopes: &[&str]) -> (String, String) {
    let answer = served.ask(browser, Method::POST, TOKENS, Some(json!({"label": "wallboard", "scopes": scopes, "days": 30}))).await;
    assert_eq!(answer.status(), 201);
    let made: Value = answer.json().await.unwrap();
    (made["token"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

async fn with(served: &Served, token: &str, path: &str) -> Response {
    served.client.get(served.url(path)).bearer_auth(token).send().await.unwrap()
}

#[tokio::test]
async fn a_token_may_what_it_was_made_for_and_its_secret_is_shown_once() {
    let served = guarded().await;
    let sanda = served.sign_in("sanda").await;
    let (id, secret) = made(&served, &sanda, &["roster"]).await;
    assert!(secret.starts_with("wl_") && secret.len() == 67, "{secret}");
    assert_eq!(with(&served, &secret, "/api/v1/agents").await.status(), 200);
    assert_eq!(code(with(&served, &secret, "/api/v1/calls").await).await, (403, "not_allowed".to_owned()));
    assert_eq!(code(with(&served, &secret, TOKENS).await).await, (403, "not_allowed".to_owned()));
    let listed: Value = served.ask(&sanda, Method::GET, TOKENS, None).await.json().await.unwrap();
    assert_eq!((&listed["tokens"][0]["id"], &listed["tokens"][0]["scopes"]), (&json!(id), &json!(["roster"])));
    assert!(!listed.to_string().contains(&secret[3..]), "only its hash is kept");
    served.parts.store.flush().await;
    let (_, keys) = served.parts.store.accounts().await.unwrap();
    assert!(keys.iter().all(|key| !format!("{key:?}").contains(&secret[3..])));
    // Others do not see it, nor end it.
    let oana = served.sign_in("oana").await;
    let path = format!("{TOKENS}/{id}");
    assert_eq!(served.ask(&oana, Method::GET, TOKENS, None).await.json::<Value>().await.unwrap(), json!({"tokens": []}));
    assert_eq!(served.ask(&oana, Method::DELETE, &path, None).await.status(), 404);
    let stream = served.client.get(served.url("/api/v1/agents/maria/events")).bearer_auth(&secret).send().await.unwrap();
    assert_eq!(stream.status(), 403);
    assert_eq!(served.ask(&sanda, Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(with(&served, &secret, "/api/v1/agents").await.status(), 401);
}

#[tokio::test]
async fn nobody_makes_a_token_that_may_more_than_they_do() {
    let served = guarded().await;
    let sanda = served.sign_in("sanda").await;
    for (wanted, status) in [
        (json!({"label": "x", "scopes": ["accounts"], "days": 1}), 403),
        (json!({"label": "x", "scopes": ["roster", "audit"], "days": 1}), 403),
        (json!({"label": "x", "scopes": [], "days": 1}), 400),
        (json!({"label": "x", "scopes": ["everything"], "days": 1}), 400),
        (json!({"label": " ", "scopes": ["roster"], "days": 1}), 400),
        (json!({"label": "x", "scopes": ["roster"], "days": 0}), 400),
        (json!({"label": "x", "scopes": ["roster"], "days": 367}), 400),
    ] {
        assert_eq!(served.ask(&sanda, Method::POST, TOKENS, Some(wanted.clone())).await.status().as_u16(), status, "{wanted}");
    }
    let (_, secret) = made(&served, &sanda, &["tokens", "roster"]).await;
    let body = json!({"label": "child", "scopes": ["roster"], "days": 1});
    let child = served.client.post(served.url(TOKENS)).bearer_auth(&secret).json(&body).send().await.unwrap();
    assert_eq!(code(child).await, (403, "not_allowed".to_owned()), "a token makes no others");
}

#[tokio::test]
async fn a_token_in_an_address_is_none_and_guessing_is_slowed_down() {
    let served = guarded().await;
    let sanda = served.sign_in("sanda").await;
    let (_, secret) = made(&served, &sanda, &["roster"]).await;
    for address in [format!("/api/v1/agents?token={secret}"), format!("/api/v1/agents?access_token={secret}")] {
        assert_eq!(served.get(&address).await.status(), 401);
    }
    let mut answers = Vec::new();
    for guess in 0..1_000 {
        answers.push(with(&served, &format!("wl_{guess:064x}"), "/api/v1/agents").await.status().as_u16());
    }
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 20);
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 980);
    assert_eq!(with(&served, &secret, "/api/v1/agents").await.status(), 200, "a good one behind the same address is served");
}

#[tokio::test]
async fn streams_end_with_the_token() {
    let served = guarded().await;
    let sanda = served.sign_in("sanda").await;
    let (id, secret) = made(&served, &sanda, &["all_calls", "own_calls"]).await;
    let mut stream = with(&served, &secret, "/api/v1/events").await;
    assert_eq!(stream.status(), 200);
    served.ask(&sanda, Method::DELETE, &format!("{TOKENS}/{id}"), None).await;
    // It ends by itself: the test waits for nothing else.
    while stream.chunk().await.unwrap().is_some() {}
}
