//! Start, call set-up, many calls at once.

use std::time::Duration;

use anyhow::Result;

use super::{
    Bench,
    figures::Figures,
    process,
    short_calls::{self, Load},
};
use crate::{clock, phone::Tape};

const STARTS: usize = 3;
const ANSWERS: usize = 30;
/// SIPp's load: calls a second.
const RATES: [u32; 5] = [200, 1_000, 1_500, 2_000, 3_000];
/// So many must be carried.
const MUST_CARRY: u32 = 1_000;
/// How much more memory there may be after an overload than after all that was carried.
const GROWN: f64 = 1.1;
/// How long calls may be refused after an overload.
const RECOVERY: Duration = Duration::from_secs(30);
/// How long a lone call is listened to.
const LISTEN: Duration = Duration::from_secs(10);

/// Measures it; each of SIPp's loads lasts so many seconds.
pub(super) async fn measure(bench: &mut Bench, seconds: u32, figures: &mut Figures) -> Result<()> {
    starts(bench, figures).await?;
    answers(bench, figures).await?;
    pacing(bench, figures).await?;
    if !short_calls::is_there().await {
        figures.missing.push("short_calls: sipp does not start (Debian package sip-tester)".to_owned());
        return Ok(());
    }
    load(bench, seconds, figures).await
}

/// From the start of the process until it is ready, with the models in the page cache.
async fn starts(bench: &mut Bench, figures: &mut Figures) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        bench.rig.kill_and_restart().await?;
        times.push(bench.rig.ready_after());
    }
    figures.add_times("gateway_ready", &times, &[(50, Some(3_000.0))]);
    Ok(())
}

/// From INVITE to 200, one call after the other.
async fn answers(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..ANSWERS {
        let (_phone, line) = bench.call().await?;
        times.push(line.answered - line.invited);
        line.hang_up().await?;
    }
    figures.add_times("invite_to_answer", &times, &[(50, None), (99, Some(200.0))]);
    Ok(())
}

/// Gaps between the packets of a lone call.
async fn pacing(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let (_phone, line) = bench.call().await?;
    tokio::time::sleep(LISTEN).await;
    let gaps = line.media.tape(Tape::gaps);
    figures.add_times("rtp_gap_idle", &gaps, &[(50, None), (99, Some(25.0))]);
    line.hang_up().await
}

/// SIPp places short calls at steady rates, and then at twice the rate that was carried. Beside each rate it places them to itself.
async fn load(bench: &Bench, seconds: u32, figures: &mut Figures) -> Result<()> {
    let mut carried = 0;
    for rate in RATES {
        let folder = bench.rig.folder().join(format!("sipp-{rate}"));
        let load = Load { rate, seconds };
        let count = load.run(bench.rig.sip(), bench.rig.process()?, &folder).await?;
        let reference = load.reference(&folder).await?;
        let name = |what: &str| format!("short_calls_{rate}_{what}");
        let limit = (rate <= MUST_CARRY).then_some(0.0);
        figures.add(&name("failed"), f64::from(count.failed), "calls", count.calls(), limit);
        figures.add(&name("refused"), f64::from(count.refused), "calls", count.calls(), limit);
        figures.add(&name("cpu_per_call"), count.cost(), "ms", count.good as usize, None);
        figures.add(&name("reference_failed"), f64::from(reference.failed), "calls", reference.calls(), None);
        figures.add(&name("cpu_to_reference"), count.cost() / reference.cost(), "ratio", reference.good as usize, None);
        if count.failed + count.refused > 0 {
            break;
        }
        carried = rate;
    }
    figures.add("short_calls_carried", f64::from(carried), "calls/s", 1, None);
    let memory = process::memory(bench.rig.process()?)? as f64 / 1e6;
    figures.add("memory_after_load", memory, "MB", 1, None);
    overload(bench, Load { rate: carried.max(RATES[0]) * 2, seconds }, figures).await?;
    figures.add("memory_after_overload", process::memory(bench.rig.process()?)? as f64 / 1e6, "MB", 1, Some(memory * GROWN));
    Ok(())
}

/// What a call that is up hears of it, and how soon the next one is answered again.
async fn overload(bench: &Bench, load: Load, figures: &mut Figures) -> Result<()> {
    let (_phone, line) = bench.call().await?;
    let folder = bench.rig.folder().join("sipp-overload");
    let count = load.run(bench.rig.sip(), bench.rig.process()?, &folder).await?;
    let over = clock::now();
    figures.add("overload_rate", f64::from(load.rate), "calls/s", 1, None);
    figures.add("overload_refused", f64::from(count.refused), "calls", count.calls(), None);
    figures.add("overload_failed", f64::from(count.failed), "calls", count.calls(), Some(0.0));
    figures.add_times("overload_rtp_gap", &line.media.tape(Tape::gaps), &[(50, None), (99, Some(40.0))]);
    line.hang_up().await?;
    while let Err(problem) = bench.call().await {
        if over.elapsed() > RECOVERY {
            return Err(problem.context("no call is answered after the overload"));
        }
    }
    figures.add("overload_recovery", over.elapsed().as_secs_f64() * 1_000.0, "ms", 1, Some(5_000.0));
    Ok(())
}
