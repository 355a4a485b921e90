//! A real screen: a program of the browser tests that opens an agent's desk in Chromium, and says when each card was on it.

use std::{
    collections::HashMap,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    task::JoinHandle,
    time::timeout,
};

/// The environment variable that names the program, for node: `cargo xtask bench` sets it.
const PROGRAM: &str = "WARMLINE_SCREEN";
/// For a browser to open a page.
const OPENS: Duration = Duration::from_secs(60);

/// A desk on a screen.
pub(super) struct Screen {
    program: Child,
    reading: JoinHandle<()>,
    shown: Arc<Mutex<HashMap<String, u64>>>,
}

/// A line of the program's.
#[derive(Deserialize)]
struct Shown {
    call: String,
    /// UTC milliseconds.
    at: f64,
}

impl Screen {
    /// Opens the desk at this address. None: no program is named.
    pub(super) async fn open(address: &str) -> Result<Option<Self>> {
        let Some(program) = std::env::var_os(PROGRAM) else { return Ok(None) };
        let mut command = Command::new("node");
        command.arg(&program).arg(address).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut program = command.spawn().context("node does not start")?;
        let mut lines = BufReader::new(program.stdout.take().context("its output is ours")?).lines();
        let ready = timeout(OPENS, lines.next_line()).await.context("the desk did not open")??;
        ready.context("the desk did not open")?;
        let shown = Arc::default();
        let reading = tokio::spawn(read(lines, Arc::clone(&shown)));
        Ok(Some(Self { program, reading, shown }))
    }

    /// When the card of a call was on the screen, in UTC milliseconds.
    pub(super) fn shown(&self, call: &str) -> Option<u64> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).get(call).copied()
    }

    /// Closes the browser.
    pub(super) async fn close(mut self) {
        // It ends with its input, and is ended if it does not.
        drop(self.program.stdin.take());
        let _ended = timeout(OPENS, self.program.wait()).await;
        self.reading.abort();
    }
}

async fn read(mut lines: Lines<BufReader<ChildStdout>>, shown: Arc<Mutex<HashMap<String, u64>>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Ok(Shown { call, at }) = serde_json::from_str(&line) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of these years")]
            shown.lock().unwrap_or_else(PoisonError::into_inner).entry(call).or_insert(at as u64);
        }
    }
}
