//! `warmline replay FILE`: feeds the event log of a call through the brain again, and says whether it does the same.

use std::{fs, path::PathBuf, sync::Arc};

use anyhow::{Context, Result, bail};

use crate::{
    call::{Setup, flow::Flow, replay::replay},
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
}

/// Compares; an error if the brain does something else now.
pub(crate) fn run(args: &Args) -> Result<()> {
    let log = read_log(&args.file)?;
    let recorded = Recorded::from(&log);
    let path = args.flow.as_ref().unwrap_or(&log.setup.flow.path);
    let text = fs::read_to_string(path).with_context(|| format!("the call's flow {}: give another with --flow", path.display()))?;
    if FlowFile::sha256(&text) != log.setup.flow.sha256 {
        println!("note: {} is not what the call followed; its text has changed", path.display());
    }
    let flow = Flow::parse(&text, &path.display().to_string()).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })?;
    let flow =
        flow.bind(&log.setup.flow.services).map_err(|missing| anyhow::anyhow!("the log has no address for {}", missing.join(", ")))?;
    let setup = Setup { call: log.setup.call.clone(), flow: Arc::new(flow), wall: log.setup.wall, caller: log.setup.caller.clone() };

    let replayed = replay(setup, &recorded.told);
    if log.torn {
        println!("note: the last line of the log was cut off, and left out");
    }
    if let Some(lines) = recorded.gap {
        println!("note: the log has a gap after {lines} lines; only what is before it is compared");
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

fn shown(action: Option<&(crate::call::time::Time, crate::call::action::Action)>) -> Result<String> {
    Ok(match action {
        Some((at, action)) => format!("{} ms {}", at.0, serde_json::to_string(action)?),
        None => "nothing more".to_owned(),
    })
}
