//! Agents and queues, shared by all calls: the pure desk behind one lock, its clock, and the way of its answers to the calls.

mod agent;
mod forecast;
mod level;
mod own;
mod registry;
mod routing;
mod seat;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, watch},
    time::Instant,
};

use crate::call::{
    action::AgentAfter,
    event::Event,
    ids::{AgentId, CallId, RequestId},
};

pub use agent::{BEST, Profile};
pub use level::{ServiceLevel, ServiceLevels};
pub use own::{Own, RingAt};
pub use registry::{AgentView, Answer, Desk, Limits, Notice, Request, StateWord};
pub use routing::{Overflow, Strategy};

/// How long an answer that must arrive may wait for a call that takes nothing.
const DELIVERY: Duration = Duration::from_secs(2);

/// A call at the desk: when it is dropped, by the end of its task or by a panic in it, whatever the call still held is given back.
#[derive(Debug)]
pub struct CallAtDesk {
    desk: DeskHandle,
    call: CallId,
}

impl Drop for CallAtDesk {
    fn drop(&mut self) {
        self.desk.ended(&self.call);
    }
}

/// A point on the desk's own monotonic timeline, milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now(pub u64);

/// The desk as calls and pages use it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DeskHandle {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    /// The next deadline may have changed.
    changed: Notify,
    views: watch::Sender<Arc<Vec<AgentView>>>,
    started: Instant,
}

#[derive(Debug)]
struct Inner {
    desk: Desk,
    /// The way to every call that has asked, until it is over.
    calls: HashMap<CallId, mpsc::Sender<Event>>,
}

impl DeskHandle {
    /// Opens the desk, and starts the task that wakes it; it ends with the last handle.
    #[must_use]
    pub fn open(limits: Limits, agents: Vec<Profile>) -> Self {
        let desk = Desk::new(limits, agents, Now(0));
        let views = watch::Sender::new(Arc::new(desk.view()));
        let inner = Mutex::new(Inner { desk, calls: HashMap::new() });
        let shared = Arc::new(Shared { inner, changed: Notify::new(), views, started: Instant::now() });
        tokio::spawn(wake(Arc::downgrade(&shared)));
        Self { shared }
    }

    /// `Action::FindAgent`: `AgentReserved`, `Queued` or `NobodyToAsk` go to `events`.
    pub fn find(&self, request: Request, events: &mpsc::Sender<Event>) {
        self.with(|inner, now| {
            inner.calls.insert(request.call.clone(), events.clone());
            inner.desk.find(request, now);
        });
    }

    /// `Action::LeaveQueue`.
    pub fn leave(&self, call: &CallId, id: RequestId) {
        self.with(|inner, now| inner.desk.leave(call, id, now));
    }

    /// `Action::ReleaseAgent`.
    pub fn release(&self, call: &CallId, agent: &AgentId, after: AgentAfter) {
        self.with(|inner, now| inner.desk.release(call, agent, after, now));
    }

    /// `HandoffStep::Bridged`: the agent is busy from now on.
    pub fn bridged(&self, call: &CallId, agent: &AgentId) {
        self.with(|inner, now| inner.desk.bridged(call, agent, now));
    }

    /// `ThirdStep::Answered`: the colleague is busy from now on, and the caller is not theirs.
    pub fn consulted(&self, call: &CallId, agent: &AgentId) {
        self.with(|inner, now| inner.desk.consulted(call, agent, now));
    }

    /// An agent begins to follow a conversation of another one, or does so no longer: nobody offers them a call meanwhile.
    pub fn follows(&self, call: &CallId, agent: &AgentId, follows: bool) {
        self.with(|inner, now| if follows { inner.desk.follows(call, agent, now) } else { inner.desk.follows_no_more(call, agent, now) });
    }

    /// An agent's page was opened, or the last one of theirs was closed: on a page that is closed nobody is rung, and nobody reads.
    pub fn page(&self, agent: &AgentId, open: bool) {
        self.with(|inner, now| inner.desk.page(agent, open, now));
    }

