//! Random schedules against what must always hold.

use std::collections::{BTreeMap, BTreeSet};

use warmline::{
    call::{
        action::AgentAfter,
        event::TransferBy,
        ids::{AgentId, CallId, RequestId},
    },
    desk::{Answer, Desk, Limits, Now, Profile, Request, StateWord},
};

use super::stories::asks;

const SCHEDULES: u64 = 10_000;
const STEPS: usize = 60;
/// A busy hour: so many callers, agents and steps, in fewer schedules.
const BUSY: (u64, u64, u64) = (200, 20, 600);
const BUSY_SCHEDULES: u64 = 10;
const QUEUES: [&str; 2] = ["orders", "billing"];

/// xorshift64*: the same schedule for the same seed on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// A call's place in the order: when it asked first less what it goes ahead, and how many came before it.
type Turn = (i128, u64);

/// What a call knows.
#[derive(Debug, Clone, PartialEq)]
enum Call {
    Waits { queue: usize, position: Option<u32> },
    Has { agent: AgentId, bridged: bool },
    Alone,
}

/// An agent's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Open,
    ClosedAt(u64),
}

struct World {
    desk: Desk,
    random: Random,
    now: u64,
    calls: BTreeMap<CallId, (Turn, RequestId, Call)>,
    next: u64,
    /// Pages that are open, and when the others were closed.
    pages: BTreeMap<AgentId, Page>,
    /// A call that was bridged once and asks again has a new place in the order; the model does not follow that.
    bridged_once: BTreeSet<CallId>,
    /// What happened, for people who look at a failure.
    trace: Vec<String>,
}

impl World {
    fn new(seed: u64, most_agents: u64, queue_places: usize) -> Self {
        let agent = |index: u64| Profile {
            id: AgentId(format!("agent-{index}")),
            name: String::new(),
            // The telephone of every seventh is their page, and every fourth is a queue elsewhere.
            target: if index % 7 == 4 { format!("browser:agent-{index}") } else { String::new() },
            transfer: TransferBy::Bridge,
            spoken_claim: false,
            // Every third serves both queues.
            queues: if index.is_multiple_of(3) { QUEUES.map(str::to_owned).into() } else { vec![QUEUES[(index % 2) as usize].to_owned()] },
            levels: BTreeMap::new(),
            languages: Vec::new(),
            signed_in: !index.is_multiple_of(5) || index == 0,
            capacity: if index % 4 == 3 { 3 } else { 1 },
        };
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let agents = (0..1 + random.below(most_agents)).map(agent).collect();
        let limits = Limits { queue_places, ..Limits::default() };
        Self {
            desk: Desk::new(limits, agents, Now(0)),
            random,
            now: 0,
            calls: BTreeMap::new(),
            next: 0,
            pages: BTreeMap::new(),
            bridged_once: BTreeSet::new(),
            trace: Vec::new(),
        }
    }

    fn some_call(&mut self) -> Option<CallId> {
        let count = self.calls.len() as u64;
        if count == 0 {
            return None;
        }
        let index = self.random.below(count) as usize;
        self.calls.keys().nth(index).cloned()
    }

    fn step(&mut self) {
        self.now += self.random.below(4_000);
        if self.desk.poll_timeout().is_some_and(|due| due.0 <= self.now) {
            self.desk.handle_timeout(Now(self.now));
            self.hear();
        }
        match self.random.below(11) {
            0..=3 => self.arrive(),
            10 => self.open_or_close(),
            4..=6 => self.act(),
            7 => self.hang_up(),
            8 => {
                let agents = self.desk.view();
                let index = self.random.below(agents.len() as u64) as usize;
                let available = self.random.below(3) > 0;
                self.trace.push(format!("{} available {available}", agents[index].id.0));
                assert!(self.desk.set_available(&agents[index].id, available, Now(self.now)));
            }
            _ => self.late_report(),
        }
        self.hear();
        self.check();
    }

