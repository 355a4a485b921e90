//! What people show to be let in is in no log and no answer: passwords, sessions, tokens, links, claim codes, and what a provider of OpenID Connect gives.
//! The gateway logs everything here, to the finest level of every library in it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{Client, Method, Response, Url, header};
use serde_json::{Value, json};
use warmline::{
    accounts::Role,
    config::{ConfigFile, OpenIdConfig, Transfer},
    phone::{Rig, Setup, free_port},
};

use super::{Folder, LIMIT, maria, phone, places::Place, redacted::all_bytes};
use crate::http::{CLIENT_SECRET, Provider, Surfer};

const PASSWORD: &str = "a horse and a battery";
const WRONG: &str = "a mule and a candle";
/// What is printed, and the log.
const PRINTED: &str = "gateway.log";
const LOG: &str = "trace.log";

/// A gateway with accounts, and what was seen of it.
struct World {
    rig: Rig,
    client: Client,
    secrets: Vec<(&'static str, String)>,
    answers: Vec<(String, header::HeaderMap)>,
    _place: Place,
}

impl World {
    async fn start(folder: &Path, port: u16, openid: Option<OpenIdConfig>) -> Self {
        let place = Place::take().await;
        let setup = Setup {
            binary: talkative(folder),
            folder: folder.to_owned(),
            models: None,
            agents: vec![maria("sip:maria@127.0.0.1:9", Transfer::Bridge)],
            wished_ports: (0, port),
            certificate: None,
        };
        let adjusted = |file: &mut ConfigFile| {
            file.rtp.ports = place.ports();
            file.http.accounts = true;
            file.accounts.openid = openid;
            // So long that no other number in a log looks like one.
            file.claims.figures = 12;
        };
        let rig = Rig::start_with(setup, adjusted).await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        Self { rig, client, secrets: Vec::new(), answers: Vec::new(), _place: place }
    }

    /// Asks as a page does, and keeps the answer's headers.
    async fn ask(&mut self, method: Method, path: &str, shown: Option<(header::HeaderName, &str)>, body: Value) -> Response {
        let api = self.rig.api();
        let mut request = self.client.request(method, api.address(path)).header("origin", api.address(""));
        if let Some((name, value)) = shown {
            request = request.header(name, value);
        }
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        self.answers.push((path.to_owned(), answer.headers().clone()));
        answer
    }

    fn secret(&mut self, what: &'static str, value: &str) {
        assert!(value.len() >= 12, "{what}: {value}");
        self.secrets.push((what, value.to_owned()));
    }

    /// The session of an answer.
    fn session(&mut self, what: &'static str, answer: &Response) -> String {
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        self.secret(what, cookie.split_once('=').unwrap().1);
        cookie
    }

    fn written(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.rig.folder().join(name)).unwrap()).into_owned()
    }

    /// The link that is printed once for whoever administers this gateway first.
    async fn printed_link(&self) -> String {
        let mut look = tokio::time::interval(Duration::from_millis(20));
        let printed = async {
            loop {
                look.tick().await;
                if let Some((_, link)) = self.written(PRINTED).split_once("/welcome#")
                    && let Some((link, _)) = link.split_once('\n')
                {
                    return link.to_owned();
                }
            }
        };
        tokio::time::timeout(LIMIT, printed).await.expect("a link is printed")
    }

    /// The secrets that are in a text.
    fn found_in<'a>(&'a self, text: &str) -> Vec<&'a str> {
        self.secrets.iter().filter(|(_, value)| text.contains(value.as_str())).map(|(what, _)| *what).collect()
    }
}

