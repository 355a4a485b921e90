//! Random schedules against what must always hold.

mod checks;

use std::collections::{BTreeMap, BTreeSet};

use warmline::{
    call::{
        action::AgentAfter,
        event::TransferBy,
        ids::{AgentId, CallId, RequestId},
    },
    desk::{Answer, Desk, Limits, Now, Overflow, Profile, Request, Strategy},
};

use super::stories::asks;

const SCHEDULES: u64 = 10_000;
const STEPS: usize = 60;
/// A busy hour: so many callers, agents and steps, in fewer schedules.
const BUSY: (u64, u64, u64) = (200, 20, 600);
const BUSY_SCHEDULES: u64 = 10;
/// So many busy schedules instead.
const MORE: &str = "WARMLINE_BUSY_SCHEDULES";
const QUEUES: [&str; 2] = ["orders", "billing"];
const LANGUAGES: [&str; 2] = ["en", "ro"];

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
    Waits { position: Option<u32> },
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
    limits: Limits,
    profiles: BTreeMap<AgentId, Profile>,
    calls: BTreeMap<CallId, (Turn, RequestId, Call)>,
    /// What they asked for last.
    requests: BTreeMap<CallId, Request>,
    next: u64,
    /// Pages that are open, and when the others were closed.
    pages: BTreeMap<AgentId, Page>,
    /// Agents who will take a call after what they have at hand.
    there: BTreeSet<AgentId>,
    /// Who follows a conversation of others.
    follows: BTreeMap<AgentId, CallId>,
    /// With whom each caller spoke last, and when.
    spoke: BTreeMap<String, (AgentId, u64)>,
    /// A call that was bridged once and asks again has a new place in the order; the model does not follow that.
    bridged_once: BTreeSet<CallId>,
    /// What happened, for people who look at a failure.
    trace: Vec<String>,
}

fn profile(index: u64) -> Profile {
    Profile {
        id: AgentId(format!("agent-{index}")),
        name: String::new(),
        // The telephone of every seventh is their page, and every fourth is a queue elsewhere.
        target: if index % 7 == 4 { format!("browser:agent-{index}") } else { String::new() },
        transfer: TransferBy::Bridge,
        spoken_claim: false,
        // Every third serves both queues.
        queues: if index.is_multiple_of(3) { QUEUES.map(str::to_owned).into() } else { vec![QUEUES[(index % 2) as usize].to_owned()] },
        // Every other one is not the best at orders.
        levels: if index.is_multiple_of(2) { [(QUEUES[0].to_owned(), 1 + (index % 5) as u8)].into() } else { BTreeMap::new() },
        // Two of five speak one language alone.
        languages: LANGUAGES.iter().skip(index as usize % 5).take(usize::from(index % 5 < 2)).map(|tag| (*tag).to_owned()).collect(),
        signed_in: !index.is_multiple_of(5) || index == 0,
        capacity: if index % 4 == 3 { 3 } else { 1 },
    }
}

impl World {
    fn new(seed: u64, most_agents: u64, queue_places: usize) -> Self {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let agents: Vec<Profile> = (0..1 + random.below(most_agents)).map(profile).collect();
        let overflow = Overflow { to: QUEUES[1].to_owned(), after_ms: random.below(60_000) };
        let limits = Limits {
            queue_places,
            strategy: [Strategy::LongestIdle, Strategy::BestSkill][random.below(2) as usize],
            overflow: (random.below(2) == 0).then(|| (QUEUES[0].to_owned(), overflow)).into_iter().collect(),
            known_ms: random.below(3) * 60_000,
            ..Limits::default()
        };
        Self {
            desk: Desk::new(limits.clone(), agents.clone(), Now(0)),
            random,
            now: 0,
            limits,
            calls: BTreeMap::new(),
            requests: BTreeMap::new(),
            next: 0,
            pages: BTreeMap::new(),
            there: agents.iter().filter(|agent| agent.signed_in).map(|agent| agent.id.clone()).collect(),
            follows: BTreeMap::new(),
            spoke: BTreeMap::new(),
            bridged_once: BTreeSet::new(),
            trace: Vec::new(),
            profiles: agents.into_iter().map(|agent| (agent.id.clone(), agent)).collect(),
        }
    }

