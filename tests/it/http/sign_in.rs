//! Signing in and out.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use warmline::accounts::{Change, KeyKind, Options, Patience, Role};

use super::{
    people::{Browser, PASSWORD, cookie},
    support::{Served, code, guarded, guarded_with, served},
};

const CALLS: &str = "/api/v1/calls";

async fn me(served: &Served, browser: &Browser) -> Value {
    served.ask(browser, Method::GET, "/api/v1/session", None).await.json().await.unwrap()
}

#[tokio::test]
async fn a_page_knows_who_it_is_signed_in_as() {
    let served = guarded().await;
    assert_eq!(me(&served, &Browser::default()).await, json!({"accounts": true, "signed_in": null}));
    let answer = served.try_sign_in(&Browser::default(), "MARIA", PASSWORD).await;
    let line = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(line.starts_with("warmline=") && line.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"), "{line}");
    let browser = Browser { cookie: cookie(&answer) };
    let told = answer.json::<Value>().await.unwrap();
    assert_eq!(told, json!({"name": "maria", "role": "agent", "agent": "maria", "permissions": ["roster", "own_desk", "own_calls"]}));
    assert_eq!(me(&served, &browser).await, json!({"accounts": true, "signed_in": told}));
}

#[tokio::test]
async fn without_accounts_everybody_may_and_nobody_signs_in() {
    let served = served().await;
    assert_eq!(me(&served, &Browser::default()).await, json!({"accounts": false, "signed_in": null}));
    assert_eq!(served.status(&Browser::default(), CALLS).await, 200);
    assert_eq!(code(served.try_sign_in(&Browser::default(), "maria", PASSWORD).await).await, (404, "no_accounts".to_owned()));
}

#[tokio::test]
async fn a_session_is_new_at_each_sign_in_and_over_after_signing_out() {
    let served = guarded().await;
    let first = served.sign_in("maria").await;
    let answer = served.try_sign_in(&first, "maria", PASSWORD).await;
    let second = Browser { cookie: cookie(&answer) };
    assert_ne!(first.cookie, second.cookie);
    assert_eq!((served.status(&first, CALLS).await, served.status(&second, CALLS).await), (401, 200));
    let out = served.ask(&second, Method::DELETE, "/api/v1/session", None).await;
    assert_eq!(out.status(), 204);
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(served.status(&second, CALLS).await, 401);

    let (one, two) = (served.sign_in("ion").await, served.sign_in("ion").await);
    assert_eq!(served.ask(&one, Method::DELETE, "/api/v1/session/all", None).await.status(), 204);
    assert_eq!((served.status(&one, CALLS).await, served.status(&two, CALLS).await), (401, 401));
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_alike_and_are_soon_not_looked_at() {
    let patience = Patience { tries: 3, first: Duration::from_secs(600), longest: Duration::from_secs(600) };
    let served = guarded_with(Options { patience, ..Options::new("http://here") }).await;
    let nobody = Browser::default();
    for name in ["maria", "nobody"] {
        for _ in 0..3 {
            assert_eq!(
                code(served.try_sign_in(&nobody, name, "a wrong password").await).await,
                (401, "wrong_password".to_owned()),
                "{name}"
            );
        }
        // The right one neither.
        let answer = served.try_sign_in(&nobody, name, PASSWORD).await;
        let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((590..=601).contains(&wait), "{wait}");
        assert_eq!(code(answer).await, (429, "try_later".to_owned()), "{name}");
    }
    // So far it was the account; who goes on with other names is known by their address.
    let mut tried = 6;
    while code(served.try_sign_in(&nobody, &format!("name {tried}"), "a wrong password").await).await.0 == 401 {
        tried += 1;
    }
    assert_eq!(tried, 12);
    assert_eq!(served.try_sign_in(&nobody, "ion", PASSWORD).await.status(), 429);
}

#[tokio::test]
async fn many_tries_at_once_are_not_one() {
    let served = guarded().await;
    let tries = (0..30).map(|_| async { served.try_sign_in(&Browser::default(), "maria", "a wrong password").await.status().as_u16() });
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|status| **status == 401).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 25, "{answers:?}");
}

#[tokio::test]
async fn what_is_shown_for_a_session_and_is_none_opens_nothing() {
    let served = guarded().await;
    let maria = served.sign_in("maria").await;
    let good = maria.cookie.clone().unwrap();
    let secret = good.strip_prefix("warmline=").unwrap();
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYXJpYSJ9.";
    for cookie in [
        "",
        "warmline=",
        "warmline=x",
        &good[..good.len() - 1],
        &format!("{good}0"),
        &format!("{good}; {good}x"),
        &format!("warmline={none}"),
        &format!("__Host-warmline={secret}"),
    ] {
        assert_eq!(served.status(&Browser { cookie: Some(cookie.to_owned()) }, CALLS).await, 401, "{cookie}");
    }
    for url in [format!("{CALLS}?token={secret}"), format!("{CALLS}?access_token={secret}&session={secret}"), format!("{CALLS}?{good}")] {
        assert_eq!(served.status(&Browser::default(), &url).await, 401);
    }
    for header in [format!("Bearer {secret}"), format!("Bearer {none}"), format!("Basic {secret}"), secret.to_owned()] {
        let answer = served.client.get(served.url(CALLS)).header("authorization", &header).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{header}");
    }
    assert_eq!(served.status(&maria, CALLS).await, 200);
}

