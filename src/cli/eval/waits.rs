//! `warmline eval waits`: is the time right that waiting callers are told? Days of random calls at the gateway's own desk, in virtual time: what each caller was told first,
//! and how long they then waited until a person had them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    fs,
    path::PathBuf,
};

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::{
    call::{
        action::AgentAfter,
        event::{Agent, TransferBy},
        handoff::said_minutes,
        ids::{AgentId, CallId, RequestId},
    },
    desk::{Answer, Desk, Limits, Now, Profile, Request},
};

/// A day, and what happens in it, in milliseconds.
const DAY: u64 = 8 * 3_600_000;
const WRAP_UP: u64 = 30_000;
/// From the first ring until caller and agent hear each other, evenly spread.
const LEAD: (u64, u64) = (12_000, 28_000);
/// Conversations: their mean, and their deviation in proportion to it.
const TALK: (f64, f64) = (240_000.0, 0.7);
/// A telephone that rings so long is not answered; so many of a hundred are not.
const RINGS: u64 = 20_000;
const UNANSWERED: u64 = 5;
/// Who waits longer than they care to hangs up; the mean of it.
const PATIENCE: f64 = 1_200_000.0;
/// Of a hundred, so many are served as if they had asked so much earlier.
const URGENT: u64 = 10;
const AHEAD: u64 = 120_000;

/// Measure how right the waiting time is that callers are told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Days for each desk and load.
    #[arg(long, default_value_t = 20)]
    days: u64,
    /// Loads: the work that arrives, in per cent of what the agents can do.
    #[arg(long, value_delimiter = ',', default_values_t = [70, 90, 110])]
    loads: Vec<u64>,
    /// Write the figures there, as JSON.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
}

/// One desk at one load.
#[derive(Debug, Serialize)]
struct Figures {
    desk: &'static str,
    load: u64,
    /// Callers who waited, and were told a time.
    told: usize,
    /// What they waited, in the middle, seconds.
    wait_p50_s: f64,
    /// How far the told time was off, in the middle.
    error_p50_s: f64,
    /// Within a factor of 1.5, or 30 seconds.
    within: f64,
    /// Told less had, on average: above 0 they waited less than they were told.
    bias_s: f64,
    /// They waited more than twice as long as the minutes that they heard, and a minute.
    far_too_short: f64,
    /// They heard a time more than twice as long as they waited, and three minutes.
    far_too_long: f64,
}

/// Prints the table.
pub(super) fn run(args: &Args) -> Result<()> {
    let mut all = Vec::new();
    println!(
        "{:<34} {:>5} {:>6} {:>9} {:>9} {:>7} {:>7} {:>9} {:>8}",
        "desk", "load", "told", "wait p50", "off p50", "within", "bias", "too short", "too long"
    );
    for (name, agents) in desks() {
        for load in &args.loads {
            let mut judged = Vec::new();
            for day in 0..args.days {
                judged.extend(Day::new(&agents, *load, day).run());
            }
            let found = figures(name, *load, &judged);
            println!(
                "{name:<34} {load:>3} % {:>6} {:>7.0} s {:>7.0} s {:>5.1} % {:>5.0} s {:>7.1} % {:>6.1} %",
                found.told, found.wait_p50_s, found.error_p50_s, found.within, found.bias_s, found.far_too_short, found.far_too_long
            );
            all.push(found);
        }
    }
    if let Some(out) = &args.json {
        fs::write(out, serde_json::to_string_pretty(&all)?).with_context(|| format!("cannot write {}", out.display()))?;
    }
    Ok(())
}

