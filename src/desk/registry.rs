//! Agents and queues, pure: time is a parameter, answers come out of `poll`.
//!
//! The rule: calls are served in the order in which they first asked, an urgent one as if it had asked some time earlier: so nobody starves. Each gets, of the
//! agents who may take it, the one who looks after this caller, the one who spoke with them last, or the one who has been idle longest (or is best at it).
//! A call that asks again after a failed offer keeps its place. A free agent and a waiting call that fit never stay apart.

mod pages;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, VecDeque},
};

use serde::Serialize;

use crate::{
    call::{
        action::AgentAfter,
        event::Agent,
        ids::{AgentId, CallId, RequestId},
    },
    desk::{
        Now,
        agent::Profile,
        forecast::{self, Does, Past, Waits},
        own::Own,
        routing::{Known, Overflow, Strategy},
        seat::Seat,
    },
};

/// Limits of the desk.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Calls that may wait in one queue; further ones hear that nobody can be had.
    pub queue_places: usize,
    /// Milliseconds of wrap-up after a conversation.
    pub wrap_up_ms: u64,
    /// Milliseconds without offers after one that failed.
    pub resting_ms: u64,
    /// Which of several free agents is asked.
    pub strategy: Strategy,
    /// For so many milliseconds a caller who rings again is offered to whom they spoke with, if they are free; 0: never.
    pub known_ms: u64,
    /// Queues whose calls go to the agents of another one, too, when they have waited.
    pub overflow: BTreeMap<String, Overflow>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_places: 50,
            wrap_up_ms: 10_000,
            resting_ms: 30_000,
            strategy: Strategy::default(),
            known_ms: 24 * 3_600_000,
            overflow: BTreeMap::new(),
        }
    }
}

/// A call asks for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub call: CallId,
    /// The id that every answer repeats.
    pub id: RequestId,
    /// Which queue.
    pub queue: String,
    /// The caller's language tag; agents without languages take every one.
    pub language: Option<String>,
    /// Agents who are not to be asked (again).
    pub not: Vec<AgentId>,
    /// This agent and nobody else, whatever queues they serve.
    pub who: Option<AgentId>,
    /// It is served as if it had asked so many milliseconds earlier.
    pub ahead_ms: u64,
    /// Who calls, if it is known.
    pub caller: Option<String>,
    /// Who is asked before all others, if they are free and may take it.
    pub prefer: Option<AgentId>,
    /// They are to read something: only whose page is open.
    pub reads: bool,
}

/// What a call is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This agent is reserved for the call until it is released.
    Reserved { agent: Agent },
    /// The call waits; positions count from 1. Repeated when the position changes, or the agents do for whom it waits.
    Queued { position: u32, estimate_s: Option<u32> },
    /// Nobody who could take this call is signed in, or the queue is full.
    Nobody,
    /// The agent who is reserved for it has closed their page.
    PageClosed { agent: AgentId },
}

/// An answer and whom it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The call.
    pub call: CallId,
    /// Its request.
    pub id: RequestId,
    /// The answer.
    pub answer: Answer,
}

/// What pages see of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AgentView {
    /// Id.
    #[schema(value_type = String)]
    pub id: AgentId,
    /// Name.
    pub name: String,
    /// What they do now.
    pub state: StateWord,
    /// Queues.
    pub queues: Vec<String>,
    /// Language tags.
    pub languages: Vec<String>,
    /// The calls that they have or are offered.
    #[schema(value_type = Vec<String>)]
    pub calls: Vec<CallId>,
    /// Calls that they take at once.
    pub capacity: usize,
    /// Calls that they would take now.
    pub free: usize,
    /// Is their phone their page?
    pub browser: bool,
    /// They have a telephone besides their page.
    pub desk_phone: bool,
    /// Why they are away, or will be after this call.
    pub reason: Option<String>,
}

/// The states of an agent in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateWord {
    /// Free for a call, or for one more.
    Available,
    /// A call is offered: ringing or being briefed.
    Ringing,
    /// Speaks with a caller.
    Busy,
    /// After a conversation.
    WrapUp,
    /// Did not take an offer; not asked for a while.
    Resting,
    /// There, but their telephone is their page, and that is not open.
    Closed,
    /// Not to be asked.
    Away,
}

#[derive(Debug)]
struct Waiting {
    request: Request,
    ticket: Ticket,
    /// The position that the call was last told, and how many lines there were for it then.
    told: Option<(u32, usize)>,
}