    fn some_agent(&mut self) -> AgentId {
        let index = self.random.below(self.profiles.len() as u64) as usize;
        self.profiles.keys().nth(index).expect("there is one").clone()
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
        match self.random.below(12) {
            0..=3 => self.arrive(),
            10 => self.open_or_close(),
            11 => self.follow(),
            4..=6 => self.act(),
            7 => self.hang_up(),
            8 => {
                let (agent, available) = (self.some_agent(), self.random.below(3) > 0);
                self.trace.push(format!("{} available {available}", agent.0));
                assert!(self.desk.set_available(&agent, available, Now(self.now)));
                if available {
                    self.there.insert(agent)
                } else {
                    self.there.remove(&agent)
                };
            }
            _ => self.late_report(),
        }
        self.hear();
        self.check();
    }

    fn open_or_close(&mut self) {
        let (agent, open) = (self.some_agent(), self.random.below(3) > 0);
        self.trace.push(format!("the page of {} open {open}", agent.0));
        self.desk.page(&agent, open, Now(self.now));
        self.pages.insert(agent, if open { Page::Open } else { Page::ClosedAt(self.now) });
    }

    /// An agent follows the conversation of another one, or does so no longer.
    fn follow(&mut self) {
        let agent = self.some_agent();
        if let Some(call) = self.follows.remove(&agent) {
            self.trace.push(format!("{} follows {} no more", agent.0, call.0));
            self.desk.follows_no_more(&call, &agent, Now(self.now));
        } else if let Some(call) = self.some_call() {
            self.trace.push(format!("{} follows {}", agent.0, call.0));
            self.desk.follows(&call, &agent, Now(self.now));
            self.follows.insert(agent, call);
        }
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
        let wanted = Request {
            call: id.clone(),
            id: request,
            not,
            ahead_ms,
            language: [None, Some(LANGUAGES[0]), Some(LANGUAGES[1])][(number % 3) as usize].map(str::to_owned),
            caller: number.is_multiple_of(2).then(|| format!("+{}", number % 23)),
            prefer: number.is_multiple_of(5).then(|| AgentId(format!("agent-{}", number % 13))),
            reads: number % 9 == 4,
            ..asks("", QUEUES[queue])
        };
        self.trace.push(format!("{} asks: {wanted:?}", id.0));
        self.calls.insert(id.clone(), (order, request, Call::Waits { position: None }));
        self.requests.insert(id, wanted.clone());
        self.desk.find(wanted, Now(self.now));
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
                if let Some(caller) = &self.requests[&id].caller {
                    self.spoke.insert(caller.clone(), (agent.clone(), self.now));
                }
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
            self.follows.retain(|_, call| *call != id);
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
            let Call::Waits { position } = call else {
                panic!("{} was told something and asked for nothing\n{}", notice.call.0, self.trace.join("\n"))
            };
            match notice.answer {
                Answer::Reserved { agent } => {
                    let closed = agent.target.starts_with("browser:") && self.pages.get(&agent.id) != Some(&Page::Open);
                    assert!(!closed, "{} rings on a page that is closed\n{}", notice.call.0, self.trace.join("\n"));
                    *call = Call::Has { agent: agent.id.clone(), bridged: false };
                    self.check_choice(&agent.id, &notice.call);
                }
                Answer::Queued { position: told, estimate_s } => {
                    // Only another time is worth repeating a position for.
                    assert!(*position != Some(told) || estimate_s.is_some(), "the same position twice\n{}", self.trace.join("\n"));
                    *position = Some(told);
                }
                Answer::Nobody => {
                    *call = Call::Alone;
                    self.check_nobody(&notice.call);
                }
                Answer::PageClosed { .. } => unreachable!("heard of above"),
            }
        }
    }

    /// With agents who always come back, everybody who waits is served.
    fn drain(&mut self) {
        for agent in self.profiles.keys().cloned().collect::<Vec<_>>() {
            assert!(self.desk.set_available(&agent, true, Now(self.now)));
            self.there.insert(agent.clone());
            self.hear();
            self.desk.page(&agent, true, Now(self.now));
            self.pages.insert(agent.clone(), Page::Open);
            self.hear();
            if let Some(call) = self.follows.remove(&agent) {
                self.desk.follows_no_more(&call, &agent, Now(self.now));
            }
            self.hear();
        }
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
    let schedules = std::env::var(MORE).map_or(BUSY_SCHEDULES, |more| more.parse().expect("a number of schedules"));
    for seed in 1..=schedules {
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
    println!("{schedules} schedules; {most} calls waited at most");
    // Every fourth of twenty takes three.
    assert!(most as u64 >= callers - agents - agents / 4 * 2, "{most} waited at most");
    assert_eq!(most_at_once, 3, "a queue elsewhere has as many calls at once as it takes");
}
