//! A server with a record in a folder of its own, and a client.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use reqwest::{Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use warmline::{
    accounts::{self, Accounts},
    call::{
        event::{Event, TransferBy},
        ids::AgentId,
        record::What,
    },
    claims::Claims,
    desk::{DeskHandle, Limits, Profile},
    http::{Bound, DeskSettings, Options, Parts, Readiness, install_metrics},
    knowledge::Library,
    live::{Hub, LiveCall},
    privacy::{Privacy, Retention, Spellings},
    screen_pop::PopFor,
    store::{CallLog, Store},
    trunk::{Rewriter, Rule},
    view::Kept,
    web_call::{Request, WebCalls},
    webhooks::Webhooks,
};

use super::people::{self, Browser};
use crate::store::samples::{new_call, write};

pub(super) struct Served {
    pub(super) parts: Parts,
    pub(super) address: SocketAddr,
    pub(super) client: reqwest::Client,
    _folder: TempDir,
}

/// A live call as its task sees it.
pub(super) struct Live {
    pub(super) log: CallLog,
    pub(super) live: LiveCall,
    pub(super) events: mpsc::Receiver<Event>,
}

impl Live {
    pub(super) fn write(&mut self, at: u64, what: What) {
        let written = write(&mut self.log, at, what);
        self.live.show(&written);
    }
}

/// The metrics of this process.
pub(crate) async fn metrics_text() -> String {
    install_metrics();
    served().await.get("/metrics").await.text().await.unwrap()
}

pub(super) async fn served() -> Served {
    served_with(options()).await
}

/// With what agents may choose from.
pub(super) fn options() -> Options {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let desk = DeskSettings {
        away_reasons: words(&["lunch"]),
        dispositions: words(&["solved", "follow_up"]),
        service_level_s: 20,
        agents_see_supervision: true,
    };
    Options { desk, ..Options::new(([127, 0, 0, 1], 0).into()) }
}

pub(super) async fn served_with(options: Options) -> Served {
    served_by(options, |_| async { None }).await
}

/// A server with these agents, whose desks open another system's page.
pub(super) async fn served_for(agents: &[String]) -> Served {
    let mut options = options();
    let address = "https://crm.example/?tel={{ caller }}&call={{ call_id }}";
    options.pops.add(PopFor::Queue("orders".to_owned()), address).unwrap();
    let agents = agents.iter().map(|id| profile(id, id)).collect();
    served_as(options, agents, |_| async { None }).await
}

/// A server with accounts, in which everybody of `people` is.
pub(super) async fn guarded() -> Served {
    guarded_with(accounts::Options::new("http://here")).await
}

pub(super) async fn guarded_with(options: accounts::Options) -> Served {
    guarded_by(|store| async move { people::accounts(&store, options).await }).await
}

/// A server with these accounts.
pub(super) async fn guarded_by<F: Future<Output = Accounts>>(accounts: impl FnOnce(Store) -> F) -> Served {
    served_by(Options::new(([127, 0, 0, 1], 0).into()), |store| async { Some(accounts(store).await) }).await
}

pub(super) async fn served_by<F: Future<Output = Option<Accounts>>>(options: Options, accounts: impl FnOnce(Store) -> F) -> Served {
    let agents = vec![profile("maria", "Maria"), profile("ion", "Ion")];
    served_as(options, agents, accounts).await
}

async fn served_as<F: Future<Output = Option<Accounts>>>(
    options: Options,
    agents: Vec<Profile>,
    accounts: impl FnOnce(Store) -> F,
) -> Served {
    served_whole(options, agents, accounts, Claims::default(), WebCalls::open().0).await
}

/// With claim codes of another kind.
pub(super) async fn served_claims<F: Future<Output = Option<Accounts>>>(
    claims: warmline::claims::Settings,
    accounts: impl FnOnce(Store) -> F,
) -> Served {
    let agents = vec![profile("maria", "Maria"), profile("ion", "Ion")];
    served_whole(Options::new(([127, 0, 0, 1], 0).into()), agents, accounts, Claims::new(claims), WebCalls::open().0).await
}

/// With what pages ask of the telephone driver.
pub(super) async fn served_pages() -> (Served, mpsc::Receiver<Request>) {
    let (web, requests) = WebCalls::open();
    let agents = vec![profile("maria", "Maria")];
    (served_whole(options(), agents, |_| async { None }, Claims::default(), web).await, requests)
}

/// The same with accounts.
pub(super) async fn guarded_pages() -> (Served, mpsc::Receiver<Request>) {
    guarded_pages_with(accounts::Options::new("http://here")).await
}

