//! What happens now: the hub between the calls and the pages that watch them, and the way from a page to a live call.
//!
//! Everything in it has a bound. A reader that is too slow is cut off and comes back with the number of the last entry that it has.

mod cards;
mod heads;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{broadcast, mpsc, watch};

use crate::{
    call::{
        event::{AgentChoice, Event},
        ids::{AgentId, CallId},
        outcome::{HandoffOutcome, Outcome},
        record::{HandoffStep, InquiryStep, ThirdStep, What},
        time::Time,
    },
    desk::ServiceLevels,
    feed::{self, Feed},
    view::{CallHead, CallState, Card, CardFold, Numbered, Written},
};

pub use cards::{Cards, Unseen};
pub use heads::{Change, Heads};

/// Entries of one call that the hub keeps; older ones are in the store.
const BACKLOG: usize = 2_000;
/// Entries that a reader of one call may be behind.
const READER_LAG: usize = 256;
/// Changes that a reader of the list may be behind.
const LIST_LAG: usize = 1_024;
/// Ended calls that the hub still knows, while the store catches up.
const ENDED_KEPT: usize = 256;

/// The hub. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub {
    inner: Arc<Mutex<Inner>>,
    feed: Feed,
}

#[derive(Debug)]
struct Inner {
    calls: HashMap<CallId, Call>,
    /// In the order of their ends.
    ended: VecDeque<CallId>,
    cards: HashMap<AgentId, watch::Sender<Cards>>,
    heads: broadcast::Sender<Change>,
    /// The number of the last change of a head or a card. Numbers grow, also over restarts.
    number: u64,
    /// Heads that changed up to this number may be of calls that the hub does not know any more.
    gone: u64,
    feed: Feed,
    levels: ServiceLevels,
}

#[derive(Debug)]
struct Call {
    head: Arc<CallHead>,
    /// The number of its last change.
    changed: u64,
    backlog: VecDeque<Arc<Numbered>>,
    /// None when the call has ended: its readers see the end of the stream.
    readers: Option<broadcast::Sender<Arc<Numbered>>>,
    events: mpsc::Sender<Event>,
    card: CardFold,
    /// Whom it was offered to: they may go on looking at it.
    offered: Vec<AgentId>,
}

/// The task of a live call holds this, and shows every entry. Dropping it ends the streams.
#[derive(Debug)]
pub struct LiveCall {
    hub: Hub,
    id: CallId,
}

/// A reader of one call.
#[derive(Debug)]
pub struct Subscription {
    /// What the hub has from the wanted place on.
    pub backlog: Vec<Arc<Numbered>>,
    /// The number of the first entry that the hub has; what is wanted before it is in the store.
    pub first: u64,
    /// What comes; none if the call has ended.
    pub live: Option<broadcast::Receiver<Arc<Numbered>>>,
}

/// Why a live call could not be told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTold {
    /// There is no such live call.
    NotLive,
    /// The call is not offered to this agent now.
    NotOffered,
    /// Nothing is asked, or no longer.
    NotAsked,
    /// The call's queue is full.
    Busy,
}

impl Default for Hub {
    fn default() -> Self {
        let heads = broadcast::Sender::new(LIST_LAG);
        let feed = Feed::default();
        let number = feed::first_number();
        let inner = Inner {
            calls: HashMap::new(),
            ended: VecDeque::new(),
            cards: HashMap::new(),
            heads,
            number,
            gone: number,
            feed: feed.clone(),
            levels: ServiceLevels::default(),
        };
        Self { inner: Arc::new(Mutex::new(inner)), feed }
    }
}

impl Hub {
    /// Shows a new call. `events` is the way to its task.
    #[must_use]
    pub fn begin(&self, head: Arc<CallHead>, events: mpsc::Sender<Event>) -> LiveCall {
        let id = head.id.clone();
        let mut inner = self.lock();
        let readers = Some(broadcast::Sender::new(READER_LAG));
        let (backlog, card, offered) = (VecDeque::new(), CardFold::default(), Vec::new());
        let shown = Arc::clone(&head);
        inner.calls.insert(id.clone(), Call { head, changed: 0, backlog, readers, events, card, offered });
        inner.announce(&shown);
        metrics::gauge!("warmline_calls_live").increment(1);
        LiveCall { hub: self.clone(), id }
    }

