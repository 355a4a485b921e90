//! A contact centre at work: fifty agents at their desks, with a caller each, fifty more who wait, and callers who come and go.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::json;
use tokio::{sync::Notify, task::JoinSet};

use super::{
    LIMIT, SOME_OF_IT,
    desks::{self, People, Shown},
    flow, write_flow,
};
use crate::{
    cli::bench::{Args, Bench, any_port, figures::Figures, process, visitor::Visitor},
    clock,
    config::{RouteConfig, Transfer},
    phone::{Agent, Line, Phone},
};

const QUEUE: &str = "crowd";
const AGENTS: usize = 50;
const CALLS: usize = 100;
const SUPERVISORS: usize = 2;
/// Between two callers who come at the beginning.
const ARRIVALS: Duration = Duration::from_millis(200);
/// How long it may take until everybody talks or waits.
const FILLING: Duration = Duration::from_secs(180);
const MEASURED: Duration = Duration::from_secs(30);
/// Agents put callers on hold and take them back: one of them this often.
const BUTTONS: Duration = Duration::from_millis(100);
/// Somebody hangs up, and calls again: this often.
const TURNOVER: Duration = Duration::from_secs(2);
/// The gap between two packets on a line that hears music or somebody.
const GAP_MS: f64 = 40.0;

pub(super) async fn measure(args: &Args, figures: &mut Figures) -> Result<()> {
    let origin = clock::now();
    let ids: Vec<String> = (1..=AGENTS).map(|number| format!("agent{number:02}")).collect();
    let (mut phones, mut agents) = (Vec::new(), Vec::new());
    for id in &ids {
        let phone = Phone::bind(id, any_port(), origin).await?;
        agents.push(Agent { id: id.clone(), name: "Maria".to_owned(), target: phone.address(), transfer: Transfer::Bridge });
        phones.push(phone);
    }
    let bench = Bench::start_with(args, origin, agents, |config, folder| {
        config.routes = vec![RouteConfig::to("*", &write_flow(folder, QUEUE, &flow(QUEUE))?)];
        config.agents.values_mut().for_each(|agent| agent.queues = vec![QUEUE.to_owned()]);
        config.http.accounts = true;
        config.desk.queue_places = CALLS;
        Ok(())
    });
    let bench = Arc::new(bench.await?);
    let measured = work(&bench, &ids, phones, figures).await;
    // The tasks of callers and agents have ended with it.
    let bench = Arc::into_inner(bench).context("somebody is still at work")?;
    bench.end(measured)
}

async fn work(bench: &Arc<Bench>, ids: &[String], phones: Vec<Phone>, figures: &mut Figures) -> Result<()> {
    let people = People::come_in(&bench.visitor()?, &bench.rig.folder().join("gateway.log"), ids, SUPERVISORS).await?;
    let (shown, leave) = (Shown::default(), Arc::new(Notify::new()));
    let mut all = JoinSet::new();
    for (id, visitor) in &people.agents {
        all.spawn(desks::desk(visitor.clone(), id.clone(), shown.clone()));
    }
    for visitor in &people.supervisors {
        all.spawn(desks::wall(visitor.clone(), shown.clone()));
    }
    for phone in phones {
        all.spawn(agent(phone));
    }
    for number in 0..CALLS {
        let (bench, leave) = (Arc::clone(bench), Arc::clone(&leave));
        all.spawn(async move { caller(&bench, ARRIVALS * u32::try_from(number).unwrap_or(0), &leave).await });
    }
    let measured = tokio::select! {
        measured = busy(bench, &people, &shown, &leave, figures) => measured,
        Some(ended) = all.join_next() => match ended.context("somebody has failed")? {
            Ok(()) => Err(anyhow::anyhow!("a page's stream has ended")),
            Err(problem) => Err(problem),
        },
    };
    all.shutdown().await;
    measured
}

/// Rings, hears a part of the briefing, takes the call, and waits until the caller has had enough.
async fn agent(phone: Phone) -> Result<()> {
    loop {
        let Ok(ringing) = phone.ring(FILLING).await else { bail!("nobody calls {}", phone.address()) };
        // The caller may have left while it rang.
        let Ok(line) = ringing.answer().await else { continue };
        if line.media.wait_for_sound_of(SOME_OF_IT, line.answered, LIMIT).await.is_ok() && line.is_up() {
            line.media.press('1').await?;
        }
        let _ = line.wait_for_hang_up(FILLING).await;
    }
}

