//! Developer commands: `cargo xtask demo`, `test`, `fuzz`, `bench`, `models`. Each one sets up what it needs by itself.

mod build;
mod dependencies;
mod fuzz;
mod licences;
mod machine;
mod pages;
mod run;
mod suite;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of Warmline")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set everything up, then place a real call and show it. What follows is given to `warmline demo`.
    Demo {
        /// For example `--once --json FILE`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Everything that CI runs, with the same set-up.
    Test {
        /// The part that one runs every few minutes: no release build, no calls over the wire.
        #[arg(long)]
        quick: bool,
    },
    /// Only the check of licences, withdrawn versions and advisories.
    Licences,
    /// Measure. What follows (`[edge|relay|flood|talk|voice|desk] [--json FILE]`) is given to `warmline bench`.
    Bench {
        /// For example `talk --json FILE`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Coverage-guided fuzzing of what the telephony edge reads; without a name, one entrance after the other.
    Fuzz {
        /// For example `offer`: one of the files in `sip/tests/data/corpus`.
        entrance: Option<String>,
        /// For how long, each.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Further flags of libFuzzer.
        #[arg(last = true)]
        flags: Vec<String>,
    },
    /// Fetch, list or verify the models. What follows is given to `warmline models`.
    Models {
        /// For example `pull`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo { rest } => demo(&rest),
        Command::Test { quick } => suite::test(quick),
        Command::Licences => licences::check().and_then(|()| dependencies::check()),
        Command::Fuzz { entrance, seconds, flags } => fuzz::fuzz(entrance.as_deref(), seconds, &flags),
        Command::Bench { rest } => bench(&rest),
        Command::Models { rest } => models(&rest),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo(rest: &[String]) -> Result<()> {
    machine::prepare(machine::For::Demo)?;
    pages::build()?;
    build::release()?;
    run::visible(build::warmline().args(["models", "pull"]))?;
    run::visible(build::warmline().arg("demo").args(rest))
}

fn bench(rest: &[String]) -> Result<()> {
    machine::prepare(machine::For::Test)?;
    pages::build()?;
    build::release()?;
    run::visible(build::warmline().args(["models", "pull"]))?;
    pages::install("tests/browser")?;
    // Some figures are of a page in a real browser.
    let screen = run::root().join("tests/browser/screen.mjs");
    run::visible(build::warmline().arg("bench").args(rest).env("WARMLINE_SCREEN", screen))
}

fn models(rest: &[String]) -> Result<()> {
    machine::prepare(machine::For::Models)?;
    build::release()?;
    run::visible(build::warmline().arg("models").args(rest))
}
