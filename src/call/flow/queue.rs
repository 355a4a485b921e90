//! Where people wait: who is there, when, and what happens otherwise.

use crate::call::{
    flow::{
        Flow,
        hours::{Hours, Sentence},
        policy::Fallback,
    },
    time::WallTime,
};

/// A queue of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// How it is spoken in "a colleague for …".
    pub label: String,
    /// What these people can do.
    pub skills: Vec<String>,
    /// Slots that they are glad to know.
    pub useful: Vec<String>,
    /// When they are there; none: always.
    pub hours: Option<Hours>,
    /// What happens when they are not; none: as `fallback`.
    pub outside: Option<Fallback>,
    /// What happens when nobody can be had; none: as the flow says.
    pub fallback: Option<Fallback>,
    /// The longest that somebody waits for them, milliseconds; none: as the flow says.
    pub wait_ms: Option<u64>,
}

impl Flow {
    /// When a queue's people are there again, in a sentence; none: they are there now.
    #[must_use]
    pub fn closed(&self, queue: &str, now: WallTime) -> Option<Sentence> {
        self.queues.get(queue)?.hours.as_ref()?.closed(now, self.lexicon())
    }

    /// The longest that somebody waits in a queue, from the decision on.
    #[must_use]
    pub fn wait_ms(&self, queue: &str) -> u64 {
        self.queues.get(queue).and_then(|queue| queue.wait_ms).unwrap_or(self.handoff.wait_ms)
    }

    /// What happens when nobody of a queue can be had, or when they are not there at all.
    #[must_use]
    pub fn fallback(&self, queue: &str, closed: bool) -> Fallback {
        let queue = self.queues.get(queue);
        let outside = queue.and_then(|queue| queue.outside).filter(|_| closed);
        outside.or(queue.and_then(|queue| queue.fallback)).unwrap_or(self.handoff.fallback)
    }
}
