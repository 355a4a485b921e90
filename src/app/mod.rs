//! Builds the drivers once, and starts one task per call.

mod callbacks;
mod options;
mod peers;
mod remote;

use std::{
    fs,
    hash::{BuildHasher as _, RandomState},
    path::Path,
    pin::pin,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
    sync::{mpsc, oneshot, watch},
    task::{JoinError, JoinSet},
    time::timeout,
};

use callbacks::{Keeper, Owed, Placing};

use crate::{
    accounts::{self, Accounts},
    call::{Caller, Setup, event::Event, flow::Flow, handoff::Promise, ids::CallId, time::WallTime, understanding::Before},
    call_task::{self, CallTask},
    claims::Claims,
    clock,
    config::Config,
    desk::{DeskHandle, Profile},
    http::{self, Readiness},
    knowledge::{KnownEntry, Library, Shelf},
    live::Hub,
    lookup::{Crm, LookUps},
    privacy::{self, Privacy},
    speech::{Ear, Heads, Speech, Tongue},
    store::{self, AgentRow, FlowFile, NewCall, Store},
    telephony::{Arrival, CallLegs, CallOptions, Telephony, media::HeardQueue},
    trunk::TrunkTable,
    view::Stamp,
    web_call::WebCalls,
    webhooks::Webhooks,
};

pub(crate) use options::spellings;

/// How long the record may take to be written at the end.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// Shorter than the usual pause between two looks at the metrics.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// Callbacks that wait for the loop that starts calls.
const PLACINGS: usize = 64;
/// How long legs may take to say goodbye.
const LAST_MESSAGES: Duration = Duration::from_secs(3);

/// The gateway, built and bound.
pub struct App {
    gateway: Gateway,
    arrivals: mpsc::Receiver<Arrival>,
    http: http::Bound,
}

/// The drivers that every call shares.
struct Gateway {
    claims: Claims,
    config: Config,
    trunks: Arc<TrunkTable>,
    routes: Vec<Route>,
    telephony: Telephony,
    speech: Speech,
    store: Store,
    hub: Hub,
    desk: DeskHandle,
    lookups: LookUps,
    crm: Option<Crm>,
    readiness: Arc<Readiness>,
    pages_tls: Option<watch::Sender<http::Tls>>,
    owed: watch::Sender<Owed>,
}

/// A call that begins.
struct Begin<'a> {
    id: CallId,
    started: Instant,
    unix_ms: u64,
    caller: Caller,
    route: &'a Route,
    promise: Option<Box<Promise>>,
    events: (mpsc::Sender<Event>, mpsc::Receiver<Event>),
}

/// The flow of a route; the trunk table says which route takes which call.
#[derive(Clone)]
struct Route {
    flow: Arc<Flow>,
    file: FlowFile,
    others: Vec<(Arc<Flow>, FlowFile)>,
    /// One for each flow.
    languages: Vec<Tongue>,
}

impl Route {
    /// The route of a call that is held in this flow from the start.
    fn in_flow(&self, name: &str) -> Option<Self> {
        if self.flow.name == name {
            return Some(self.clone());
        }
        let index = self.others.iter().position(|(flow, _)| flow.name == name)?;
        let (flow, file) = self.others[index].clone();
        Some(Self { flow, file, others: Vec::new(), languages: vec![self.languages[index + 1].clone()] })
    }
}

/// The flow of a route, and those of other languages.
fn flows(route: &Route) -> impl Iterator<Item = &Arc<Flow>> {
    std::iter::once(&route.flow).chain(route.others.iter().map(|(flow, _)| flow))
}