    /// What each queue promises, for the metrics.
    pub fn promise(&self, levels: ServiceLevels) {
        self.lock().levels = levels;
    }

    /// What others are told of all calls.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// The heads of all calls that the hub knows: the live ones and the last ended ones.
    #[must_use]
    pub fn heads(&self) -> Vec<Arc<CallHead>> {
        self.lock().calls.values().map(|call| Arc::clone(&call.head)).collect()
    }

    /// One call's head.
    #[must_use]
    pub fn head(&self, id: &CallId) -> Option<Arc<CallHead>> {
        self.lock().calls.get(id).map(|call| Arc::clone(&call.head))
    }

    /// A call's entries behind `after`, and what comes. None if the hub does not know the call.
    #[must_use]
    pub fn subscribe(&self, id: &CallId, after: u64) -> Option<Subscription> {
        let inner = self.lock();
        let call = inner.calls.get(id)?;
        let first = call.backlog.front().map_or(1, |item| item.seq);
        let backlog = call.backlog.iter().filter(|item| item.seq > after).cloned().collect();
        Some(Subscription { backlog, first, live: call.readers.as_ref().map(broadcast::Sender::subscribe) })
    }

    /// Tells a live call something.
    ///
    /// # Errors
    /// The call is not live, or takes nothing now.
    pub fn tell(&self, id: &CallId, event: Event) -> Result<(), NotTold> {
        self.lock().tell(id, event)
    }

    /// An agent pressed a button for a call that is offered to them.
    ///
    /// # Errors
    /// The call is not live, not offered to this agent, or takes nothing now.
    pub fn choose(&self, id: &CallId, agent: &AgentId, choice: AgentChoice) -> Result<(), NotTold> {
        let inner = self.lock();
        let call = inner.calls.get(id).filter(|call| call.readers.is_some()).ok_or(NotTold::NotLive)?;
        if !call.card.is_before(agent) {
            return Err(NotTold::NotOffered);
        }
        inner.tell(id, Event::AgentChose { agent: agent.clone(), choice })
    }

    /// An agent answers what the bot asks them.
    ///
    /// # Errors
    /// The call is not live, not offered to this agent, asks nothing, or takes nothing now.
    pub fn answer(&self, id: &CallId, agent: &AgentId, answer: AgentChoice) -> Result<(), NotTold> {
        let asked = self.lock().calls.get(id).is_none_or(|call| call.card.is_asked() || !call.card.is_before(agent));
        if asked { self.choose(id, agent, answer) } else { Err(NotTold::NotAsked) }
    }

    /// The agent to whom a live call is offered or bridged.
    #[must_use]
    pub fn offered_to(&self, id: &CallId) -> Option<AgentId> {
        self.lock().calls.get(id)?.card.offered_to().cloned()
    }

    /// Is or was a call that the hub knows offered to this agent?
    #[must_use]
    pub fn was_offered(&self, id: &CallId, agent: &AgentId) -> bool {
        self.lock().calls.get(id).is_some_and(|call| call.offered.contains(agent))
    }

    /// Does this call go on, or is its task still busy with its end?
    #[must_use]
    pub fn is_live(&self, id: &CallId) -> bool {
        self.lock().calls.get(id).is_some_and(|call| call.readers.is_some())
    }

    /// Is whoever has this number on the line? Not by a call that calls them back.
    #[must_use]
    pub fn is_on_the_line(&self, number: &str) -> bool {
        let inner = self.lock();
        let mut live = inner.calls.values().filter(|call| call.readers.is_some());
        live.any(|call| call.head.caller == number && call.head.calls_back.is_none())
    }

    /// Forgets calls that are over, and every event of them.
    pub fn forget(&self, ids: &[CallId]) {
        let mut inner = self.lock();
        inner.calls.retain(|id, call| call.readers.is_some() || !ids.contains(id));
        inner.ended.retain(|id| !ids.contains(id));
        // Whoever comes back is to forget them, too.
        inner.number += 1;
        inner.gone = inner.number;
        for cards in inner.cards.values() {
            cards.send_if_modified(|cards| cards.forget(ids, inner.number));
        }
        inner.feed.forget(ids);
    }

