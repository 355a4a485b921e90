//! An agent's seat: as many lines as they take calls at once, and what they all together mean for the next call.
//!
//! Each line is in one state, so that calls, and the pause after each of them, never get into each other's way. A person has one line.

use crate::{
    call::{
        action::AgentAfter,
        event::Agent,
        ids::{AgentId, CallId, RequestId},
    },
    desk::{
        Now,
        agent::{Profile, State},
        forecast::Does,
        own::{PAGE, RingAt},
        registry::{AgentView, Limits, Request, StateWord},
    },
};

/// So long a page that was closed may come back before nobody waits for it any more: it was loaded again, its network has changed, or we were started again.
const COMES_BACK_MS: u64 = 10_000;

/// An agent's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    Open,
    /// Until then it may come back.
    Missing {
        until: Now,
    },
    Closed,
}

#[derive(Debug)]
pub(super) struct Seat {
    pub(super) profile: Profile,
    lines: Vec<State>,
    pub(super) ring_at: RingAt,
    /// Why they are away.
    pub(super) reason: Option<String>,
    /// They follow this conversation of another agent.
    pub(super) follows: Option<CallId>,
    page: Page,
}

impl Page {
    const fn missing(now: Now) -> Self {
        Self::Missing { until: Now(now.0 + COMES_BACK_MS) }
    }
}

impl Seat {
    pub(super) fn new(profile: Profile, now: Now) -> Self {
        let line = if profile.signed_in { State::Available { since: now } } else { State::Away };
        let lines = vec![line; profile.capacity.max(1)];
        Self { profile, lines, ring_at: RingAt::Configured, reason: None, follows: None, page: Page::missing(now) }
    }

    pub(super) fn agent(&self) -> Agent {
        self.ring_at.agent(&self.profile)
    }

    /// Their telephone is their page.
    fn rings_on_page(&self) -> bool {
        self.ring_at == RingAt::Page || self.profile.target.starts_with(PAGE)
    }

    /// Is there anything that could ring now?
    fn can_be_rung(&self) -> bool {
        self.page == Page::Open || !self.rings_on_page()
    }

    /// Calls that they take at once: a page shows one.
    fn capacity(&self) -> usize {
        if self.rings_on_page() { 1 } else { self.lines.len() }
    }

    /// Calls that they would take now.
    fn free(&self) -> usize {
        let available = self.lines.iter().filter(|line| matches!(line, State::Available { .. })).count();
        let in_use = self.lines.len() - available;
        if self.follows.is_some() || !self.can_be_rung() { 0 } else { available.min(self.capacity().saturating_sub(in_use)) }
    }

    /// Since when they are free, if they are.
    pub(super) fn idle_since(&self) -> Option<Now> {
        let since = self.lines.iter().filter_map(|line| if let State::Available { since } = line { Some(*since) } else { None });
        since.min().filter(|_| self.free() > 0)
    }

    /// Will take no further call.
    pub(super) fn leaves(&self) -> bool {
        self.page == Page::Closed && self.rings_on_page() || self.lines.iter().all(State::leaves)
    }

    /// Lines on which further calls may come.
    pub(super) fn lines(&self) -> usize {
        if self.leaves() { 0 } else { self.capacity() }
    }

    fn line(&mut self, call: &CallId) -> Option<&mut State> {
        self.lines.iter_mut().find(|line| line.call() == Some(call))
    }

    pub(super) fn has(&self, call: &CallId) -> bool {
        self.lines.iter().any(|line| line.call() == Some(call))
    }

    pub(super) fn reserved_for(&self, call: &CallId, id: RequestId) -> bool {
        self.lines.iter().any(|line| line.reserved_for(call, id))
    }

    /// Calls that are offered to them, and their requests.
    pub(super) fn offered(&self) -> impl Iterator<Item = (&CallId, RequestId)> {
        self.lines.iter().filter_map(|line| if let State::Reserved { call, id, .. } = line { Some((call, *id)) } else { None })
    }

    /// By queue, language, the request's exceptions, and whether there is a page to read on.
    pub(super) fn may_take(&self, request: &Request) -> bool {
        self.may_take_from(&request.queue, request)
    }

    /// Could it be theirs now, as far as it is not about a free line?
    pub(super) fn is_ready_for(&self, request: &Request) -> bool {
        // A call that leaves somebody for their queue does not come back to another line of theirs.
        !self.has(&request.call) && (self.page == Page::Open || !request.reads)
    }

    /// The same if the call waited in this queue.
    pub(super) fn may_take_from(&self, queue: &str, request: &Request) -> bool {
        (self.page != Page::Closed || !request.reads) && self.profile.may_take_from(queue, request)
    }

