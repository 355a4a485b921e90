//! Two hundred callers and twenty agents in one virtual time: many brains on the real desk, with people, phones and drivers that fail at random. Each call keeps
//! its promises, and none of them does so at the cost of another.

use std::collections::BTreeMap;

use warmline::{
    call::{
        action::Action,
        event::{Event, TransferBy},
        ids::{AgentId, CallId},
        record::{HandoffStep, ThirdStep, What},
    },
    desk::{Answer, Desk, Limits, Now, Profile, Request, StateWord},
};

use super::{
    prng::Prng,
    random::{NAMES, random_sim},
    run::Run,
    world::Happening,
};

/// Runs of the tests. More of them: `WARMLINE_SIM_CROWDS=10000 cargo test --release`.
const CROWDS: u64 = 5;
const MORE: &str = "WARMLINE_SIM_CROWDS";
const CALLERS: u64 = 200;
/// They all ring within this time.
const ARRIVE_MS: u64 = 900_000;
/// How long the desk's answer is on its way.
const ANSWER_MS: u64 = 5;

/// One of the calls, when it began, and when its next thing happens; none: it is over.
struct Caller {
    id: CallId,
    from: u64,
    next: Option<u64>,
    run: Run,
}

impl Caller {
    fn look(&mut self) {
        self.next = self.run.due().map(|next| self.from + next);
    }
}

/// Does the desk hear of it, or must it agree with it?
pub(crate) fn is_for_desk(action: &Action) -> bool {
    match action {
        Action::FindAgent { .. } | Action::LeaveQueue { .. } | Action::ReleaseAgent { .. } | Action::Dial { .. } => true,
        Action::Record(entry) => matches!(entry.what, What::Handoff { .. }),
        _ => false,
    }
}

struct Crowd {
    seed: u64,
    random: Prng,
    now: u64,
    desk: Desk,
    /// In the order of their numbers.
    callers: Vec<Caller>,
    bridged: u64,
    /// The most calls that have waited at once.
    most: usize,
}

impl Crowd {
    fn new(seed: u64) -> Self {
        let mut random = Prng::new(seed);
        let profile = |(index, (id, name)): (usize, &(&str, &str))| Profile {
            id: AgentId((*id).to_owned()),
            name: (*name).to_owned(),
            target: format!("sip:{id}@127.0.0.1"),
            transfer: TransferBy::Bridge,
            spoken_claim: false,
            // Every fourth knows complaints alone, and one accounts.
            queues: if index % 4 == 3 {
                vec!["complaints".to_owned()]
            } else {
                ["orders", "general", "complaints", "accounts"].map(str::to_owned).into()
            },
            levels: BTreeMap::new(),
            languages: Vec::new(),
            signed_in: true,
            capacity: 1,
        };
        let agents = NAMES.iter().enumerate().map(profile).collect();
        let limits = Limits { queue_places: CALLERS as usize, ..Limits::default() };
        let mut desk = Desk::new(limits, agents, Now(0));
        NAMES.iter().for_each(|(id, _)| desk.page(&AgentId((*id).to_owned()), true, Now(0)));
        let callers = (0..CALLERS).map(|number| {
            let (id, from) = (CallId(format!("call-{number}")), random.below(ARRIVE_MS));
            let run = random_sim(&mut Prng::new(seed * 1_000 + number), false, |_| NAMES.len()).begin(&id);
            Caller { id, from, next: Some(from), run }
        });
        let callers = callers.collect();
        Self { seed, random, now: 0, desk, callers, bridged: 0, most: 0 }
    }

    /// Runs until every call is over.
    fn run(mut self) -> (u64, usize) {
        while let Some((at, call)) = self.due() {
            self.now = self.now.max(at);
            let comes_or_goes = self.random.below(2_000) == 0;
            if comes_or_goes {
                self.agent_comes_or_goes();
            }
            let touched = match call {
                Some(index) => {
                    self.callers[index].run.step();
                    self.join(index)
                }
                None => {
                    self.desk.handle_timeout(Now(self.now));
                    true
                }
            };
            if touched || comes_or_goes {
                self.answer();
                self.check();
            }
        }
        for Caller { id, run, .. } in &self.callers {
            run.checker.assert_sound(&format!("seed {}, {}\n{}", self.seed, id.0, run.text()));
        }
        assert_eq!(self.desk.waiting().count(), 0, "seed {}", self.seed);
        assert!(self.desk.view().iter().all(|agent| agent.calls.is_empty()), "seed {}: an agent is kept", self.seed);
        (self.bridged, self.most)
    }

    /// What happens next: in a call, or at the desk. None: all calls are over.
    fn due(&self) -> Option<(u64, Option<usize>)> {
        let next = self.callers.iter().enumerate().filter_map(|(index, caller)| Some((caller.next?, index)));
        let (at, index) = next.min()?;
        let desk = self.desk.poll_timeout().filter(|due| due.0 <= at);
        Some(desk.map_or((at, Some(index)), |due| (due.0, None)))
    }

    fn caller(&mut self, call: &CallId) -> &mut Caller {
        let number: usize = call.0.trim_start_matches("call-").parse().expect("their names are numbers");
        &mut self.callers[number]
    }

    fn agent_comes_or_goes(&mut self) {
        let (id, _) = *self.random.pick(&NAMES);
        let available = self.random.chance(75);
        assert!(self.desk.set_available(&AgentId(id.to_owned()), available, Now(self.now)));
    }

