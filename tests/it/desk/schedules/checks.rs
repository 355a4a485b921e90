//! What must hold at every moment, told by a model of its own: who could take which call now, and who could once.

use std::collections::BTreeSet;

use warmline::{
    call::ids::{AgentId, CallId},
    desk::{AgentView, BEST, Profile, Request, StateWord, Strategy},
};

use super::{Call, Page, QUEUES, World};

/// A page that was closed is waited for so long.
const COMES_BACK_MS: u64 = 10_000;

impl World {
    fn trace(&self) -> String {
        self.trace.join("\n")
    }

    fn is_open(&self, agent: &AgentId) -> bool {
        self.pages.get(agent) == Some(&Page::Open)
    }

    /// It will not come back.
    fn is_closed(&self, agent: &AgentId) -> bool {
        let since = match self.pages.get(agent) {
            Some(Page::Open) => return false,
            Some(Page::ClosedAt(at)) => *at,
            None => 0,
        };
        since + COMES_BACK_MS <= self.now
    }

    /// Will take no further call.
    fn leaves(&self, agent: &Profile) -> bool {
        !self.there.contains(&agent.id) || agent.target.starts_with("browser:") && self.is_closed(&agent.id)
    }

    /// Might take it sooner or later, if it waited in this queue.
    fn serves(&self, agent: &Profile, queue: &str, request: &Request) -> bool {
        let speaks = request.language.as_ref().is_none_or(|tag| agent.languages.is_empty() || agent.languages.contains(tag));
        let reads = !request.reads || !self.is_closed(&agent.id);
        agent.queues.iter().any(|served| served == queue) && !request.not.contains(&agent.id) && speaks && reads
    }

    /// The same by its own queue or the one that helps.
    fn may_ever(&self, agent: &Profile, request: &Request) -> bool {
        let other = self.limits.overflow.get(&request.queue);
        self.serves(agent, &request.queue, request) || other.is_some_and(|overflow| self.serves(agent, &overflow.to, request))
    }

    /// Does the queue that helps take it now? None: the model does not know when it asked.
    fn overflows(&self, request: &Request) -> Option<bool> {
        let Some(overflow) = self.limits.overflow.get(&request.queue) else { return Some(false) };
        if !self.profiles.values().any(|agent| !self.leaves(agent) && self.serves(agent, &request.queue, request)) {
            return Some(true);
        }
        let asked =
            self.calls.get(&request.call).filter(|_| !self.bridged_once.contains(&request.call))?.0.0 + i128::from(request.ahead_ms);
        Some(asked + i128::from(overflow.after_ms) <= i128::from(self.now))
    }

    /// Could this agent take it now, apart from whether they have a free line?
    fn fits(&self, agent: &AgentId, request: &Request) -> Option<bool> {
        let profile = &self.profiles[agent];
        if self.follows.contains_key(agent) || request.reads && !self.is_open(agent) {
            return Some(false);
        }
        if self.serves(profile, &request.queue, request) {
            return Some(true);
        }
        if self.may_ever(profile, request) { self.overflows(request) } else { Some(false) }
    }

    /// Right after an agent was reserved: they may take the call, no call that came before it could have had them, and nobody who is still free had to be asked
    /// before them.
    pub(super) fn check_choice(&self, agent: &AgentId, call: &CallId) {
        let request = &self.requests[call];
        assert_ne!(self.fits(agent, request), Some(false), "{} is not for {}\n{}", call.0, agent.0, self.trace());
        let turn = self.calls[call].0;
        let before = self.desk.waiting().filter(|other| !self.bridged_once.contains(&other.call));
        let passed = before.filter(|other| self.calls.get(&other.call).is_some_and(|known| known.0 < turn));
        for other in passed {
            // A call that was bridged once has a new place in the order, which is later than the model's.
            let unfair = self.fits(agent, other) == Some(true) && !self.bridged_once.contains(call);
            assert!(!unfair, "{} was passed by {}\n{}", other.call.0, call.0, self.trace());
        }
        let view = self.desk.view();
        let free: BTreeSet<&AgentId> =
            view.iter().filter(|other| other.free > 0 && self.could(other, request)).map(|other| &other.id).collect();
        let known = request.caller.as_ref().and_then(|caller| self.spoke.get(caller));
        let known = known.filter(|(_, at)| self.now - at < self.limits.known_ms).map(|(agent, _)| agent);
        for first in [request.prefer.as_ref(), known].into_iter().flatten() {
            if first == agent {
                return;
            }
            assert!(!free.contains(first), "{} gets {} beside {}\n{}", call.0, agent.0, first.0, self.trace());
        }
        if self.limits.strategy == Strategy::BestSkill {
            let level = |agent: &AgentId| self.profiles[agent].levels.get(&request.queue).copied().unwrap_or(BEST);
            let better = free.iter().find(|other| level(other) > level(agent));
            assert!(better.is_none(), "{} gets {} beside {better:?}\n{}", call.0, agent.0, self.trace());
        }
    }