impl App {
    /// Loads the models, opens the record, binds the ports.
    ///
    /// # Errors
    /// Whatever is missing or taken, with its name.
    pub async fn build(config: Config, path: &Path) -> Result<Self> {
        http::install_metrics();
        let loading = tokio::task::spawn_blocking({
            let (options, flows) = (options::speech(&config, Handle::current())?, config.flows().cloned().collect::<Vec<_>>());
            move || Speech::start(&options, &flows)
        });
        let store = Store::open(&store::Options::new(&config.file.store.folder)).await?;
        let profiles = options::profiles(&config);
        store.agents(profiles.iter().map(agent_row).collect()).await;
        let desk = DeskHandle::open(options::desk(&config), profiles);
        let (hub, readiness) = (Hub::default(), Arc::<Readiness>::default());
        hub.promise(options::service_levels(&config));
        let (web, pages) = WebCalls::open();
        let accounts = match options::accounts(&config) {
            Some(options) => Some(accounts(&store, options).await),
            None => None,
        };
        let library = Library::default();
        let webhooks = Webhooks::start(options::webhooks(&config), hub.feed(), &store).context("no HTTP client")?;
        let claims = Claims::new(config.file.claims.settings());
        claims.restore(&store).await;
        let parts = http::Parts {
            claims: claims.clone(),
            store: store.clone(),
            hub: hub.clone(),
            desk: desk.clone(),
            readiness: Arc::clone(&readiness),
            web,
            library: library.clone(),
            accounts,
            webhooks,
            privacy: Privacy::new(store.clone(), hub.clone(), desk.clone(), options::spellings(&config), config.file.privacy.retention()),
        };
        let pages_tls = options::pages_tls(&config).context("the certificate of the pages")?;
        let http = http::Bound::bind(&options::http(&config, pages_tls.as_ref())?, parts).await?;
        let (speech, heads) = loading.await.context("the models were not loaded")??;
        readiness.models.store(true, Ordering::Relaxed);
        let routes = routes(&config, path, heads)?;
        library.fill(shelves(&routes));
        for route in &routes {
            flows(route).zip(&route.languages).for_each(|(flow, tongue)| speech.prewarm(flow, &tongue.heads));
        }
        let trunks = Arc::new(config.trunk_table());
        let (telephony, arrivals) = Telephony::start(options::telephony(&config, Arc::clone(&trunks))?, pages).await?;
        readiness.sip.store(true, Ordering::Relaxed);
        let lookups = LookUps::new().context("no HTTP client")?;
        let crm = options::crm(&config).map(Crm::new).transpose().context("crm")?;
        let gateway = Gateway {
            claims,
            config,
            trunks,
            routes,
            telephony,
            speech,
            store,
            hub,
            desk,
            lookups,
            crm,
            readiness,
            pages_tls,
            owed: watch::Sender::default(),
        };
        Ok(Self { gateway, arrivals, http })
    }

    /// Takes calls until `stop`, then lets the running ones finish.
    ///
    /// # Errors
    /// When the pages cannot be served any more.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<()> {
        let Self { gateway, mut arrivals, http } = self;
        let (closed, close) = oneshot::channel::<()>();
        tracing::info!(sip = ?gateway.telephony.user_agent().udp_address(), pages = %http.address(), "ready for calls");
        let serving = tokio::spawn(http.run(async { _ = close.await }));
        let mut calls = JoinSet::new();
        // It ends with this function.
        let mut background = JoinSet::new();
        background.spawn(count(gateway.telephony.clone()));
        background.spawn(privacy::keep(gateway.store.clone(), gateway.config.file.privacy.retention()));
        let mut stop = pin!(stop);
        let mut renewed = signal(SignalKind::hangup()).context("no signals")?;
        let (keeper, mut placings) = gateway.keeper();
        let keeper = tokio::spawn(keeper.run());
        loop {
            tokio::select! {
                Some(arrival) = arrivals.recv() => gateway.take(arrival, &mut calls).await,
                Some(placing) = placings.recv() => gateway.call_back(placing, &mut calls),
                Some(ended) = calls.join_next() => failed(ended),
                Some(()) = renewed.recv() => gateway.read_certificates().await,
                () = &mut stop => break,
            }
        }
        keeper.abort();
        background.shutdown().await;
        gateway.drain(calls).await;
        drop(closed);
        serving.await.context("the pages")??;
        Ok(())
    }
}

impl Gateway {
    async fn take(&self, arrival: Arrival, calls: &mut JoinSet<()>) {
        let unix_ms = u64::try_from(clock::utc().as_millis()).unwrap_or(u64::MAX);
        let id = call_id(unix_ms);
        let claimed = self.claims.begin(&id);
        let waited_ms = self.owed.borrow().get(&arrival.caller.number).map_or(0, |since_ms| unix_ms.saturating_sub(*since_ms));
        let looked_up = self.crm.is_some();
        let caller = Caller { looked_up, claim_code: claimed.code.clone(), waited_ms, ..arrival.caller.clone() };
        let begin = Begin {
            id: id.clone(),
            started: clock::now(),
            unix_ms,
            caller: caller.clone(),
            route: &self.routes[arrival.route],
            promise: None,
            events: mpsc::channel(call_task::EVENTS),
        };
        let legs = self.telephony.take(arrival, self.call_options(&begin)).await;
        tracing::info!(call = id.0, flow = begin.route.flow.name, trunk = caller.trunk, "call arrived");
        let task = self.begin(begin, legs);
        calls.spawn(async move {
            task.run().await;
            drop(claimed);
        });
    }

