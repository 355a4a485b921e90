//! The same events give the same actions: a recorded call goes through the brain again.

use serde::{Deserialize, Serialize};

use crate::call::{
    action::Action,
    event::Event,
    state::{Call, Setup},
    time::Time,
};

/// What a call was told, as its log has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum Told {
    /// A report.
    Event {
        /// The report.
        #[serde(flatten)]
        event: Event,
    },
    /// A deadline had passed.
    Timeout,
}

/// What the brain does when it is told this, with the time at which it does it.
#[must_use]
pub fn replay(setup: Setup, told: &[(Time, Told)]) -> Vec<(Time, Action)> {
    let mut call = Call::new(setup);
    let mut done = Vec::new();
    drain(&mut call, Time::ZERO, &mut done);
    for (at, told) in told {
        match told {
            Told::Event { event } => call.handle(event.clone(), *at),
            Told::Timeout => call.handle_timeout(*at),
        }
        drain(&mut call, *at, &mut done);
    }
    done
}

fn drain(call: &mut Call, at: Time, done: &mut Vec<(Time, Action)>) {
    while let Some(action) = call.poll_action() {
        done.push((at, action));
    }
}

/// Where two runs of a call part.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// How many actions are the same before it.
    pub index: usize,
    /// What was recorded, if anything was left.
    pub recorded: Option<(Time, Action)>,
    /// What the replay did, if anything was left.
    pub replayed: Option<(Time, Action)>,
}

/// The first difference between a recorded run and a replayed one.
#[must_use]
pub fn first_difference(recorded: &[(Time, Action)], replayed: &[(Time, Action)]) -> Option<Difference> {
    let same = recorded.iter().zip(replayed).take_while(|(one, other)| one == other).count();
    (same < recorded.len().max(replayed.len())).then(|| Difference {
        index: same,
        recorded: recorded.get(same).cloned(),
        replayed: replayed.get(same).cloned(),
    })
}
