//! `warmline eval …`: figures of the parts, on labelled data of one's own.

mod damage;
mod hearing;
mod slots;
mod words;

use anyhow::Result;

/// Measure on labelled data.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, clap::Subcommand)]
enum Part {
    /// Readers of values: what is said, and the value that it should give.
    Slots(slots::Args),
    /// The recogniser: word errors and how far its confidence can be trusted, clean, in babble and with lost packets.
    Hearing(hearing::Args),
}

/// Runs the part.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.part {
        Part::Slots(args) => slots::run(args),
        Part::Hearing(args) => hearing::run(args),
    }
}