/// When a call first asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticket {
    at: Now,
    number: u64,
}

impl Waiting {
    /// Its place among the others.
    fn turn(&self) -> (i128, u64) {
        (i128::from(self.ticket.at.0) - i128::from(self.request.ahead_ms), self.ticket.number)
    }
}

/// The desk.
#[derive(Debug)]
pub struct Desk {
    limits: Limits,
    seats: BTreeMap<AgentId, Seat>,
    /// In the order in which they are served.
    waiting: Vec<Waiting>,
    tickets: BTreeMap<CallId, Ticket>,
    next_ticket: u64,
    /// How long conversations took.
    past: Past,
    /// Who spoke with whom.
    known: Known,
    /// The time of the last report.
    now: Now,
    notices: VecDeque<Notice>,
}

impl Desk {
    /// A desk with these agents.
    #[must_use]
    pub fn new(limits: Limits, agents: Vec<Profile>, now: Now) -> Self {
        let seat = |profile: Profile| (profile.id.clone(), Seat::new(profile, now));
        Self {
            limits,
            seats: agents.into_iter().map(seat).collect(),
            waiting: Vec::new(),
            tickets: BTreeMap::new(),
            next_ticket: 0,
            past: Past::default(),
            known: Known::default(),
            now,
            notices: VecDeque::new(),
        }
    }

    /// A call asks for an agent. Asking again with the same id repeats the answer.
    pub fn find(&mut self, request: Request, now: Now) {
        self.wake(now);
        if let Some(waiting) =
            self.waiting.iter_mut().find(|waiting| waiting.request.call == request.call && waiting.request.id == request.id)
        {
            waiting.told = None;
            return self.dispatch();
        }
        if let Some(seat) = self.seats.values().find(|seat| seat.reserved_for(&request.call, request.id)) {
            let answer = Answer::Reserved { agent: seat.agent() };
            return self.notices.push_back(Notice { call: request.call, id: request.id, answer });
        }
        // A call waits once: a new request replaces an older one.
        self.waiting.retain(|waiting| waiting.request.call != request.call);
        let in_queue = self.waiting.iter().filter(|waiting| waiting.request.queue == request.queue).count();
        if in_queue >= self.limits.queue_places {
            return self.notices.push_back(Notice { call: request.call, id: request.id, answer: Answer::Nobody });
        }
        let next = self.next_ticket;
        let ticket = *self.tickets.entry(request.call.clone()).or_insert(Ticket { at: now, number: next });
        self.next_ticket += u64::from(ticket.number == next);
        if let Some(caller) = &request.caller {
            self.known.asks(&request.call, caller);
        }
        let waiting = Waiting { request, ticket, told: None };
        let place = self.waiting.partition_point(|other| other.turn() < waiting.turn());
        self.waiting.insert(place, waiting);
        self.dispatch();
    }

    /// A call no longer waits. If an agent was reserved for the request meanwhile, they are free again.
    pub fn leave(&mut self, call: &CallId, id: RequestId, now: Now) {
        self.wake(now);
        self.waiting.retain(|waiting| !(waiting.request.call == *call && waiting.request.id == id));
        for seat in self.seats.values_mut().filter(|seat| seat.reserved_for(call, id)) {
            seat.let_go(call, AgentAfter::Free, &self.limits, now);
        }
        self.dispatch();
    }

    /// A call no longer needs an agent. Nothing happens if the agent is not this call's.
    pub fn release(&mut self, call: &CallId, agent: &AgentId, after: AgentAfter, now: Now) {
        self.wake(now);
        if let Some((queue, ms)) = self.seats.get_mut(agent).and_then(|seat| seat.let_go(call, after, &self.limits, now)) {
            self.past.held(queue, ms + self.limits.wrap_up_ms);
        }
        self.dispatch();
    }

    /// Agent and caller hear each other.
    pub fn bridged(&mut self, call: &CallId, agent: &AgentId, now: Now) {
        self.wake(now);
        if let Some(seat) = self.seats.get_mut(agent).filter(|seat| seat.has(call)) {
            if let Some((queue, lead_ms)) = seat.bridge(call, now) {
                self.past.bridged(queue, lead_ms);
            }
            self.known.spoke(call, agent, now);
        }
        // The next time this call asks it is a new matter.
        self.tickets.remove(call);
        self.dispatch();
    }

