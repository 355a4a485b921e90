//! SIPp's short calls: INVITE, 200, ACK, BYE, at a steady rate; and the same between two SIPps, which is what they cost on this machine at least.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use super::process;
use crate::phone::free_port;

const SCENARIO: &str = include_str!("short_call.xml");
/// How long calls may go on after the last one was placed.
const PATIENCE: Duration = Duration::from_secs(100);
/// How long SIPp may take until it listens.
const START: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// So many calls a second, for so many seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) rate: u32,
    pub(super) seconds: u32,
}

/// How its calls ended, and the processor time of the process that answered them.
#[derive(Debug)]
pub(super) struct Count {
    pub(super) good: u32,
    /// With 503, and a time after which to try again.
    pub(super) refused: u32,
    pub(super) failed: u32,
    pub(super) used: Duration,
}

impl Count {
    pub(super) const fn calls(&self) -> usize {
        (self.good + self.refused + self.failed) as usize
    }

    /// Milliseconds of processor time for a call that came about.
    pub(super) fn cost(&self) -> f64 {
        self.used.as_secs_f64() * 1_000.0 / f64::from(self.good.max(1))
    }
}

impl Load {
    /// To a process that answers at this address. `folder` is for SIPp's files.
    pub(super) async fn run(self, to: SocketAddr, process: u32, folder: &Path) -> Result<Count> {
        fs::create_dir_all(folder)?;
        let (scenario, statistics) = (folder.join("short_call.xml"), folder.join("statistics.csv"));
        fs::write(&scenario, SCENARIO)?;
        let calls = self.rate * self.seconds;
        let before = process::cpu(process)?;
        let mut command = sipp(folder);
        command.arg("-sf").arg(&scenario).arg(to.to_string());
        command.args(["-r", &self.rate.to_string(), "-m", &calls.to_string(), "-l", "15000"]);
        command.args(["-trace_stat", "-fd", "1", "-stf"]).arg(&statistics);
        let limit = PATIENCE + Duration::from_secs(self.seconds.into());
        tokio::time::timeout(limit, command.status()).await.context("SIPp does not end")?.context("SIPp does not start")?;
        let used = process::cpu(process)?.saturating_sub(before);
        let count = count(&statistics, used)?;
        if count.calls() < calls as usize {
            bail!("SIPp placed only {} of {calls} calls", count.calls());
        }
        Ok(count)
    }

    /// To a SIPp that answers as its makers wrote it.
    pub(super) async fn reference(self, folder: &Path) -> Result<Count> {
        let folder = folder.join("reference");
        fs::create_dir_all(&folder)?;
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = sipp(&folder);
        let child = command.args(["-sn", "uas", "-p", &to.port().to_string()]).spawn().context("SIPp does not start")?;
        let process = listening(&child, to.port()).await?;
        self.run(to, process, &folder).await
    }
}

/// Whether SIPp is installed.
pub(super) async fn is_there() -> bool {
    Command::new("sipp").arg("-v").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().await.is_ok()
}

fn sipp(folder: &Path) -> Command {
    let mut command = Command::new("sipp");
    command.args(["-i", "127.0.0.1", "-nostdin"]).current_dir(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

/// Waits until somebody listens at the port, by what the kernel says.
async fn listening(child: &Child, port: u16) -> Result<u32> {
    let waiting = async {
        let mut look = tokio::time::interval(LOOK_EVERY);
        let local = format!(":{port:04X} ");
        while !fs::read_to_string("/proc/self/net/udp")?.contains(&local) {
            look.tick().await;
        }
        child.id().context("SIPp has ended")
    };
    tokio::time::timeout(START, waiting).await.context("SIPp does not listen")?
}

/// How calls ended, from the last line of SIPp's statistics. It takes a refused call for a good one, and counts it beside.
fn count(statistics: &Path, used: Duration) -> Result<Count> {
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
    Ok(Count { good: ended.saturating_sub(refused), refused, failed, used })
}
