//! Calls of pages: whose token rules over which call. The telephone driver is the test.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use warmline::{
    call::event::LegEnd,
    web_call::{Request, WebCall, WebCallId},
};

use super::support::{Served, code, served_pages};

async fn token(served: &Served) -> String {
    let answer: Value = served.post("/api/v1/web-calls/token", &json!({})).await.json().await.unwrap();
    assert_eq!(answer["expires_s"], 120);
    answer["token"].as_str().unwrap().to_owned()
}

async fn ask(served: &Served, method: Method, path: &str, token: Option<&str>, body: Value) -> Response {
    let request = served.client.request(method, served.url(&format!("/api/v1/web-calls{path}"))).json(&body);
    match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    }
    .send()
    .await
    .unwrap()
}

/// A caller's page calls, and the driver answers with a call of this id. Whoever keeps the sender keeps the call.
async fn call(served: &Served, requests: &mut mpsc::Receiver<Request>, token: &str, id: &str) -> watch::Sender<bool> {
    let offered = json!({"to": "support", "name": "Ana", "sdp": "v=0"});
    let (end, ended) = watch::channel(false);
    let driver = async {
        let Some(Request::Call { called, name, offer, reply }) = requests.recv().await else { panic!("a call") };
        assert_eq!((called.as_str(), name.as_deref(), offer.as_str()), ("support", Some("Ana"), "v=0"));
        reply.send(Ok(WebCall { id: WebCallId(id.to_owned()), answer: "v=0 ours".to_owned(), ended })).unwrap();
    };
    let (answer, ()) = tokio::join!(ask(served, Method::POST, "", Some(token), offered), driver);
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["location"], format!("/api/v1/web-calls/{id}"));
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"id": id, "sdp": "v=0 ours"}));
    end
}

#[tokio::test]
async fn only_the_token_that_began_a_call_changes_and_ends_it() {
    let (served, mut requests) = served_pages().await;
    let (anas, dans) = (token(&served).await, token(&served).await);
    let _anas_call = call(&served, &mut requests, &anas, "anas").await;
    let _dans_call = call(&served, &mut requests, &dans, "dans").await;
    let sdp = json!({"sdp": "v=0 again"});

    let last = anas.chars().next_back().unwrap();
    let forged = format!("{}{}", &anas[..anas.len() - 1], if last == '0' { '1' } else { '0' });
    for wrong in [dans.as_str(), forged.as_str(), "0.0.0"] {
        for (method, body) in [(Method::PATCH, sdp.clone()), (Method::DELETE, json!({}))] {
            let answer = ask(&served, method.clone(), "/anas", Some(wrong), body).await;
            assert_eq!(
                code(answer).await,
                (404, "no_such_call".to_owned()),
                "{method} with {wrong:?}: nor is it said whether there is such a call"
            );
        }
    }
    for method in [Method::PATCH, Method::DELETE] {
        assert_eq!(code(ask(&served, method, "/anas", None, sdp.clone()).await).await, (401, "no_token".to_owned()));
    }
    assert!(requests.try_recv().is_err(), "the driver has heard of none of that");

    let driver = async {
        let Some(Request::Reoffer { id, offer, reply }) = requests.recv().await else { panic!("another offer") };
        assert_eq!((id.0.as_str(), offer.as_str()), ("anas", "v=0 again"));
        reply.send(Ok("v=0 ours again".to_owned())).unwrap();
    };
    let (changed, ()) = tokio::join!(ask(&served, Method::PATCH, "/anas", Some(&anas), sdp), driver);
    assert_eq!((changed.status().as_u16(), changed.json::<Value>().await.unwrap()), (200, json!({"sdp": "v=0 ours again"})));
    assert_eq!(ask(&served, Method::DELETE, "/anas", Some(&anas), json!({})).await.status(), 204);
    let Some(Request::End { id, why }) = requests.recv().await else { panic!("the end") };
    assert_eq!((id.0.as_str(), why), ("anas", LegEnd::HungUp));
}

#[tokio::test]
async fn no_call_begins_with_a_token_that_is_none_of_ours() {
    let (served, mut requests) = served_pages().await;
    let (elsewhere, _) = served_pages().await;
    let foreign = token(&elsewhere).await;
    // A day more, signed by nobody.
    let (until, rest) = foreign.split_once('.').unwrap();
    let longer = format!("{}.{rest}", until.parse::<u64>().unwrap() + 86_400);
    let offered = json!({"to": "support", "sdp": "v=0"});
    for wrong in [foreign.as_str(), longer.as_str(), "", "…"] {
        assert_eq!(code(ask(&served, Method::POST, "", Some(wrong), offered.clone()).await).await, (401, "no_token".to_owned()), "{wrong}");
        let phone = served.client.post(served.url("/api/v1/agents/maria/phone")).bearer_auth(wrong).json(&json!({"sdp": "v=0"}));
        assert_eq!(code(phone.send().await.unwrap()).await, (401, "no_token".to_owned()), "{wrong}");
    }
    assert!(requests.try_recv().is_err(), "nothing has rung");
    // One page may call twice.
    let ours = token(&served).await;
    let _first = call(&served, &mut requests, &ours, "first").await;
    let _second = call(&served, &mut requests, &ours, "second").await;
}