/// The gateway's binary, asked to log whatever it can, into a file of its own.
fn talkative(folder: &Path) -> PathBuf {
    let (path, log) = (folder.join("talkative"), folder.join(LOG));
    let script = format!("#!/bin/sh\nRUST_LOG=trace exec {} \"$@\" 2>>{}\n", env!("CARGO_BIN_EXE_warmline"), log.display());
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A link, a password, another account's link, a wrong password, and a token.
async fn everybody_signs_in(world: &mut World) -> String {
    let first = world.printed_link().await;
    world.secret("first administrator's link", &first);
    world.secret("password", PASSWORD);
    world.secret("wrong password", WRONG);
    world.ask(Method::POST, "/api/v1/session/link", None, json!({"link": first})).await;
    let answer = world.ask(Method::PUT, "/api/v1/session/link", None, json!({"link": first, "password": PASSWORD})).await;
    let admin = world.session("session by a link", &answer);
    let gone = world.ask(Method::PUT, "/api/v1/session/link", None, json!({"link": first, "password": PASSWORD})).await;
    assert_eq!(gone.status(), 410);

    let new = json!({"name": "sanda", "role": "supervisor"});
    let made: Value = world.ask(Method::POST, "/api/v1/accounts", Some((header::COOKIE, &admin)), new).await.json().await.unwrap();
    let link = made["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    world.secret("made link", &link);
    world.ask(Method::PUT, "/api/v1/session/link", None, json!({"link": link, "password": PASSWORD})).await;
    for (password, status) in [(WRONG, 401), (PASSWORD, 200)] {
        let answer = world.ask(Method::POST, "/api/v1/session", None, json!({"name": "sanda", "password": password})).await;
        assert_eq!(answer.status(), status);
        if status == 200 {
            world.session("session by a password", &answer);
        }
    }
    let wanted = json!({"label": "wallboard", "scopes": ["roster"], "days": 30});
    let made: Value = world.ask(Method::POST, "/api/v1/tokens", Some((header::COOKIE, &admin)), wanted).await.json().await.unwrap();
    let token = made["secret"].as_str().unwrap().to_owned();
    world.secret("token", &token);
    let bearer = format!("Bearer {token}");
    assert_eq!(world.ask(Method::GET, "/api/v1/agents", Some((header::AUTHORIZATION, &bearer)), Value::Null).await.status(), 200);
    // In an address it is none, and somebody tries all the same.
    assert_eq!(world.ask(Method::GET, &format!("/api/v1/agents?token={token}"), None, Value::Null).await.status(), 401);
    admin
}

/// The code of a call that goes on, typed on the page for such codes.
async fn a_code_is_typed(world: &mut World, admin: &str) {
    let caller = phone("caller").await;
    let line = caller.call("support", world.rig.sip()).await.unwrap();
    let database = format!("sqlite:{}", world.rig.folder().join("store/warmline.db").display());
    let pool = sqlx::SqlitePool::connect(&database).await.unwrap();
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let written = async {
        loop {
            look.tick().await;
            if let Ok(code) = sqlx::query_scalar::<_, String>("SELECT code FROM claims").fetch_one(&pool).await {
                return code;
            }
        }
    };
    let code = tokio::time::timeout(LIMIT, written).await.expect("the call has a code");
    world.secret("claim code", &code);
    let answer = world.ask(Method::POST, "/api/v1/claims", Some((header::COOKIE, admin)), json!({"code": code})).await;
    assert_eq!(answer.status(), 200);
    line.hang_up().await.unwrap();
}

/// Somebody comes by way of the provider.
async fn the_provider_sends_somebody(world: &mut World, provider: &Provider) {
    provider.person(&json!({"id": "7", "preferred_username": "eva", "groups": ["desk"]})).await;
    world.secret("secret of the provider's client", CLIENT_SECRET);
    let mut eva = Surfer::new();
    let mut address = Url::parse(&world.rig.api().address("/api/v1/session/openid")).unwrap();
    while address.path() != "/" {
        let answer = eva.get(&address).await;
        if address.path().starts_with("/api/") {
            world.answers.push((address.path().to_owned(), answer.headers().clone()));
        }
        address = address.join(answer.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        if let Some((_, code)) = address.query_pairs().find(|(name, _)| name == "code") {
            world.secret("code of the provider", &code);
        }
    }
    assert_eq!(address.fragment(), None);
    let session = eva.cookies.iter().find_map(|pair| pair.strip_prefix("warmline=")).expect("she is signed in").to_owned();
    world.secret("session by the provider", &session);
}

/// The audit log, once everything is in it: it is written some hundred milliseconds later.
async fn whole_audit(world: &mut World, admin: &str) -> String {
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let whole = async {
        loop {
            look.tick().await;
            let cookie = Some((header::COOKIE, admin));
            let audit = world.ask(Method::GET, "/api/v1/audit?limit=500", cookie, Value::Null).await.text().await.unwrap();
            if audit.contains("made_token") && audit.contains("claimed_call") {
                return audit;
            }
        }
    };
    tokio::time::timeout(LIMIT, whole).await.expect("what was done is in the audit log")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lets_people_in_is_in_no_log_and_no_answer() {
    let folder = Folder::new("secrets");
    let port = free_port().unwrap();
    let provider = Provider::start(&format!("http://127.0.0.1:{port}/api/v1/session/openid/back")).await;
    let key = folder.0.join("openid-key");
    fs::write(&key, CLIENT_SECRET).unwrap();
    let openid = provider.as_ref().map(|provider| OpenIdConfig {
        issuer: provider.issuer.clone(),
        client_id: "warmline".to_owned(),
        key: None,
        key_env: None,
        key_file: Some(key),
        label: "Company".to_owned(),
        name_claim: "preferred_username".to_owned(),
        role_claim: "groups".to_owned(),
        roles: [("desk".to_owned(), Role::Operator)].into(),
        agent_claim: None,
    });
    let mut world = World::start(&folder.0, port, openid).await;
    let admin = everybody_signs_in(&mut world).await;
    a_code_is_typed(&mut world, &admin).await;
    if let Some(provider) = &provider {
        the_provider_sends_somebody(&mut world, provider).await;
    }
    let audit = whole_audit(&mut world, &admin).await;
    assert_eq!(world.found_in(&audit), Vec::<&str>::new());

    for (path, headers) in &world.answers {
        // Whatever its address, no page of ours tells another one where somebody came from.
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        let mut shown = headers.iter().filter(|(name, _)| **name != header::SET_COOKIE);
        assert!(shown.all(|(_, value)| world.found_in(&String::from_utf8_lossy(value.as_bytes())).is_empty()), "{path}: {headers:?}");
    }
    let log = world.written(LOG);
    for level in ["TRACE", "DEBUG", "INFO"] {
        assert!(log.contains(level), "nothing of {level} was logged");
    }
    assert_eq!(world.found_in(&log), Vec::<&str>::new());
    assert_eq!(world.found_in(&world.written(PRINTED)), ["first administrator's link"]);

    // Nor is any of it on the disk; of a code, the call that it means has to outlive a restart.
    let mut files = Vec::new();
    all_bytes(&world.rig.folder().join("store"), &mut files);
    assert!(
        files.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("wallboard")),
        "the files that are looked at have the accounts"
    );
    for (name, bytes) in &files {
        let found: Vec<&str> = world.found_in(&String::from_utf8_lossy(bytes)).into_iter().filter(|what| *what != "claim code").collect();
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}