    /// An agent speaks with a colleague about a call that is not theirs.
    pub fn consulted(&mut self, call: &CallId, agent: &AgentId, now: Now) {
        self.wake(now);
        if let Some(seat) = self.seats.get_mut(agent) {
            seat.bridge(call, now);
        }
        self.tickets.remove(call);
        self.dispatch();
    }

    /// A call is over: whatever it still had is given back.
    pub fn ended(&mut self, call: &CallId, now: Now) {
        self.wake(now);
        self.tickets.remove(call);
        self.known.ended(call);
        self.waiting.retain(|waiting| waiting.request.call != *call);
        self.seats.values_mut().for_each(|seat| seat.follow_no_more(call, now));
        let agents: Vec<AgentId> = self.seats.iter().filter(|(_, seat)| seat.has(call)).map(|(id, _)| id.clone()).collect();
        for agent in agents {
            let spoke = self.seats[&agent].spoke(call);
            self.release(call, &agent, if spoke { AgentAfter::WrapUp } else { AgentAfter::Free }, now);
        }
        self.dispatch();
    }

    /// Nobody is remembered as having spoken with this caller.
    pub fn forget(&mut self, caller: &str) {
        self.known.forget(caller);
    }

    /// An agent says that they are there, or not. With a call at hand it counts from its end on. False if there is no such agent.
    pub fn set_available(&mut self, agent: &AgentId, available: bool, now: Now) -> bool {
        self.wake(now);
        let Some(seat) = self.seats.get_mut(agent) else { return false };
        seat.set_available(available, now);
        self.dispatch();
        true
    }

    /// An agent's word with all that it may say. False if there is no such agent.
    pub fn set_state(&mut self, agent: &AgentId, own: Own, now: Now) -> bool {
        let Some(seat) = self.seats.get_mut(agent) else { return false };
        seat.ring_at = own.phone.unwrap_or(seat.ring_at);
        seat.reason = own.reason;
        self.set_available(agent, own.available, now)
    }

    /// The next answer to deliver.
    pub fn poll(&mut self) -> Option<Notice> {
        self.notices.pop_front()
    }

    /// Where an agent's telephone is, by the configuration.
    #[must_use]
    pub fn telephone(&self, agent: &AgentId) -> Option<String> {
        self.seats.get(agent).map(|seat| seat.profile.target.clone())
    }