    /// Tells every live call something; how many could not be told.
    pub fn tell_all(&self, event: &Event) -> usize {
        let inner = self.lock();
        let live = inner.calls.values().filter(|call| call.readers.is_some());
        live.filter(|call| call.events.try_send(event.clone()).is_err()).count()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn tell(&self, id: &CallId, event: Event) -> Result<(), NotTold> {
        let call = self.calls.get(id).filter(|call| call.readers.is_some()).ok_or(NotTold::NotLive)?;
        call.events.try_send(event).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => NotTold::Busy,
            mpsc::error::TrySendError::Closed(_) => NotTold::NotLive,
        })
    }

    fn show(&mut self, id: &CallId, written: &Written) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if let Some(head) = &written.head {
            if head.escalated && !call.head.escalated {
                count_reasons(&head.reasons);
            }
            call.head = Arc::clone(head);
        }
        self.feed.entry(&call.head, &written.item);
        call.keep(&written.item);
        if let What::Handoff {
            step:
                HandoffStep::Offered { agent, .. }
                | HandoffStep::TakenOver { agent, .. }
                | HandoffStep::Third { third: ThirdStep::Offered { who: agent, .. }, .. },
        } = &written.item.entry.what
            && !call.offered.contains(agent)
        {
            call.offered.push(agent.clone());
        }
        if let Some(readers) = &call.readers {
            let _nobody_reads = readers.send(Arc::clone(&written.item));
        }
        let mut changed = call.card.apply(&written.item.entry);
        if let (What::Handoff { step: HandoffStep::Ended { outcome, waited_ms, .. } }, Some(queue)) =
            (&written.item.entry.what, call.card.queue())
            && call.head.calls_back.is_none()
        {
            let in_time = *outcome == HandoffOutcome::Bridged && self.levels.of(queue).is_met_by(*waited_ms);
            metrics::counter!("warmline_queue_calls_total", "queue" => queue.to_owned(), "in_time" => in_time.to_string()).increment(1);
        }
        // A new head is news for the agents who have the card.
        if changed.is_empty() && written.head.is_some() {
            changed = call.card.watched();
        }
        let cards: Vec<(AgentId, Card)> =
            changed.into_iter().filter_map(|agent| call.card.card(&agent, Arc::clone(&call.head)).map(|card| (agent, card))).collect();
        for (agent, card) in cards {
            self.show_card(&agent, card);
        }
        if let Some(head) = &written.head {
            self.announce(head);
        }
    }

    fn end(&mut self, id: &CallId) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.readers = None;
        if call.head.state == CallState::Live {
            let last = call.backlog.back().map_or(0, |item| item.entry.at.0);
            Arc::make_mut(&mut call.head).end(Outcome::Failed, last);
            self.feed.broke_off(&call.head);
        }
        let head = Arc::clone(&call.head);
        self.announce(&head);
        self.ended.push_back(id.clone());
        if self.ended.len() > ENDED_KEPT
            && let Some(oldest) = self.ended.pop_front()
            && let Some(call) = self.calls.remove(&oldest)
        {
            self.gone = self.gone.max(call.changed);
        }
    }
}

impl Call {
    /// Of the partial words only the last are kept: the turn that follows says it all.
    fn keep(&mut self, item: &Arc<Numbered>) {
        let partial = |item: &Numbered| matches!(item.entry.what, What::Hearing { .. });
        if self.backlog.back().is_some_and(|last| partial(last)) {
            self.backlog.pop_back();
        }
        if self.backlog.len() == BACKLOG {
            self.backlog.pop_front();
        }
        self.backlog.push_back(Arc::clone(item));
    }
}

impl LiveCall {
    /// Shows an entry to whoever watches.
    pub fn show(&self, written: &Written) {
        count(written);
        self.hub.lock().show(&self.id, written);
    }
}

impl LiveCall {
    /// What was said between these times is struck out, also of what was shown.
    pub fn strike(&self, from: Time, to: Time) {
        let mut inner = self.hub.lock();
        if let Some(call) = inner.calls.get_mut(&self.id) {
            call.backlog.iter_mut().for_each(|item| Arc::make_mut(item).entry.blot(from, to));
        }
        inner.feed.strike(&self.id, from, to);
    }
}

impl Drop for LiveCall {
    fn drop(&mut self) {
        metrics::gauge!("warmline_calls_live").decrement(1);
        self.hub.lock().end(&self.id);
    }
}

