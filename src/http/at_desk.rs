//! Which agents have their desk open. One that is closed is offered nothing that rings or is read there; one that is closed while it rings, or is read, cannot
//! be reached: the call goes to somebody else at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    call::ids::AgentId,
    http::web::{COMES_BACK, Web},
};

/// Open pages, by agent.
#[derive(Debug, Default)]
pub(super) struct Desks(Mutex<HashMap<String, usize>>);

/// One open page of an agent's desk.
#[derive(Debug)]
pub(super) struct AtDesk {
    web: Arc<Web>,
    agent: String,
}

impl Desks {
    /// One more; true if it is the first one.
    fn open(&self, agent: &str) -> bool {
        let mut open = self.lock();
        let pages = open.entry(agent.to_owned()).or_default();
        *pages += 1;
        *pages == 1
    }

    /// One less; true if it was the last one.
    fn close(&self, agent: &str) -> bool {
        let mut open = self.lock();
        let left = open.get_mut(agent).map_or(0, |pages| {
            *pages -= 1;
            *pages
        });
        if left == 0 {
            open.remove(agent);
        }
        left == 0
    }

    fn is_open(&self, agent: &str) -> bool {
        self.lock().contains_key(agent)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Web {
    /// An agent's desk is open as long as this is held.
    pub(super) async fn at_desk(self: &Arc<Self>, agent: &str) -> AtDesk {
        let at_desk = AtDesk { web: Arc::clone(self), agent: agent.to_owned() };
        if self.desks.open(agent) {
            self.desk.page(&AgentId(agent.to_owned()), true);
            self.calls.desk(agent.to_owned(), true).await;
        }
        at_desk
    }

    /// A desk was closed: unless it comes back, its telephone and what is on it are gone.
    async fn desk_left(self: Arc<Self>, agent: String) {
        tokio::time::sleep(COMES_BACK).await;
        if !self.desks.is_open(&agent) {
            self.desk.page(&AgentId(agent.clone()), false);
            self.calls.desk(agent, false).await;
        }
    }
}

impl Drop for AtDesk {
    fn drop(&mut self) {
        if self.web.desks.close(&self.agent) {
            tokio::spawn(Arc::clone(&self.web).desk_left(self.agent.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_opens_a_desk_and_the_last_one_closes_it() {
        let desks = Desks::default();
        assert!(desks.open("maria") && !desks.open("maria") && desks.open("dan"));
        assert!(!desks.close("maria") && desks.is_open("maria"));
        assert!(desks.close("maria") && !desks.is_open("maria") && desks.is_open("dan"));
    }
}
