//! `warmline flow test`: the conversations that stand beside a flow (`support.en.cases.yaml` beside `support.en.yaml`), each with what must come of it.
//!
//! ```yaml
//! - name: an order that is on its way
//!   at: 2026-11-23T10:00
//!   script:
//!     - Where is my order?
//!     - four five seven one two nine
//!     - service: { status: shipped, item: lamp, expected: "2026-11-27" }
//!   expect:
//!     intents: [order_status]
//!     slots: { order_number: "457129" }
//!     said: [on its way]
//!     escalated: false
//! ```

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{
    call::{
        flow::{Flow, rehearse::Rehearsal, text},
        outcome::Outcome,
        understanding::{Before, Understanding},
    },
    cli::flow::{
        load,
        script::Line,
        simulate::{Played, Printer, play, wall_time},
        understander,
    },
    clock, yaml,
};

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The flow.
    file: PathBuf,
    /// Its cases; beside the flow if left out.
    #[arg(long)]
    cases: Option<PathBuf>,
    /// Only cases whose name holds this.
    #[arg(long)]
    only: Option<String>,
}

/// A conversation, and what must come of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// When the call arrives, at the company's place; now if left out.
    #[serde(default)]
    at: Option<String>,
    script: Vec<Line>,
    expect: Expected,
}

/// What must come of it; what is left out may be anything.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Expected {
    /// Intents in their order; others may stand between them.
    intents: Vec<String>,
    /// Values that are known in the end.
    slots: BTreeMap<String, String>,
    /// Pieces of what the bot says.
    said: Vec<String>,
    /// Pieces of what it must not say.
    not_said: Vec<String>,
    /// A human is called.
    escalated: Option<bool>,
    /// The human's queue.
    queue: Option<String>,
    /// One of the reasons.
    reason: Option<String>,
    /// How the flow ends the call.
    end: Option<Outcome>,
}

/// Plays every case.
pub(super) fn run(args: &Args) -> Result<()> {
    let flow = load(&args.file, None)?;
    let path = args.cases.clone().unwrap_or_else(|| beside(&args.file));
    let cases = read(&path)?;
    let heads = understander(&flow)?;
    let understand = |before: &Before, said: &str| heads.understand(before, said).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    let (mut played, mut failed) = (0, 0);
    for case in cases.into_iter().filter(|case| args.only.as_ref().is_none_or(|only| case.name.contains(only.as_str()))) {
        played += 1;
        let name = case.name.clone();
        let (wrong, trace) = one(case, &flow, &understand)?;
        if wrong.is_empty() {
            writeln!(out, "ok      {name}")?;
            continue;
        }
        failed += 1;
        writeln!(out, "FAILED  {name}")?;
        for wrong in wrong {
            writeln!(out, "        {wrong}")?;
        }
        out.write_all(&trace)?;
    }
    writeln!(out, "{played} cases, {failed} failed")?;
    if failed > 0 {
        bail!("{failed} of {played} cases of {} came out otherwise", path.display());
    }
    Ok(())
}

/// `support.en.yaml` → `support.en.cases.yaml`.
fn beside(flow: &Path) -> PathBuf {
    flow.with_extension("cases.yaml")
}

fn read(path: &Path) -> Result<Vec<Case>> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    let read = yaml::read::<Vec<Case>>(&text, &name).map_err(|mistake| anyhow::anyhow!("{mistake}"))?;
    if let Some(mistake) = read.mistakes.first() {
        bail!("{mistake}");
    }
    read.value.with_context(|| format!("{name} has no cases"))
}

fn one(case: Case, flow: &Arc<Flow>, understand: &dyn Fn(&Before, &str) -> Understanding) -> Result<(Vec<String>, Vec<u8>)> {
    let wall = match &case.at {
        Some(at) => wall_time(at.parse().with_context(|| format!("{}: `at` is no date and time", case.name))?),
        None => flow.wall_time(i64::try_from(clock::utc().as_millis()).unwrap_or_default()),
    };
    let mut trace = Vec::new();
    let mut rehearsal = Rehearsal::new(flow, wall, understand);
    let cues = case.script.into_iter().map(|line| line.0).collect();
    let played = play(&mut rehearsal, cues, Printer { json: false, out: &mut trace })?;
    let known = |slot: &str| rehearsal.dialogue().facts().iter().find(|fact| fact.name == slot).map(|fact| fact.value.clone());
    Ok((case.expect.differs(&played, &known), trace))
}

impl Expected {
    /// What came out otherwise.
    fn differs(&self, played: &Played, known: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut meant = played.intents.iter();
        if let Some(missing) = self.intents.iter().find(|intent| !meant.any(|meant| meant == *intent)) {
            wrong.push(format!("`{missing}` was not understood in its place; understood: {}", played.intents.join(", ")));
        }
        for (slot, value) in &self.slots {
            match known(slot) {
                Some(known) if known == *value => {}
                Some(known) => wrong.push(format!("{slot} is {known}, not {value}")),
                None => wrong.push(format!("{slot} is not known, not {value}")),
            }
        }
        let said = text::folded(&played.said);
        let missing = self.said.iter().filter(|piece| !said.contains(&text::folded(piece)));
        wrong.extend(missing.map(|piece| format!("“{piece}” was not said")));
        let too_much = self.not_said.iter().filter(|piece| said.contains(&text::folded(piece)));
        wrong.extend(too_much.map(|piece| format!("“{piece}” was said")));
        wrong.extend(self.human_differs(played));
        if let Some(end) = self.end
            && played.end != Some(end)
        {
            wrong.push(format!("the call ended with {:?}, not {end:?}", played.end));
        }
        wrong
    }

    fn human_differs(&self, played: &Played) -> Vec<String> {
        let mut wrong = Vec::new();
        if let Some(escalated) = self.escalated
            && escalated != played.human.is_some()
        {
            wrong.push(if escalated { "no human was called" } else { "a human was called" }.to_owned());
        }
        let (queue, reasons) = played.human.clone().unwrap_or_default();
        if let Some(wanted) = &self.queue
            && *wanted != queue
        {
            wrong.push(format!("the human is of the queue “{queue}”, not “{wanted}”"));
        }
        if let Some(reason) = &self.reason
            && !reasons.contains(reason)
        {
            wrong.push(format!("the reasons are {reasons:?}, not {reason}"));
        }
        wrong
    }
}
