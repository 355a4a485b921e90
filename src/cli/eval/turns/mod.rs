//! `warmline eval turns FOLDER`: who may speak when. Sounds with labels go through the machine's own ears, recogniser and brain, in virtual time.
//!
//! A folder holds WAV files (mono, the caller's side of a line), each with a JSON file of the same name that says what is in it: see `label.rs`.
//! `--make` fills a folder with synthetic callers first.

mod label;
mod line;
mod make;
mod overlaps;
mod pauses;
mod report;
mod stage;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use warmline_models::{Embedder, ModelsDir};

use crate::{call::flow::Flow, cli::flow::load, speech::engines::Engines, understand::Understander};
use label::{Kind, Scene};
use report::Report;

/// Measure when turns end, and what interrupts the bot.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// WAV files, each with a JSON file that says what is in it.
    folder: PathBuf,
    /// Fill the folder first, with synthetic callers: `small` takes a minute, `full` half an hour.
    #[arg(long, value_name = "SIZE")]
    make: Option<make::Size>,
    /// Measure only these.
    #[arg(long)]
    only: Option<Only>,
    /// Which sentences and which voices: tune on a, report on the others, the youngest of which is h.
    #[arg(long, value_name = "PART", default_value = "a")]
    part: make::Part,
    /// Fill the folder with these lines instead, each said so many times, and measure nothing.
    #[arg(long, num_args = 2, value_names = ["LINES", "TIMES"])]
    practice: Vec<String>,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The flow whose meanings and turn-taking count. Default: built-in turn-taking, and no meaning.
    #[arg(long)]
    flow: Option<PathBuf>,
    /// Milliseconds that the recogniser takes for any utterance, and for each second of it.
    #[arg(long, default_values_t = [20, 45], num_args = 2, value_names = ["MS", "MS_PER_S"])]
    recogniser_ms: Vec<u64>,
    /// Write the figures there, as JSON.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Also list what went wrong.
    #[arg(long)]
    misses: bool,
}

/// A part of what can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Only {
    /// When turns end.
    Turns,
    /// What sounds over the bot's words, without the long echoes.
    Overlaps,
    /// An hour of the bot's own echo.
    Echo,
}

impl Only {
    fn takes(self, kind: Kind) -> bool {
        match self {
            Self::Turns => kind == Kind::Turn,
            Self::Overlaps => kind != Kind::Turn && kind != Kind::Echo,
            Self::Echo => kind == Kind::Echo,
        }
    }
}

/// What every scene is measured with.
struct Bench {
    engines: Engines,
    embedder: Arc<Embedder>,
    flow: Arc<Flow>,
    heads: Option<Understander>,
    recogniser_ms: (u64, u64),
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Result<()> {
    let dir = ModelsDir::of_user()?;
    if let Some(size) = args.make {
        let runtime = warmline_models::Runtime::load(&dir)?;
        let wanted = |kind| args.only.is_none_or(|only| only.takes(kind));
        make::fill(&args.folder, size, args.part, &wanted, args.seed, &runtime)?;
    }
    if let [lines, times] = &args.practice[..] {
        let (runtime, times) = (warmline_models::Runtime::load(&dir)?, times.parse().context("how many times?")?);
        return make::fill_to_practise(&args.folder, Path::new(lines), times, args.seed, &runtime);
    }
    let mut scenes = label::read(&args.folder)?;
    if let Some(only) = args.only {
        scenes.retain(|scene| only.takes(scene.label.kind));
        ensure!(!scenes.is_empty(), "{} has no such scenes", args.folder.display());
    }
    let languages: BTreeSet<&str> = scenes.iter().map(|scene| scene.label.language.as_str()).collect();
    let languages: Vec<&str> = languages.into_iter().collect();
    let (engines, embedder) = Engines::load(&dir, &languages, |embedder| Ok(Arc::clone(embedder)))?;
    let flow = match &args.flow {
        Some(file) => load(file, None)?,
        None => stage::flow("en", "")?,
    };
    let heads = args.flow.as_ref().map(|_| Understander::new(&flow, &embedder)).transpose()?;
    let recogniser_ms = (args.recogniser_ms.first().copied().unwrap_or(20), args.recogniser_ms.get(1).copied().unwrap_or(45));
    let bench = Bench { engines, embedder, flow, heads, recogniser_ms };
    let report = measure(&bench, &scenes)?;
    print!("{}", report.text(args.misses));
    if let Some(file) = &args.json {
        fs::write(file, serde_json::to_vec_pretty(&report).context("the figures as JSON")?).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

fn measure(bench: &Bench, scenes: &[Scene]) -> Result<Report> {
    let (turns, overlaps): (Vec<&Scene>, Vec<&Scene>) = scenes.iter().partition(|scene| scene.label.kind == Kind::Turn);
    let turns = turns.into_iter().map(|scene| pauses::hear(bench, scene)).collect::<Result<Vec<_>>>()?;
    let mut theatre = stage::Theatre::new(bench);
    let overlaps = overlaps.into_iter().map(|scene| theatre.play(scene)).collect::<Result<Vec<_>>>()?;
    Ok(Report::of(&bench.flow.turn, &turns, &overlaps))
}
