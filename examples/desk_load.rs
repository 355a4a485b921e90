//! Measures the record and the pages: what writing an entry costs a call, how many entries a second reach the database, and how long an entry takes from the
//! call to a page, with 100 live calls, a reader for each, and 50 agents' pages.
//!
//! `cargo run --release --example desk_load [SECONDS]`

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::mpsc,
    time::Instant,
};
use warmline::{
    call::{
        action::Action,
        caller::Caller,
        ids::{AgentId, CallId},
        record::{Entry, HandoffStep, What},
        time::{Time, WallTime},
    },
    desk::{DeskHandle, Limits, Profile},
    http::{Bound, Options, Parts, Readiness},
    live::Hub,
    store::{FlowFile, NewCall, Store},
    view::Stamp,
};

const CALLS: u64 = 100;
const AGENTS: u64 = 50;
/// A call in conversation writes some two entries a second.
const EVERY: Duration = Duration::from_millis(500);
const BURST: u64 = 50_000;

type Delays = Arc<Mutex<Vec<Duration>>>;

#[tokio::main]
async fn main() -> Result<()> {
    let seconds: u64 = std::env::args().nth(1).map_or(Ok(10), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("warmline-desk-load-{}", std::process::id()));
    let store = Store::open(&warmline::store::Options::new(&folder)).await?;
    let profile = |index: u64| Profile {
        id: AgentId(format!("agent-{index}")),
        name: format!("Agent {index}"),
        target: "sip:agent@127.0.0.1".to_owned(),
        queues: vec!["orders".to_owned()],
        languages: Vec::new(),
        signed_in: true,
    };
    let desk = DeskHandle::open(Limits::default(), (0..AGENTS).map(profile).collect());
    let parts = Parts { store: store.clone(), hub: Hub::default(), desk, readiness: Arc::new(Readiness::default()) };
    let bound = Bound::bind(&Options::new(([127, 0, 0, 1], 0).into()), parts.clone()).await?;
    let address = bound.address();
    tokio::spawn(bound.run(std::future::pending()));

    burst(&store).await;
    pages(&parts, address, seconds).await?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// One call that writes without a pause.
async fn burst(store: &Store) {
    let mut log = store.begin(new_call("burst"));
    let mut costs = Vec::new();
    let began = Instant::now();
    for index in 0..BURST {
        let action = entry(index, &"where is my order ".repeat(4));
        let before = Instant::now();
        let _shown = log.action(Time(index), &action);
        costs.push(before.elapsed());
    }
    drop(log);
    store.flush().await;
    let rate = BURST as f64 / began.elapsed().as_secs_f64();
    println!(
        "an entry costs its call            p50 {:>8.1?}  p99 {:>8.1?}  longest {:?}",
        at(&mut costs, 50),
        at(&mut costs, 99),
        at(&mut costs, 100)
    );
    println!("entries to database and event log  {rate:.0} a second; {} went by way of the log", store.health().deferred_entries);
}

/// Calls, agents and readers, as in a busy hour.
async fn pages(parts: &Parts, address: SocketAddr, seconds: u64) -> Result<()> {
    let began = Instant::now();
    let (entries, cards) = (Delays::default(), Delays::default());
    for index in 0..CALLS {
        let log = parts.store.begin(new_call(&format!("call-{index}")));
        let (events, _inbox) = mpsc::channel(16);
        let live = parts.hub.begin(log.head(), events);
        tokio::spawn(read(address, format!("/api/v1/calls/call-{index}/events"), began, Arc::clone(&entries)));
        tokio::spawn(talk(log, live, index, began));
    }
    for index in 0..AGENTS {
        tokio::spawn(read(address, format!("/api/v1/agents/agent-{index}/events"), began, Arc::clone(&cards)));
    }
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    for (name, delays) in [("call → page of the call (100)", entries), ("call → page of the agent (50)", cards)] {
        let mut delays = delays.lock().unwrap_or_else(PoisonError::into_inner);
        println!(
            "{name:<34} p50 {:>8.1?}  p95 {:>8.1?}  p99 {:>8.1?}  of {}",
            at(&mut delays, 50),
            at(&mut delays, 95),
            at(&mut delays, 99),
            delays.len()
        );
    }
    let stat = std::fs::read_to_string("/proc/self/stat").context("processor time")?;
    let ticks: u64 = stat.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    println!("processor time of all of it, readers included: {:.1} s in {:.1} s", ticks as f64 / 100.0, began.elapsed().as_secs_f64());
    Ok(())
}

/// A call that writes an entry with the time in it now and then, and every fourth time offers itself to an agent.
async fn talk(mut log: warmline::store::CallLog, live: warmline::live::LiveCall, index: u64, began: Instant) {
    let agent = AgentId(format!("agent-{}", index % AGENTS));
    let mut tick =
        tokio::time::interval_at(Instant::now() + EVERY * u32::try_from(index).unwrap_or(0) / u32::try_from(CALLS).unwrap_or(1), EVERY);
    for number in 0.. {
        tick.tick().await;
        let stamp = began.elapsed().as_micros().to_string();
        let action = if number % 4 == 0 {
            let summary = warmline::call::record::Summary { who: stamp, ..Default::default() };
            let _shown = log
                .action(Time(number), &record(number, HandoffStep::Started { queue: "orders".to_owned(), summary }))
                .map(|shown| live.show(&shown));
            record(number, HandoffStep::Offered { agent: agent.clone(), name: String::new() })
        } else {
            entry(number, &stamp)
        };
        if let Some(written) = log.action(Time(number), &action) {
            live.show(&written);
        }
    }
}

/// Reads a stream, and takes the time from every text and every summary.
async fn read(address: SocketAddr, path: String, began: Instant, delays: Delays) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next_line().await? {
        let Some(json) = line.strip_prefix("data: ").and_then(|data| serde_json::from_str::<serde_json::Value>(data).ok()) else {
            continue;
        };
        let stamp = json["text"].as_str().or(json["summary"]["who"].as_str()).and_then(|text| text.parse().ok());
        if let Some(sent) = stamp.map(Duration::from_micros) {
            delays.lock().unwrap_or_else(PoisonError::into_inner).push(began.elapsed().saturating_sub(sent));
        }
    }
    Ok(())
}

fn entry(at: u64, text: &str) -> Action {
    let what = What::CallerTurn { turn: 1, text: text.to_owned(), confidence: 0.9, from: Time(at), to: Time(at), understood: None };
    Action::Record(Entry { at: Time(at), what })
}

fn record(at: u64, step: HandoffStep) -> Action {
    Action::Record(Entry { at: Time(at), what: What::Handoff { step } })
}

fn new_call(id: &str) -> NewCall {
    NewCall {
        id: CallId(id.to_owned()),
        started: Stamp(0),
        utc_offset_s: 0,
        wall: WallTime { day: 0, ms_of_day: 0 },
        caller: Caller::default(),
        flow: FlowFile::new("load", "load.yaml".as_ref(), "", BTreeMap::new()),
        language: "en".to_owned(),
    }
}

/// The value below which so many of a hundred are.
fn at(values: &mut [Duration], percent: usize) -> Duration {
    values.sort_unstable();
    values.get((values.len() * percent / 100).min(values.len().saturating_sub(1))).copied().unwrap_or_default()
}