    /// One free line, the one that has been idle longest, is this call's from now on.
    pub(super) fn reserve(&mut self, call: CallId, id: RequestId, queue: String, now: Now) {
        let idle = |line: &&mut State| if let State::Available { since } = line { Some(*since) } else { None };
        let free = self.lines.iter_mut().filter(|line| idle(line).is_some()).min_by_key(|line| idle(line));
        *free.expect("who is chosen is free") = State::Reserved { call, id, queue, since: now, then_away: false };
    }

    /// They speak with this caller. The queue that brought them, and how long that took.
    pub(super) fn bridge(&mut self, call: &CallId, now: Now) -> Option<(String, u64)> {
        self.line(call)?.bridge(call, now)
    }

    /// What each line does on which further calls may come.
    pub(super) fn does(&self, now: Now) -> Vec<Does> {
        // Who is free and gets no call (they follow another conversation, or their page is away) does so until nobody knows when.
        let kept = self.free() == 0;
        let lines = self.lines.iter().filter(|line| !(kept && matches!(line, State::Available { .. })));
        lines.filter_map(|line| line.does(now)).take(self.lines()).collect()
    }

    /// A call has no need of them any more. Which queue brought the conversation, and how long it has lasted, if there was one. Whoever did not take one call
    /// is not asked for a while on any line.
    pub(super) fn let_go(&mut self, call: &CallId, after: AgentAfter, limits: &Limits, now: Now) -> Option<(String, u64)> {
        let line = self.line(call)?;
        let spoke = line.spoke_ms(now);
        line.let_go(after, limits, now);
        if after == AgentAfter::Resting {
            let rest = |line: &mut State| line.let_go(after, limits, now);
            self.lines.iter_mut().filter(|line| matches!(line, State::Available { .. })).for_each(rest);
        }
        spoke
    }

    /// Has this call spoken with them?
    pub(super) fn spoke(&self, call: &CallId) -> bool {
        self.lines.iter().any(|line| matches!(line, State::Busy { call: own, .. } if own == call))
    }

    pub(super) fn set_available(&mut self, available: bool, now: Now) {
        self.lines.iter_mut().for_each(|line| line.set_available(available, now));
    }

    /// The next pause that ends, or the moment at which a page is not waited for any more.
    pub(super) fn until(&self) -> Option<Now> {
        let page = if let Page::Missing { until } = self.page { Some(until) } else { None };
        self.lines.iter().filter_map(State::until).chain(page).min()
    }

    pub(super) fn wake(&mut self, now: Now) {
        self.lines.iter_mut().for_each(|line| line.wake(now));
        if matches!(self.page, Page::Missing { until } if until <= now) {
            self.page = Page::Closed;
        }
    }

    /// Their page was opened or closed. Who can be rung again is idle from now on, not from before.
    pub(super) fn set_page(&mut self, open: bool, now: Now) {
        let could = self.can_be_rung();
        self.page = if open { Page::Open } else { Page::missing(now) };
        if !could {
            self.idle_from(now);
        }
    }

    /// Idle from now on, not from before.
    pub(super) fn follow_no_more(&mut self, call: &CallId, now: Now) {
        if self.follows.as_ref() == Some(call) {
            self.follows = None;
            self.idle_from(now);
        }
    }

    fn idle_from(&mut self, now: Now) {
        for line in &mut self.lines {
            if let State::Available { since } = line {
                *since = now;
            }
        }
    }

    /// Their state as pages see it: free if any line is, else what their calls make of it.
    fn word(&self) -> StateWord {
        let has = |word: StateWord| self.lines.iter().any(|line| line.word() == word);
        if self.free() > 0 {
            return StateWord::Available;
        }
        let at_work = [StateWord::Ringing, StateWord::Busy, StateWord::WrapUp, StateWord::Resting];
        match at_work.into_iter().find(|word| has(*word)) {
            Some(word) => word,
            None if has(StateWord::Available) && self.follows.is_some() => StateWord::Busy,
            None if has(StateWord::Available) => StateWord::Closed,
            None => StateWord::Away,
        }
    }

    pub(super) fn view(&self, id: &AgentId) -> AgentView {
        AgentView {
            id: id.clone(),
            name: self.profile.name.clone(),
            state: self.word(),
            queues: self.profile.queues.clone(),
            languages: self.profile.languages.clone(),
            calls: self.lines.iter().filter_map(State::call).cloned().collect(),
            capacity: self.capacity(),
            free: self.free(),
            browser: self.rings_on_page(),
            desk_phone: !self.profile.target.starts_with(PAGE),
            reason: self.reason.clone().filter(|_| self.lines.iter().all(State::leaves)),
        }
    }
}
