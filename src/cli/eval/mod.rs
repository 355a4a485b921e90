//! `warmline eval turns FOLDER`: how right the machine is on labelled calls, with figures for people and as JSON.

mod turns;

use anyhow::Result;

/// Measure on labelled sentences and sounds.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, clap::Subcommand)]
enum Part {
    /// When callers have finished, and what interrupts the bot.
    Turns(turns::Args),
}

/// Runs the part.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.part {
        Part::Turns(args) => turns::run(args),
    }
}