    /// An agent is reserved for a callback: the call that keeps it.
    fn call_back(&self, placing: Placing, calls: &mut JoinSet<()>) {
        let Placing { id, callback, promise, events, held } = placing;
        let Some(route) = self.routes.iter().find_map(|route| route.in_flow(&callback.call.flow)) else {
            return tracing::error!(flow = callback.call.flow, "a callback was promised in a flow that is no more: people must see to it");
        };
        let unix_ms = u64::try_from(clock::utc().as_millis()).unwrap_or(u64::MAX);
        let claimed = self.claims.begin(&id);
        let caller = Caller {
            claim_code: claimed.code.clone(),
            number: callback.number,
            name: callback.call.caller_name,
            called: callback.call.called,
            trunk: callback.call.trunk,
            ..Caller::default()
        };
        let begin = Begin { id, started: clock::now(), unix_ms, caller, route: &route, promise: Some(Box::new(promise)), events };
        tracing::info!(call = begin.id.0, promised_in = callback.call.id.0, "a caller is called back");
        let legs = self.telephony.open(self.call_options(&begin));
        let task = self.begin(begin, legs);
        calls.spawn(async move {
            task.run().await;
            drop((held, claimed));
        });
    }

    fn call_options(&self, begin: &Begin<'_>) -> CallOptions {
        CallOptions {
            started: begin.started,
            events: begin.events.0.clone(),
            call: begin.id.clone(),
            claim_code: begin.caller.claim_code.clone(),
            recording: self.config.file.store.recordings.then(|| self.store.recording_path(&begin.id)),
        }
    }

    /// The task of a call, with everything that it needs.
    fn begin(&self, begin: Begin<'_>, legs: CallLegs) -> CallTask {
        let Begin { id, started, unix_ms, caller, route, promise, events } = begin;
        let wall = route.flow.wall_time(i64::try_from(unix_ms).unwrap_or(i64::MAX));
        let log = self.store.begin(NewCall {
            id: id.clone(),
            started: Stamp(unix_ms),
            utc_offset_s: utc_offset_s(unix_ms, wall),
            wall,
            caller: caller.clone(),
            flow: route.file.clone(),
            others: route.others.iter().map(|(_, file)| file.clone()).collect(),
            language: route.flow.language.clone(),
            promise: promise.clone(),
            redact: self.config.file.privacy.rules(),
            words: flows(route).map(|flow| flow.words()).collect(),
        });
        let live = self.hub.begin(log.head(), events.0.clone());
        let speech = self.speech.call(route.languages.clone(), events.0.clone());
        tokio::spawn(listen(legs.heard(), speech.ear()));
        let others = route.others.iter().map(|(flow, _)| Arc::clone(flow)).collect();
        CallTask {
            setup: Setup {
                call: id.clone(),
                flow: Arc::clone(&route.flow),
                others,
                wall,
                caller,
                redact: self.config.file.privacy.rules(),
                promise,
            },
            id,
            started,
            legs,
            speech,
            desk: self.desk.clone(),
            lookups: self.lookups.clone(),
            crm: self.crm.clone(),
            log,
            live,
            events,
        }
    }

    /// Whoever keeps the callbacks, and the calls that it wants.
    fn keeper(&self) -> (Keeper, mpsc::Receiver<Placing>) {
        let (placings, wanted) = mpsc::channel(PLACINGS);
        let keeper = Keeper {
            options: options::callbacks(&self.config),
            store: self.store.clone(),
            desk: self.desk.clone(),
            hub: self.hub.clone(),
            trunks: Arc::clone(&self.trunks),
            placings,
            owed: self.owed.clone(),
        };
        (keeper, wanted)
    }

    /// SIGHUP: the certificates of TLS were renewed. Connections that are up keep theirs.
    async fn read_certificates(&self) {
        match self.telephony.user_agent().reload_certificates().await {
            Ok(()) => tracing::info!("the certificates were read again"),
            Err(error) => tracing::error!(%error, "the certificates cannot be read: the old ones stay in force"),
        }
        if let Some(tls) = &self.pages_tls {
            match options::pages_tls(&self.config) {
                Ok(fresh) => drop(fresh.map(|fresh| tls.send_replace(fresh.borrow().clone()))),
                Err(error) => tracing::error!(%error, "the certificate of the pages cannot be read: the old one stays in force"),
            }
        }
    }

    /// New calls get 503; running ones are told to finish, and are ended when they do not.
    async fn drain(&self, mut calls: JoinSet<()>) {
        tracing::info!(calls = calls.len(), "shutting down");
        self.readiness.draining.store(true, Ordering::Relaxed);
        self.telephony.drain().await;
        self.hub.tell_all(&Event::Drain);
        let finish = async {
            while let Some(ended) = calls.join_next().await {
                failed(ended);
            }
        };
        if timeout(Duration::from_millis(self.config.file.limits.drain_ms), finish).await.is_err() {
            calls.shutdown().await;
        }
        if timeout(LAST_MESSAGES, self.telephony.shutdown()).await.is_err() {
            tracing::warn!("some legs did not say goodbye in time");
        }
        if timeout(LAST_WRITES, self.store.flush()).await.is_err() {
            tracing::error!("the record was not written to its end");
        }
    }
}