/// Calls, wants a human, and stays until it is their turn to leave; and once more.
async fn caller(bench: &Bench, after: Duration, leave: &Notify) -> Result<()> {
    tokio::time::sleep(after).await;
    loop {
        let (_phone, line) = bench.call().await?;
        wants_a_human(&line).await?;
        leave.notified().await;
        line.hang_up().await?;
    }
}

async fn wants_a_human(line: &Line) -> Result<()> {
    line.media.wait_for_silence_of(Duration::from_millis(900), line.answered, LIMIT).await.context("the greeting")?;
    line.media.press('0').await?;
    line.media.press('#').await
}

/// Waits until everybody talks, and then looks while they work.
async fn busy(bench: &Bench, people: &People, shown: &Shown, leave: &Notify, figures: &mut Figures) -> Result<()> {
    let full = clock::now() + FILLING;
    let mut look = tokio::time::interval(Duration::from_millis(500));
    while shown.talking().len() < AGENTS {
        look.tick().await;
        if clock::now() > full {
            bail!("only {} of {AGENTS} agents talk", shown.talking().len());
        }
    }
    let process = bench.rig.process()?;
    let (_phone, listener) = bench.call().await?;
    wants_a_human(&listener).await?;
    let _ = shown.take_delays();
    let (cpu, from) = (process::cpu(process)?, clock::now());
    let pressed = press_buttons(people, shown, leave).await?;
    let used = process::cpu(process)?.saturating_sub(cpu).as_secs_f64() / from.elapsed().as_secs_f64();
    let since = listener.media.now().saturating_sub(from.elapsed());
    let gaps = listener.media.tape(|tape| tape.gaps_since(since));
    figures.add("desk_agents_signed_in", people.agents.len() as f64, "agents", 1, None);
    figures.add("desk_calls_live", live(people).await? as f64, "calls", 1, None);
    figures.add("desk_buttons_pressed", pressed as f64, "times", 1, None);
    figures.add("desk_cpu", used * 100.0, "% core", 1, None);
    figures.add("desk_memory", process::memory(process)? as f64 / 1e6, "MB", 1, None);
    figures.add_times("desk_event_delay", &shown.take_delays(), &[(50, None), (95, Some(200.0)), (100, None)]);
    figures.add_times("desk_rtp_gap", &gaps, &[(50, None), (99, Some(GAP_MS))]);
    listener.hang_up().await
}

/// Agents hold and resume, one after the other, while callers come and go. How often a button was pressed.
async fn press_buttons(people: &People, shown: &Shown, leave: &Notify) -> Result<usize> {
    let until = clock::now() + MEASURED;
    let (mut buttons, mut turnover) = (tokio::time::interval(BUTTONS), tokio::time::interval(TURNOVER));
    let (mut pressed, mut turn) = (0, 0_usize);
    while clock::now() < until {
        tokio::select! {
            _ = turnover.tick() => leave.notify_one(),
            _ = buttons.tick() => {
                let talking = shown.talking();
                // Whoever held the caller in the last round takes them back in this one.
                let (round, place) = (turn / AGENTS, turn % AGENTS);
                turn += 1;
                let Some((agent, call)) = talking.get(place) else { continue };
                let Some((_, visitor)) = people.agents.iter().find(|(id, _)| id == agent) else { continue };
                let choice = json!({ "agent": agent, "choice": if round % 2 == 0 { "hold" } else { "resume" } });
                pressed += usize::from(press(visitor, call, &choice).await);
            }
        }
    }
    Ok(pressed)
}

/// The call may have ended a moment ago: then there is no button any more.
async fn press(visitor: &Visitor, call: &str, choice: &serde_json::Value) -> bool {
    visitor.post(&format!("/api/v1/calls/{call}/choice"), choice).await.is_ok()
}

async fn live(people: &People) -> Result<usize> {
    let visitor = people.supervisors.first().context("no supervisor")?;
    let all: serde_json::Value = visitor.get("/api/v1/calls?state=live&limit=200").await?.json().await?;
    Ok(all["calls"].as_array().map_or(0, Vec::len))
}
