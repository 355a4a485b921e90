//! What agents do on their pages beside taking calls: they open and close them, and supervisors follow the conversations of others. Nobody is offered a call
//! meanwhile who could not take it.

use super::{Answer, Desk, Notice};
use crate::{
    call::ids::{AgentId, CallId},
    desk::Now,
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

    /// An agent's page was opened, or the last one of theirs was closed. Calls that are offered to them hear of that.
    pub fn page(&mut self, agent: &AgentId, open: bool, now: Now) {
        self.wake(now);
        let Some(seat) = self.seats.get_mut(agent) else { return };
        seat.set_page(open, now);
        if !open {
            let closed =
                seat.offered().map(|(call, id)| Notice { call: call.clone(), id, answer: Answer::PageClosed { agent: agent.clone() } });
            self.notices.extend(closed);
        }
        self.dispatch();
    }
}