    fn open_or_close(&mut self) {
        let agents = self.desk.view();
        let agent = agents[self.random.below(agents.len() as u64) as usize].id.clone();
        let open = self.random.below(3) > 0;
        self.trace.push(format!("the page of {} open {open}", agent.0));
        self.desk.page(&agent, open, Now(self.now));
        self.pages.insert(agent, if open { Page::Open } else { Page::ClosedAt(self.now) });
    }

    fn arrive(&mut self) {
        let id = CallId(format!("call-{}", self.next));
        self.next += 1;
        let queue = self.random.below(2) as usize;
        self.ask(id, queue, Vec::new());
    }

    fn ask(&mut self, id: CallId, queue: usize, not: Vec<AgentId>) {
        // Every fourth is urgent, and stays so.
        let number: u64 = id.0.trim_start_matches("call-").parse().unwrap();
        let ahead_ms = if number.is_multiple_of(4) { 30_000 } else { 0 };
        let known = self.calls.get(&id).map(|known| known.0);
        let order = known.unwrap_or((i128::from(self.now) - i128::from(ahead_ms), number));
        let request = RequestId(self.next * 1_000 + self.random.below(1_000));
        self.trace.push(format!("{} asks {} not {not:?}", id.0, QUEUES[queue]));
        self.calls.insert(id.clone(), (order, request, Call::Waits { queue, position: None }));
        self.desk.find(Request { call: id, id: request, not, ahead_ms, ..asks("", QUEUES[queue]) }, Now(self.now));
    }

    /// A call does the next thing: is bridged, gives its agent back, or stops waiting.
    fn act(&mut self) {
        let Some(id) = self.some_call() else { return };
        let (_, request, call) = self.calls[&id].clone();
        match call {
            Call::Waits { .. } => {
                self.trace.push(format!("{} leaves", id.0));
                self.desk.leave(&id, request, Now(self.now));
                self.calls.get_mut(&id).unwrap().2 = Call::Alone;
            }
            Call::Has { agent, bridged: false } if self.random.below(2) == 0 => {
                self.trace.push(format!("{} bridged to {}", id.0, agent.0));
                self.desk.bridged(&id, &agent, Now(self.now));
                self.bridged_once.insert(id.clone());
                self.calls.get_mut(&id).unwrap().2 = Call::Has { agent, bridged: true };
            }
            Call::Has { agent, bridged } => {
                let after =
                    if bridged { AgentAfter::WrapUp } else { [AgentAfter::Free, AgentAfter::Resting][self.random.below(2) as usize] };
                self.trace.push(format!("{} releases {} {after:?}", id.0, agent.0));
                self.calls.get_mut(&id).unwrap().2 = Call::Alone;
                self.desk.release(&id, &agent, after, Now(self.now));
                // A failed offer is followed by the next search, without that agent.
                if !bridged {
                    let queue = self.random.below(2) as usize;
                    self.hear();
                    self.ask(id, queue, vec![agent]);
                }
            }
            Call::Alone => {}
        }
    }

    fn hang_up(&mut self) {
        if let Some(id) = self.some_call() {
            self.trace.push(format!("{} ends", id.0));
            self.calls.remove(&id);
            self.desk.ended(&id, Now(self.now));
        }
    }

    /// Reports of calls about things that are no longer theirs.
    fn late_report(&mut self) {
        let Some(id) = self.some_call() else { return };
        let own = if let Call::Has { agent, .. } = &self.calls[&id].2 { Some(agent.clone()) } else { None };
        for agent in self.desk.view() {
            if Some(&agent.id) != own.as_ref() {
                self.desk.release(&id, &agent.id, AgentAfter::Free, Now(self.now));
                self.desk.bridged(&CallId("nobody".to_owned()), &agent.id, Now(self.now));
            }
        }
        self.desk.leave(&id, RequestId(u64::MAX), Now(self.now));
        self.desk.ended(&CallId("nobody".to_owned()), Now(self.now));
    }

