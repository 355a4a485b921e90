//! `warmline eval intents|knowledge|escalation|tone|slots|repeats FILE.jsonl`, `warmline eval turns|hearing|prosody FOLDER`: how right the machine is on labelled sentences
//! and sounds, and `warmline eval waits` how right the times are that waiting callers are told, with figures for people and as JSON.
//!
//! A line is what `warmline understand` reads (`{"id", "text"}` or `{"id", "turns": […]}`) with what was meant: `intent` (a name or null), `knowledge`,
//! `escalate` with `reason`, `tone`. Public text sets are read as they are: `label` or `labels` stand for the intent or the tone, `sarcastic` for the tone;
//! `--map label=name` renames labels.

mod damage;
mod escalation;
mod hearing;
mod intents;
mod knowledge;
mod prosody;
mod repeats;
mod report;
mod scores;
mod sheet;
mod slots;
mod table;
mod tone;
mod turns;
mod waits;
mod words;

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, Result};

use crate::{
    call::flow::Flow,
    cli::flow::{load, understander},
    understand::Understander,
};

/// Measure on labelled sentences.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, clap::Subcommand)]
enum Part {
    /// What callers want, and what is none of it.
    Intents(intents::Args),
    /// Questions with a fixed answer.
    Knowledge(knowledge::Args),
    /// When a human is called.
    Escalation(escalation::Args),
    /// Anger, frustration, sarcasm and gratitude in the words.
    Tone(tone::Args),
    /// When callers have finished, and what interrupts the bot.
    Turns(turns::Args),
    /// Readers of values: what is said, and the value that it should give.
    Slots(slots::Args),
    /// The recogniser: word errors and how far its confidence can be trusted, clean, in babble and with lost packets.
    Hearing(hearing::Args),
    /// What agents ask that was on their card already.
    Repeats(repeats::Args),
    /// Anger from voices alone: a folder of WAV files with turns.jsonl.
    Prosody(prosody::Args),
    /// The time that callers are told they will wait: random days at the gateway's own desk.
    Waits(waits::Args),
}

/// Runs the part.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.part {
        Part::Intents(args) => intents::run(args),
        Part::Knowledge(args) => knowledge::run(args),
        Part::Escalation(args) => escalation::run(args),
        Part::Tone(args) => tone::run(args),
        Part::Turns(args) => turns::run(args),
        Part::Slots(args) => slots::run(args),
        Part::Hearing(args) => hearing::run(args),
        Part::Repeats(args) => repeats::run(args),
        Part::Prosody(args) => prosody::run(args),
        Part::Waits(args) => waits::run(args),
    }
}

/// What every evaluation of sentences is told.
#[derive(Debug, clap::Args)]
struct Common {
    /// JSON lines: sentences or conversations, with what was meant.
    file: PathBuf,
    /// The flow.
    #[arg(long, default_value = "config/flows/support.en.yaml")]
    flow: PathBuf,
    /// The callers' language; the flow's if left out.
    #[arg(long)]
    lang: Option<String>,
    /// Rename a label of the file: `track_order=order_status`. An empty name is "none of them"; `*=` is for all labels that are not renamed.
    #[arg(long, value_name = "LABEL=NAME")]
    map: Vec<String>,
    /// Also list what went wrong.
    #[arg(long)]
    misses: bool,
    /// Write the figures there, as JSON.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
}

impl Common {
    fn heads(&self) -> Result<(Arc<Flow>, Understander)> {
        let flow = load(&self.flow, self.lang.as_deref())?;
        let heads = understander(&flow)?;
        Ok((flow, heads))
    }

    fn rows(&self) -> Result<Vec<sheet::Row>> {
        let rows = sheet::read(&self.file)?;
        anyhow::ensure!(!rows.is_empty(), "{} has no sentences", self.file.display());
        Ok(rows)
    }

    fn names(&self) -> Result<sheet::Names> {
        sheet::Names::new(&self.map).context("--map")
    }
}
