//! Pages of agents and supervisors without a screen: they sign in, keep the streams open that the real ones keep open, and note when everything came.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{cli::bench::visitor::Visitor, clock, view::Stamp};

const PASSWORD: &str = "a-bench-of-oak-and-iron";
/// How often a wall asks who does what.
const WALL: Duration = Duration::from_secs(4);

/// The people of a gateway, signed in.
pub(super) struct People {
    /// By the agents' ids, in the order of the configuration.
    pub(super) agents: Vec<(String, Visitor)>,
    pub(super) supervisors: Vec<Visitor>,
}

impl People {
    /// Makes an account for everybody, and signs them in. The first link is in the gateway's log.
    pub(super) async fn come_in(stranger: &Visitor, log: &Path, agents: &[String], supervisors: usize) -> Result<Self> {
        let text = fs::read_to_string(log).with_context(|| log.display().to_string())?;
        let link = text.split_whitespace().find(|word| word.contains("/welcome#")).context("no link for an administrator in the log")?;
        let admin = stranger.other().come_in(link, PASSWORD).await?;
        let mut people = Self { agents: Vec::new(), supervisors: Vec::new() };
        for id in agents {
            let wanted = json!({ "name": id, "role": "agent", "agent": id });
            people.agents.push((id.clone(), invited(&admin, &wanted).await?));
        }
        for number in 0..supervisors {
            let wanted = json!({ "name": format!("supervisor {number}"), "role": "supervisor" });
            people.supervisors.push(invited(&admin, &wanted).await?);
        }
        Ok(people)
    }
}

async fn invited(admin: &Visitor, wanted: &Value) -> Result<Visitor> {
    let made: Value = admin.post("/api/v1/accounts", wanted).await?.json().await.context("the new account")?;
    admin.other().come_in(made["link"].as_str().context("no link")?, PASSWORD).await
}

/// What all pages have seen.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    /// From when something was written down until a page had it.
    delays: Vec<Duration>,
    /// The call that each agent talks in.
    talking: HashMap<String, String>,
}

impl Shown {
    /// How long everything took since the last time that this was asked.
    pub(super) fn take_delays(&self) -> Vec<Duration> {
        std::mem::take(&mut self.lock().delays)
    }

    /// Agents who talk, with their calls, in a steady order.
    pub(super) fn talking(&self) -> Vec<(String, String)> {
        let mut all: Vec<_> = self.lock().talking.iter().map(|(agent, call)| (agent.clone(), call.clone())).collect();
        all.sort();
        all
    }

    fn came(&self, written: u64, at: Duration) {
        self.lock().delays.push(at.saturating_sub(Duration::from_millis(written)));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An agent's desk: their own events, and those of the call whose card they have.
pub(super) async fn desk(visitor: Visitor, agent: String, shown: Shown) -> Result<()> {
    let mut reader = Reader::open(&visitor, &format!("/api/v1/agents/{agent}/events")).await?;
    let mut calls = JoinSet::new();
    let mut watched = String::new();
    while let Some((name, card)) = reader.next().await? {
        let (Some(call), Some(step)) = (card["call"]["id"].as_str(), card["step"].as_str()) else { continue };
        if name != "card" {
            continue;
        }
        if step == "bridged" {
            shown.lock().talking.insert(agent.clone(), call.to_owned());
        } else {
            shown.lock().talking.remove(&agent);
        }
        if step != "ended" && watched != call {
            call.clone_into(&mut watched);
            let started = card["call"]["started"].as_str().and_then(Stamp::parse).context("when the call began")?;
            calls.abort_all();
            calls.spawn(watch(visitor.clone(), watched.clone(), started.0, shown.clone()));
        }
    }
    Ok(())
}

/// A call's own events. What was written down before the page asked is not late.
async fn watch(visitor: Visitor, call: String, started: u64, shown: Shown) -> Result<()> {
    let opened = clock::utc();
    let mut reader = Reader::open(&visitor, &format!("/api/v1/calls/{call}/events")).await?;
    while let Some((name, entry)) = reader.next().await? {
        let written = started + entry["at"].as_u64().unwrap_or_default();
        if name == "entry" && Duration::from_millis(written) > opened {
            shown.came(written, clock::utc());
        }
    }
    Ok(())
}

/// A supervisor's wall: all calls as they change, and everything that happens, and now and then who does what.
pub(super) async fn wall(visitor: Visitor, shown: Shown) -> Result<()> {
    let mut heads = Reader::open(&visitor, "/api/v1/events").await?;
    let mut stream = Reader::open(&visitor, "/api/v1/stream").await?;
    let mut look = tokio::time::interval(WALL);
    loop {
        tokio::select! {
            event = stream.next() => {
                let Some((_, event)) = event? else { return Ok(()) };
                let written = event["timestamp"].as_str().and_then(Stamp::parse).context("when it happened")?;
                shown.came(written.0, clock::utc());
            }
            head = heads.next() => {
                if head?.is_none() {
                    return Ok(());
                }
            }
            _ = look.tick() => {
                for path in ["/api/v1/agents", "/api/v1/figures?minutes=60"] {
                    visitor.get(path).await?.bytes().await.context(path)?;
                }
            }
        }
    }
}

/// Server-sent events, one after the other.
struct Reader {
    answer: reqwest::Response,
    text: Vec<u8>,
}

impl Reader {
    async fn open(visitor: &Visitor, path: &str) -> Result<Self> {
        Ok(Self { answer: visitor.get(path).await?, text: Vec::new() })
    }

    /// The next event: its name and data. None: the stream is over. May be given up between two chunks.
    async fn next(&mut self) -> Result<Option<(String, Value)>> {
        loop {
            while let Some(end) = self.text.windows(2).position(|two| two == b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                if let Some(event) = event(&String::from_utf8_lossy(&block)) {
                    return Ok(Some(event));
                }
            }
            match self.answer.chunk().await? {
                Some(chunk) => self.text.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

fn event(block: &str) -> Option<(String, Value)> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
    Some((field("event:")?.to_owned(), serde_json::from_str(field("data:")?).ok()?))
}
