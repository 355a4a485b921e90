//! One agent: who they are, and what they do now.

use std::collections::BTreeMap;

use crate::{
    call::{
        action::AgentAfter,
        event::{Agent, TransferBy},
        ids::{AgentId, CallId, RequestId},
    },
    desk::{
        Now,
        forecast::Does,
        registry::{Limits, Request, StateWord},
    },
};

/// The highest level of a skill.
pub const BEST: u8 = 5;

/// Who an agent is, from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Id.
    pub id: AgentId,
    /// The name that callers hear.
    pub name: String,
    /// Where to ring: a SIP address.
    pub target: String,
    /// How callers get to them.
    pub transfer: TransferBy,
    /// They are told the claim code.
    pub spoken_claim: bool,
    /// Queues that they serve.
    pub queues: Vec<String>,
    /// How good they are at a queue, from 1 to [`BEST`]; not listed: [`BEST`].
    pub levels: BTreeMap<String, u8>,
    /// Language tags that they speak; empty: every one.
    pub languages: Vec<String>,
    /// Available from the start on.
    pub signed_in: bool,
    /// Calls that they take at once: more than one where they are a queue of another telephone system.
    pub capacity: usize,
}

impl Profile {
    /// What the brain is told of them.
    #[must_use]
    pub fn agent(&self) -> Agent {
        let Self { id, name, target, transfer, spoken_claim, .. } = self;
        Agent { id: id.clone(), name: name.clone(), target: target.clone(), transfer: *transfer, spoken_claim: *spoken_claim }
    }

    /// How good they are at this queue's matters.
    #[must_use]
    pub fn level(&self, queue: &str) -> u8 {
        self.levels.get(queue).copied().unwrap_or(BEST)
    }

    /// By queue, language and the request's exceptions, if the call waits in this queue.
    #[must_use]
    pub fn may_take_from(&self, queue: &str, request: &Request) -> bool {
        let speaks = |wanted: &String| self.languages.is_empty() || self.languages.iter().any(|spoken| same_language(spoken, wanted));
        let right = request.who.as_ref().map_or_else(|| self.queues.iter().any(|served| served == queue), |who| *who == self.id);
        right && !request.not.contains(&self.id) && request.language.as_ref().is_none_or(speaks)
    }
}

/// "en" and "en-GB" are the same language.
fn same_language(one: &str, other: &str) -> bool {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    primary(one) == primary(other)
}

/// What an agent does now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Free since then.
    Available { since: Now },
    /// Reserved for a call that rings and briefs them.
    Reserved { call: CallId, id: RequestId, queue: String, since: Now, then_away: bool },
    /// Speaks with a caller since then.
    Busy { call: CallId, queue: String, since: Now, then_away: bool },
    /// After a conversation.
    WrapUp { until: Now },
    /// After an offer that failed.
    Resting { until: Now },
    /// Not to be asked.
    Away,
}

impl State {
    pub(super) fn word(&self) -> StateWord {
        match self {
            Self::Available { .. } => StateWord::Available,
            Self::Reserved { .. } => StateWord::Ringing,
            Self::Busy { .. } => StateWord::Busy,
            Self::WrapUp { .. } => StateWord::WrapUp,
            Self::Resting { .. } => StateWord::Resting,
            Self::Away => StateWord::Away,
        }
    }

    pub(super) fn call(&self) -> Option<&CallId> {
        match self {
            Self::Reserved { call, .. } | Self::Busy { call, .. } => Some(call),
            Self::Available { .. } | Self::WrapUp { .. } | Self::Resting { .. } | Self::Away => None,
        }
    }

    pub(super) fn reserved_for(&self, wanted: &CallId, request: RequestId) -> bool {
        matches!(self, Self::Reserved { call, id, .. } if call == wanted && *id == request)
    }

    /// Will take no further call.
    pub(super) fn leaves(&self) -> bool {
        matches!(self, Self::Away | Self::Reserved { then_away: true, .. } | Self::Busy { then_away: true, .. })
    }

    pub(super) fn until(&self) -> Option<Now> {
        match self {
            Self::WrapUp { until } | Self::Resting { until } => Some(*until),
            Self::Available { .. } | Self::Reserved { .. } | Self::Busy { .. } | Self::Away => None,
        }
    }

    /// The queue that brought the conversation, and how long it has lasted.
    pub(super) fn spoke_ms(&self, now: Now) -> Option<(String, u64)> {
        if let Self::Busy { queue, since, .. } = self { Some((queue.clone(), now.0.saturating_sub(since.0))) } else { None }
    }

    /// Idle from the moment on at which the pause was over, not from when somebody noticed.
    pub(super) fn wake(&mut self, now: Now) {
        if let Some(until) = self.until().filter(|until| *until <= now) {
            *self = Self::Available { since: until };
        }
    }

    /// They speak with the caller. The queue that brought them, and how long that took from the reservation on.
    pub(super) fn bridge(&mut self, wanted: &CallId, now: Now) -> Option<(String, u64)> {
        let Self::Reserved { call, queue, since, then_away, .. } = self else { return None };
        if call != wanted {
            return None;
        }
        let lead = (queue.clone(), now.0.saturating_sub(since.0));
        *self = Self::Busy { call: call.clone(), queue: std::mem::take(queue), since: now, then_away: *then_away };
        Some(lead)
    }

    /// What a forecast needs to know of it; none: no further call comes here.
    pub(super) fn does(&self, now: Now) -> Option<Does> {
        let since_ms = |since: Now| now.0.saturating_sub(since.0);
        match self {
            _ if self.leaves() => None,
            Self::Available { .. } | Self::Away => Some(Does::Rests { ms: 0 }),
            Self::Reserved { queue, since, .. } => Some(Does::Rings { queue: queue.clone(), since_ms: since_ms(*since) }),
            Self::Busy { queue, since, .. } => Some(Does::Talks { queue: queue.clone(), since_ms: since_ms(*since) }),
            Self::WrapUp { until } | Self::Resting { until } => Some(Does::Rests { ms: until.0.saturating_sub(now.0) }),
        }
    }

    pub(super) fn let_go(&mut self, after: AgentAfter, limits: &Limits, now: Now) {
        *self = match after {
            _ if self.leaves() => Self::Away,
            AgentAfter::Free => Self::Available { since: now },
            AgentAfter::Resting => Self::Resting { until: Now(now.0 + limits.resting_ms) },
            AgentAfter::WrapUp => Self::WrapUp { until: Now(now.0 + limits.wrap_up_ms) },
        };
    }

    pub(super) fn set_available(&mut self, available: bool, now: Now) {
        match self {
            Self::Reserved { then_away, .. } | Self::Busy { then_away, .. } => *then_away = !available,
            Self::Available { .. } if available => {}
            Self::Available { .. } | Self::WrapUp { .. } | Self::Resting { .. } | Self::Away if available => {
                *self = Self::Available { since: now }
            }
            Self::Available { .. } | Self::WrapUp { .. } | Self::Resting { .. } | Self::Away => *self = Self::Away,
        }
    }
}