pub(super) async fn guarded_pages_with(options: accounts::Options) -> (Served, mpsc::Receiver<Request>) {
    let (web, requests) = WebCalls::open();
    let agents = vec![profile("maria", "Maria"), profile("ion", "Ion")];
    let accounts = |store| async move { Some(people::accounts(&store, options).await) };
    (served_whole(Options::new(([127, 0, 0, 1], 0).into()), agents, accounts, Claims::default(), web).await, requests)
}

async fn served_whole<F: Future<Output = Option<Accounts>>>(
    options: Options,
    agents: Vec<Profile>,
    accounts: impl FnOnce(Store) -> F,
    claims: Claims,
    web: WebCalls,
) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&warmline::store::Options::new(folder.path())).await.unwrap();
    let desk = DeskHandle::open(Limits::default(), agents);
    let accounts = accounts(store.clone()).await;
    let (library, webhooks) = (Library::default(), Webhooks::default());
    let readiness = Arc::new(Readiness::default());
    let hub = Hub::default();
    // As a trunk of Romania writes numbers.
    let rules = [("00*", "+*"), ("0*", "+40*")].map(|(find, replace)| Rule::pattern(find, replace).unwrap());
    let retention = Retention([(Kept::Recordings, 90), (Kept::Calls, 365)].into());
    let privacy = Privacy::new(store.clone(), hub.clone(), desk.clone(), Spellings::new(vec![Rewriter::new(rules.into())]), retention);
    let parts = Parts { store, hub, desk, readiness, web, library, accounts, webhooks, privacy, claims };
    let bound = Bound::bind(&options, parts.clone()).await.unwrap();
    let address = bound.address();
    tokio::spawn(bound.run(std::future::pending()));
    Served { parts, address, client: reqwest::Client::builder().no_proxy().build().unwrap(), _folder: folder }
}

fn profile(id: &str, name: &str) -> Profile {
    let target = format!("sip:{id}@127.0.0.1");
    Profile {
        id: AgentId(id.to_owned()),
        name: name.to_owned(),
        target,
        transfer: TransferBy::Bridge,
        spoken_claim: false,
        queues: vec!["orders".to_owned()],
        levels: BTreeMap::new(),
        languages: vec!["en".to_owned()],
        signed_in: true,
        capacity: 1,
    }
}

impl Served {
    pub(super) fn live(&self, id: &str, minute: u64) -> Live {
        let (sender, events) = mpsc::channel(4);
        let log = self.parts.store.begin(new_call(id, minute));
        let live = self.parts.hub.begin(log.head(), sender);
        Live { log, live, events }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    pub(super) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.json().await.unwrap()
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Response {
        self.client.post(self.url(path)).json(body).send().await.unwrap()
    }

    /// Sends these bytes, and gives back everything up to the end of the connection.
    pub(super) async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(super) async fn stream(&self, path: &str, last_event_id: Option<u64>) -> Stream {
        self.open(path, last_event_id, None).await
    }

    /// A stream that a page reads which is signed in.
    pub(super) async fn stream_as(&self, browser: &Browser, path: &str) -> Stream {
        self.open(path, None, browser.cookie.clone()).await
    }

    async fn open(&self, path: &str, last_event_id: Option<u64>, cookie: Option<String>) -> Stream {
        let mut request = self.client.get(self.url(path)).header("accept", "text/event-stream");
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { response, text: String::new() }
    }
}

/// Asks again and again, until it is so.
pub(super) async fn until(mut so: impl AsyncFnMut() -> bool) {
    let mut look = tokio::time::interval(std::time::Duration::from_millis(20));
    loop {
        look.tick().await;
        if so().await {
            return;
        }
    }
}

/// The code in an error's body.
pub(super) async fn code(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert!(body["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
    (status, body["error"]["code"].as_str().unwrap().to_owned())
}

/// A reader of server-sent events.
pub(super) struct Stream {
    response: Response,
    text: String,
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Got {
    pub(super) id: Option<u64>,
    pub(super) name: String,
    pub(super) data: Value,
}

impl Stream {
    /// The next event; none at the end of the stream.
    pub(super) async fn next(&mut self) -> Option<Got> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let got = parse(block);
                self.text = rest.to_owned();
                if got.is_some() {
                    return got;
                }
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    pub(super) async fn take(&mut self, count: usize) -> Vec<Got> {
        let mut all = Vec::new();
        while all.len() < count {
            all.push(self.next().await.expect("more events"));
        }
        all
    }

    pub(super) async fn rest(mut self) -> Vec<Got> {
        let mut all = Vec::new();
        while let Some(got) = self.next().await {
            all.push(got);
        }
        all
    }
}

/// None for comments.
fn parse(block: &str) -> Option<Got> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
    let name = field("event:")?.to_owned();
    Some(Got { id: field("id:").map(|id| id.parse().unwrap()), name, data: serde_json::from_str(field("data:")?).unwrap() })
}
