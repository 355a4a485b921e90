//! `warmline replay FILE`: feeds the event log of a call through the brain again, and says whether it does the same; with `--set`, what would have been
//! different with other numbers in the flow.

mod set;

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::{Context, Result, bail};

use set::Story;

use crate::{
    call::{
        Setup,
        action::Action,
        flow::Flow,
        record::{Entry, What},
        replay::replay,
        time::Time,
    },
    languages,
    store::{FlowFile, Recorded, read_log},
};

/// Feed a recorded call through the brain again, and compare what it does.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The event log of a call (`calls/<id>.jsonl` in the folder of the record).
    file: PathBuf,
    /// The flow; without it the file that the log names.
    #[arg(long)]
    flow: Option<PathBuf>,
    /// Another number or word in the flow: `escalation.threshold=0.6`, `escalation.signals.anger.effect=note`, `understanding.intent=0.5`. What the caller
    /// says after the first difference is what was said in the call as it was.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// Compares; an error if the brain does something else now.
pub(crate) fn run(args: &Args) -> Result<()> {
    let log = read_log(&args.file)?;
    let mut recorded = Recorded::from(&log);
    let mut flow = read_flow(&log.setup.flow, args.flow.as_ref())?;
    args.set.iter().try_for_each(|pair| set::set(&mut flow, pair))?;
    let others = log.setup.others.iter().map(|file| read_flow(file, None).map(Arc::new)).collect::<Result<Vec<_>>>()?;
    let setup = Setup {
        call: log.setup.call.clone(),
        flow: Arc::new(flow),
        others,
        wall: log.setup.wall,
        caller: log.setup.caller.clone(),
        redact: log.setup.redact.clone(),
        promise: log.setup.promise.clone(),
    };

    let mut replayed = replay(setup, &recorded.told);
    if log.torn {
        println!("note: the last line of the log was cut off, and left out");
    }
    if let Some(lines) = recorded.gap {
        println!("note: the log has a gap after {lines} lines; only what is before it is compared");
    }
    if !args.set.is_empty() {
        show_decisions(args, &recorded, &replayed);
        recorded.actions.retain(is_deed);
        replayed.retain(is_deed);
        return show_deeds(&recorded, &replayed);
    }
    match recorded.first_difference(&replayed) {
        None => {
            println!("same {} actions, from {} reports", recorded.actions.len(), recorded.told.len());
            Ok(())
        }
        Some(difference) => {
            println!("{} actions are the same, then", difference.index);
            println!("  recorded: {}", shown(difference.recorded.as_ref())?);
            println!("  replayed: {}", shown(difference.replayed.as_ref())?);
            bail!("the brain does something else now");
        }
    }
}

/// A flow of the call as its file is now; `instead`: another file.
fn read_flow(file: &FlowFile, instead: Option<&PathBuf>) -> Result<Flow> {
    let path = instead.unwrap_or(&file.path);
    let text = fs::read_to_string(path).with_context(|| format!("the call's flow {}: give another with --flow", path.display()))?;
    if FlowFile::sha256(&text) != file.sha256 {
        println!("note: {} is not what the call followed; its text has changed", path.display());
    }
    let flow = Flow::parse_in(&text, &path.display().to_string(), &languages::of_flow(path)?).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })?;
    flow.bind(&file.services).map_err(|missing| anyhow::anyhow!("the log has no address for {}", missing.join(", ")))
}

/// What the decisions were, and what they would have been.
fn show_decisions(args: &Args, recorded: &Recorded, replayed: &[(Time, Action)]) {
    let (was, would_be) = (Story::of(&recorded.actions), Story::of(replayed));
    println!("recorded: {}", was.line());
    if let Some(thresholds) = was.thresholds() {
        println!("          {thresholds}");
    }
    println!("with {}: {}", args.set.join(", "), would_be.line());
}

/// Something is done, and not only weighed: a decision names its threshold, and reads differently with every other one.
fn is_deed((_, action): &(Time, Action)) -> bool {
    !matches!(action, Action::Record(Entry { what: What::Decision { .. }, .. }))
}

/// What was done, and what would have been done.
fn show_deeds(recorded: &Recorded, replayed: &[(Time, Action)]) -> Result<()> {
    match recorded.first_difference(replayed) {
        None => println!("nothing else would have been done"),
        Some(difference) => {
            println!("the first {} actions are the same, then", difference.index);
            println!("  recorded: {}", shown(difference.recorded.as_ref())?);
            println!("  replayed: {}", shown(difference.replayed.as_ref())?);
        }
    }
    Ok(())
}

fn shown(action: Option<&(Time, Action)>) -> Result<String> {
    Ok(match action {
        Some((at, action)) => format!("{} ms {}", at.0, serde_json::to_string(action)?),
        None => "nothing more".to_owned(),
    })
}
