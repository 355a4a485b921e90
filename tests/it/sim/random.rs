//! Thousands of calls that nobody thought of: people, phones and drivers that behave at random, reports that come late, twice and out of order.

use std::sync::{Arc, OnceLock};

use warmline::call::{
    action::Action,
    event::{AgentChoice, DeclineReason, DialFailure, Supervision, TransferBy, TransferTo},
    flow::{
        Flow,
        hours::Hours,
        policy::{Fallback, Mode},
    },
    ids::AgentId,
    outcome::TransferOutcome,
    replay::{first_difference, replay},
};

use super::{
    agents::{Agent, Does, Moment, Phone},
    faults::{Fault, Faults},
    prng::Prng,
    random_third::with_a_third,
    run::Run,
    script::{CallerDoes, Cue, Sim},
    world::{BOSS, Refers},
};

/// Calls in a run of the tests. More of them: `WARMLINE_SIM_CALLS=1000000 cargo test --release`.
const CALLS: u64 = 20_000;

const WORDS: &[&str] = &[
    "What are your opening hours on Saturday?",
    "Where is my order?",
    "four five seven one two nine",
    "four five seven",
    "Yes",
    "No thank you, goodbye",
    "Mhm",
    "",
    "",
    "Let me talk to a person",
    "I forgot my password",
    "This is outrageous, I am furious",
    "I want to file a formal complaint",
    "Oh never mind",
    "Blue fish hum quietly",
    "I ordered a lamp and",
    "Can you repeat that please",
    "One moment please",
    "I want to cancel my order now",
    "Oh great, wonderful, late again",
    "jane dot doe at example dot com",
    "Call me back please",
    "I'd like to leave a message",
    "Let me talk to the bot",
    "Can I still send it back?",
    "Can it be repaired?",
    "Can it be repaired?",
];

/// The first of them, from which the calls that broke a promise once were drawn.
const OLD_WORDS: usize = 20;

const FAILURES: &[DialFailure] = &[
    DialFailure::Busy,
    DialFailure::Declined,
    DialFailure::NoAnswer,
    DialFailure::Unreachable,
    DialFailure::Rejected,
    DialFailure::NoLine,
];

const OUTCOMES: &[TransferOutcome] = &[
    TransferOutcome::Connected,
    TransferOutcome::Connected,
    TransferOutcome::Busy,
    TransferOutcome::NoAnswer,
    TransferOutcome::Declined,
    TransferOutcome::Failed,
    TransferOutcome::Refused,
    TransferOutcome::Unknown,
];

fn faults(random: &mut Prng) -> Faults {
    if random.chance(80) {
        return Faults::default();
    }
    let one = |random: &mut Prng| match random.below(7) {
        0 | 1 => Fault::Fails,
        2 => Fault::Dies,
        3 => Fault::Slow(random.below(5_000)),
        4 => Fault::Overloaded,
        _ => Fault::None,
    };
    let count = 1 + random.below(6);
    Faults((0..count).map(|_| one(random)).collect())
}

/// Agents, and the names that callers hear.
pub(super) const NAMES: [(&str, &str); 20] = [
    ("maria", "Maria"),
    ("dan", "Dan"),
    ("ana", "Ana"),
    ("ion", "Ion"),
    ("eva", "Eva"),
    ("ada", "Ada"),
    ("bob", "Bob"),
    ("cam", "Cam"),
    ("dora", "Dora"),
    ("emil", "Emil"),
    ("fay", "Fay"),
    ("gus", "Gus"),
    ("hana", "Hana"),
    ("ilie", "Ilie"),
    ("jana", "Jana"),
    ("kim", "Kim"),
    ("lia", "Lia"),
    ("mia", "Mia"),
    ("nina", "Nina"),
    ("otto", "Otto"),
];

