//! Keeps callbacks that were promised: each waits at the desk at the place that its caller had in the queue, and when an agent is reserved for it a call
//! is made that tells them and rings the caller. Whoever rings again before that takes the place with them, and is not called back while they are on the line.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    task::{AbortHandle, JoinSet},
    time::sleep,
};

use crate::{
    call::{
        event::{Agent, Event},
        handoff::Promise,
        ids::{CallId, RequestId},
        outcome::HandoffOutcome,
    },
    call_task, clock,
    desk::{CallAtDesk, DeskHandle, Request},
    live::Hub,
    store::{Callback, CallbackState, Store},
    trunk::TrunkTable,
};

/// Between two looks at the list.
const LOOK: Duration = Duration::from_secs(2);
/// Callbacks that wait at the desk at the same time; the others have not waited as long.
const AT_ONCE: u32 = 200;
/// After a call that came to nothing for reasons of our own, or for which no agent had time.
const AGAIN_SOON_MS: u64 = 15_000;

/// How callbacks are kept.
#[derive(Debug, Clone)]
pub(super) struct Options {
    /// The trunk over which callers are rung; none: the one that they came in on.
    pub(super) trunk: Option<String>,
    /// Trunks over which calls can be placed.
    pub(super) trunks: Vec<String>,
    /// How often a caller is rung.
    pub(super) tries: u32,
    /// Milliseconds until one who was not reached is rung again.
    pub(super) again_ms: u64,
    /// Milliseconds for which a callback is worth anything.
    pub(super) expire_ms: u64,
}

/// A call that is to be made now.
pub(super) struct Placing {
    pub(super) id: CallId,
    pub(super) callback: Callback,
    pub(super) promise: Promise,
    pub(super) events: (mpsc::Sender<Event>, mpsc::Receiver<Event>),
    /// The agent's reservation; and the keeper hears by the end of it that the call is over.
    pub(super) held: (CallAtDesk, oneshot::Sender<()>),
}

/// Since when those who are owed a callback want a human, by their numbers, as of the last look. Milliseconds since 1970-01-01 UTC.
pub(super) type Owed = HashMap<String, u64>;

/// What the keeper needs.
#[derive(Clone)]
pub(super) struct Keeper {
    pub(super) options: Options,
    pub(super) store: Store,
    pub(super) desk: DeskHandle,
    pub(super) hub: Hub,
    pub(super) trunks: Arc<TrunkTable>,
    pub(super) placings: mpsc::Sender<Placing>,
    pub(super) owed: watch::Sender<Owed>,
}

/// What became of one that was tried.
enum Came {
    /// Nobody who could take it is at work.
    Nobody,
    /// It is off the list, or is settled.
    Settled,
}

impl Keeper {
    /// Runs for as long as the gateway does.
    pub(super) async fn run(self) {
        let now = now_ms();
        match self.store.recover_callbacks(now.saturating_sub(self.options.expire_ms)).await {
            Ok(0) => {}
            Ok(callers) => tracing::warn!(callers, "callers waited for a human when the gateway died: they are called back"),
            Err(error) => tracing::error!(%error, "callbacks cannot be read"),
        }
        let at_once = Arc::new(Semaphore::new(AT_ONCE as usize));
        let (mut running, mut known) = (JoinSet::new(), HashMap::<u64, AbortHandle>::new());
        loop {
            while running.try_join_next().is_some() {}
            known.retain(|_, task| !task.is_finished());
            if let Err(error) = self.look(&mut running, &mut known, &at_once).await {
                tracing::error!(%error, "callbacks cannot be read");
            }
            sleep(LOOK).await;
        }
    }

    async fn look(
        &self,
        running: &mut JoinSet<()>,
        known: &mut HashMap<u64, AbortHandle>,
        at_once: &Arc<Semaphore>,
    ) -> Result<(), crate::store::StoreError> {
        let now = now_ms();
        self.store.clear_callbacks(now.saturating_sub(self.options.expire_ms)).await?;
        let open = self.store.callbacks(false, AT_ONCE).await?;
        metrics::gauge!("warmline_callbacks_waiting").set(open.len() as f64);
        self.owed.send_replace(owed(&open));
        // What was taken off the list waits no longer.
        known.retain(|id, task| {
            let wanted = open.iter().any(|callback| callback.id == *id);
            if !wanted {
                task.abort();
            }
            wanted
        });
        for callback in open.into_iter().filter(|callback| callback.state == CallbackState::Waiting && callback.due_ms <= now) {
            let Some(target) = self.target(&callback).filter(|_| !known.contains_key(&callback.id)) else { continue };
            if self.is_on_the_line(&callback) {
                continue;
            }
            let Ok(place) = Arc::clone(at_once).try_acquire_owned() else { break };
            let (keeper, id) = (self.clone(), callback.id);
            let task = running.spawn(async move {
                if matches!(keeper.keep(callback, target).await, Came::Nobody) {
                    // Until somebody comes or goes.
                    let _the_desk_is_gone = keeper.desk.watch().changed().await;
                }
                drop(place);
            });
            known.insert(id, task);
        }
        Ok(())
    }

