//! What others are told of calls as they happen: one numbered stream, of which the last events are kept. The live stream of the API and the webhooks
//! read nothing else.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Serialize, Serializer, ser::SerializeStruct};
use tokio::sync::broadcast;

use crate::{
    call::{
        ids::CallId,
        outcome::OfferOutcome,
        record::{Entry, HandoffStep, InquiryStep, What},
        time::Time,
    },
    clock,
    view::{CallHead, Correction, Numbered, Stamp},
};

/// Events that are kept for readers who come back: with 100 calls, about ten minutes.
const KEPT: usize = 8_192;
/// Events that a reader may be behind before it has to come back.
const LAG: usize = 1_024;

/// What happened, in the words of webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A call arrived.
    Started,
    /// Caller, bot or agent have said something.
    Turn,
    /// A human is wanted.
    Escalated,
    /// The call is offered to an agent.
    Offered,
    /// The agent takes it.
    Accepted,
    /// Caller and agent hear each other.
    Bridged,
    /// An agent has asked for what was on their card.
    AskedAgain,
    /// The bot asks a human one line.
    Inquiry,
    /// There is an answer, or there will be none.
    InquiryEnded,
    /// The call is over.
    Ended,
    /// An agent says what the bot should have done.
    Correction,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Started,
        Self::Turn,
        Self::Escalated,
        Self::Offered,
        Self::Accepted,
        Self::Bridged,
        Self::AskedAgain,
        Self::Inquiry,
        Self::InquiryEnded,
        Self::Ended,
        Self::Correction,
    ];

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "call.started",
            Self::Turn => "call.turn",
            Self::Escalated => "call.escalated",
            Self::Offered => "call.offered",
            Self::Accepted => "call.accepted",
            Self::Bridged => "call.bridged",
            Self::AskedAgain => "call.asked_again",
            Self::Inquiry => "call.inquiry",
            Self::InquiryEnded => "call.inquiry_ended",
            Self::Ended => "call.ended",
            Self::Correction => "call.correction",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// What an entry of a call's record is to others; nothing, for most of them.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        match &entry.what {
            What::Arrived { .. } => Some(Self::Started),
            What::CallerTurn { .. } | What::BotTurn { .. } | What::AgentTurn { .. } => Some(Self::Turn),
            What::AskedAgain { .. } => Some(Self::AskedAgain),
            What::Ended { .. } => Some(Self::Ended),
            What::Handoff { step } => match step {
                HandoffStep::Started { .. } => Some(Self::Escalated),
                HandoffStep::Offered { .. } => Some(Self::Offered),
                HandoffStep::OfferEnded { outcome: OfferOutcome::Accepted, .. } => Some(Self::Accepted),
                HandoffStep::Bridged { .. } => Some(Self::Bridged),
                HandoffStep::Inquiry { inquiry: InquiryStep::Asked { .. } } => Some(Self::Inquiry),
                HandoffStep::Inquiry { inquiry: InquiryStep::Ended { .. } } => Some(Self::InquiryEnded),
                HandoffStep::Waiting { .. }
                | HandoffStep::Ringing { .. }
                | HandoffStep::Briefing { .. }
                | HandoffStep::OfferEnded { .. }
                | HandoffStep::CallerTold { .. }
                | HandoffStep::Transferring { .. }
                | HandoffStep::TransferEnded { .. }
                | HandoffStep::TransferAsked { .. }
                | HandoffStep::BackToAgent { .. }
                | HandoffStep::TakenOver { .. }
                | HandoffStep::CallbackPromised { .. }
                | HandoffStep::CallerRung
                | HandoffStep::Closed { .. }
                | HandoffStep::CallerNotReached { .. }
                | HandoffStep::Voicemail { .. }
                | HandoffStep::Briefed { .. }
                | HandoffStep::BriefingFailed { .. }
                | HandoffStep::Chose { .. }
                | HandoffStep::Held { .. }
                | HandoffStep::Muted { .. }
                | HandoffStep::Third { .. }
                | HandoffStep::Inquiry { .. }
                | HandoffStep::Introduced { .. }
                | HandoffStep::SentToBot { .. }
                | HandoffStep::Ended { .. } => None,
            },
            _ => None,
        }
    }
}

/// One event.
#[derive(Debug, Clone)]
pub struct Happened {
    /// Its number. Numbers grow, also over restarts.
    pub id: u64,
    /// What.
    pub kind: Kind,
    /// When.
    pub at: Stamp,
    /// The call as it is then.
    pub call: Arc<CallHead>,
    /// The entry of its record, if there is one.
    pub entry: Option<Arc<Numbered>>,
    /// The correction, if it is one.
    pub correction: Option<Arc<Correction>>,
}

