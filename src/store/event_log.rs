//! The event log of a call: JSON lines, the setup first, then everything that the brain was told and what it asked, in that order.
//! It is the fuller record: replay reads it, and the database is filled up from it after trouble.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    thread::Thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use crate::{
    call::{action::Action, caller::Caller, event::Event, handoff::Promise, ids::CallId, redact::Rules, time::Time, time::WallTime},
    clock,
    view::Stamp,
};

/// Unwritten bytes that one call's log may hold while the disk takes nothing.
const BUFFER_LIMIT: usize = 1 << 20;
/// Finished logs that wait for the disk.
const FINISHED_LIMIT: usize = 256;
/// A buffer of this size is written before its time.
const WRITE_AT: usize = 64 * 1024;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// The first line: what the brain was made with.
    Setup(Setup),
    /// The brain was told this.
    Event { at: Time, event: Event },
    /// The brain's deadline passed.
    Timeout { at: Time },
    /// The brain asked for this.
    Action { at: Time, action: Action },
    /// This many lines are missing here: the disk took nothing, or they told what a caller gave in private, or what was struck out.
    Gap { lines: u64 },
}

/// What a call began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The call.
    pub call: CallId,
    /// When it arrived.
    pub started: Stamp,
    /// The same in the company's civil time.
    pub wall: WallTime,
    /// Who called.
    pub caller: Caller,
    /// The flow that answered.
    pub flow: FlowFile,
    /// Flows of other languages that could have taken the call.
    #[serde(default)]
    pub others: Vec<FlowFile>,
    /// The language in which the call began.
    pub language: String,
    /// Nobody called: this promise was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Box<Promise>>,
    /// What was struck out of its record; nothing, in older ones.
    #[serde(default = "Rules::none")]
    pub redact: Rules,
}

/// A flow file, so that it can be found again and recognised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowFile {
    /// The flow's name.
    pub name: String,
    /// Where it was read from.
    pub path: PathBuf,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// The addresses that the configuration gave its services.
    #[serde(default)]
    pub services: BTreeMap<String, String>,
}

impl FlowFile {
    /// Describes a flow file that was read.
    #[must_use]
    pub fn new(name: &str, path: &Path, text: &str, services: BTreeMap<String, String>) -> Self {
        Self { name: name.to_owned(), path: path.to_owned(), sha256: Self::sha256(text), services }
    }