    /// The desk hears what a call has asked and done, in this order. False if that is nothing.
    fn join(&mut self, index: usize) -> bool {
        let caller = &mut self.callers[index];
        let (id, language) = (caller.id.clone(), caller.run.setup.flow.language.clone());
        let done = std::mem::take(caller.run.world.desk.as_mut().expect("it shares the desk"));
        let now = Now(self.now);
        let mut touched = !done.is_empty();
        for action in done {
            match action {
                Action::FindAgent { id: request, queue, not, who, ahead_ms, caller, prefer, reads } => {
                    let (call, language) = (id.clone(), Some(language.clone()));
                    self.desk.find(Request { call, id: request, queue, language, not, who, ahead_ms, caller, prefer, reads }, now);
                }
                Action::LeaveQueue { id: request } => self.desk.leave(&id, request, now),
                Action::ReleaseAgent { agent, after } => self.desk.release(&id, &agent, after, now),
                Action::Dial { agent, .. } => self.is_reserved(&id, &agent),
                Action::Record(entry) => self.recorded(&id, &entry.what),
                _ => {}
            }
        }
        let caller = &mut self.callers[index];
        caller.look();
        if caller.next.is_none() {
            caller.run.check_end();
            self.desk.ended(&id, now);
            touched = true;
        }
        touched
    }

    /// The same that a call's task tells the desk.
    fn recorded(&mut self, id: &CallId, what: &What) {
        let What::Handoff { step } = what else { return };
        let now = Now(self.now);
        match step {
            HandoffStep::Bridged { agent, .. } => {
                self.bridged += 1;
                self.desk.bridged(id, agent, now);
            }
            HandoffStep::Third { third: ThirdStep::HasCaller { who, .. } | ThirdStep::Joined { who }, .. } => {
                self.desk.bridged(id, who, now);
            }
            HandoffStep::Third { third: ThirdStep::Answered { who }, .. } => self.desk.consulted(id, who, now),
            _ => {}
        }
    }

    /// Nobody's telephone rings for a call that does not have them.
    fn is_reserved(&self, id: &CallId, agent: &AgentId) {
        if let Some(view) = self.desk.view().into_iter().find(|view| view.id == *agent) {
            let text = || self.callers.iter().find(|caller| caller.id == *id).map(|caller| caller.run.text()).unwrap_or_default();
            assert_eq!(view.calls, std::slice::from_ref(id), "seed {}: {} rings {}\n{}", self.seed, id.0, agent.0, text());
        }
    }

    /// The desk's answers are on their way to the calls, in this order.
    fn answer(&mut self) {
        while let Some(notice) = self.desk.poll() {
            let (id, now) = (notice.id, self.now);
            let caller = self.caller(&notice.call);
            if caller.next.is_none() {
                continue;
            }
            let event = match notice.answer {
                Answer::Reserved { agent } => {
                    caller.run.world.reserved(id, &agent);
                    Event::AgentReserved { id, agent }
                }
                Answer::Queued { position, estimate_s } => Event::Queued { id, position, estimate_s },
                Answer::Nobody => Event::NobodyToAsk { id },
                Answer::PageClosed { agent } => Event::PageClosed { agent },
            };
            caller.run.world.at(now - caller.from + ANSWER_MS, Happening::Tell(event));
            caller.look();
        }
        self.most = self.most.max(self.desk.waiting().count());
    }

    /// An agent has one call at most, and only one that goes on; nobody who could have a free one waits.
    fn check(&self) {
        let agents = self.desk.view();
        for agent in &agents {
            assert!(agent.calls.len() <= 1, "seed {}: {agent:?}", self.seed);
            let over = |call: &CallId| self.callers.iter().any(|caller| caller.id == *call && caller.next.is_none());
            assert!(!agent.calls.iter().any(over), "seed {}: {agent:?} is kept", self.seed);
        }
        let free: Vec<_> = agents.iter().filter(|agent| agent.state == StateWord::Available).collect();
        for request in self.desk.waiting() {
            let right =
                |id: &AgentId, queues: &[String]| request.who.as_ref().map_or_else(|| queues.contains(&request.queue), |who| who == id);
            let beside = free.iter().find(|agent| right(&agent.id, &agent.queues) && !request.not.contains(&agent.id));
            assert!(beside.is_none(), "seed {}: {} waits beside {beside:?}", self.seed, request.call.0);
        }
    }
}

#[test]
fn two_hundred_callers_share_twenty_agents_and_every_promise_is_kept() {
    let crowds = std::env::var(MORE).map_or(CROWDS, |more| more.parse().expect("a number of crowds"));
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let share = |first: u64| (first..crowds).step_by(threads as usize).map(|seed| Crowd::new(seed).run()).collect::<Vec<_>>();
    let all: Vec<(u64, usize)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || share(first))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a promise was broken")).collect()
    });
    let (bridged, most) = all.iter().fold((0, 0), |(bridged, most), one| (bridged + one.0, most.max(one.1)));
    println!("{crowds} crowds of {CALLERS} callers: {bridged} bridges, {most} calls waited at most");
    // A crowd in which hardly anybody waits, or is bridged, would prove little.
    assert!(bridged * 5 >= crowds * CALLERS && most >= 5, "{bridged} bridges, {most} waited at most");
}
