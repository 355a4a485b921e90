//! The subcommands, one file each.

use clap::{Parser, Subcommand};

/// Warmline answers calls, and hands them over properly.
#[derive(Debug, Parser)]
#[command(name = "warmline", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {}

impl Cli {
    /// Runs the chosen command.
    ///
    /// # Errors
    /// Whatever the command could not do, with its context, for a person to read.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {}
    }
}
