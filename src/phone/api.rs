//! A look at the gateway's API from outside, as a page in a browser has it.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::sync::watch;

use crate::clock;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between two looks at something that is not there yet.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The gateway's API at one address.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    agent: ureq::Agent,
    /// Of whoever is signed in.
    cookie: Option<String>,
}

impl Api {
    /// The API at this address.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder().timeout_connect(Some(TIMEOUT)).timeout_recv_response(Some(TIMEOUT)).proxy(None).build();
        Self { base: format!("http://{address}"), agent: config.into(), cookie: None }
    }

    /// The same, seen by somebody who has signed in.
    ///
    /// # Errors
    /// If they are not let in.
    pub async fn signed_in(mut self, name: &str, password: &str) -> Result<Self> {
        let (agent, address) = (self.agent.clone(), self.address("/api/v1/session"));
        let body = serde_json::json!({"name": name, "password": password}).to_string();
        let asked =
            move || agent.post(&address).header("content-type", "application/json").send(&body).with_context(|| format!("POST {address}"));
        let answer = tokio::task::spawn_blocking(asked).await.context("the request was given up")??;
        let set = answer.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).context("no session")?;
        self.cookie = set.split(';').next().map(str::to_owned);
        Ok(self)
    }

    fn get(&self, address: &str) -> ureq::RequestBuilder<ureq::typestate::WithoutBody> {
        let request = self.agent.get(address);
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    /// Address of a page or resource.
    #[must_use]
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Fetches something.
    ///
    /// # Errors
    /// If it cannot be fetched, or the status is no success.
    pub async fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        let address = self.address(path);
        let request = self.get(&address);
        let fetched = tokio::task::spawn_blocking(move || {
            let mut answer = request.call().with_context(|| format!("GET {address}"))?;
            answer.body_mut().with_config().limit(1 << 30).read_to_vec().with_context(|| format!("GET {address}"))
        });
        fetched.await.context("the request was given up")?
    }

    /// Fetches JSON.
    ///
    /// # Errors
    /// If it cannot be fetched, or is none.
    pub async fn json(&self, path: &str) -> Result<Value> {
        serde_json::from_slice(&self.bytes(path).await?).with_context(|| format!("{path} is no JSON"))
    }

    /// Looks again and again until `found` finds what it wants in a resource.
    ///
    /// # Errors
    /// If that does not happen within `limit`.
    pub async fn until<T>(&self, path: &str, limit: Duration, mut found: impl FnMut(&Value) -> Option<T>) -> Result<T> {
        let deadline = clock::now() + limit;
        let mut every = tokio::time::interval(LOOK_EVERY);
        loop {
            every.tick().await;
            let seen = self.json(path).await;
            if let Some(value) = seen.as_ref().ok().and_then(&mut found) {
                return Ok(value);
            }
            if clock::now() > deadline {
                let seen = seen.map_or_else(|error| format!("{error:#}"), |value| value.to_string());
                bail!("{path}: not what was waited for within {} s, but {seen}", limit.as_secs());
            }
        }
    }

    /// Follows a stream of server-sent events whose data is JSON until it ends. `each` sees every event once, in order.
    #[must_use]
    pub fn follow(&self, path: &str, mut each: impl FnMut(&Value) + Send + 'static) -> Events {
        let (events, seen) = watch::channel(Vec::new());
        let request = self.get(&self.address(path));
        // Ends with the stream: at the latest when the gateway ends.
        std::thread::spawn(move || {
            let Ok(answer) = request.call() else { return };
            let mut last = 0;
            for line in BufReader::new(answer.into_body().into_reader()).lines().map_while(Result::ok) {
                let Some(event) = line.strip_prefix("data:").and_then(|data| serde_json::from_str::<Value>(data).ok()) else { continue };
                // Entries of a record are numbered, and may come twice when the stream begins.
                match event["seq"].as_u64() {
                    Some(number) if number <= last => continue,
                    Some(number) => last = number,
                    None => {}
                }
                each(&event);
                events.send_modify(|all: &mut Vec<Value>| all.push(event));
            }
        });
        Events { seen }
    }
}

/// The events of a stream so far.
#[derive(Debug, Clone)]
pub struct Events {
    seen: watch::Receiver<Vec<Value>>,
}

impl Events {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Value> {
        self.seen.borrow().clone()
    }

    /// Waits for an event that `found` wants.
    ///
    /// # Errors
    /// If none comes within `limit`, or the stream ends before.
    pub async fn wait_for<T>(&self, limit: Duration, found: impl Fn(&Value) -> Option<T>) -> Result<T> {
        let mut seen = self.seen.clone();
        let look = async {
            loop {
                if let Some(value) = seen.borrow_and_update().iter().find_map(&found) {
                    return Ok(value);
                }
                seen.changed().await.context("the gateway's live events ended")?;
            }
        };
        tokio::time::timeout(limit, look).await.ok().with_context(|| format!("no such event within {} s", limit.as_secs()))?
    }
}
