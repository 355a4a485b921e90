//! Accounts: the first one, and what administrators do with the others.

use reqwest::Method;
use serde_json::{Value, json};
use warmline::accounts::{Accounts, Options, Role};

use super::{
    people::{Browser, PASSWORD, cookie},
    support::{Served, code, guarded, guarded_by},
};

async fn welcome(served: &Served, link: &str, password: &str) -> reqwest::Response {
    served.ask(&Browser::default(), Method::PUT, "/api/v1/session/link", Some(json!({"link": link, "password": password}))).await
}

#[tokio::test]
async fn the_first_start_lets_one_person_in_and_no_second() {
    let served = guarded_by(|store| async move { Accounts::open(store, Options::new("http://here")).await }).await;
    let accounts = served.accounts();
    let first = accounts.first_link(true).await.unwrap().unwrap();
    assert!(accounts.first_link(false).await.unwrap().is_none(), "one that is good is not printed again");
    // Another start prints another one, and the first is gone.
    let second = accounts.first_link(true).await.unwrap().unwrap();
    assert_eq!(code(welcome(&served, first.expose(), PASSWORD).await).await, (410, "link_gone".to_owned()));

    let whose = served.ask(&Browser::default(), Method::POST, "/api/v1/session/link", Some(json!({"link": second.expose()}))).await;
    assert_eq!(whose.json::<Value>().await.unwrap(), json!({"name": "administrator"}));
    assert_eq!(code(welcome(&served, second.expose(), "administrator").await).await, (400, "weak_password".to_owned()));
    let answer = welcome(&served, second.expose(), PASSWORD).await;
    assert_eq!(answer.status(), 200);
    let browser = Browser { cookie: cookie(&answer) };
    assert_eq!(answer.json::<Value>().await.unwrap()["role"], "administrator");
    assert_eq!(served.status(&browser, "/api/v1/accounts").await, 200);
    assert_eq!(code(welcome(&served, second.expose(), PASSWORD).await).await, (410, "link_gone".to_owned()));
    assert!(accounts.first_link(true).await.unwrap().is_none(), "somebody administers it now");
}

#[tokio::test]
async fn links_cannot_be_guessed() {
    let served = guarded().await;
    let mut answers = Vec::new();
    for guess in 0..25 {
        answers.push(welcome(&served, &format!("{guess:064x}"), PASSWORD).await.status().as_u16());
    }
    assert_eq!((answers.iter().filter(|status| **status == 410).count(), answers.last()), (20, Some(&429)), "{answers:?}");
    // Who has a good one is let in all the same.
    let link = served.invited("eva", Role::Operator, None).await;
    assert_eq!(welcome(&served, link.expose(), PASSWORD).await.status(), 200);
}

#[tokio::test]
async fn administrators_make_change_lock_and_remove_accounts() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    let ask =
        async |method: Method, path: &str, body: Option<Value>| served.ask(&ada, method, &format!("/api/v1/accounts{path}"), body).await;
    for wrong in [
        json!({"name": "", "role": "operator"}),
        json!({"name": "x".repeat(65), "role": "operator"}),
        json!({"name": "a\u{7}b", "role": "operator"}),
        json!({"name": "eva", "role": "emperor"}),
        json!({"name": "eva", "role": "agent"}),
    ] {
        assert_eq!(code(ask(Method::POST, "", Some(wrong.clone())).await).await, (400, "bad_request".to_owned()), "{wrong}");
    }
    let taken = ask(Method::POST, "", Some(json!({"name": "Maria", "role": "operator"}))).await;
    assert_eq!(code(taken).await, (409, "name_taken".to_owned()));
    let unknown = ask(Method::POST, "", Some(json!({"name": "eva", "role": "agent", "agent": "nobody"}))).await;
    assert_eq!(code(unknown).await, (404, "no_such_agent".to_owned()));

    let made = ask(Method::POST, "", Some(json!({"name": "<img src=x>", "role": "agent", "agent": "ion"}))).await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    let (id, link) = (made["account"]["id"].as_str().unwrap(), made["link"].as_str().unwrap());
    let secret = link.strip_prefix("http://here/welcome#").unwrap();
    let eva = Browser { cookie: cookie(&welcome(&served, secret, PASSWORD).await) };
    assert_eq!(served.status(&eva, "/api/v1/agents/ion/events").await, 200);

    let change = async |body: Value| ask(Method::PATCH, &format!("/{id}"), Some(body)).await;
    assert_eq!(code(change(json!({"agent": null})).await).await, (400, "bad_request".to_owned()));
    let changed: Value = change(json!({"role": "supervisor", "agent": null})).await.json().await.unwrap();
    assert_eq!((&changed["role"], &changed["agent"]), (&json!("supervisor"), &json!(null)));
    assert_eq!(served.status(&eva, "/api/v1/agents").await, 401, "what she was is over");
    let eva = Browser { cookie: cookie(&served.try_sign_in(&eva, "<IMG src=x>", PASSWORD).await) };
    assert_eq!(ask(Method::POST, &format!("/{id}/sign-out"), None).await.status(), 204);
    assert_eq!(served.status(&eva, "/api/v1/agents").await, 401);
    assert_eq!(change(json!({"locked": true})).await.status(), 200);
    assert_eq!(served.try_sign_in(&eva, "<img src=x>", PASSWORD).await.status(), 401);
    assert_eq!(ask(Method::DELETE, &format!("/{id}"), None).await.status(), 204);
    assert_eq!(code(ask(Method::DELETE, &format!("/{id}"), None).await).await, (404, "no_such_account".to_owned()));

    let list: Value = ask(Method::GET, "", None).await.json().await.unwrap();
    let names: Vec<&str> = list["accounts"].as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ada", "ion", "maria", "oana", "sanda"]);
    assert!(!list.to_string().contains("argon2"), "{list}");
}

#[tokio::test]
async fn somebody_always_administers() {
    let served = guarded().await;
    let ada = served.sign_in("ada").await;
    for (method, body) in
        [(Method::PATCH, Some(json!({"role": "operator"}))), (Method::PATCH, Some(json!({"locked": true}))), (Method::DELETE, None)]
    {
        let answer = served.ask(&ada, method, "/api/v1/accounts/id-ada", body).await;
        assert_eq!(code(answer).await, (409, "last_administrator".to_owned()));
    }
    let second = served.invited("eva", Role::Administrator, None).await;
    assert_eq!(welcome(&served, second.expose(), PASSWORD).await.status(), 200);
    assert_eq!(served.ask(&ada, Method::DELETE, "/api/v1/accounts/id-ada", None).await.status(), 204);
    assert_eq!(served.status(&ada, "/api/v1/accounts").await, 401);
}

#[tokio::test]
async fn a_new_link_gives_a_forgotten_password_back() {
    let served = guarded().await;
    let (ada, maria) = (served.sign_in("ada").await, served.sign_in("maria").await);
    let made: Value = served.ask(&ada, Method::POST, "/api/v1/accounts/id-maria/link", None).await.json().await.unwrap();
    assert_eq!(served.status(&maria, "/api/v1/agents").await, 200);
    let secret = made["link"].as_str().unwrap().split('#').nth(1).unwrap().to_owned();
    assert_eq!(welcome(&served, &secret, "another horse").await.status(), 200);
    assert_eq!(served.status(&maria, "/api/v1/agents").await, 401, "whoever knew the old one is out");
    assert_eq!(served.try_sign_in(&maria, "maria", PASSWORD).await.status(), 401);
}