impl Serialize for Happened {
    /// As Standard Webhooks have it: `type`, `timestamp`, `data`; with the number beside them.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Data<'a> {
            call: &'a CallHead,
            #[serde(skip_serializing_if = "Option::is_none")]
            entry: Option<&'a Numbered>,
            #[serde(skip_serializing_if = "Option::is_none")]
            correction: Option<&'a Correction>,
        }
        let data = Data { call: &self.call, entry: self.entry.as_deref(), correction: self.correction.as_deref() };
        let mut event = serializer.serialize_struct("Happened", 4)?;
        event.serialize_field("id", &self.id.to_string())?;
        event.serialize_field("type", self.kind.word())?;
        event.serialize_field("timestamp", &self.at)?;
        event.serialize_field("data", &data)?;
        event.end()
    }
}

/// The stream. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Feed {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    next: u64,
    kept: VecDeque<Arc<Happened>>,
    readers: broadcast::Sender<Arc<Happened>>,
}

/// A reader of the stream.
#[derive(Debug)]
pub struct Reading {
    /// What is kept behind the wanted place.
    pub kept: Vec<Arc<Happened>>,
    /// Events between the wanted place and the first kept one are gone.
    pub missed: bool,
    /// What comes.
    pub live: broadcast::Receiver<Arc<Happened>>,
}

impl Default for Feed {
    fn default() -> Self {
        let readers = broadcast::Sender::new(LAG);
        Self { inner: Arc::new(Mutex::new(Inner { next: first_number(), kept: VecDeque::new(), readers })) }
    }
}

/// Where the numbers of a run begin: two thousand for each millisecond, so that those of a later run are always higher.
pub(crate) fn first_number() -> u64 {
    u64::try_from(clock::utc().as_millis()).unwrap_or_default() << 11
}

impl Feed {
    /// An entry of a call was written down.
    pub(crate) fn entry(&self, call: &Arc<CallHead>, item: &Arc<Numbered>) {
        if let Some(kind) = Kind::of(&item.entry) {
            let at = Stamp(call.started.0 + item.entry.at.0);
            self.lock().publish(kind, at, Arc::clone(call), Some(Arc::clone(item)), None);
        }
    }

    /// A call has ended without having said so.
    pub(crate) fn broke_off(&self, call: &Arc<CallHead>) {
        let at = Stamp(call.started.0 + call.duration_ms.unwrap_or_default());
        self.lock().publish(Kind::Ended, at, Arc::clone(call), None, None);
    }

    /// An agent has corrected the bot.
    pub fn corrected(&self, call: CallHead, correction: Correction) {
        let at = correction.created;
        self.lock().publish(Kind::Correction, at, Arc::new(call), None, Some(Arc::new(correction)));
    }

    /// The events behind `after` as far as they are kept, and what comes, without a gap. Without `after` only what comes.
    #[must_use]
    pub fn read(&self, after: Option<u64>) -> Reading {
        let inner = self.lock();
        let live = inner.readers.subscribe();
        let Some(after) = after else { return Reading { kept: Vec::new(), missed: false, live } };
        let first = inner.kept.front().map_or(inner.next, |event| event.id);
        let kept = inner.kept.iter().filter(|event| event.id > after).cloned().collect();
        Reading { kept, missed: after + 1 < first, live }
    }

    /// What was said in a call between these times is struck out.
    pub(crate) fn strike(&self, call: &CallId, from: Time, to: Time) {
        for event in self.lock().kept.iter_mut().filter(|event| event.call.id == *call && event.entry.is_some()) {
            if let Some(entry) = &mut Arc::make_mut(event).entry {
                Arc::make_mut(entry).entry.blot(from, to);
            }
        }
    }

    /// Forgets every event of these calls.
    pub(crate) fn forget(&self, calls: &[CallId]) {
        self.lock().kept.retain(|event| !calls.contains(&event.call.id));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn publish(&mut self, kind: Kind, at: Stamp, call: Arc<CallHead>, entry: Option<Arc<Numbered>>, correction: Option<Arc<Correction>>) {
        let event = Arc::new(Happened { id: self.next, kind, at, call, entry, correction });
        self.next += 1;
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::clone(&event));
        let _nobody_reads = self.readers.send(event);
    }
}