    /// Takes in what the desk says.
    fn hear(&mut self) {
        while let Some(notice) = self.desk.poll() {
            self.trace.push(format!("  {} hears {:?}", notice.call.0, notice.answer));
            let Some((_, request, call)) = self.calls.get_mut(&notice.call) else { continue };
            if *request != notice.id {
                continue;
            }
            if let Answer::PageClosed { agent } = &notice.answer {
                assert_eq!(*call, Call::Has { agent: agent.clone(), bridged: false }, "{}", self.trace.join("\n"));
                assert_ne!(self.pages.get(agent), Some(&Page::Open), "{}", self.trace.join("\n"));
                continue;
            }
            let Call::Waits { queue, position } = call else {
                panic!("{} was told something and asked for nothing\n{}", notice.call.0, self.trace.join("\n"))
            };
            match notice.answer {
                Answer::Reserved { agent } => {
                    let queue = *queue;
                    let closed = agent.target.starts_with("browser:") && self.pages.get(&agent.id) != Some(&Page::Open);
                    assert!(!closed, "{} rings on a page that is closed\n{}", notice.call.0, self.trace.join("\n"));
                    *call = Call::Has { agent: agent.id.clone(), bridged: false };
                    self.check_fifo(queue, &agent.id, &notice.call);
                }
                Answer::Queued { position: told, .. } => {
                    assert_ne!(*position, Some(told), "the same position twice\n{}", self.trace.join("\n"));
                    *position = Some(told);
                }
                Answer::Nobody => *call = Call::Alone,
                Answer::PageClosed { .. } => unreachable!("heard of above"),
            }
        }
    }

    /// No call that has waited longer in the same queue could have had this agent.
    fn check_fifo(&self, queue: usize, agent: &AgentId, call: &CallId) {
        let waiting: Vec<&Request> = self.desk.waiting().filter(|request| request.queue == QUEUES[queue]).collect();
        let earlier = waiting.iter().filter(|request| self.calls.get(&request.call).is_some_and(|known| known.0 < self.calls[call].0));
        let passed: Vec<_> = earlier.filter(|request| !request.not.contains(agent) && !self.bridged_once.contains(&request.call)).collect();
        assert!(passed.is_empty(), "{} was passed by {}\n{}", passed[0].call.0, call.0, self.trace.join("\n"));
    }

    fn check(&self) {
        let trace = || self.trace.join("\n");
        let agents = self.desk.view();
        // One agent per call, no agent more calls than they take, and both know it.
        for (id, (_, _, call)) in &self.calls {
            let holders: Vec<_> = agents.iter().filter(|agent| agent.calls.contains(id)).collect();
            match call {
                Call::Has { agent, bridged } => {
                    assert_eq!(holders.iter().map(|holder| &holder.id).collect::<Vec<_>>(), [agent], "{}", trace());
                    let alone = if *bridged { StateWord::Busy } else { StateWord::Ringing };
                    assert!(holders[0].capacity > 1 || holders[0].state == alone, "{}", trace());
                }
                Call::Waits { .. } | Call::Alone => assert!(holders.is_empty(), "{} holds {holders:?}\n{}", id.0, trace()),
            }
        }
        for agent in &agents {
            assert!(agent.calls.len() + agent.free <= agent.capacity, "{agent:?}\n{}", trace());
            assert_eq!(agent.free > 0, agent.state == StateWord::Available, "{agent:?}\n{}", trace());
        }
        let held: Vec<_> = agents.iter().flat_map(|agent| agent.calls.clone()).collect();
        assert_eq!(held.iter().collect::<BTreeSet<_>>().len(), held.len(), "{}", trace());
        assert!(held.iter().all(|call| self.calls.contains_key(call)), "{}", trace());
        // A free agent and a waiting call that fit are never apart; whoever waits has something to wait for.
        for request in self.desk.waiting() {
            let fits = agents.iter().filter(|agent| agent.queues.contains(&request.queue) && !request.not.contains(&agent.id));
            let states: Vec<StateWord> = fits.map(|agent| agent.state).collect();
            assert!(!states.contains(&StateWord::Available), "{} waits beside a free agent\n{}", request.call.0, trace());
            assert!(states.iter().any(|state| *state != StateWord::Away), "{} waits for nobody\n{}", request.call.0, trace());
            let all_closed = states.iter().all(|state| matches!(state, StateWord::Away | StateWord::Closed));
            assert!(!all_closed || self.may_come_back(request), "{} waits for pages that are closed\n{}", request.call.0, trace());
        }
        // Every waiting call was told its true position.
        for queue in QUEUES {
            for (position, request) in (1..).zip(self.desk.waiting().filter(|request| request.queue == queue)) {
                let Some((_, _, Call::Waits { position: told, .. })) = self.calls.get(&request.call) else {
                    panic!("{} waits unasked\n{}", request.call.0, trace())
                };
                assert_eq!(*told, Some(position), "{}\n{}", request.call.0, trace());
            }
        }
    }

