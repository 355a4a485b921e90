//! What each leg is being played: how long texts last, and how much of one was heard when it is stopped.

use warmline::call::ids::{LegId, RequestId};

/// Milliseconds of speech per letter.
const MS_PER_LETTER: u64 = 60;

/// A text on its way to a leg.
#[derive(Debug, Clone)]
pub(crate) struct Playing {
    pub(crate) id: RequestId,
    pub(crate) leg: LegId,
    pub(crate) clauses: Vec<String>,
    pub(crate) start: u64,
    /// When each clause ends.
    pub(crate) ends: Vec<u64>,
    /// When it really ended, if it has.
    pub(crate) over: Option<u64>,
    /// Since when it is held.
    pub(crate) paused: Option<u64>,
}

impl Playing {
    pub(crate) fn new(id: RequestId, leg: LegId, clauses: Vec<String>, start: u64) -> Self {
        let mut at = start;
        let ends = clauses
            .iter()
            .map(|clause| {
                at += clause.chars().count() as u64 * MS_PER_LETTER;
                at
            })
            .collect();
        Self { id, leg, clauses, start, ends, over: None, paused: None }
    }

    pub(crate) fn end(&self) -> u64 {
        self.ends.last().copied().unwrap_or(self.start)
    }

    /// What had not been heard at `since` comes so much later.
    pub(crate) fn wait(&mut self, since: u64, ms: u64) {
        if self.start > since {
            self.start += ms;
        }
        self.ends.iter_mut().filter(|end| **end > since).for_each(|end| *end += ms);
    }

    /// Whole clauses, and the fraction of the next one, that were heard until `now`.
    pub(crate) fn heard(&self, now: u64) -> (usize, f32) {
        let whole = self.ends.iter().take_while(|end| **end <= now).count();
        let Some(end) = self.ends.get(whole) else { return (whole, 0.0) };
        let begin = if whole == 0 { self.start } else { self.ends[whole - 1] };
        let part = now.saturating_sub(begin) as f32 / (end - begin).max(1) as f32;
        (whole, part.clamp(0.0, 1.0))
    }

    /// When a clause with these words begins.
    pub(crate) fn begin_of(&self, words: &str) -> Option<u64> {
        let index = self.clauses.iter().position(|clause| clause.contains(words))?;
        Some(if index == 0 { self.start } else { self.ends[index - 1] })
    }
}