#[tokio::test]
async fn a_cookie_without_the_page_that_asks_changes_nothing() {
    let served = guarded().await;
    let maria = served.sign_in("maria").await;
    let url = served.url("/api/v1/agents/maria/state");
    let put = |headers: &[(&'static str, String)]| {
        let mut request = served.client.put(&url).header("cookie", maria.cookie.clone().unwrap()).json(&json!({"state": "away"}));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.send()
    };
    let own = format!("http://{}", served.address);
    for (headers, status) in [
        (vec![], 403),
        (vec![("origin", "http://evil.example".to_owned())], 403),
        (vec![("origin", "null".to_owned())], 403),
        (vec![("sec-fetch-site", "cross-site".to_owned())], 403),
        (vec![("sec-fetch-site", "same-site".to_owned())], 403),
        (vec![("origin", own.clone()), ("sec-fetch-site", "cross-site".to_owned())], 403),
        (vec![("sec-fetch-site", "same-origin".to_owned())], 200),
        (vec![("origin", own)], 200),
    ] {
        let answer = put(&headers).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{headers:?}");
    }
}

#[tokio::test]
async fn sessions_end_by_themselves() {
    let idle = guarded_with(Options { idle: Duration::from_millis(1), ..Options::new("http://here") }).await;
    let browser = Browser { cookie: cookie(&idle.try_sign_in(&Browser::default(), "maria", PASSWORD).await) };
    super::support::until(async || idle.status(&browser, CALLS).await == 401).await;
    let short = guarded_with(Options { longest: Duration::from_millis(1), ..Options::new("http://here") }).await;
    let browser = Browser { cookie: cookie(&short.try_sign_in(&Browser::default(), "maria", PASSWORD).await) };
    super::support::until(async || short.status(&browser, CALLS).await == 401).await;
}

#[tokio::test]
async fn streams_end_with_the_session_and_with_what_the_account_was() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    let who = served.accounts().identify(ada.cookie.unwrap().strip_prefix("warmline=").unwrap(), KeyKind::Session).unwrap();
    let source = "127.0.0.1";
    let change = |change: Change| {
        let (served, who) = (&served, &who);
        async move { served.accounts().change("id-ion", change, who, source).await.unwrap() }
    };
    for end in 0..4 {
        let ion = served.sign_in("ion").await;
        let stream = served.stream_as(&ion, "/api/v1/agents/ion/events").await;
        match end {
            0 => drop(served.ask(&ion, Method::DELETE, "/api/v1/session", None).await),
            1 => served.accounts().sign_out_everywhere(&who, "id-ion", source).await.unwrap(),
            2 => drop(change(Change { role: Some(Role::Supervisor), ..Change::default() }).await),
            _ => drop(change(Change { locked: Some(true), ..Change::default() }).await),
        }
        // It ends by itself: the test waits for nothing else.
        stream.rest().await;
        assert_eq!(served.status(&ion, CALLS).await, 401, "{end}");
    }
    assert_eq!(code(served.try_sign_in(&Browser::default(), "ion", PASSWORD).await).await, (401, "wrong_password".to_owned()), "locked");
}

#[tokio::test]
async fn sessions_and_accounts_outlive_a_restart() {
    let served = guarded().await;
    let maria = served.sign_in("maria").await;
    let secret = maria.cookie.as_ref().unwrap().strip_prefix("warmline=").unwrap().to_owned();
    let again = warmline::accounts::Accounts::open(served.parts.store.clone(), Options::new("http://here")).await;
    let who = again.identify(&secret, KeyKind::Session).unwrap();
    assert_eq!((who.name.as_str(), who.role), ("maria", Role::Agent));
    served.ask(&maria, Method::DELETE, "/api/v1/session", None).await;
    let again = warmline::accounts::Accounts::open(served.parts.store.clone(), Options::new("http://here")).await;
    assert!(again.identify(&secret, KeyKind::Session).is_none());
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_the_old_one() {
    let served = guarded().await;
    let (page, other) = (served.sign_in("maria").await, served.sign_in("maria").await);
    let put = async |old: &str, new: &str| {
        served.ask(&page, Method::PUT, "/api/v1/session/password", Some(json!({"old": old, "new": new}))).await
    };
    assert_eq!(code(put("a wrong password", "another horse").await).await, (401, "wrong_password".to_owned()));
    for weak in ["short", "aaaaaaaaaaaa", "Password123"] {
        assert_eq!(code(put(PASSWORD, weak).await).await, (400, "weak_password".to_owned()), "{weak}");
    }
    let changed = put(PASSWORD, "another horse").await;
    assert_eq!(changed.status(), 200);
    let fresh = Browser { cookie: cookie(&changed) };
    assert_eq!(
        (served.status(&page, CALLS).await, served.status(&other, CALLS).await, served.status(&fresh, CALLS).await),
        (401, 401, 200)
    );
    assert_eq!(served.try_sign_in(&Browser::default(), "maria", PASSWORD).await.status(), 401);
    assert_eq!(served.try_sign_in(&Browser::default(), "maria", "another horse").await.status(), 200);
}
