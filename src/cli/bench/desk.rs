//! Handing over.

use std::time::Duration;

use anyhow::{Context, Result};

use super::{Bench, figures::Figures, process};
use crate::phone::{Line, Sound, Voice};

const HANDOFFS: usize = 3;
/// How long both sides talk.
const BRIDGED_MS: u32 = 15_000;
const PAUSE: Duration = Duration::from_millis(1_500);
const LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn measure(bench: &mut Bench, figures: &mut Figures) -> Result<()> {
    let wish = Voice::Slt.or_any().await.say("I want to talk to a person, please.").await?;
    let (mut to_ringing, mut silences, mut to_bridge) = (Vec::new(), Vec::new(), Vec::new());
    let mut costs = Vec::new();
    for _ in 0..HANDOFFS {
        let (_phone, line) = bench.call().await?;
        line.media.wait_for_silence_of(Duration::from_millis(900), line.answered, LIMIT).await.context("the greeting")?;
        let span = line.media.say(&wish).await?;
        let ringing = bench.agent.ring(LIMIT).await?;
        to_ringing.push(ringing.at.saturating_sub(span.end));
        let agent = ringing.answer().await?;
        agent.media.wait_for_silence_of(PAUSE, agent.answered, LIMIT).await.context("the briefing")?;
        let pressed = agent.media.now();
        agent.media.press('1').await?;
        let met = meet(&line, &agent, figures).await?;
        to_bridge.push(met.saturating_sub(pressed));
        silences.push(line.media.tape(|tape| tape.longest_silence(span.end, met)));
        costs.push(cost_of_talking(bench, &line, &agent).await?);
        line.hang_up().await?;
        agent.wait_for_hang_up(LIMIT).await?;
    }
    figures.add_times("wish_to_ringing", &to_ringing, &[(50, None), (100, None)]);
    figures.add_times("accept_to_bridge", &to_bridge, &[(50, None), (100, None)]);
    figures.add_times("longest_silence_in_handoff", &silences, &[(100, Some(3_000.0))]);
    let mean = costs.iter().sum::<f64>() / costs.len() as f64;
    figures.add("cpu_per_bridged_call_second", mean, "ms/s", costs.len(), None);
    Ok(())
}

/// The agent hums until the caller hears it; says when. A tone, because the bot's voice has none.
async fn meet(caller: &Line, agent: &Line, figures: &mut Figures) -> Result<Duration> {
    const HUM_HZ: f64 = 1_000.0;
    let hum = Sound::tone(HUM_HZ, 100);
    let from = agent.media.now();
    while agent.media.now() < from + Duration::from_secs(20) {
        agent.media.say(&hum).await?;
        let now = caller.media.now();
        let heard = caller.media.heard_between(now.saturating_sub(Duration::from_millis(300)), now);
        if heard.samples.chunks(400).any(|part| Sound { samples: part.to_vec() }.strength(HUM_HZ) > 0.9) {
            return Ok(now);
        }
    }
    figures.missing.push("accept_to_bridge: the caller never heard the agent".to_owned());
    Ok(caller.media.now())
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