fn agent(random: &mut Prng, index: usize, reads: bool, old: bool) -> Agent {
    let (id, name) = NAMES[index];
    let phone = match random.below(10) {
        0..=6 => Phone::Answers(500 + random.below(12_000)),
        7 | 8 => Phone::Fails(*random.pick(FAILURES), random.below(21_000)),
        _ => Phone::Forgotten,
    };
    let mut agent = Agent::with(id, name, phone).by(*random.pick(&[
        TransferBy::Bridge,
        TransferBy::Bridge,
        TransferBy::Bridge,
        TransferBy::Attended,
        TransferBy::Blind,
    ]));
    if random.chance(25) {
        agent = agent.busy_until(random.below(200_000));
    }
    for _ in 0..random.below(4) {
        let moment = *random.pick(&[Moment::Answered, Moment::Briefed, Moment::Briefed, Moment::Bridged, Moment::Rung]);
        let does = match random.below(16) {
            13 => {
                Does::HandsOn(TransferTo::Agent { agent: AgentId("dan".to_owned()), replaces: random.chance(50).then(|| "x".to_owned()) })
            }
            14 => Does::HandsOn(TransferTo::Queue { queue: "complaints".to_owned() }),
            15 => {
                let (number, target) = ("+4021".to_owned(), "via:isp/021".to_owned());
                Does::HandsOn(TransferTo::Number { number, target, replaces: None })
            }
            0..=4 => Does::Press('1'),
            5 => Does::Press(*random.pick(&['2', '3', '9'])),
            6 => Does::Say("Accept"),
            7 => Does::Say("No, not now"),
            11 => Does::Beeps,
            8 => Does::HangUp,
            9 => Does::IsLost,
            10 => Does::Page(AgentChoice::Accept),
            _ => Does::Page(random.pick(&page_choices(old)).clone()),
        };
        agent = agent.does(moment, random.below(8_000), does);
    }
    if !old && random.chance(40) {
        agent = with_a_third(random, agent);
    }
    if !old && random.chance(20) {
        for _ in 0..=random.below(3) {
            let wish = *random.pick(&[Supervision::Listen, Supervision::Listen, Supervision::Whisper, Supervision::Join, Supervision::End]);
            agent = agent.does(Moment::Bridged, random.below(9_000), Does::Supervised(wish));
        }
    }
    if !old && random.chance(10) {
        agent = agent.by(TransferBy::Invite);
    }
    if !old && random.chance(50) {
        agent = answers(random, agent);
    }
    if !old && random.chance(10) {
        agent = agent.does(Moment::Offered, random.below(20_000), Does::ClosesPage);
    }
    // Where agents read first, most of them take the call.
    if reads && index != 2 {
        agent = agent.does(Moment::Offered, 1_000 + 4_000 * index as u64, Does::Page(AgentChoice::Accept));
    }
    agent.does(Moment::Bridged, 1_000 + random.below(60_000), Does::HangUp)
}

/// What they do about one line that the bot asks them.
fn answers(random: &mut Prng, agent: Agent) -> Agent {
    let suggestion = random.chance(50).then(|| Does::clone(random.pick(&["yes", "no", "perhaps"].map(|name| answer("", Some(name))))));
    let written = suggestion.unwrap_or_else(|| answer(random.pick::<&str>(&["Yes, until Friday", "Ask again <b>tomorrow</b>", " "]), None));
    let says = Does::Say(random.pick::<&str>(&["Yes we do", "It depends on the lamp", "Yes indeed", ""]));
    let confirms = Does::clone(random.pick(&[Does::Press('1'), Does::Press('1'), Does::Press('2'), Does::Press('9'), Does::HangUp]));
    let agent = if random.chance(50) { agent.does(Moment::Offered, 500 + random.below(40_000), written) } else { agent };
    agent.does(Moment::Briefed, random.below(4_000), says).does(Moment::SaidBack, random.below(4_000), confirms)
}

pub(super) fn answer(text: &str, suggestion: Option<&str>) -> Does {
    Does::Page(AgentChoice::Answer { text: text.to_owned(), suggestion: suggestion.map(str::to_owned) })
}

