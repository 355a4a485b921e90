//! What a process costs, from `/proc` (man 5 proc).

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// The kernel counts processor time in hundredths of a second on every Linux machine of today (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// Processor time that a process has used: user and system.
pub(crate) fn cpu(process: u32) -> Result<Duration> {
    times(&format!("/proc/{process}/stat"))
}

/// The same of one thread of this process.
pub(crate) fn cpu_of_thread(thread: u32) -> Result<Duration> {
    times(&format!("/proc/self/task/{thread}/stat"))
}

fn times(file: &str) -> Result<Duration> {
    let text = fs::read_to_string(file).context("the process has ended")?;
    // The name in brackets may hold anything, also blanks: fields are counted from the last bracket.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|value| value.parse::<u64>().ok()).context("a strange /proc/PID/stat");
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1_000 / TICKS_PER_SECOND))
}

/// Resident memory in bytes.
pub(crate) fn memory(process: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).context("the process has ended")?;
    let kilobytes = text.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kilobytes.context("a strange /proc/PID/status")? * 1_024)
}

/// The machine in a few words: processor and cores.
pub(crate) fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ").map(|(_, name)| name.to_owned()));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {cores} cores", model.unwrap_or_else(|| std::env::consts::ARCH.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory() {
        assert!(memory(std::process::id()).unwrap() > 1_000_000);
        assert!(cpu(std::process::id()).is_ok());
        assert!(cpu(0).is_err());
    }
}