/// Metrics that follow from the record. Labels are words of closed lists, never a caller's.
fn count(written: &Written) {
    match &written.item.entry.what {
        What::Ended { outcome } => metrics::counter!("warmline_calls_total", "outcome" => word(outcome)).increment(1),
        What::Handoff { step } => count_step(step),
        What::AskedAgain { .. } => metrics::counter!("warmline_asked_again_total", "flow" => flow(written)).increment(1),
        What::LookUp { ok, took_ms, .. } => {
            metrics::counter!("warmline_lookups_total", "ok" => if *ok { "true" } else { "false" }).increment(1);
            metrics::histogram!("warmline_lookup_seconds").record(seconds(*took_ms));
        }
        _ => {}
    }
}

/// The flow's name: the configuration's word.
fn flow(written: &Written) -> String {
    written.head.as_ref().map(|head| head.flow.clone()).unwrap_or_default()
}

/// How handoffs go: how each offer and each handoff ended, what the caller has waited, and the longest silence that they heard.
fn count_step(step: &HandoffStep) {
    match step {
        HandoffStep::OfferEnded { outcome, .. } => {
            metrics::counter!("warmline_offers_total", "outcome" => word(outcome)).increment(1);
        }
        HandoffStep::Ended { outcome, waited_ms, longest_silence_ms, offers, repeats } => {
            metrics::counter!("warmline_handoffs_total", "outcome" => word(outcome)).increment(1);
            metrics::histogram!("warmline_handoff_wait_seconds", "outcome" => word(outcome)).record(seconds(*waited_ms));
            metrics::histogram!("warmline_handoff_silence_seconds").record(seconds(*longest_silence_ms));
            metrics::histogram!("warmline_handoff_offers").record(f64::from(*offers));
            metrics::counter!("warmline_briefing_repeats_total").increment(u64::from(*repeats));
        }
        HandoffStep::Briefed { took_ms, .. } => metrics::histogram!("warmline_briefing_seconds").record(seconds(*took_ms)),
        HandoffStep::BriefingFailed { instead, .. } => {
            metrics::counter!("warmline_briefings_failed_total", "instead" => word(instead)).increment(1);
        }
        HandoffStep::Chose { choice, by, .. } => {
            metrics::counter!("warmline_agent_choices_total", "choice" => word(choice), "by" => word(by)).increment(1);
        }
        HandoffStep::Third { third: ThirdStep::Ended { why, .. }, .. } => {
            metrics::counter!("warmline_third_ended_total", "why" => word(why)).increment(1);
        }
        HandoffStep::Inquiry { inquiry: InquiryStep::Ended { outcome, waited_ms, longest_silence_ms, .. } } => {
            metrics::counter!("warmline_inquiries_total", "outcome" => word(outcome)).increment(1);
            metrics::histogram!("warmline_inquiry_wait_seconds", "outcome" => word(outcome)).record(seconds(*waited_ms));
            metrics::histogram!("warmline_inquiry_silence_seconds").record(seconds(*longest_silence_ms));
        }
        HandoffStep::Closed { queue } => metrics::counter!("warmline_queue_closed_total", "queue" => queue.clone()).increment(1),
        HandoffStep::Voicemail { .. } => metrics::counter!("warmline_voicemails_total").increment(1),
        HandoffStep::Started { .. }
        | HandoffStep::Waiting { .. }
        | HandoffStep::Offered { .. }
        | HandoffStep::Ringing { .. }
        | HandoffStep::Briefing { .. }
        | HandoffStep::CallerTold { .. }
        | HandoffStep::Bridged { .. }
        | HandoffStep::Transferring { .. }
        | HandoffStep::TransferEnded { .. }
        | HandoffStep::TransferAsked { .. }
        | HandoffStep::BackToAgent { .. }
        | HandoffStep::TakenOver { .. }
        | HandoffStep::CallbackPromised { .. }
        | HandoffStep::CallerRung
        | HandoffStep::CallerNotReached { .. }
        | HandoffStep::Held { .. }
        | HandoffStep::Muted { .. }
        | HandoffStep::Third { .. }
        | HandoffStep::Inquiry { .. }
        | HandoffStep::Introduced { .. }
        | HandoffStep::SentToBot { .. } => {}
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of one call are few")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}

/// Once per call. "critical:cancellation" counts as critical: matters are the flow's words.
fn count_reasons(reasons: &[String]) {
    for reason in reasons {
        let kind = reason.split_once(':').map_or(reason.as_str(), |(kind, _)| kind).to_owned();
        metrics::counter!("warmline_escalations_total", "reason" => kind).increment(1);
    }
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