fn page_choices(old: bool) -> Vec<AgentChoice> {
    let queue = TransferTo::Queue { queue: "complaints".to_owned() };
    let dan = TransferTo::Agent { agent: AgentId("dan".to_owned()), replaces: None };
    let number = TransferTo::Number { number: "+4021".to_owned(), target: "via:isp/021".to_owned(), replaces: None };
    let mut all = vec![
        AgentChoice::Decline { reason: DeclineReason::Other },
        AgentChoice::Decline { reason: DeclineReason::Busy },
        AgentChoice::HangUp,
        AgentChoice::Repeat,
        AgentChoice::More,
        AgentChoice::Hold,
        AgentChoice::Resume,
        AgentChoice::Mute,
        AgentChoice::Unmute,
        AgentChoice::Transfer { to: queue.clone() },
        AgentChoice::ToBot { node: None },
        AgentChoice::ToBot { node: Some("order_number".to_owned()) },
        AgentChoice::Consult { to: dan.clone() },
        AgentChoice::Consult { to: dan.clone() },
        AgentChoice::Consult { to: dan },
        AgentChoice::Consult { to: queue },
        AgentChoice::Consult { to: number.clone() },
        AgentChoice::Add { to: number },
        AgentChoice::Conference,
        AgentChoice::Conference,
        AgentChoice::Complete,
        AgentChoice::Complete,
        AgentChoice::Part,
    ];
    if old {
        all.truncate(OLD_CHOICES);
    }
    all
}

/// The first of them, as of the words.
const OLD_CHOICES: usize = 12;

fn caller_does(random: &mut Prng, words: &[&str]) -> CallerDoes {
    match random.below(21) {
        0..=15 => CallerDoes::Says {
            text: (*random.pick(words)).to_owned(),
            ms: 60 + random.below(3_000),
            confidence: 0.3 + random.below(70) as f32 / 100.0,
            complete: random.chance(50).then(|| random.below(100) as f32 / 100.0),
        },
        16 | 17 => CallerDoes::Presses(random.pick::<&str>(&["1", "2", "457129", "45#", "0", "12345678901234567890"])),
        18 => CallerDoes::Holds(random.chance(50)),
        19 if random.chance(10) => CallerDoes::IsFax,
        _ => CallerDoes::Says { text: String::new(), ms: 100, confidence: 0.0, complete: None },
    }
}

fn cue(random: &mut Prng) -> Cue {
    match random.below(10) {
        0..=4 => Cue::AfterBot(100 + random.below(4_000)),
        5 => Cue::Over("you", random.below(2_000)),
        6 | 7 => Cue::Then(250 + random.below(5_000)),
        8 => Cue::When("> caller:", random.below(5_000)),
        _ => Cue::When("> ", random.below(3_000)),
    }
}

/// Fallbacks, and whether callers who wait are asked anything.
const FLOWS: [(Fallback, bool); 5] = [
    (Fallback::Callback, false),
    (Fallback::Bot, false),
    (Fallback::Goodbye, false),
    (Fallback::Callback, true),
    (Fallback::Voicemail, true),
];

/// The first of them, as of the words.
const OLD_FLOWS: usize = 3;

fn flows() -> &'static [Arc<Flow>; 5] {
    static MADE: OnceLock<[Arc<Flow>; 5]> = OnceLock::new();
    MADE.get_or_init(|| {
        FLOWS.map(|(fallback, asks)| {
            let mut shared = super::flow();
            let flow = Arc::make_mut(&mut shared);
            flow.handoff.fallback = fallback;
            flow.handoff.send_back = vec!["order_number".to_owned()];
            match fallback {
                Fallback::Voicemail => flow.handoff.mode = Mode::Screen,
                Fallback::Callback if asks => flow.handoff.mode = Mode::Introduction,
                Fallback::Callback | Fallback::Bot | Fallback::Goodbye => {}
            }
            // Of one queue nobody is ever there; of another one not for long.
            flow.queues.get_mut("accounts").expect("a queue").hours = asks.then(Hours::default);
            flow.queues.get_mut("complaints").expect("a queue").wait_ms = asks.then_some(20_000);
            for queue in flow.queues.values_mut().filter(|_| asks) {
                queue.useful = ["order_number", "email"].map(str::to_owned).to_vec();
            }
            shared
        })
    })
}

/// The call with this seed, always the same one.
fn random_call(seed: u64) -> Run {
    let mut random = Prng::new(seed);
    let old = BROKE_ONCE.contains(&seed);
    let agents = |random: &mut Prng| random.below(6) as usize;
    random_sim(&mut random, old, agents).run()
}

