//! Start, call set-up, many calls at once.

use std::{fs, path::Path, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use super::{Bench, figures::Figures, process};
use crate::phone::Tape;

const STARTS: usize = 3;
const ANSWERS: usize = 30;
/// SIPp's load: calls a second, and for how long.
const RATE: u32 = 200;
const SECONDS: u32 = 20;
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

/// SIPp places short calls at a steady rate.
async fn load(bench: &Bench, figures: &mut Figures) -> Result<()> {
    let before = process::cpu(bench.rig.process()?)?;
    let folder = bench.rig.folder().join("sipp");
    fs::create_dir_all(&folder)?;
    let calls = RATE * SECONDS;
    let statistics = folder.join("statistics.csv");
    let mut command = Command::new("sipp");
    command.args(["-sn", "uac", &bench.rig.sip().to_string(), "-s", "support", "-i", "127.0.0.1"]);
    command.args(["-r", &RATE.to_string(), "-m", &calls.to_string(), "-d", "0", "-l", "60000", "-nostdin"]);
    command.args(["-trace_stat", "-fd", "1", "-stf"]).arg(&statistics);
    command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let status = tokio::time::timeout(Duration::from_secs(120), command.status()).await.context("SIPp does not end")?;
    if let Err(error) = &status {
        figures.missing.push(format!("sipp_failed_calls: sipp does not start: {error}"));
        return Ok(());
    }
    let (good, failed) = count(&statistics)?;
    figures.add("sipp_failed_calls", f64::from(failed), "calls", (good + failed) as usize, Some(0.0));
    let used = process::cpu(bench.rig.process()?)?.saturating_sub(before);
    figures.add("cpu_per_short_call", used.as_secs_f64() * 1_000.0 / f64::from(good.max(1)), "ms", good as usize, None);
    figures.add("memory_after_load", process::memory(bench.rig.process()?)? as f64 / 1e6, "MB", 1, None);
    if good + failed < calls {
        bail!("SIPp placed only {} of {calls} calls", good + failed);
    }
    Ok(())
}

/// Successful and failed calls from the last line of SIPp's statistics.
fn count(statistics: &Path) -> Result<(u32, u32)> {
    let text = fs::read_to_string(statistics).context("SIPp wrote no statistics")?;
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let head: Vec<&str> = lines.next().context("SIPp's statistics are empty")?.split(';').collect();
    let last: Vec<&str> = lines.next_back().context("SIPp's statistics are empty")?.split(';').collect();
    let value = |name: &str| {
        let column = head.iter().position(|column| column.trim() == name)?;
        last.get(column)?.trim().parse::<u32>().ok()
    };
    value("SuccessfulCall(C)").zip(value("FailedCall(C)")).context("SIPp's statistics have other columns")
}