    /// Where the caller is rung; none: no trunk leads there, and people see to it.
    fn target(&self, callback: &Callback) -> Option<String> {
        let trunk = self.options.trunk.as_ref().or(callback.call.trunk.as_ref())?;
        let known = self.options.trunks.contains(trunk).then(|| self.trunks.trunk(trunk)).flatten()?;
        Some(crate::telephony::over(trunk, &known.outbound.rewrite(&callback.number)))
    }

    async fn keep(&self, callback: Callback, target: String) -> Came {
        let Ok(Some((queue, summary))) = self.store.told_in(&callback.call.id).await else { return Came::Settled };
        let id = super::call_id(now_ms());
        let (sender, mut inbox) = mpsc::channel(call_task::EVENTS);
        let held = self.desk.enter(id.clone());
        let waited_ms = now_ms().saturating_sub(callback.since_ms);
        let request = Request {
            call: id.clone(),
            id: RequestId(0),
            queue: queue.clone(),
            language: Some(callback.call.language.clone()),
            not: Vec::new(),
            who: None,
            prefer: None,
            reads: false,
            ahead_ms: waited_ms,
            caller: Some(callback.number.clone()),
        };
        self.desk.find(request, &sender);
        let agent = tokio::select! {
            agent = reserved(&mut inbox) => agent,
            () = self.rings_again(&callback) => return Came::Settled,
        };
        let Some(agent) = agent else { return Came::Nobody };
        // They may have rung just now; then their call has the place, and this agent.
        if self.is_on_the_line(&callback) || !self.store.place_callback(callback.id, &id).await.unwrap_or_default() {
            return Came::Settled;
        }
        let promise = Promise { of: callback.call.id.clone(), queue, target, summary, agent, waited_ms };
        let (over, ended) = oneshot::channel();
        let (number, tries) = (callback.id, callback.tries);
        let placing = Placing { id: id.clone(), callback, promise, events: (sender, inbox), held: (held, over) };
        if self.placings.send(placing).await.is_ok() {
            let _by_its_drop = ended.await;
        }
        self.settle(number, tries, &id).await;
        Came::Settled
    }

    /// Nobody is rung who is on the line.
    fn is_on_the_line(&self, callback: &Callback) -> bool {
        numbers(callback).any(|number| self.hub.is_on_the_line(number))
    }

    /// Returns when they are on the line.
    async fn rings_again(&self, callback: &Callback) {
        while !self.is_on_the_line(callback) {
            sleep(LOOK).await;
        }
    }

    async fn settle(&self, callback: u64, tries: u32, call: &CallId) {
        let outcome = self.hub.head(call).and_then(|head| head.handoff_outcome);
        let (state, rung, again_ms) = match outcome {
            Some(HandoffOutcome::Bridged | HandoffOutcome::Transferred) => (CallbackState::Reached, true, 0),
            // They were there, and have left, or made another arrangement.
            Some(
                HandoffOutcome::CallerLeft
                | HandoffOutcome::Callback
                | HandoffOutcome::Voicemail
                | HandoffOutcome::BackToBot
                | HandoffOutcome::NobodyCame,
            ) => (CallbackState::Reached, true, 0),
            Some(HandoffOutcome::NotReached) if tries + 1 >= self.options.tries => (CallbackState::NotReached, true, 0),
            Some(HandoffOutcome::NotReached) => (CallbackState::Waiting, true, self.options.again_ms),
            Some(HandoffOutcome::PutOff) | None => (CallbackState::Waiting, false, AGAIN_SOON_MS),
        };
        metrics::counter!("warmline_callbacks_total", "outcome" => outcome.map_or_else(|| "failed".to_owned(), |outcome| format!("{outcome:?}"))).increment(1);
        let due_ms = now_ms() + again_ms;
        while let Err(error) = self.store.settle_callback(callback, state, due_ms, rung).await {
            tracing::error!(%error, callback, "what came of a callback cannot be written; it is tried again");
            sleep(LOOK).await;
        }
    }
}

/// The number that they called from, and the one that they want to be rung at.
fn numbers(callback: &Callback) -> impl Iterator<Item = &str> {
    [callback.call.caller.as_str(), callback.number.as_str()].into_iter().filter(|number| !number.is_empty())
}

fn owed(open: &[Callback]) -> Owed {
    let mut owed = Owed::new();
    for callback in open {
        for number in numbers(callback) {
            let since_ms = owed.entry(number.to_owned()).or_insert(callback.since_ms);
            *since_ms = callback.since_ms.min(*since_ms);
        }
    }
    owed
}

/// The agent for whom the desk was asked; none: there is nobody.
async fn reserved(inbox: &mut mpsc::Receiver<Event>) -> Option<Agent> {
    loop {
        match inbox.recv().await? {
            Event::AgentReserved { agent, .. } => return Some(agent),
            Event::NobodyToAsk { .. } => return None,
            _ => {}
        }
    }
}

fn now_ms() -> u64 {
    u64::try_from(clock::utc().as_millis()).unwrap_or(u64::MAX)
}
