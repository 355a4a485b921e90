//! What becomes of a caller whom somebody has on their page when their session ends: they stay there. When the account is locked or removed, the line is lost.
//! The telephone driver is the test.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use warmline::{
    accounts::Options,
    call::event::LegEnd,
    web_call::{Request, WebCall, WebCallId},
};

use super::{
    people::Browser,
    support::{Served, Stream, guarded_pages, guarded_pages_with, until},
};

/// Enough to sign in and take a call, on any machine.
const LIFE: Duration = Duration::from_secs(8);

/// An agent takes the call that rings on their page. Whoever keeps the sender keeps the call.
async fn takes(
    served: &Served,
    requests: &mut mpsc::Receiver<Request>,
    (agent, browser): (&str, &Browser),
    id: &str,
) -> watch::Sender<bool> {
    let token: Value = served.ask(browser, Method::POST, "/api/v1/web-calls/token", Some(json!({}))).await.json().await.unwrap();
    let (end, ended) = watch::channel(false);
    let driver = async {
        loop {
            match requests.recv().await.expect("the page answers") {
                Request::Answer { agent: whose, reply, .. } => {
                    assert_eq!(whose, agent);
                    return reply.send(Ok(WebCall { id: WebCallId(id.to_owned()), answer: "v=0 ours".to_owned(), ended })).unwrap();
                }
                Request::Desk { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let phone = served
        .client
        .post(served.url(&format!("/api/v1/agents/{agent}/phone")))
        .header("origin", format!("http://{}", served.address))
        .header("cookie", browser.cookie.clone().unwrap())
        .bearer_auth(token["token"].as_str().unwrap())
        .json(&json!({"sdp": "v=0"}));
    let (answer, ()) = tokio::join!(phone.send(), driver);
    assert_eq!(answer.unwrap().status(), 201);
    end
}

/// The next call that the driver is asked to end, and why.
async fn next_end(requests: &mut mpsc::Receiver<Request>) -> (String, LegEnd) {
    loop {
        match requests.recv().await.expect("a call is ended") {
            Request::End { id, why } => return (id.0, why),
            Request::Desk { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn by_ada(served: &Served, ada: &Browser, method: Method, path: &str, body: Option<Value>) -> Response {
    let answer = served.ask(ada, method, &format!("/api/v1/accounts/{path}"), body).await;
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer
}

#[tokio::test]
async fn a_session_that_ends_leaves_the_caller_on_the_line() {
    let (served, mut requests) = guarded_pages().await;
    let ada = served.sign_in("ada").await;
    for (turn, how) in ["signed out by somebody else", "signed out in another tab", "everywhere", "another role"].into_iter().enumerate() {
        let ion = served.sign_in("ion").await;
        let desk: Stream = served.stream_as(&ion, "/api/v1/agents/ion/events").await;
        let id = format!("call-{turn}");
        let end = takes(&served, &mut requests, ("ion", &ion), &id).await;
        let call = served.stream_as(&ion, &format!("/api/v1/web-calls/{id}/events")).await;
        match turn {
            0 => drop(by_ada(&served, &ada, Method::POST, "id-ion/sign-out", None).await),
            1 => drop(served.ask(&ion, Method::DELETE, "/api/v1/session", None).await),
            2 => drop(served.ask(&ion, Method::DELETE, "/api/v1/session/all", None).await),
            _ => drop(by_ada(&served, &ada, Method::PATCH, "id-ion", Some(json!({"role": "supervisor"}))).await),
        }
        // The desk shows nothing any more, and the call goes on until it is over.
        desk.rest().await;
        assert_eq!(served.status(&ion, "/api/v1/calls").await, 401, "{how}");
        end.send_replace(true);
        let told: Vec<String> = call.rest().await.into_iter().map(|got| got.name).collect();
        assert_eq!(told.last().map(String::as_str), Some("ended"), "{how}: {told:?}");
    }
    while let Ok(request) = requests.try_recv() {
        assert!(!matches!(request, Request::End { .. }), "nobody has hung up: {request:?}");
    }
}

#[tokio::test]
async fn a_session_whose_time_is_over_leaves_the_caller_on_the_line() {
    let (served, mut requests) = guarded_pages_with(Options { longest: LIFE, ..Options::new("http://here") }).await;
    let ion = served.sign_in("ion").await;
    let desk = served.stream_as(&ion, "/api/v1/agents/ion/events").await;
    let end = takes(&served, &mut requests, ("ion", &ion), "ions").await;
    let call = served.stream_as(&ion, "/api/v1/web-calls/ions/events").await;
    until(async || {
        served.accounts().end_what_is_over().await.unwrap();
        served.status(&ion, "/api/v1/calls").await == 401
    })
    .await;
    desk.rest().await;
    end.send_replace(true);
    assert_eq!(call.rest().await.into_iter().map(|got| got.name).collect::<Vec<_>>(), ["ended"]);
    while let Ok(request) = requests.try_recv() {
        assert!(!matches!(request, Request::End { .. }), "nobody has hung up: {request:?}");
    }
}

#[tokio::test]
async fn whoever_is_locked_out_loses_the_line_and_the_caller_gets_somebody_else() {
    let (served, mut requests) = guarded_pages().await;
    let ada = served.sign_in("ada").await;
    let (ion, maria) = (served.sign_in("ion").await, served.sign_in("maria").await);
    let _ions = takes(&served, &mut requests, ("ion", &ion), "ions").await;
    let _marias = takes(&served, &mut requests, ("maria", &maria), "marias").await;
    by_ada(&served, &ada, Method::PATCH, "id-ion", Some(json!({"locked": true}))).await;
    // Not as if they had hung up, which would end the caller's call.
    assert_eq!(next_end(&mut requests).await, ("ions".to_owned(), LegEnd::SignallingLost));
    by_ada(&served, &ada, Method::DELETE, "id-maria", None).await;
    assert_eq!(next_end(&mut requests).await, ("marias".to_owned(), LegEnd::SignallingLost));
}