    /// SHA-256 of a flow's text, hexadecimal.
    #[must_use]
    pub fn sha256(text: &str) -> String {
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What the writer is told.
#[derive(Debug)]
enum Job {
    Line { call: CallId, lost_before: u64, bytes: Vec<u8> },
    Finish { call: CallId },
    Flush(oneshot::Sender<()>),
}

/// How the logs do.
#[derive(Debug)]
pub(super) struct LogHealth {
    /// The last write worked.
    pub(super) ok: AtomicBool,
    /// Lines that could not be kept.
    pub(super) lost: AtomicU64,
}

/// The way to the writer thread.
#[derive(Debug, Clone)]
pub(super) struct EventLogs {
    jobs: SyncSender<Job>,
    /// It looks at the queue now and then, and when a call is over: to wake it for each line would cost more than the line.
    writer: Thread,
    /// Finished calls that found the queue full; at most one place per call that was live.
    late: Arc<Mutex<Vec<CallId>>>,
    pub(super) health: Arc<LogHealth>,
}

impl EventLogs {
    /// Starts the writer thread; it ends when the last handle is gone.
    pub(super) fn start(folder: PathBuf, queue: usize, every: Duration) -> io::Result<Self> {
        let (jobs, inbox) = sync_channel(queue);
        let health = Arc::new(LogHealth { ok: AtomicBool::new(true), lost: AtomicU64::new(0) });
        let late = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer {
            late: Arc::clone(&late),
            folder,
            every,
            logs: HashMap::new(),
            flush_at: clock::now() + every,
            health: Arc::clone(&health),
        };
        let thread = std::thread::Builder::new().name("event-logs".to_owned()).spawn(move || writer.run(&inbox))?;
        Ok(Self { jobs, writer: thread.thread().clone(), late, health })
    }

    /// Hands a line over; false if the queue is full. `lost_before` lines of this call were not handed over before it.
    pub(super) fn line(&self, call: &CallId, lost_before: u64, line: &Line) -> bool {
        let Ok(mut bytes) = serde_json::to_vec(line) else { return false };
        bytes.push(b'\n');
        let sent = self.jobs.try_send(Job::Line { call: call.clone(), lost_before, bytes });
        if matches!(sent, Err(TrySendError::Full(_))) {
            self.health.lost.fetch_add(1, Ordering::Relaxed);
            self.writer.unpark();
        }
        sent.is_ok()
    }

    /// No more lines of this call will come.
    pub(super) fn finish(&self, call: &CallId) {
        if let Err(TrySendError::Full(Job::Finish { call })) = self.jobs.try_send(Job::Finish { call: call.clone() }) {
            self.late.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        }
        self.writer.unpark();
    }

    /// Waits until all that was handed over before is on disk, or cannot be.
    pub(super) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        let mut job = Job::Flush(done);
        while let Err(TrySendError::Full(back)) = self.jobs.try_send(job) {
            job = back;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.writer.unpark();
        let _gone_is_flushed = wait.await;
    }
}

#[derive(Debug)]
struct Writer {
    late: Arc<Mutex<Vec<CallId>>>,
    folder: PathBuf,
    every: Duration,
    logs: HashMap<CallId, Log>,
    flush_at: Instant,
    health: Arc<LogHealth>,
}

impl Writer {
    fn run(mut self, inbox: &Receiver<Job>) {
        loop {
            std::thread::park_timeout(self.flush_at.saturating_duration_since(clock::now()));
            let ended = self.take(inbox);
            if ended || clock::now() >= self.flush_at {
                self.write_all();
            } else {
                self.write_finished();
            }
            if ended {
                return;
            }
        }
    }

    /// Takes in what waits; true if nothing more will come.
    fn take(&mut self, inbox: &Receiver<Job>) -> bool {
        loop {
            match inbox.try_recv() {
                Ok(Job::Line { call, lost_before, bytes }) => self.line(call, lost_before, &bytes),
                Ok(Job::Finish { call }) => self.logs.get_mut(&call).into_iter().for_each(|log| log.finished = true),
                Ok(Job::Flush(done)) => {
                    self.write_all();
                    let _nobody_waits = done.send(());
                }
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn line(&mut self, call: CallId, lost_before: u64, bytes: &[u8]) {
        let path = log_path(&self.folder, &call);
        let log = self.logs.entry(call).or_insert_with(|| Log::new(path));
        log.lost += lost_before;
        let lost = log.push(bytes);
        self.health.lost.fetch_add(lost, Ordering::Relaxed);
        if log.buffer.len() >= WRITE_AT && self.health.ok.load(Ordering::Relaxed) {
            self.write_all();
        }
    }

    /// Logs that are whole are written at once. What a failing disk does not take waits for the next round.
    fn write_finished(&mut self) {
        if self.health.ok.load(Ordering::Relaxed) {
            self.logs.retain(|_, log| !(log.finished && log.write().is_ok()));
        }
    }

    fn write_all(&mut self) {
        self.flush_at = clock::now() + self.every;
        for call in std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner)) {
            if let Some(log) = self.logs.get_mut(&call) {
                log.finished = true;
            }
        }
        let mut ok = true;
        for (call, log) in &mut self.logs {
            if let Err(error) = log.write() {
                ok = false;
                tracing::debug!(call = call.0, %error, "event log not written");
            }
        }
        self.logs.retain(|_, log| !(log.finished && log.buffer.is_empty()));
        let waiting: Vec<CallId> = self.logs.iter().filter(|(_, log)| log.finished).map(|(call, _)| call.clone()).collect();
        for call in waiting.iter().skip(FINISHED_LIMIT) {
            let lines = self.logs.remove(call).map_or(0, |log| log.lost + log.buffer.iter().filter(|byte| **byte == b'\n').count() as u64);
            self.health.lost.fetch_add(lines, Ordering::Relaxed);
        }
        let was = self.health.ok.swap(ok, Ordering::Relaxed);
        if was && !ok {
            tracing::error!(folder = %self.folder.display(), "event logs cannot be written; calls go on");
        } else if ok && !was {
            tracing::info!("event logs are written again");
        }
    }
}

/// One open log.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: Option<File>,
    /// Bytes of the file that are whole lines.
    written: u64,
    buffer: Vec<u8>,
    lost: u64,
    finished: bool,
}

impl Log {
    fn new(path: PathBuf) -> Self {
        Self { path, file: None, written: 0, buffer: Vec::new(), lost: 0, finished: false }
    }

    /// Keeps a line, behind a mark for lines that were lost before it; returns how many lines were lost now.
    fn push(&mut self, bytes: &[u8]) -> u64 {
        if self.buffer.len() + bytes.len() > BUFFER_LIMIT {
            self.lost += 1;
            return 1;
        }
        if self.lost > 0 {
            let gap = serde_json::to_string(&Line::Gap { lines: std::mem::take(&mut self.lost) }).expect("a gap is plain JSON");
            self.buffer.extend_from_slice(gap.as_bytes());
            self.buffer.push(b'\n');
        }
        self.buffer.extend_from_slice(bytes);
        0
    }

    /// Writes the buffer; what a failing disk took of it is cut off again, so that the file always ends with a whole line.
    fn write(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.file.is_none() {
            if let Some(folder) = self.path.parent() {
                super::make_folder(folder)?;
            }
            let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&self.path)?;
            // After trouble there may be half a line behind the whole ones.
            let len = file.seek(SeekFrom::End(0))?;
            if len > self.written {
                file.set_len(self.written)?;
            }
            self.written = file.seek(SeekFrom::End(0))?;
            self.file = Some(file);
        }
        let file = self.file.as_mut().expect("opened above");
        if let Err(error) = file.write_all(&self.buffer) {
            // The file may be gone with its disk: begin anew next time.
            if file.set_len(self.written).and_then(|()| file.seek(SeekFrom::Start(self.written))).is_err() {
                self.file = None;
            }
            return Err(error);
        }
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// Where the log of a call is.
pub(super) fn log_path(folder: &Path, call: &CallId) -> PathBuf {
    folder.join("calls").join(format!("{}.jsonl", call.0))
}

/// Why a log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened or read.
    #[error("{path}: {error}")]
    File { path: PathBuf, error: io::Error },
    /// The first line is not a setup.
    #[error("{path}: the first line is not the setup of a call")]
    NoSetup { path: PathBuf },
    /// A line in the middle cannot be understood.
    #[error("{path}:{line}: {error}")]
    Line { path: PathBuf, line: usize, error: serde_json::Error },
}

/// A log that was read.
#[derive(Debug)]
pub struct ReadLog {
    /// The first line.
    pub setup: Setup,
    /// The other lines.
    pub lines: Vec<Line>,
    /// The last line was cut off in writing, and left out.
    pub torn: bool,
}

/// Reads a log. A last line that was cut off is left out; anything else that is not a line is an error.
///
/// # Errors
/// The file cannot be read, does not begin with a setup, or has a line that is none.
pub fn read_log(path: &Path) -> Result<ReadLog, LogError> {
    let bytes = std::fs::read(path).map_err(|error| LogError::File { path: path.to_owned(), error })?;
    let torn = !bytes.is_empty() && !bytes.ends_with(b"\n");
    let mut texts: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    texts.pop();
    let mut lines = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let line = serde_json::from_slice(text).map_err(|error| LogError::Line { path: path.to_owned(), line: index + 1, error })?;
        lines.push(line);
    }
    let no_setup = || LogError::NoSetup { path: path.to_owned() };
    if lines.is_empty() {
        return Err(no_setup());
    }
    match lines.remove(0) {
        Line::Setup(setup) => Ok(ReadLog { setup, lines, torn }),
        Line::Event { .. } | Line::Timeout { .. } | Line::Action { .. } | Line::Gap { .. } => Err(no_setup()),
    }
}
