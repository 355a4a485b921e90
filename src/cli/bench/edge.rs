//! Start, call set-up, many calls at once.

use std::{fs, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::{Bench, figures::Figures, process};
use crate::{clock, phone::Tape};

const STARTS: usize = 3;
const ANSWERS: usize = 30;
/// SIPp's load: calls a second, and for how long.
const RATES: [u32; 5] = [200, 1_000, 1_500, 2_000, 3_000];
const SECONDS: u32 = 20;
/// So many must be carried.
const MUST_CARRY: u32 = 1_000;
const SHORT_CALL: &str = include_str!("short_call.xml");
/// How long calls may be refused after an overload.
const RECOVERY: Duration = Duration::from_secs(30);
/// How long a lone call is listened to.
const LISTEN: Duration = Duration::from_secs(10);

pub(super) async fn measure(bench: &mut Bench, figures: &mut Figures) -> Result<()> {
    starts(bench, figures).await?;
    answers(bench, figures).await?;
    pacing(bench, figures).await?;
    load(bench, figures).await
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

/// SIPp places short calls at steady rates, and then at twice the rate that was carried.
async fn load(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let mut carried = 0;
    for rate in RATES {
        let before = process::cpu(bench.rig.process()?)?;
        let Some(count) = short_calls(bench, rate, figures).await? else { return Ok(()) };
        let used = process::cpu(bench.rig.process()?)?.saturating_sub(before);
        let name = |what: &str| format!("short_calls_{rate}_{what}");
        let calls = (count.good + count.refused + count.failed) as usize;
        let limit = (rate <= MUST_CARRY).then_some(0.0);
        figures.add(&name("failed"), f64::from(count.failed), "calls", calls, limit);
        figures.add(&name("refused"), f64::from(count.refused), "calls", calls, limit);
        figures.add(&name("cpu_per_call"), used.as_secs_f64() * 1_000.0 / f64::from(count.good.max(1)), "ms", count.good as usize, None);
        if count.failed + count.refused > 0 {
            break;
        }
        carried = rate;
    }
    figures.add("short_calls_carried", f64::from(carried), "calls/s", 1, None);
    figures.add("memory_after_load", process::memory(bench.rig.process()?)? as f64 / 1e6, "MB", 1, None);
    overload(bench, carried.max(RATES[0]) * 2, figures).await
}

/// What a call that is up hears of it, and how soon the next one is answered again.
async fn overload(bench: &Bench, rate: u32, figures: &mut Figures) -> Result<()> {
    let (_phone, line) = bench.call().await?;
    let Some(count) = short_calls(bench, rate, figures).await? else { return Ok(()) };
    let over = clock::now();
    let calls = (count.good + count.refused + count.failed) as usize;
    figures.add("overload_rate", f64::from(rate), "calls/s", 1, None);
    figures.add("overload_refused", f64::from(count.refused), "calls", calls, None);
    figures.add("overload_failed", f64::from(count.failed), "calls", calls, Some(0.0));
    figures.add_times("overload_rtp_gap", &line.media.tape(Tape::gaps), &[(50, None), (99, Some(40.0))]);
    line.hang_up().await?;
    while let Err(problem) = bench.call().await {
        if over.elapsed() > RECOVERY {
            return Err(problem.context("no call is answered after the overload"));
        }
    }
    figures.add("overload_recovery", over.elapsed().as_secs_f64() * 1_000.0, "ms", 1, Some(5_000.0));
    figures.add("memory_after_overload", process::memory(bench.rig.process()?)? as f64 / 1e6, "MB", 1, None);
    Ok(())
}

/// How SIPp's calls ended.
struct Count {
    good: u32,
    /// With 503.
    refused: u32,
    failed: u32,
}

/// One run of SIPp; none if it is not installed.
async fn short_calls(bench: &Bench, rate: u32, figures: &mut Figures) -> Result<Option<Count>> {
    let folder = bench.rig.folder().join(format!("sipp-{rate}"));
    fs::create_dir_all(&folder)?;
    let (scenario, statistics) = (folder.join("short_call.xml"), folder.join("statistics.csv"));
    fs::write(&scenario, SHORT_CALL)?;
    let calls = rate * SECONDS;
    let mut command = Command::new("sipp");
    command.arg("-sf").arg(&scenario).args([&bench.rig.sip().to_string(), "-i", "127.0.0.1"]);
    command.args(["-r", &rate.to_string(), "-m", &calls.to_string(), "-l", "15000", "-nostdin"]);
    command.args(["-trace_stat", "-fd", "1", "-stf"]).arg(&statistics);
    command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let status = tokio::time::timeout(Duration::from_secs(120), command.status()).await.context("SIPp does not end")?;
    if let Err(error) = &status {
        figures.missing.push(format!("short_calls: sipp does not start: {error}"));
        return Ok(None);
    }
    let count = count(&statistics)?;
    let placed = count.good + count.refused + count.failed;
    if placed < calls {
        bail!("SIPp placed only {placed} of {calls} calls");
    }
    Ok(Some(count))
}

/// How calls ended, from the last line of SIPp's statistics. It takes a refused call for a good one, and counts it beside.
fn count(statistics: &Path) -> Result<Count> {
    let text = fs::read_to_string(statistics).context("SIPp wrote no statistics")?;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let head: Vec<&str> = lines.next().context("SIPp's statistics are empty")?.split(';').collect();
    let last: Vec<&str> = lines.next_back().context("SIPp's statistics are empty")?.split(';').collect();
    let value = |name: &str| {
        let column = head.iter().position(|column| column.trim() == name)?;
        last.get(column)?.trim().parse::<u32>().ok()
    };
    let (ended, failed) = value("SuccessfulCall(C)").zip(value("FailedCall(C)")).context("SIPp's statistics have other columns")?;
    let refused = value("1(C)").or_else(|| value("GenericCounter1(C)")).context("SIPp counted no refusals")?;
    Ok(Count { good: ended.saturating_sub(refused), refused, failed })
}
