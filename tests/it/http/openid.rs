//! Signing in at a real provider: oidc-provider on node, on loopback.

use std::{path::Path, process::Stdio, sync::Arc};

use reqwest::{Client, Response, Url, header, redirect::Policy};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use warmline::{
    accounts::Role,
    http::Options,
    openid::{self, OpenId},
};

use super::{
    people::{self, Browser},
    support::{Served, served_by},
};

/// What the provider and its only client share.
pub(crate) const CLIENT_SECRET: &str = "a secret of the two";

/// A browser that keeps every cookie, and follows as far as it is told.
pub(crate) struct Surfer {
    client: Client,
    pub(crate) cookies: Vec<String>,
}

/// A provider that runs.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    _process: Child,
    /// Who writes and is not read is ended by the system.
    _words: Lines<BufReader<ChildStdout>>,
}

struct World {
    served: Served,
    provider: Provider,
}

impl Provider {
    /// One that sends people back there. None where it is not installed (`npm ci` in `tests/browser`).
    pub(crate) async fn start(redirect: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
        if !folder.join("node_modules/oidc-provider").exists() {
            eprintln!("skipped: run npm ci in tests/browser");
            return None;
        }
        let mut process = Command::new("node")
            .arg("openid.mjs")
            .arg(redirect)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = loop {
            // It says a thing or two about itself first.
            let line = lines.next_line().await.unwrap().expect("the provider gives its address");
            if line.starts_with("http") {
                break line;
            }
        };
        Some(Self { issuer, _process: process, _words: lines })
    }

    /// Whoever comes from now on is this person.
    pub(crate) async fn person(&self, person: &Value) {
        let client = Client::builder().no_proxy().build().unwrap();
        let address = format!("{}/person", self.issuer);
        assert!(client.post(address).body(person.to_string()).send().await.unwrap().status().is_success());
    }
}

async fn world() -> Option<World> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let redirect = format!("http://127.0.0.1:{port}/api/v1/session/openid/back");
    let provider = Provider::start(&redirect).await?;
    let options = openid::Options {
        issuer: provider.issuer.clone(),
        client_id: "warmline".to_owned(),
        secret: Some(CLIENT_SECRET.to_owned()),
        label: "Company".to_owned(),
        redirect,
        name_claim: "preferred_username".to_owned(),
        role_claim: "groups".to_owned(),
        roles: [("desk".to_owned(), Role::Agent), ("admins".to_owned(), Role::Administrator)].into(),
        agent_claim: Some("desk".to_owned()),
    };
    let options = Options { openid: Some(Arc::new(OpenId::new(options).unwrap())), ..Options::new(([127, 0, 0, 1], port).into()) };
    let accounts = |store| async move { Some(people::accounts(&store, warmline::accounts::Options::new("http://here")).await) };
    Some(World { served: served_by(options, accounts).await, provider })
}

impl Surfer {
    pub(crate) fn new() -> Self {
        Self { client: Client::builder().no_proxy().redirect(Policy::none()).build().unwrap(), cookies: Vec::new() }
    }

    pub(crate) async fn get(&mut self, address: &Url) -> Response {
        let answer = self.client.get(address.clone()).header("cookie", self.cookies.join("; ")).send().await.unwrap();
        for line in answer.headers().get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap().to_owned();
            let name = pair.split('=').next().unwrap().to_owned();
            self.cookies.retain(|old| old.split('=').next() != Some(name.as_str()));
            if !pair.ends_with('=') {
                self.cookies.push(pair);
            }
        }
        answer
    }

    /// Follows redirects until one leads to an address that `stop` wants, or nowhere.
    async fn follow(&mut self, from: &str, stop: impl Fn(&Url) -> bool) -> Url {
        let mut address = Url::parse(from).unwrap();
        for _ in 0..20 {
            let answer = self.get(&address).await;
            let Some(to) = answer.headers().get(header::LOCATION) else { panic!("{address}: {}", answer.text().await.unwrap()) };
            address = address.join(to.to_str().unwrap()).unwrap();
            if stop(&address) {
                return address;
            }
        }
        panic!("redirected for ever");
    }

    fn browser(&self) -> Browser {
        Browser { cookie: self.cookies.iter().find(|pair| pair.starts_with("warmline=")).cloned() }
    }
}

fn at_home(url: &Url) -> bool {
    url.path() == "/"
}

#[tokio::test]
async fn whoever_the_provider_knows_comes_in_with_the_role_that_it_says() {
    let Some(world) = world().await else { return };
    let served = &world.served;
    let start = served.url("/api/v1/session/openid");
    let told = served.json("/api/v1/session").await;
    assert_eq!(told["openid"], "Company");

    world.provider.person(&json!({"id": "7", "preferred_username": "eva", "groups": ["staff", "desk"], "desk": "ion"})).await;
    let mut eva = Surfer::new();
    let home = eva.follow(&start, at_home).await;
    assert_eq!(home.fragment(), None);
    assert_eq!(served.status(&eva.browser(), "/api/v1/agents/ion/events").await, 200);
    assert_eq!(served.status(&eva.browser(), "/api/v1/agents/maria/events").await, 403);

    // The same person with another role is the same account, and what she was is over.
    world.provider.person(&json!({"id": "7", "preferred_username": "eva", "groups": ["admins"]})).await;
    let mut again = Surfer::new();
    again.follow(&start, at_home).await;
    assert_eq!(served.status(&eva.browser(), "/api/v1/agents").await, 401);
    assert_eq!(served.status(&again.browser(), "/api/v1/accounts").await, 200);
    assert_eq!(served.accounts().list().iter().filter(|(account, ..)| account.name == "eva").count(), 1);
}

#[tokio::test]
async fn who_has_no_role_or_is_not_the_one_who_left_is_refused() {
    let Some(world) = world().await else { return };
    let served = &world.served;
    let start = served.url("/api/v1/session/openid");
    for person in [
        json!({"id": "8", "preferred_username": "dan", "groups": ["staff"]}),
        json!({"id": "8", "preferred_username": "dan"}),
        // An agent who is none of the configuration, and somebody who calls themselves what another account is called.
        json!({"id": "8", "preferred_username": "dan", "groups": ["desk"], "desk": "nobody"}),
        json!({"id": "8", "preferred_username": "Maria", "groups": ["admins"]}),
        json!({"id": "8", "refuses": true}),
    ] {
        world.provider.person(&person).await;
        let mut dan = Surfer::new();
        assert_eq!(dan.follow(&start, at_home).await.fragment(), Some("refused"), "{person}");
        assert!(dan.browser().cookie.is_none());
    }

    world.provider.person(&json!({"id": "9", "preferred_username": "ada2", "groups": ["admins"]})).await;
    let back = |url: &Url| url.path().ends_with("/back");
    // A link with somebody else's code does not sign this browser in as them.
    let mut ada = Surfer::new();
    let with_code = ada.follow(&start, back).await;
    let mut victim = Surfer::new();
    victim.follow(&start, back).await;
    assert_eq!(victim.follow(with_code.as_str(), at_home).await.fragment(), Some("refused"));
    assert!(victim.browser().cookie.is_none());
    // And once used, it is used.
    assert_eq!(ada.follow(with_code.as_str(), at_home).await.fragment(), None);
    let mut later = Surfer { client: ada.client.clone(), cookies: ada.cookies.clone() };
    later.cookies.retain(|pair| !pair.starts_with("warmline="));
    assert_eq!(later.follow(with_code.as_str(), at_home).await.fragment(), Some("refused"));
}
