//! Handing over: what an agent and a caller see and hear of it, on the wire.

mod crowd;
mod desks;
mod screen;
mod stories;

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{Args, Bench, figures::Figures, process};
use crate::{
    clock,
    config::RouteConfig,
    phone::{Api, Line, Ringing, Sound, Span, Voice},
    view::Stamp,
};
use screen::Screen;

const HANDOFFS: usize = 6;
const QUEUE: &str = "handoffs";
/// How much of the briefing is heard before the call is taken: what a whole one costs is in the stories.
const SOME_OF_IT: Duration = Duration::from_secs(2);
/// How long both sides talk while the cost of it is taken.
const BRIDGED_MS: u32 = 8_000;
/// Of how many handoffs it is taken.
const COSTS: usize = 2;
const PAUSE: Duration = Duration::from_millis(1_500);
const LIMIT: Duration = Duration::from_secs(60);
const WISH: &str = "I want to talk to a person, please.";
/// What caller and agent hum so that it is known when they hear each other: the bot's voice and the music have neither.
const CALLERS_HUM_HZ: f64 = 1_130.0;
const AGENTS_HUM_HZ: f64 = 1_370.0;
/// Longer than the caller is told anything before the bridge.
const HUM_MS: u32 = 4_000;
const FLOW: &str = include_str!("flow.yaml");

pub(super) async fn measure(args: &Args, figures: &mut Figures) -> Result<()> {
    let wish = Voice::Slt.or_any().await.say(WISH).await?;
    let bench = Bench::start_with(args, clock::now(), Vec::new(), |config, folder| {
        config.routes = vec![RouteConfig::to("*", &write_flow(folder, QUEUE, &flow(QUEUE))?)];
        config.agents.values_mut().for_each(|agent| agent.queues = vec![QUEUE.to_owned()]);
        Ok(())
    });
    let bench = bench.await?;
    let measured = handoffs(&bench, figures, &wish).await;
    bench.end(measured)?;
    // What was measured already is worth something without the rest.
    if let Err(problem) = stories::measure(args, figures, &wish).await {
        figures.missing.push(format!("silences: {problem:#}"));
    }
    if let Err(problem) = crowd::measure(args, figures).await {
        figures.missing.push(format!("the crowd: {problem:#}"));
    }
    Ok(())
}

/// How an agent takes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// Key 1 of the telephone.
    ByKey,
    /// The button of the page.
    OnPage,
}

/// What was seen of some handoffs.
#[derive(Debug, Default)]
struct Seen {
    wish_to_ringing: Vec<Duration>,
    decided_to_ringing: Vec<Duration>,
    ringing_to_card: Vec<Duration>,
    ringing_to_screen: Vec<Duration>,
    key_to_sound: Vec<Duration>,
    button_to_sound: Vec<Duration>,
    silences: Vec<Duration>,
    costs: Vec<f64>,
}

async fn handoffs(bench: &Bench, figures: &mut Figures, wish: &Sound) -> Result<()> {
    let cards = Cards::follow(&bench.rig.api(), "maria", bench.origin);
    let screen = Screen::open(&bench.rig.api().address("/agent/maria")).await.context("a screen")?;
    let mut seen = Seen::default();
    for number in 0..HANDOFFS {
        let taken = if number % 2 == 0 { Taken::ByKey } else { Taken::OnPage };
        let (call, rang) = hand_over(bench, wish, taken, &cards, &mut seen).await.with_context(|| format!("handoff {number}"))?;
        if let Some(screen) = &screen {
            let at = screen.shown(&call).with_context(|| format!("the card of handoff {number} was never on the screen"))?;
            seen.ringing_to_screen.push(bench.timeline(at).saturating_sub(rang));
        }
    }
    figures.add_times("wish_to_ringing", &seen.wish_to_ringing, &[(50, None), (100, None)]);
    figures.add_times("escalation_to_ringing", &seen.decided_to_ringing, &[(50, None), (95, Some(500.0))]);
    figures.add_times("ringing_to_card", &seen.ringing_to_card, &[(50, None), (95, Some(300.0))]);
    match screen {
        Some(screen) => {
            screen.close().await;
            figures.add_times("ringing_to_card_on_screen", &seen.ringing_to_screen, &[(50, None), (100, Some(300.0))]);
        }
        None => figures.missing.push("the card on a screen: WARMLINE_SCREEN names no program".to_owned()),
    }
    figures.add_times("key_to_two_way_sound", &seen.key_to_sound, &[(50, None), (95, Some(300.0))]);
    figures.add_times("button_to_two_way_sound", &seen.button_to_sound, &[(50, None), (95, Some(300.0))]);
    figures.add_times("longest_silence_in_handoff", &seen.silences, &[(100, Some(3_000.0))]);
    let mean = seen.costs.iter().sum::<f64>() / seen.costs.len().max(1) as f64;
    figures.add("cpu_per_bridged_call_second", mean, "ms/s", seen.costs.len(), None);
    Ok(())
}