    /// Makes sure that the desk hears of a call's end, however it ends.
    #[must_use]
    pub fn enter(&self, call: CallId) -> CallAtDesk {
        CallAtDesk { desk: self.clone(), call }
    }

    /// A call is over; whatever it still held is given back. Dropping [`CallAtDesk`] does the same.
    pub fn ended(&self, call: &CallId) {
        self.with(|inner, now| {
            inner.calls.remove(call);
            inner.desk.ended(call, now);
        });
    }

    /// Nobody is remembered as having spoken with this caller.
    pub fn forget(&self, caller: &str) {
        self.with(|inner, _| inner.desk.forget(caller));
    }

    /// An agent's own word. False if there is no such agent.
    #[must_use]
    pub fn set_available(&self, agent: &AgentId, available: bool) -> bool {
        let mut known = false;
        self.with(|inner, now| known = inner.desk.set_available(agent, available, now));
        known
    }

    /// An agent's own word, with all that they may say. False if there is no such agent.
    #[must_use]
    pub fn set_state(&self, agent: &AgentId, own: Own) -> bool {
        let mut known = false;
        self.with(|inner, now| known = inner.desk.set_state(agent, own, now));
        known
    }

    /// All agents as they are, and as they change.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Vec<AgentView>>> {
        self.shared.views.subscribe()
    }

    /// Where an agent's telephone is, by the configuration.
    #[must_use]
    pub fn telephone(&self, agent: &AgentId) -> Option<String> {
        self.shared.lock().desk.telephone(agent)
    }

    fn with(&self, act: impl FnOnce(&mut Inner, Now)) {
        self.shared.with(act);
    }
}

impl Shared {
    fn with(&self, act: impl FnOnce(&mut Inner, Now)) {
        let mut inner = self.lock();
        let now = Now(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX));
        act(&mut inner, now);
        while let Some(notice) = inner.desk.poll() {
            let call = notice.call.clone();
            if let Some(events) = inner.calls.get(&call) {
                deliver(events, notice);
            }
        }
        let view = inner.desk.view();
        self.views.send_if_modified(|shown| {
            let changed = **shown != view;
            if changed {
                *shown = Arc::new(view);
            }
            changed
        });
        drop(inner);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands an answer to a call. A position may be lost, for the next one says more; the other answers wait a little for a full queue. A call that then still
/// takes nothing is given up by its task, which ends it here too.
fn deliver(events: &mpsc::Sender<Event>, notice: Notice) {
    let id = notice.id;
    let (event, must_arrive) = match notice.answer {
        Answer::Reserved { agent } => (Event::AgentReserved { id, agent }, true),
        Answer::Queued { position, estimate_s } => (Event::Queued { id, position, estimate_s }, false),
        Answer::Nobody => (Event::NobodyToAsk { id }, true),
        Answer::PageClosed { agent } => (Event::PageClosed { agent }, true),
    };
    if let Err(mpsc::error::TrySendError::Full(event)) = events.try_send(event)
        && must_arrive
    {
        let events = events.clone();
        tokio::spawn(async move {
            if events.send_timeout(event, DELIVERY).await.is_err() {
                tracing::error!(call = notice.call.0, "a call took no answer from the desk");
            }
        });
    }
}

/// Wakes the desk at its deadlines.
async fn wake(shared: Weak<Shared>) {
    loop {
        let Some(strong) = shared.upgrade() else { return };
        let due = strong.lock().desk.poll_timeout().map(|due| strong.started + Duration::from_millis(due.0));
        // Without a deadline look again now and then, so that this task sees the desk's end.
        let due = due.unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
        let changed = tokio::select! {
            () = strong.changed.notified() => true,
            () = tokio::time::sleep_until(due) => false,
        };
        if !changed {
            strong.with(|inner, now| inner.desk.handle_timeout(now));
        }
        drop(strong);
    }
}
