//! People with accounts, for the tests: a browser that keeps its cookie.

use reqwest::{Method, Response, header};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use warmline::{
    accounts::{Accounts, KeySecret, NewAccount, Options, Role},
    call::ids::AgentId,
    store::Store,
};

use super::support::Served;

/// The password of everybody in the tests.
pub(super) const PASSWORD: &str = "a horse and a battery";

/// Everybody's name, role and agent.
pub(super) const PEOPLE: [(&str, Role, Option<&str>); 5] = [
    ("maria", Role::Agent, Some("maria")),
    ("ion", Role::Agent, Some("ion")),
    ("sanda", Role::Supervisor, None),
    ("oana", Role::Operator, None),
    ("ada", Role::Administrator, None),
];

/// Accounts with everybody of [`PEOPLE`] in them, who have their passwords.
pub(super) async fn accounts(store: &Store, options: Options) -> Accounts {
    // Hashing is slow on purpose: once for all is enough.
    static HASH: OnceCell<String> = OnceCell::const_new();
    let hash = HASH.get_or_init(|| async { warmline::accounts::password::hash(PASSWORD) }).await;
    // The store's own file is made by its writer.
    store.flush().await;
    for (name, role, agent) in PEOPLE {
        let row = warmline::store::AccountRow {
            id: format!("id-{name}"),
            name: name.to_owned(),
            role: role.word().to_owned(),
            agent: agent.map(str::to_owned),
            password: Some(hash.clone()),
            locked: false,
            openid: None,
            created_ms: 0,
            signed_in_ms: None,
        };
        store.put_account(&row).await.unwrap();
    }
    Accounts::open(store.clone(), options).await
}

/// A browser.
#[derive(Debug, Clone, Default)]
pub(super) struct Browser {
    pub(super) cookie: Option<String>,
}

impl Served {
    pub(super) fn accounts(&self) -> &Accounts {
        self.parts.accounts.as_ref().unwrap()
    }

    /// A new account with a link, made by nobody.
    pub(super) async fn invited(&self, name: &str, role: Role, agent: Option<&str>) -> KeySecret {
        let new = NewAccount { name: name.to_owned(), role, agent: agent.map(|agent| AgentId(agent.to_owned())) };
        self.accounts().create(new, None, "127.0.0.1").await.unwrap().1
    }

    /// Asks as a page of our own does.
    pub(super) async fn ask(&self, browser: &Browser, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.client.request(method, self.url(path)).header("origin", format!("http://{}", self.address));
        if let Some(cookie) = &browser.cookie {
            request = request.header("cookie", cookie);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    /// Tries to sign in, with whatever cookie the browser has.
    pub(super) async fn try_sign_in(&self, browser: &Browser, name: &str, password: &str) -> Response {
        self.ask(browser, Method::POST, "/api/v1/session", Some(json!({"name": name, "password": password}))).await
    }

    pub(super) async fn sign_in(&self, name: &str) -> Browser {
        let answer = self.try_sign_in(&Browser::default(), name, PASSWORD).await;
        assert_eq!(answer.status(), 200, "{name}");
        Browser { cookie: cookie(&answer) }
    }

    /// The status of a GET.
    pub(super) async fn status(&self, browser: &Browser, path: &str) -> u16 {
        self.ask(browser, Method::GET, path, None).await.status().as_u16()
    }
}

/// What a browser sends back of a cookie that it was given.
pub(super) fn cookie(answer: &Response) -> Option<String> {
    let value = answer.headers().get(header::SET_COOKIE)?.to_str().unwrap();
    value.split(';').next().map(str::to_owned)
}
