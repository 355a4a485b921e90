//! The `warmline` command: arguments → config → build → run → drain.

use std::process::ExitCode;

use clap::Parser;
use warmline::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("warmline: {error:#}");
            ExitCode::FAILURE
        }
    }
}