    /// Is there a page of somebody for this call that was closed just now?
    fn may_come_back(&self, request: &Request) -> bool {
        let closed_at = |agent: &AgentId| match self.pages.get(agent) {
            Some(Page::Open) => None,
            Some(Page::ClosedAt(at)) => Some(*at),
            None => Some(0),
        };
        let agents = self.desk.view();
        let fits = agents.iter().filter(|agent| agent.queues.contains(&request.queue) && !request.not.contains(&agent.id));
        fits.filter(|agent| agent.state == StateWord::Closed).filter_map(|agent| closed_at(&agent.id)).any(|at| at + 10_000 > self.now)
    }

    /// With agents who always come back, everybody who waits is served.
    fn drain(&mut self) {
        for agent in self.desk.view() {
            assert!(self.desk.set_available(&agent.id, true, Now(self.now)));
            self.desk.page(&agent.id, true, Now(self.now));
            self.pages.insert(agent.id, Page::Open);
        }
        self.hear();
        for _ in 0..200 {
            self.now += 60_000;
            self.desk.handle_timeout(Now(self.now));
            self.hear();
            self.check();
            let has: Vec<_> = self
                .calls
                .iter()
                .filter_map(|(id, (_, _, call))| if let Call::Has { agent, .. } = call { Some((id.clone(), agent.clone())) } else { None })
                .collect();
            for (id, agent) in has {
                self.desk.release(&id, &agent, AgentAfter::Free, Now(self.now));
                self.calls.remove(&id);
                self.hear();
            }
        }
        let waits = self.desk.waiting().count();
        assert_eq!(waits, 0, "somebody starves\n{}", self.trace.join("\n"));
        assert!(self.desk.view().iter().all(|agent| agent.calls.is_empty()));
    }
}

#[test]
fn what_must_hold_holds_under_every_schedule() {
    for seed in 1..=SCHEDULES {
        let mut world = World::new(seed, 5, 8);
        for _ in 0..STEPS {
            world.step();
        }
        world.drain();
    }
}

#[test]
fn and_with_two_hundred_callers_and_twenty_agents() {
    let (callers, agents, steps) = BUSY;
    let (mut most, mut most_at_once) = (0, 0);
    for seed in 1..=BUSY_SCHEDULES {
        let mut world = World::new(seed, agents, callers as usize);
        // Everybody rings at once.
        for _ in 0..callers {
            world.arrive();
            world.hear();
        }
        world.check();
        most = most.max(world.desk.waiting().count());
        most_at_once = most_at_once.max(world.desk.view().iter().map(|agent| agent.calls.len()).max().unwrap_or(0));
        for _ in 0..steps {
            world.step();
        }
        world.drain();
    }
    // Every fourth of twenty takes three.
    assert!(most as u64 >= callers - agents - agents / 4 * 2, "{most} waited at most");
    assert_eq!(most_at_once, 3, "a queue elsewhere has as many calls at once as it takes");
}
