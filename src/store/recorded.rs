//! A log as replay needs it: what the brain was told, and what it did.

use crate::{
    call::{
        action::Action,
        replay::{Difference, Told, first_difference},
        time::Time,
    },
    store::event_log::{Line, ReadLog},
};

/// One run of a call.
#[derive(Debug, Default)]
pub struct Recorded {
    /// What the brain was told, in order.
    pub told: Vec<(Time, Told)>,
    /// What it did, each with the time of what it was told last: the log's own times are those at which the drivers took the actions.
    pub actions: Vec<(Time, Action)>,
    /// The brain ended the call. If not, the log was cut off, and may lack the last actions.
    pub ended: bool,
    /// Lines of the log before the first gap, if it has one; what is behind it cannot be replayed.
    pub gap: Option<usize>,
}

impl From<&ReadLog> for Recorded {
    fn from(log: &ReadLog) -> Self {
        let mut run = Self::default();
        let mut now = Time::ZERO;
        for (index, line) in log.lines.iter().enumerate() {
            match line {
                Line::Event { at, event } => {
                    now = *at;
                    run.told.push((now, Told::Event { event: event.clone() }));
                }
                Line::Timeout { at } => {
                    now = *at;
                    run.told.push((now, Told::Timeout));
                }
                Line::Action { action, .. } => {
                    run.ended |= matches!(action, Action::End { .. });
                    run.actions.push((now, action.clone()));
                }
                Line::Gap { .. } => {
                    run.gap = Some(index + 1);
                    break;
                }
                Line::Setup(_) => {}
            }
        }
        run
    }
}

impl Recorded {
    /// Where another run of the same call parts from this one. Where this one was cut off, the other may go on.
    #[must_use]
    pub fn first_difference(&self, replayed: &[(Time, Action)]) -> Option<Difference> {
        let difference = first_difference(&self.actions, replayed)?;
        let cut_off = !self.ended && difference.recorded.is_none();
        // Only what follows from the last thing that the brain was told can be missing.
        let last = self.told.last().map_or(Time::ZERO, |(at, _)| *at);
        let explained = cut_off && difference.replayed.as_ref().is_none_or(|(at, _)| *at >= last);
        (!explained).then_some(difference)
    }
}
