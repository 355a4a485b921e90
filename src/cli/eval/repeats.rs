//! `warmline eval repeats FILE`: what agents ask that was on their card already.
//!
//! A line is what an agent says, what their card told, and what of it was asked for again: `{"text", "known": {"order_number": "457129"}, "repeat": "order_number"}`.
//! `known` may have `name`, and `matter` (its value does not count); `repeat` is null where nothing is asked again.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;

use crate::{
    call::{
        asked_again::{MATTER, NAME, OnCard},
        flow::Flow,
    },
    cli::flow::{load, understander},
    understand::Understander,
};

/// What to measure.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Labelled turns of agents, a JSON object a line.
    file: PathBuf,
    /// The flow.
    #[arg(long, default_value = "config/flows/support.en.yaml")]
    flow: PathBuf,
    /// Also list what went wrong.
    #[arg(long)]
    misses: bool,
    /// Write the figures there, as JSON.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
}

/// A labelled turn.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    text: String,
    known: BTreeMap<String, String>,
    repeat: Option<String>,
}

/// How often it was right.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    found: u32,
    missed: u32,
    /// Something is said to be asked again that is not, or something else is.
    wrong: u32,
    quiet: u32,
}

impl Counts {
    fn add(&mut self, wanted: Option<&str>, got: Option<&str>) {
        match (wanted, got) {
            (None, None) => self.quiet += 1,
            (Some(wanted), Some(got)) if wanted == got => self.found += 1,
            (_, Some(_)) => self.wrong += 1,
            (Some(_), None) => self.missed += 1,
        }
    }

    fn precision(self) -> f64 {
        share(self.found, self.found + self.wrong)
    }

    fn recall(self, repeats: u32) -> f64 {
        share(self.found, repeats)
    }
}

fn share(part: u32, whole: u32) -> f64 {
    f64::from(part) / f64::from(whole.max(1))
}

pub(super) fn run(args: &Args) -> Result<()> {
    let cases = read(&args.file)?;
    let flow = load(&args.flow, None)?;
    let heads = understander(&flow)?;
    let (mut counts, mut misses) = (Counts::default(), Vec::new());
    for case in &cases {
        let got = repeated(case, &flow, &heads)?;
        counts.add(case.repeat.as_deref(), got.as_ref().map(|(name, _)| name.as_str()));
        if case.repeat.as_deref() != got.as_ref().map(|(name, _)| name.as_str()) {
            misses.push(format!("{} instead of {}: {}", shown(got), case.repeat.as_deref().unwrap_or("nothing"), case.text));
        }
    }
    let repeats = u32::try_from(cases.iter().filter(|case| case.repeat.is_some()).count())?;
    let (precision, recall) = (counts.precision(), counts.recall(repeats));
    println!("{} turns, {repeats} of them ask again", cases.len());
    println!("precision {:.1} %, recall {:.1} %", precision * 100.0, recall * 100.0);
    println!("found {}, missed {}, wrong {}, left alone rightly {}", counts.found, counts.missed, counts.wrong, counts.quiet);
    if args.misses {
        misses.iter().for_each(|miss| println!("  {miss}"));
    }
    if let Some(out) = &args.json {
        let figures = json!({
            "part": "repeats", "turns": cases.len(), "repeats": repeats, "precision": precision, "recall": recall,
            "found": counts.found, "missed": counts.missed, "wrong": counts.wrong, "left_alone": counts.quiet,
        });
        fs::write(out, serde_json::to_string_pretty(&figures)?).with_context(|| format!("cannot write {}", out.display()))?;
    }
    Ok(())
}

fn shown(got: Option<(String, f32)>) -> String {
    got.map_or("nothing".to_owned(), |(name, score)| format!("{name} ({score:.2})"))
}

fn read(file: &Path) -> Result<Vec<Case>> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let cases: Vec<Case> =
        lines.map(|(number, line)| serde_json::from_str(line).with_context(|| format!("{name}:{}", number + 1))).collect::<Result<_>>()?;
    ensure!(!cases.is_empty(), "{name} has no turns");
    Ok(cases)
}

/// What is asked again, as the gateway finds it in a call.
fn repeated(case: &Case, flow: &Arc<Flow>, heads: &Understander) -> Result<Option<(String, f32)>> {
    let mut card = OnCard::default();
    for (name, value) in &case.known {
        let label = flow.questions().find(|(slot, ..)| slot == name).map(|(_, label, _)| label.to_owned());
        ensure!(label.is_some() || name == NAME || name == MATTER, "the flow has no slot `{name}`");
        card.add(name, &label.unwrap_or_else(|| name.clone()), if name == MATTER { "" } else { value });
    }
    for question in flow.words().asked_again.questions(&case.text) {
        if !card.is_worth(question, flow.lexicon()) {
            continue;
        }
        if let Some(found) = card.has(question, &heads.asks_for(question)?) {
            return Ok(Some((found.name.clone(), found.score)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_no_find() {
        let mut counts = Counts::default();
        for (wanted, got) in [(Some("a"), Some("a")), (Some("a"), Some("b")), (Some("a"), None), (None, Some("a")), (None, None)] {
            counts.add(wanted, got);
        }
        assert_eq!(counts, Counts { found: 1, missed: 1, wrong: 2, quiet: 1 });
        assert!((counts.precision() - 1.0 / 3.0).abs() < 1e-9 && (counts.recall(3) - 1.0 / 3.0).abs() < 1e-9);
    }
}
