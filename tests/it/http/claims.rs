//! A call is found by its claim code.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use warmline::{
    accounts,
    call::{
        ids::CallId,
        outcome::Outcome,
        record::{HandoffStep, Summary, What},
        time::Time,
    },
    claims::Settings,
};

use super::{
    people::{self, Browser},
    support::{Served, code, guarded, served, served_claims},
};
use crate::store::samples::{ended, said, step};

const CLAIMS: &str = "/api/v1/claims";

fn one() -> CallId {
    CallId("one".to_owned())
}

fn wanted() -> What {
    let reason = "Asks where <b>an order</b> is.".to_owned();
    step(HandoffStep::Started { queue: "orders".to_owned(), summary: Summary { who: "Ana".to_owned(), reason, ..Summary::default() } })
}

fn bot(text: &str) -> What {
    What::BotTurn {
        turn: 0,
        node: "greeting".to_owned(),
        text: text.to_owned(),
        heard: text.to_owned(),
        interrupted: false,
        from: Time(100),
        to: Time(900),
        reply_ms: None,
    }
}

#[tokio::test]
async fn whoever_types_the_code_sees_reason_and_words() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let claimed = served.parts.claims.begin(&one());
    assert_eq!((claimed.code.len(), claimed.code.bytes().all(|byte| byte.is_ascii_digit())), (6, true), "{}", claimed.code);
    call.write(900, bot("Hello."));
    call.write(2_000, said("Where is <i>my</i> order?"));
    call.write(3_000, wanted());
    let spaced: String = claimed.code.chars().flat_map(|figure| [figure, ' ']).collect();
    for typed in [claimed.code.clone(), spaced, format!("{}-{}", &claimed.code[..3], &claimed.code[3..])] {
        let answer = served.post(CLAIMS, &json!({"code": typed})).await;
        assert_eq!(answer.status(), 200, "{typed}");
        let shown: Value = answer.json().await.unwrap();
        assert_eq!((&shown["call"]["id"], &shown["summary"]["who"]), (&json!("one"), &json!("Ana")));
        assert_eq!(shown["summary"]["reason"], "Asks where <b>an order</b> is.");
        let by: Vec<&str> = shown["said"].as_array().unwrap().iter().map(|one| one["by"].as_str().unwrap()).collect();
        assert_eq!(by, ["bot", "caller"]);
        assert_eq!(shown["said"][1]["text"], "Where is <i>my</i> order?");
    }
    for wrong in [json!({}), json!({"code": 7}), json!({"code": "1".repeat(41)}), json!({"code": "1", "call": "one"})] {
        assert_eq!(code(served.post(CLAIMS, &wrong).await).await, (400, "bad_request".to_owned()), "{wrong}");
    }
}

#[tokio::test]
async fn a_code_is_over_some_time_after_its_call_and_shows_a_call_that_is_over_until_then() {
    let served = served().await;
    let mut call = served.live("one", 0);
    let claimed = served.parts.claims.begin(&one());
    let typed = json!({"code": claimed.code});
    call.write(3_000, wanted());
    call.write(4_000, ended(Outcome::HandedOver));
    drop((call, claimed));
    served.parts.store.flush().await;
    let shown: Value = served.post(CLAIMS, &typed).await.json().await.unwrap();
    assert_eq!((&shown["call"]["state"], &shown["summary"]["who"]), (&json!("ended"), &json!("Ana")));
    // The same where a code is over with its call.
    let short = served_claims(Settings { after_call: Duration::ZERO, ..Settings::default() }, |_| async { None }).await;
    let call = short.live("one", 0);
    let claimed = short.parts.claims.begin(&one());
    let typed = json!({"code": claimed.code});
    assert_eq!(short.post(CLAIMS, &typed).await.status(), 200);
    drop((call, claimed));
    assert_eq!(code(short.post(CLAIMS, &typed).await).await, (404, "no_such_claim".to_owned()));
}

/// Guesses until it has to wait; how many were looked at.
async fn guesses(served: &Served, browser: &Browser) -> u32 {
    for tried in 0..50 {
        let answer = served.ask(browser, Method::POST, CLAIMS, Some(json!({"code": "none"}))).await;
        match answer.status() {
            StatusCode::NOT_FOUND => {}
            StatusCode::TOO_MANY_REQUESTS => {
                assert!(answer.headers().contains_key("retry-after"));
                return tried;
            }
            other => panic!("{other}"),
        }
    }
    panic!("nobody has to wait");
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_nobody_else_does() {
    let served = guarded().await;
    let call = served.live("one", 0);
    let claimed = served.parts.claims.begin(&one());
    let right = Some(json!({"code": claimed.code}));
    let (ada, maria) = (served.sign_in("ada").await, served.sign_in("maria").await);
    assert!((3..8).contains(&guesses(&served, &ada).await));
    // Another window of the same account waits, too, and so does a right code.
    let again = served.sign_in("ada").await;
    assert_eq!(served.ask(&again, Method::POST, CLAIMS, right.clone()).await.status(), 429);
    assert_eq!(served.ask(&maria, Method::POST, CLAIMS, right).await.status(), 200);
    drop(call);
}

#[tokio::test]
async fn it_takes_an_account_and_is_written_down_who_saw_it() {
    let served = guarded().await;
    let call = served.live("one", 0);
    let claimed = served.parts.claims.begin(&one());
    let right = Some(json!({"code": claimed.code}));
    let nobody = Browser::default();
    assert_eq!(code(served.ask(&nobody, Method::POST, CLAIMS, right.clone()).await).await, (401, "not_signed_in".to_owned()));
    // Ion was never offered this call: the code is what he has.
    let ion = served.sign_in("ion").await;
    assert_eq!(served.ask(&ion, Method::POST, CLAIMS, right).await.status(), 200);
    let ada = served.sign_in("ada").await;
    served.parts.store.flush().await;
    let log: Value = served.ask(&ada, Method::GET, "/api/v1/audit?did=claimed_call", None).await.json().await.unwrap();
    assert_eq!(log["lines"].as_array().unwrap().len(), 1, "{log}");
    assert_eq!((&log["lines"][0]["name"], &log["lines"][0]["target"]), (&json!("ion"), &json!("one")));
    drop(call);
}

#[tokio::test]
async fn where_codes_are_open_they_are_longer_and_need_no_account() {
    let settings = Settings { figures: 10, open: true, ..Settings::default() };
    let served =
        served_claims(settings, |store| async move { Some(people::accounts(&store, accounts::Options::new("http://here")).await) }).await;
    let call = served.live("one", 0);
    let claimed = served.parts.claims.begin(&one());
    assert_eq!(claimed.code.len(), 10);
    let nobody = Browser::default();
    let session: Value = served.ask(&nobody, Method::GET, "/api/v1/session", None).await.json().await.unwrap();
    assert_eq!(session["claims_open"], true);
    let answer = served.ask(&nobody, Method::POST, CLAIMS, Some(json!({"code": claimed.code}))).await;
    assert_eq!(answer.status(), 200);
    assert!((3..8).contains(&guesses(&served, &nobody).await), "by where they are");
    // Everything else is as closed as it was.
    assert_eq!(served.ask(&nobody, Method::GET, "/api/v1/calls/one", None).await.status(), 401);
    let ada = served.sign_in("ada").await;
    served.parts.store.flush().await;
    let log: Value = served.ask(&ada, Method::GET, "/api/v1/audit?did=claimed_call", None).await.json().await.unwrap();
    assert_eq!((&log["lines"][0]["name"], &log["lines"][0]["target"]), (&Value::Null, &json!("one")), "{log}");
    drop(call);
}