/// One handoff from greeting to goodbye: the call, and when the agent's telephone began to ring.
async fn hand_over(bench: &Bench, wish: &Sound, taken: Taken, cards: &Cards, seen: &mut Seen) -> Result<(String, Duration)> {
    let (_phone, line) = bench.call().await?;
    let span = ask(&line, wish).await?;
    let ringing = bench.agent.ring(LIMIT).await?;
    let rang = ringing.at;
    let call = call_of(&bench.rig.api(), "maria").await?;
    let agent = ringing.answer().await?;
    agent.media.wait_for_sound_of(SOME_OF_IT, agent.answered, LIMIT).await.context("the briefing")?;
    let accepted = accept(bench, &agent, taken, (&call, "maria")).await?;
    let met = meet(&line, &agent, accepted).await?;
    if seen.costs.len() < COSTS {
        seen.costs.push(cost_of_talking(bench, &line, &agent).await?);
    }
    line.hang_up().await?;
    agent.wait_for_hang_up(LIMIT).await?;

    let decided = bench.timeline(decided(&bench.rig.api(), &call).await?);
    seen.wish_to_ringing.push(rang.saturating_sub(span.end));
    seen.decided_to_ringing.push(rang.saturating_sub(decided));
    seen.ringing_to_card.push(cards.shown(&call).context("no card was shown")?.saturating_sub(rang));
    let sound = if taken == Taken::ByKey { &mut seen.key_to_sound } else { &mut seen.button_to_sound };
    sound.push(met.saturating_sub(accepted));
    seen.silences.push(line.media.tape(|tape| tape.longest_silence(span.end, met)));
    Ok((call, rang))
}

/// Hears the greeting, and says what is wanted.
async fn ask(line: &Line, wish: &Sound) -> Result<Span> {
    line.media.wait_for_silence_of(Duration::from_millis(900), line.answered, LIMIT).await.context("the greeting")?;
    line.media.say(wish).await
}

/// Picks up, and hears the briefing.
async fn pick_up(ringing: Ringing<'_>) -> Result<Line> {
    let agent = ringing.answer().await?;
    agent.media.wait_for_silence_of(PAUSE, agent.answered, LIMIT).await.context("the briefing")?;
    Ok(agent)
}

async fn accept(bench: &Bench, agent: &Line, taken: Taken, (call, name): (&str, &str)) -> Result<Duration> {
    let at = agent.media.now();
    match taken {
        Taken::ByKey => agent.media.press('1').await?,
        Taken::OnPage => {
            let choice = json!({ "agent": name, "choice": "accept" });
            bench.visitor()?.post(&format!("/api/v1/calls/{call}/choice"), &choice).await.map(drop)?;
        }
    }
    Ok(at)
}

/// Both hum until both have heard it; says when that was so.
async fn meet(caller: &Line, agent: &Line, accepted: Duration) -> Result<Duration> {
    let (callers, agents) = (Sound::tone(CALLERS_HUM_HZ, HUM_MS), Sound::tone(AGENTS_HUM_HZ, HUM_MS));
    tokio::try_join!(caller.media.say(&callers), agent.media.say(&agents))?;
    let heard = |line: &Line, hz: f64| line.media.tape(|tape| tape.first_tone_after(hz, accepted));
    let by_caller = heard(caller, AGENTS_HUM_HZ).context("the caller never heard the agent")?;
    let by_agent = heard(agent, CALLERS_HUM_HZ).context("the agent never heard the caller")?;
    Ok(by_caller.max(by_agent))
}

/// Processor milliseconds per second while two people talk.
async fn cost_of_talking(bench: &Bench, caller: &Line, agent: &Line) -> Result<f64> {
    let process = bench.rig.process()?;
    let (cpu, from) = (process::cpu(process)?, caller.media.now());
    let (one, other) = (Sound::tone(500.0, BRIDGED_MS), Sound::tone(700.0, BRIDGED_MS));
    tokio::try_join!(caller.media.say(&one), agent.media.say(&other))?;
    let used = process::cpu(process)?.saturating_sub(cpu);
    Ok(used.as_secs_f64() * 1_000.0 / (caller.media.now() - from).as_secs_f64())
}

/// The call that an agent has or is offered.
async fn call_of(api: &Api, agent: &str) -> Result<String> {
    let has = |all: &Value| {
        let agents = all["agents"].as_array()?;
        let found = agents.iter().find(|one| one["id"] == agent)?;
        found["calls"][0].as_str().map(str::to_owned)
    };
    api.until("/api/v1/agents", LIMIT, has).await
}

/// When it was decided that a human is wanted, in UTC milliseconds.
async fn decided(api: &Api, call: &str) -> Result<u64> {
    let whole = api.json(&format!("/api/v1/calls/{call}")).await?;
    let started = whole["head"]["started"].as_str().and_then(Stamp::parse).context("when the call began")?;
    let mut entries = whole["entries"].as_array().into_iter().flatten();
    let decided = entries.find(|entry| entry["what"] == "decision" && entry["decision"]["escalate"] == true);
    let at = decided.and_then(|entry| entry["at"].as_u64()).context("no decision for a human is on record")?;
    Ok(started.0 + at)
}

/// The flow of a queue.
fn flow(queue: &str) -> String {
    FLOW.replace("QUEUE", queue)
}

/// Writes a flow into a folder, for a route to it.
fn write_flow(folder: &Path, name: &str, flow: &str) -> Result<String> {
    let name = format!("{name}.yaml");
    fs::create_dir_all(folder)?;
    fs::write(folder.join(&name), flow).with_context(|| folder.display().to_string())?;
    Ok(name)
}

/// When an agent's page got the card of each call, as the page's stream has it.
struct Cards(Arc<Mutex<HashMap<String, Duration>>>);

impl Cards {
    fn follow(api: &Api, agent: &str, origin: Instant) -> Self {
        let shown: Arc<Mutex<HashMap<String, Duration>>> = Arc::default();
        let cards = Arc::clone(&shown);
        let _keeps_them_too = api.follow(&format!("/api/v1/agents/{agent}/events"), move |event| {
            let at = clock::now().duration_since(origin);
            if let Some(call) = event["call"]["id"].as_str().filter(|_| event["step"] == "ringing") {
                cards.lock().unwrap_or_else(PoisonError::into_inner).entry(call.to_owned()).or_insert(at);
            }
        });
        Self(shown)
    }

    fn shown(&self, call: &str) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(call).copied()
    }
}