/// A call in which there are so many agents.
pub(super) fn random_sim(random: &mut Prng, old: bool, agents: impl FnOnce(&mut Prng) -> usize) -> Sim {
    let (flows, words) = if old { (&flows()[..OLD_FLOWS], &WORDS[..OLD_WORDS]) } else { (&flows()[..], WORDS) };
    let flow = random.pick(flows);
    let reads = flow.handoff.mode == Mode::Screen;
    let mut sim = Sim::with_flow(Arc::clone(flow));
    if random.chance(20) {
        sim = sim.number("");
    }
    if random.chance(40) {
        sim = sim.says("Let me talk to a person");
    }
    for _ in 0..random.below(9) {
        sim = sim.step(cue(random), caller_does(random, words));
    }
    sim = match random.below(10) {
        0 => sim.step(cue(random), CallerDoes::IsLost),
        1 => sim.step(cue(random), CallerDoes::Drains),
        2 => sim.step(Cue::At(random.below(90_000)), CallerDoes::HangsUp),
        3..=6 => sim.step(cue(random), CallerDoes::HangsUp),
        7 if !old => sim.step(cue(random), CallerDoes::IsEnded),
        _ => sim,
    };
    let agents = (0..agents(random)).map(|index| agent(random, index, reads, old)).collect();
    let mut sim = sim.agents(agents);
    for driver in [&mut sim.world.hears, &mut sim.world.understands, &mut sim.world.speaks, &mut sim.world.looks_up, &mut sim.world.finds] {
        *driver = faults(random);
    }
    sim.world.refers = match random.below(5) {
        0 => Refers::HangsUp(random.below(9_000)),
        1 => Refers::Forgets,
        _ => Refers::Says(*random.pick(OUTCOMES), random.below(30_000)),
    };
    if random.chance(50) {
        let mut outside = Agent::with("+4021", "Outside", Phone::Answers(random.below(9_000))).does(Moment::Bridged, 9_000, Does::HangUp);
        if !old && random.chance(30) {
            let says = Does::clone(random.pick(&[Does::SoundsLikeAMachine, Does::Beeps, Does::HangUp, Does::IsLost]));
            outside = outside.does(Moment::Answered, random.below(6_000), says);
        }
        sim.world.outside.push(outside);
    }
    if !old {
        let boss = match random.below(4) {
            0 => Phone::Fails(*random.pick(FAILURES), random.below(21_000)),
            _ => Phone::Answers(random.below(6_000)),
        };
        let goes = Does::clone(random.pick(&[Does::HangUp, Does::IsLost, Does::Beeps]));
        sim.world.outside.push(Agent::with(BOSS, "Eva", boss).does(Moment::Answered, random.below(40_000), goes));
    }
    sim.world.never_acks = random.chance(2);
    sim.world.tells_lasting = random.chance(80);
    sim.world.chaos = random.chance(70).then(|| random.clone());
    sim
}

/// A promised callback with this seed.
fn random_callback(seed: u64) -> Run {
    let mut random = Prng::new(seed);
    let flow = random.pick(flows());
    let reads = flow.handoff.mode == Mode::Screen;
    let agents = (0..1 + random.below(5) as usize).map(|index| agent(&mut random, index, reads, false)).collect();
    let mut sim = Sim::with_flow(Arc::clone(flow)).agents(agents).keeps_promise("maria");
    sim.world.called_back = match random.below(10) {
        0..=5 => Phone::Answers(500 + random.below(20_000)),
        6..=8 => Phone::Fails(*random.pick(FAILURES), random.below(31_000)),
        _ => Phone::Forgotten,
    };
    sim.world.machine = random.chance(15).then(|| random.below(8_000));
    if random.chance(12) {
        sim = sim.step(Cue::At(random.below(60_000)), CallerDoes::Drains);
    }
    // Nobody says a word before they have answered.
    for number in 0..random.below(5) {
        let when = if number == 0 { Cue::When("> caller:", random.below(9_000)) } else { cue(&mut random) };
        sim = sim.step(when, caller_does(&mut random, WORDS));
    }
    sim = match random.below(8) {
        0..=3 => sim.step(Cue::When("> caller:", random.below(20_000)), CallerDoes::HangsUp),
        4 => sim.step(Cue::When("> caller:", random.below(20_000)), CallerDoes::IsLost),
        _ => sim,
    };
    for driver in [&mut sim.world.hears, &mut sim.world.understands, &mut sim.world.speaks, &mut sim.world.looks_up, &mut sim.world.finds] {
        *driver = faults(&mut random);
    }
    sim.world.tells_lasting = random.chance(80);
    sim.world.chaos = random.chance(70).then(|| random.clone());
    sim.run()
}