    /// When the desk wants to be woken.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Now> {
        let seats = self.seats.values().filter_map(|seat| seat.until());
        let overflows = self.waiting.iter().filter_map(|waiting| self.overflows_at(waiting)).filter(|at| *at > self.now);
        seats.chain(overflows).min()
    }

    /// The time has come.
    pub fn handle_timeout(&mut self, now: Now) {
        self.wake(now);
        self.dispatch();
    }

    /// What pages see.
    #[must_use]
    pub fn view(&self) -> Vec<AgentView> {
        self.seats.iter().map(|(id, seat)| seat.view(id)).collect()
    }

    /// Calls that wait, in order.
    pub fn waiting(&self) -> impl Iterator<Item = &Request> {
        self.waiting.iter().map(|waiting| &waiting.request)
    }

    fn wake(&mut self, now: Now) {
        self.now = self.now.max(now);
        for seat in self.seats.values_mut() {
            seat.wake(now);
        }
    }

    /// Gives free agents to waiting calls, sends away those for whom nobody is left, and tells positions.
    fn dispatch(&mut self) {
        let mut still = Vec::with_capacity(self.waiting.len());
        for waiting in std::mem::take(&mut self.waiting) {
            let request = &waiting.request;
            if let Some(agent) = self.choose(&waiting) {
                let seat = self.seats.get_mut(&agent).expect("found among the seats");
                seat.reserve(request.call.clone(), request.id, request.queue.clone(), self.now);
                let answer = Answer::Reserved { agent: seat.agent() };
                self.notices.push_back(Notice { call: request.call.clone(), id: request.id, answer });
            } else if !self.seats.values().any(|seat| !seat.leaves() && self.may_ever_take(seat, request)) {
                self.notices.push_back(Notice { call: request.call.clone(), id: request.id, answer: Answer::Nobody });
            } else {
                still.push(waiting);
            }
        }
        self.waiting = still;
        self.tell_positions();
    }

    /// When calls of its queue go to another queue's agents, too.
    fn overflows_at(&self, waiting: &Waiting) -> Option<Now> {
        let overflow = self.limits.overflow.get(&waiting.request.queue).filter(|_| waiting.request.who.is_none())?;
        Some(Now(waiting.ticket.at.0 + overflow.after_ms))
    }

    /// Now, or once it has waited.
    fn may_ever_take(&self, seat: &Seat, request: &Request) -> bool {
        let other = self.limits.overflow.get(&request.queue).map(|overflow| overflow.to.as_str());
        seat.may_take(request) || other.is_some_and(|other| seat.may_take_from(other, request))
    }

    /// The agent for a call, among those who are free.
    fn choose(&self, waiting: &Waiting) -> Option<AgentId> {
        let request = &waiting.request;
        let overflows = self.overflows_at(waiting).is_some_and(|at| at <= self.now)
            || !self.seats.values().any(|seat| !seat.leaves() && seat.may_take(request));
        let fits = |seat: &Seat| seat.is_ready_for(request) && (seat.may_take(request) || overflows && self.may_ever_take(seat, request));
        let free = || {
            let fitting = self.seats.iter().filter(|(_, seat)| fits(seat));
            fitting.filter_map(|(id, seat)| seat.idle_since().map(|since| (since, id, seat)))
        };
        let known = request.caller.as_ref().and_then(|caller| self.known.agent(caller, self.now, self.limits.known_ms));
        for first in [request.prefer.as_ref(), known].into_iter().flatten() {
            if let Some((_, id, _)) = free().find(|(_, id, _)| *id == first) {
                return Some(id.clone());
            }
        }
        let best = |seat: &Seat| match self.limits.strategy {
            Strategy::LongestIdle => 0,
            Strategy::BestSkill => seat.profile.level(&request.queue),
        };
        free().min_by_key(|(since, id, seat)| (Reverse(best(seat)), *since, *id)).map(|(_, id, _)| id.clone())
    }

    fn tell_positions(&mut self) {
        let mut ahead: BTreeMap<&str, u32> = BTreeMap::new();
        let mut news = Vec::new();
        for (index, waiting) in self.waiting.iter().enumerate() {
            let position = ahead.entry(&waiting.request.queue).or_default();
            *position += 1;
            // Who comes and goes among the agents changes the time.
            let lines = self.seats.values().filter(|seat| self.may_ever_take(seat, &waiting.request)).map(Seat::lines).sum();
            if waiting.told != Some((*position, lines)) {
                news.push((index, *position, lines));
            }
        }
        if news.is_empty() {
            return;
        }
        let estimates = self.estimates_s();
        for (index, position, lines) in news {
            let (waiting, estimate_s) = (&mut self.waiting[index], estimates[index]);
            // The same place is worth repeating only with another time.
            let repeated = waiting.told.is_some_and(|(told, _)| told == position) && estimate_s.is_none();
            waiting.told = Some((position, lines));
            if repeated {
                continue;
            }
            let (call, id) = (waiting.request.call.clone(), waiting.request.id);
            self.notices.push_back(Notice { call, id, answer: Answer::Queued { position, estimate_s } });
        }
    }

    /// Seconds until each of those who wait has somebody. None while too few conversations of their queue were seen to say anything.
    fn estimates_s(&self) -> Vec<Option<u32>> {
        if !self.waiting.iter().any(|waiting| self.past.knows(&waiting.request.queue)) {
            return vec![None; self.waiting.len()];
        }
        let lines: Vec<_> = self.seats.values().flat_map(|seat| seat.does(self.now).into_iter().map(move |does| (seat, does))).collect();
        let of = |waiting: &Waiting| {
            let overflows_ms = self.overflows_at(waiting).map(|at| at.0.saturating_sub(self.now.0));
            let may_take = |(line, (seat, _)): (usize, &(&Seat, Does))| {
                let at = if seat.may_take(&waiting.request) { Some(0) } else { overflows_ms };
                at.filter(|_| self.may_ever_take(seat, &waiting.request)).map(|from_ms| (line, from_ms))
            };
            Waits { queue: waiting.request.queue.clone(), lines: lines.iter().enumerate().filter_map(may_take).collect() }
        };
        let waiting: Vec<Waits> = self.waiting.iter().map(of).collect();
        let does: Vec<Does> = lines.iter().map(|(_, does)| does.clone()).collect();
        let times = forecast::waits(&self.past, &does, &waiting);
        let known = |(one, ms): (&Waits, Option<u64>)| {
            ms.filter(|_| self.past.knows(&one.queue)).map(|ms| u32::try_from(ms.div_ceil(1_000)).unwrap_or(u32::MAX))
        };
        waiting.iter().zip(times).map(known).collect()
    }
}