/// The desks that are measured: each agent's queues.
fn desks() -> [(&'static str, Vec<&'static [&'static str]>); 4] {
    let mut several: Vec<&[&str]> = vec![&["orders"]; 4];
    several.extend([&["billing"] as &[&str]; 3]);
    several.extend([&["orders", "billing", "returns"] as &[&str]; 5]);
    [
        ("1 agent", vec![&["orders"]]),
        ("5 agents, one queue", vec![&["orders"]; 5]),
        ("20 agents, one queue", vec![&["orders"]; 20]),
        ("12 agents, three queues, 5 for all", several),
    ]
}

/// What a caller was told first, and what they then waited, in seconds.
#[derive(Debug, Clone, Copy)]
struct Judged {
    told: f64,
    had: f64,
}

fn figures(desk: &'static str, load: u64, all: &[Judged]) -> Figures {
    let share = |holds: &dyn Fn(&Judged) -> bool| 100.0 * all.iter().filter(|one| holds(one)).count() as f64 / all.len().max(1) as f64;
    let heard = |one: &Judged| 60.0 * f64::from(said_minutes(one.told as u32));
    Figures {
        desk,
        load,
        told: all.len(),
        wait_p50_s: median(all.iter().map(|one| one.had)),
        error_p50_s: median(all.iter().map(|one| (one.told - one.had).abs())),
        within: share(&|one| (one.told - one.had).abs() <= 30.0 || (one.told <= 1.5 * one.had && one.had <= 1.5 * one.told)),
        bias_s: all.iter().map(|one| one.told - one.had).sum::<f64>() / all.len().max(1) as f64,
        far_too_short: share(&|one| one.had > 2.0 * heard(one) + 60.0),
        far_too_long: share(&|one| heard(one) > 2.0 * one.had + 180.0),
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// What happens by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Arrives { queue: usize },
    HangsUp { call: CallId },
    Unanswered { call: CallId, agent: AgentId },
    Bridged { call: CallId, agent: AgentId },
    Over { call: CallId, agent: AgentId },
}

/// A caller who waits.
#[derive(Debug)]
struct Caller {
    request: Request,
    told: Option<(u64, u32)>,
    reserved: bool,
}

struct Day {
    desk: Desk,
    random: Random,
    now: u64,
    next: BinaryHeap<Reverse<(u64, u64, Happens)>>,
    count: u64,
    /// The queues, and the mean pause between two calls of each.
    queues: Vec<(String, f64)>,
    callers: BTreeMap<CallId, Caller>,
    judged: Vec<Judged>,
}

impl Day {
    fn new(agents: &[&[&str]], load: u64, seed: u64) -> Self {
        let limits = Limits { wrap_up_ms: WRAP_UP, known_ms: 0, ..Limits::default() };
        let profiles = agents.iter().enumerate().map(|(number, queues)| profile(number, queues)).collect();
        let taken = (LEAD.0 + LEAD.1) as f64 / 2.0 + TALK.0 + WRAP_UP as f64;
        // Whoever serves several queues gives each its part.
        let mut work: BTreeMap<&str, f64> = BTreeMap::new();
        agents.iter().for_each(|queues| queues.iter().for_each(|queue| *work.entry(queue).or_default() += 1.0 / queues.len() as f64));
        let queues = work.into_iter().map(|(queue, agents)| (queue.to_owned(), taken / (agents * load as f64 / 100.0))).collect();
        let random = Random(0x9e37_79b9_7f4a_7c15 ^ ((seed + 1) << 17));
        let desk = Desk::new(limits, profiles, Now(0));
        Self { desk, random, now: 0, next: BinaryHeap::new(), count: 0, queues, callers: BTreeMap::new(), judged: Vec::new() }
    }

    fn run(mut self) -> Vec<Judged> {
        (0..self.queues.len()).for_each(|queue| self.later(0, Happens::Arrives { queue }));
        loop {
            let timeout = self.desk.poll_timeout().map(|at| at.0);
            let next = self.next.peek().map(|Reverse((at, ..))| *at);
            let Some(at) = timeout.into_iter().chain(next).min() else { break };
            self.now = self.now.max(at);
            if next == Some(at) {
                let Reverse((.., happens)) = self.next.pop().expect("it was looked at");
                self.happens(happens);
            } else {
                self.desk.handle_timeout(Now(self.now));
            }
            self.hear();
        }
        self.judged
    }

    fn later(&mut self, after: u64, happens: Happens) {
        self.count += 1;
        self.next.push(Reverse((self.now + after, self.count, happens)));
    }

    fn happens(&mut self, happens: Happens) {
        let now = Now(self.now);
        match happens {
            Happens::Arrives { queue } => self.arrives(queue),
            Happens::HangsUp { call } => {
                if self.callers.get(&call).is_some_and(|caller| !caller.reserved) {
                    self.callers.remove(&call);
                    self.desk.ended(&call, now);
                }
            }
            Happens::Unanswered { call, agent } => {
                self.desk.release(&call, &agent, AgentAfter::Resting, now);
                if let Some(caller) = self.callers.get_mut(&call) {
                    caller.reserved = false;
                    caller.request.id.0 += 1;
                    self.desk.find(caller.request.clone(), now);
                }
            }
            Happens::Bridged { call, agent } => {
                self.desk.bridged(&call, &agent, now);
                if let Some((at, told)) = self.callers.remove(&call).and_then(|caller| caller.told) {
                    self.judged.push(Judged { told: f64::from(told), had: (self.now - at) as f64 / 1_000.0 });
                }
                let talk = self.random.spread(TALK);
                self.later(talk, Happens::Over { call, agent });
            }
            Happens::Over { call, agent } => {
                self.desk.release(&call, &agent, AgentAfter::WrapUp, now);
                self.desk.ended(&call, now);
            }
        }
    }

    fn arrives(&mut self, queue: usize) {
        let (name, pause) = self.queues[queue].clone();
        let pause = self.random.exponential(pause);
        if self.now + pause < DAY {
            self.later(pause, Happens::Arrives { queue });
        }
        let call = CallId(format!("{:06}", self.count));
        let request = Request {
            call: call.clone(),
            id: RequestId(1),
            queue: name,
            language: None,
            not: Vec::new(),
            who: None,
            ahead_ms: if self.random.below(100) < URGENT { AHEAD } else { 0 },
            caller: None,
            prefer: None,
            reads: false,
        };
        self.callers.insert(call.clone(), Caller { request: request.clone(), told: None, reserved: false });
        self.desk.find(request, Now(self.now));
        let patience = self.random.exponential(PATIENCE);
        self.later(patience, Happens::HangsUp { call });
    }

    /// What the calls are told.
    fn hear(&mut self) {
        while let Some(notice) = self.desk.poll() {
            let now = self.now;
            let Some(caller) = self.callers.get_mut(&notice.call) else { continue };
            match notice.answer {
                Answer::Queued { estimate_s, .. } => caller.told = caller.told.or(estimate_s.map(|seconds| (now, seconds))),
                Answer::Reserved { agent } => self.rings(notice.call, agent),
                Answer::Nobody => drop(self.callers.remove(&notice.call)),
                Answer::PageClosed { .. } => {}
            }
        }
    }

    fn rings(&mut self, call: CallId, agent: Agent) {
        if let Some(caller) = self.callers.get_mut(&call) {
            caller.reserved = true;
        }
        if self.random.below(100) < UNANSWERED {
            return self.later(RINGS, Happens::Unanswered { call, agent: agent.id });
        }
        let lead = LEAD.0 + self.random.below(LEAD.1 - LEAD.0);
        self.later(lead, Happens::Bridged { call, agent: agent.id });
    }
}

fn profile(number: usize, queues: &[&str]) -> Profile {
    let id = format!("agent-{number:02}");
    Profile {
        name: id.clone(),
        target: format!("sip:{id}@127.0.0.1"),
        id: AgentId(id),
        transfer: TransferBy::Bridge,
        spoken_claim: false,
        queues: queues.iter().map(|queue| (*queue).to_owned()).collect(),
        levels: BTreeMap::new(),
        languages: Vec::new(),
        signed_in: true,
        capacity: 1,
    }
}

/// xorshift64*: the same day for the same seed on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Above 0, up to 1.
    fn part(&mut self) -> f64 {
        (self.next() + 1) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> u64 {
        (-mean * self.part().ln()) as u64
    }

    /// Lognormal, as conversations are.
    fn spread(&mut self, (mean, deviation): (f64, f64)) -> u64 {
        let variance = (1.0 + deviation * deviation).ln();
        let normal = (-2.0 * self.part().ln()).sqrt() * (std::f64::consts::TAU * self.part()).cos();
        (mean * (variance.sqrt() * normal - variance / 2.0).exp()) as u64
    }
}
