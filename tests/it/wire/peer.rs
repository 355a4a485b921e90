//! Servers of others as child processes: each writes into a log of its own, and ends with the test.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use warmline::clock;

use super::LIMIT;

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A server that runs.
pub(super) struct Peer {
    child: Child,
    log: PathBuf,
}

impl Peer {
    /// Starts a program in a folder, which its log goes to.
    pub(super) fn start(program: &str, folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        Self::run(program, folder, command)
    }

    /// The same of a program that is told what to do line by line; its home is the folder, too.
    pub(super) fn listening(program: &str, folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(arguments).env("HOME", folder).stdin(Stdio::piped());
        Self::run(program, folder, command)
    }

    fn run(program: &str, folder: &Path, mut command: Command) -> Self {
        let log = folder.join(format!("{program}.log"));
        let file = File::create(&log).unwrap();
        let child = command.current_dir(folder).stdout(file.try_clone().unwrap()).stderr(file).spawn();
        let child = child.unwrap_or_else(|error| panic!("{program}: {error}; `cargo xtask test` installs it"));
        Self { child, log }
    }

    /// Tells it something.
    pub(super) fn tell(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().expect("it listens"), "{line}").unwrap();
    }

    /// What it has written so far.
    pub(super) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until its log holds some words.
    pub(super) async fn says(&self, words: &str) {
        let (deadline, mut look) = (clock::now() + LIMIT, tokio::time::interval(LOOK_EVERY));
        loop {
            look.tick().await;
            let log = self.log();
            if log.contains(words) {
                return;
            }
            assert!(clock::now() < deadline, "“{words}” was never said:\n{log}");
        }
    }

    /// Asks it to end (SIGTERM, so that it can end its own children and write its files), and waits until it has.
    pub(super) fn end(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = Pid::from_raw(self.child.id().cast_signed()).map(|id| kill_process(id, Signal::TERM));
            let _ = self.child.wait();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.end();
    }
}