    fn could(&self, agent: &AgentView, request: &Request) -> bool {
        !agent.calls.contains(&request.call) && self.fits(&agent.id, request) == Some(true)
    }

    /// Whoever hears that there is nobody: the queue is full, or it is so.
    pub(super) fn check_nobody(&self, call: &CallId) {
        let request = &self.requests[call];
        let full = self.desk.waiting().filter(|other| other.queue == request.queue).count() >= self.limits.queue_places;
        let somebody = self.profiles.values().find(|agent| !self.leaves(agent) && self.may_ever(agent, request));
        assert!(full || somebody.is_none(), "{} hears of nobody, and there is {somebody:?}\n{}", call.0, self.trace());
    }

    pub(super) fn check(&self) {
        let agents = self.desk.view();
        self.check_holders(&agents);
        // A free agent and a waiting call that fit are never apart; whoever waits has something to wait for.
        for request in self.desk.waiting() {
            let free = agents.iter().find(|agent| agent.free > 0 && self.could(agent, request));
            assert!(free.is_none(), "{} waits beside {free:?}\n{}", request.call.0, self.trace());
            let somebody = self.profiles.values().any(|agent| !self.leaves(agent) && self.may_ever(agent, request));
            assert!(somebody, "{} waits for nobody\n{}", request.call.0, self.trace());
        }
        // Every waiting call was told its true position.
        for queue in QUEUES {
            for (position, request) in (1..).zip(self.desk.waiting().filter(|request| request.queue == queue)) {
                let Some((_, _, Call::Waits { position: told, .. })) = self.calls.get(&request.call) else {
                    panic!("{} waits unasked\n{}", request.call.0, self.trace())
                };
                assert_eq!(*told, Some(position), "{}\n{}", request.call.0, self.trace());
            }
        }
    }

    /// One agent per call, no agent more calls than they take, and both know it.
    fn check_holders(&self, agents: &[AgentView]) {
        for (id, (_, _, call)) in &self.calls {
            let holders: Vec<_> = agents.iter().filter(|agent| agent.calls.contains(id)).collect();
            match call {
                Call::Has { agent, bridged } => {
                    assert_eq!(holders.iter().map(|holder| &holder.id).collect::<Vec<_>>(), [agent], "{}", self.trace());
                    let alone = if *bridged { StateWord::Busy } else { StateWord::Ringing };
                    assert!(holders[0].capacity > 1 || holders[0].state == alone, "{}", self.trace());
                }
                Call::Waits { .. } | Call::Alone => assert!(holders.is_empty(), "{} holds {holders:?}\n{}", id.0, self.trace()),
            }
        }
        for agent in agents {
            assert!(agent.calls.len() + agent.free <= agent.capacity, "{agent:?}\n{}", self.trace());
            assert_eq!(agent.free > 0, agent.state == StateWord::Available, "{agent:?}\n{}", self.trace());
        }
        let held: Vec<_> = agents.iter().flat_map(|agent| agent.calls.clone()).collect();
        assert_eq!(held.iter().collect::<BTreeSet<_>>().len(), held.len(), "{}", self.trace());
        assert!(held.iter().all(|call| self.calls.contains_key(call)), "{}", self.trace());
    }
}
