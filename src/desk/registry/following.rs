//! Supervisors who take calls themselves: nobody offers them one while they follow another agent's conversation.

use super::{Desk, Seat};
use crate::{
    call::ids::{AgentId, CallId},
    desk::{Now, StateWord, agent::State},
};

impl Desk {
    /// An agent begins to follow a conversation that is not theirs. What they have at hand goes on.
    pub fn follows(&mut self, call: &CallId, agent: &AgentId, now: Now) {
        self.wake(now);
        if let Some(seat) = self.seats.get_mut(agent) {
            seat.follows = Some(call.clone());
        }
        self.dispatch();
    }

    /// They do so no longer. Nothing happens if they follow another one.
    pub fn follows_no_more(&mut self, call: &CallId, agent: &AgentId, now: Now) {
        self.wake(now);
        if let Some(seat) = self.seats.get_mut(agent) {
            seat.follow_no_more(call, now);
        }
        self.dispatch();
    }
}

impl Seat {
    /// Idle from now on, not from before.
    pub(super) fn follow_no_more(&mut self, call: &CallId, now: Now) {
        if self.follows.as_ref() != Some(call) {
            return;
        }
        self.follows = None;
        if let State::Available { since } = &mut self.state {
            *since = now;
        }
    }

    /// Since when they are free, if they are.
    pub(super) fn idle_since(&self) -> Option<Now> {
        match self.state {
            State::Available { since } if self.follows.is_none() => Some(since),
            State::Available { .. }
            | State::Reserved { .. }
            | State::Busy { .. }
            | State::WrapUp { .. }
            | State::Resting { .. }
            | State::Away => None,
        }
    }

    /// Their state as pages see it.
    pub(super) fn word(&self) -> StateWord {
        match self.state.word() {
            StateWord::Available if self.follows.is_some() => StateWord::Busy,
            word => word,
        }
    }
}
