//! Tells others what happens to calls: every event that an address wants is put into the store's queue, signed, and posted until it is taken; what is not
//! taken in the end is kept as given up, and can be sent again. Messages have the form of Standard Webhooks.
//!
//! Nothing here is waited for by a call. Events that come while the database takes nothing are read from the feed again, as far as it keeps them.

mod send;
mod sign;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, broadcast::error::RecvError},
    task::JoinHandle,
};

use crate::{
    clock,
    feed::{Feed, Happened, Kind, Reading},
    store::{NewDelivery, Store},
};

pub use sign::Key;

/// Between two attempts to write events down.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// One address.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Its name in the configuration.
    pub name: String,
    /// Where events are posted.
    pub url: String,
    /// What they are signed with.
    pub key: Key,
    /// What it wants to know.
    pub kinds: BTreeSet<Kind>,
    /// For how long an answer is waited for.
    pub timeout: Duration,
    /// How often an event is sent.
    pub attempts: u32,
    /// Milliseconds until the second attempt; each further one waits twice as long.
    pub first_retry_ms: u64,
    /// The longest wait, milliseconds.
    pub longest_retry_ms: u64,
    /// Events that may wait.
    pub queue: u32,
}

/// The hooks as the API sees them. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Webhooks {
    hooks: Arc<[Hook]>,
    /// There is something to send.
    wake: Arc<Notify>,
    _tasks: Arc<Tasks>,
}

/// They end with the last handle.
#[derive(Debug, Default)]
struct Tasks(Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Webhooks {
    /// Begins to tell these hooks of what happens, until the last handle is gone.
    ///
    /// # Errors
    /// The TLS library cannot be set up.
    pub fn start(hooks: Vec<Hook>, feed: &Feed, store: &Store) -> Result<Self, reqwest::Error> {
        if hooks.is_empty() {
            return Ok(Self::default());
        }
        let wake = Arc::<Notify>::default();
        // What is asked of an address that the configuration names goes there and nowhere else.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().user_agent("warmline").build()?;
        let send = |hook: &Hook| tokio::spawn(send::run(hook.clone(), store.clone(), client.clone(), Arc::clone(&wake)));
        let mut tasks: Vec<JoinHandle<()>> = hooks.iter().map(send).collect();
        let hooks: Arc<[Hook]> = hooks.into();
        let told = Told { hooks: Arc::clone(&hooks), wake: Arc::clone(&wake), store: store.clone() };
        tasks.push(tokio::spawn(told.collect(feed.clone(), feed.read(None))));
        Ok(Self { hooks, wake, _tasks: Arc::new(Tasks(tasks)) })
    }

    /// All hooks.
    #[must_use]
    pub fn hooks(&self) -> &[Hook] {
        &self.hooks
    }

    /// One of them.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Hook> {
        self.hooks.iter().find(|hook| hook.name == name)
    }

    /// Something was put into the queue.
    pub fn wake(&self) {
        self.wake.notify_waiters();
    }
}

/// Those who are told.
struct Told {
    hooks: Arc<[Hook]>,
    wake: Arc<Notify>,
    store: Store,
}

impl Told {
    /// Puts every event into the queue of each hook that wants it.
    async fn collect(self, feed: Feed, mut reading: Reading) {
        let mut last = None;
        loop {
            let events = match reading.live.recv().await {
                Ok(event) => vec![event],
                Err(RecvError::Lagged(_)) => {
                    reading = feed.read(last);
                    if reading.missed {
                        metrics::counter!("warmline_webhook_gaps_total").increment(1);
                        tracing::error!("webhooks were not told of some events: the database took nothing for too long");
                    }
                    std::mem::take(&mut reading.kept)
                }
                Err(RecvError::Closed) => return,
            };
            for event in events {
                last = Some(event.id);
                self.put(&event).await;
            }
        }
    }

    /// Tries until the store takes it: meanwhile the feed keeps what comes.
    async fn put(&self, event: &Happened) {
        let wanted = self.hooks.iter().filter(|hook| hook.kinds.contains(&event.kind));
        let hooks: Vec<NewDelivery> = wanted.map(|hook| NewDelivery { hook: hook.name.clone(), queue: hook.queue }).collect();
        let Ok(body) = serde_json::to_string(event) else { return };
        if hooks.is_empty() {
            return;
        }
        let now = u64::try_from(clock::utc().as_millis()).unwrap_or_default();
        while let Err(error) = self.store.put_deliveries(&hooks, event.id, &event.call.id, &body, now).await {
            tracing::debug!(%error, "an event waits for the database");
            tokio::time::sleep(STORE_PAUSE).await;
        }
        self.wake.notify_waiters();
    }
}