fn failed(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a call's task has failed; its legs were hung up");
    }
}

/// Carries the frames of a call from its media to its listener, until the media ends.
async fn listen(queue: Arc<HeardQueue>, ear: Ear) {
    while let Some(heard) = queue.next().await {
        if heard.written {
            ear.write_down(heard.leg, heard.frame, &heard.sent);
        } else {
            ear.hear(heard.leg, heard.frame, &heard.sent);
        }
    }
    metrics::counter!("warmline_media_frames_dropped_total").increment(queue.dropped());
}

/// Keeps the counters of refused messages young enough for whoever scrapes them.
async fn count(telephony: Telephony) {
    let mut every = tokio::time::interval(COUNT_EVERY);
    loop {
        every.tick().await;
        telephony.count().await;
    }
}

/// The routes with their files, which were read a moment ago.
fn routes(config: &Config, path: &Path, heads: Vec<Arc<Heads>>) -> Result<Vec<Route>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut routes = Vec::new();
    let mut flows = config.flows().zip(heads);
    for route in &config.file.routes {
        let mut read = |name: &Path| -> Result<(Arc<Flow>, FlowFile, Tongue)> {
            let (flow, heads) = flows.next().context("a flow for each file")?;
            let path = folder.join(name);
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let path = path.canonicalize().unwrap_or(path);
            let file = FlowFile::new(&flow.name, &path, &text, config.file.services.clone());
            Ok((Arc::clone(flow), file, Tongue { language: flow.language.clone(), heads }))
        };
        let (flow, file, tongue) = read(&route.flow)?;
        let (mut others, mut languages) = (Vec::new(), vec![tongue]);
        for name in &route.other_languages {
            let (flow, file, tongue) = read(name)?;
            others.push((flow, file));
            languages.push(tongue);
        }
        routes.push(Route { flow, file, others, languages });
    }
    Ok(routes)
}

/// What the flows know, each flow once, with the heads that understand their callers.
fn shelves(routes: &[Route]) -> Vec<Shelf> {
    let mut shelves: Vec<Shelf> = Vec::new();
    for route in routes {
        let flows = std::iter::once(&route.flow).chain(route.others.iter().map(|(flow, _)| flow));
        for (flow, tongue) in flows.zip(&route.languages) {
            if shelves.iter().all(|shelf| shelf.flow != flow.name) {
                shelves.push(shelf(flow, &tongue.heads));
            }
        }
    }
    shelves
}

fn shelf(flow: &Arc<Flow>, heads: &Arc<Heads>) -> Shelf {
    let entry = |(key, known): (&String, &crate::call::flow::Knowledge)| KnownEntry {
        key: key.clone(),
        question: known.questions.first().cloned().unwrap_or_default(),
        answer: flow.answer(key).unwrap_or_default(),
        score: None,
    };
    let (heads, entries) = (Arc::clone(heads), flow.knowledge.iter().map(entry).collect());
    Shelf {
        flow: flow.name.clone(),
        entries,
        find: Arc::new(move |question| heads.understand(&Before::default(), question).ok().map(|it| it.knowledge)),
    }
}

/// The accounts, and a way in for whoever is to administer them.
async fn accounts(store: &Store, options: accounts::Options) -> Accounts {
    let accounts = Accounts::open(store.clone(), options).await;
    // Not in the log: whoever has the link is the administrator.
    accounts.keep(|link| println!("Nobody has administered this gateway yet. This link is good for one day and for one person:\n  {link}"));
    accounts
}

fn agent_row(profile: &Profile) -> AgentRow {
    let Profile { id, name, queues, languages, .. } = profile;
    AgentRow { id: id.0.clone(), name: name.clone(), queues: queues.clone(), languages: languages.clone() }
}

/// How far the company's civil time is ahead of UTC.
fn utc_offset_s(unix_ms: u64, wall: WallTime) -> i32 {
    let local_s = wall.day * 86_400 + i64::try_from(wall.ms_of_day / 1_000).unwrap_or_default();
    let utc_s = i64::try_from(unix_ms / 1_000).unwrap_or_default();
    i32::try_from(local_s - utc_s).unwrap_or_default()
}

/// Unique over restarts, sortable by time, and not to be guessed.
fn call_id(unix_ms: u64) -> CallId {
    CallId(format!("{unix_ms:012x}-{:012x}", RandomState::new().hash_one(unix_ms) >> 16))
}