/// Calls that once broke a promise, and would not be found again by chance.
const BROKE_ONCE: &[u64] = &[23_895, 52_996];

#[test]
fn what_broke_once_stays_mended() {
    for seed in BROKE_ONCE {
        let run = random_call(*seed);
        run.checker.assert_sound(&format!("seed {seed}\n{}", run.text()));
    }
}

#[test]
fn every_promise_is_kept_in_thousands_of_random_calls() {
    let reached = for_each_seed(calls(), random_call);
    for (what, times) in REACHED.iter().zip(reached) {
        assert!(times * 2_000 >= calls(), "{what:?} in {times} of {} calls", calls());
    }
}

#[test]
fn every_promise_is_kept_in_thousands_of_random_callbacks() {
    for_each_seed(calls() / 4, random_callback);
}

fn calls() -> u64 {
    std::env::var("WARMLINE_SIM_CALLS").ok().and_then(|calls| calls.parse().ok()).unwrap_or(CALLS)
}

/// What schedules must reach, so that they prove something.
const REACHED: [&str; 11] = [
    "= bridged",
    "has joined",
    "has the caller from",
    "may be a machine",
    "~eva Whispers",
    "is introduced",
    "answers by Screen",
    "answers by Ear",
    "asked Taken",
    "asked Late",
    "asked CalledOff",
];

/// No call of these breaks a promise, and every tenth one replays the same.
fn for_each_seed(calls: u64, random: fn(u64) -> Run) -> [u64; REACHED.len()] {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let check = |first: u64| {
        let mut reached = [0; REACHED.len()];
        for seed in (first..calls).step_by(threads as usize) {
            let run = random(seed);
            run.checker.assert_sound(&format!("seed {seed}\n{}", run.text()));
            for (times, what) in reached.iter_mut().zip(REACHED) {
                *times += u64::from(run.lines.iter().any(|line| line.contains(what)));
            }
            if seed % 10 == 0 {
                let again = replay(run.setup.clone(), &run.told);
                assert_eq!(first_difference(&run.done, &again), None, "seed {seed} replays differently");
            }
        }
        reached
    };
    let reached = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|first| scope.spawn(move || check(first))).collect();
        let of_workers = workers.into_iter().map(|worker| worker.join().expect("a call broke a promise"));
        of_workers.fold([0; REACHED.len()], |sum, one| std::array::from_fn(|index| sum[index] + one[index]))
    });
    // The schedules reach every part: a run in which hardly anybody is bridged would prove little.
    assert!(reached[0] * 10 >= calls, "{} of {calls} calls were bridged", reached[0]);
    reached
}

#[test]
fn a_report_that_comes_twice_changes_nothing_the_second_time() {
    for seed in 0..200 {
        let run = random_call(seed);
        let mut call = warmline::call::Call::new(run.setup.clone());
        while call.poll_action().is_some() {}
        for (at, told) in &run.told {
            let warmline::call::replay::Told::Event { event } = told else {
                call.handle_timeout(*at);
                while call.poll_action().is_some() {}
                continue;
            };
            call.handle(event.clone(), *at);
            while call.poll_action().is_some() {}
            use warmline::call::event::Event;
            // These are news every time.
            if matches!(
                event,
                Event::Digit { .. }
                    | Event::Partial { .. }
                    | Event::AgentChose { .. }
                    | Event::VoiceLasting { .. }
                    | Event::TransferAsked { .. }
                    | Event::LegTakenOver { .. }
            ) {
                continue;
            }
            call.handle(event.clone(), *at);
            let again: Vec<Action> = std::iter::from_fn(|| call.poll_action()).collect();
            assert_eq!(again, [], "seed {seed} at {}: {event:?}", at.0);
        }
    }
}
