//! `warmline eval`: figures for what operators may tune, on labelled files.

mod prosody;

use anyhow::Result;

/// Measure on labelled files what a change would do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Anger from voices alone: a folder of WAV files with turns.jsonl.
    Prosody(prosody::Args),
}

/// Runs the subcommand.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.what {
        What::Prosody(args) => prosody::run(args),
    }
}
