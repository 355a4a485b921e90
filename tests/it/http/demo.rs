//! The demonstration's accounts: everybody is told how to get in, there and nowhere else.

use reqwest::Method;
use serde_json::{Value, json};
use warmline::{
    accounts::{AccountError, Accounts, DemoAccounts, KeyKind, Options},
    call::ids::AgentId,
};

use super::{
    people::{self, Browser, PASSWORD, cookie},
    support::{Served, guarded, guarded_by, guarded_with},
};

const DEMO: &str = "demo-1f3a99c0";

fn demo(password: &str) -> Options {
    let demo = Some(DemoAccounts { password: password.to_owned(), agent: Some(AgentId("maria".to_owned())) });
    Options { demo, ..Options::new("http://here") }
}

async fn session(served: &Served) -> Value {
    served.ask(&Browser::default(), Method::GET, "/api/v1/session", None).await.json().await.unwrap()
}

#[tokio::test]
async fn whoever_opens_the_demonstration_is_told_how_to_get_in() {
    let served = guarded_by(|store| async move { Accounts::open(store, demo(DEMO)).await }).await;
    let told = session(&served).await["demo"].clone();
    let roles = ["agent", "supervisor", "operator", "administrator"];
    let names = ["maria", "supervisor", "operator", "administrator"];
    let accounts: Vec<Value> = names.iter().zip(roles).map(|(name, role)| json!({"name": name, "role": role})).collect();
    assert_eq!(told, json!({"password": DEMO, "accounts": accounts}));
    for (name, role) in names.iter().zip(roles) {
        let answer = served.try_sign_in(&Browser::default(), name, DEMO).await;
        assert_eq!(answer.status(), 200, "{name}");
        let me = answer.json::<Value>().await.unwrap();
        assert_eq!((&me["role"], me["agent"] == "maria"), (&json!(role), *name == "maria"));
    }
    assert!(served.accounts().first_link(true).await.unwrap().is_none(), "nobody needs a link");
    // What does not get in any more is not named.
    let maria = Browser { cookie: cookie(&served.try_sign_in(&Browser::default(), "maria", DEMO).await) };
    let change = json!({"old": DEMO, "new": "my own horse"});
    assert_eq!(served.ask(&maria, Method::PUT, "/api/v1/session/password", Some(change)).await.status(), 200);
    assert_eq!(session(&served).await["demo"]["accounts"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_demonstrations_accounts_open_nothing_at_any_other_start() {
    let served = guarded_by(|store| async move { Accounts::open(store, demo(DEMO)).await }).await;
    let store = served.parts.store.clone();
    let answer = served.try_sign_in(&Browser::default(), "administrator", DEMO).await;
    let secret = cookie(&answer).unwrap().strip_prefix("warmline=").unwrap().to_owned();
    assert!(served.accounts().identify(&secret, KeyKind::Session).is_some());

    let other = Accounts::open(store.clone(), demo("demo-0000aaaa")).await;
    assert!(other.identify(&secret, KeyKind::Session).is_none());
    assert!(matches!(other.sign_in("operator", DEMO, "here").await, Err(AccountError::Wrong)), "the password of an earlier one");
    assert!(other.sign_in("operator", "demo-0000aaaa", "here").await.is_ok());

    let gateway = Accounts::open(store, Options::new("http://here")).await;
    assert!(gateway.list().is_empty() && gateway.demonstration().is_none());
    for name in ["maria", "supervisor", "operator", "administrator"] {
        assert!(matches!(gateway.sign_in(name, "demo-0000aaaa", "here").await, Err(AccountError::Wrong)), "{name}");
    }
    assert!(gateway.first_link(true).await.unwrap().is_some(), "somebody has to administer it");
    assert!(session(&guarded().await).await.get("demo").is_none());
}

#[tokio::test]
async fn people_keep_their_own_accounts_where_a_demonstration_is_started() {
    let served = guarded_with(demo(DEMO)).await;
    assert_eq!(served.try_sign_in(&Browser::default(), "maria", DEMO).await.status(), 401);
    assert_eq!(served.try_sign_in(&Browser::default(), "maria", PASSWORD).await.status(), 200);
    assert!(!session(&served).await["demo"]["accounts"].to_string().contains("maria"));
    let again = people::accounts(&served.parts.store, Options::new("http://here")).await;
    assert_eq!(again.list().len(), people::PEOPLE.len(), "and nobody else's are left behind");
}
