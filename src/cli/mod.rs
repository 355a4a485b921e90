//! The subcommands, one file each.

mod bench;
mod demo;
mod eval;
mod example_orders;
mod flow;
mod models;
mod openapi;
mod privacy;
mod replay;
mod serve;
mod speak;
mod transcribe;
mod understand;

use clap::{Parser, Subcommand};

/// Warmline answers calls, and hands them over properly.
#[derive(Debug, Parser)]
#[command(name = "warmline", version, about, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Demo(demo::Args),
    Flow(flow::Args),
    Eval(eval::Args),
    Understand(understand::Args),
    Transcribe(transcribe::Args),
    Speak(speak::Args),
    Replay(replay::Args),
    Models(models::Args),
    Privacy(privacy::Args),
    Openapi(openapi::Args),
    Bench(bench::Args),
    #[command(hide = true)]
    ExampleOrders(example_orders::Args),
}

impl Cli {
    /// Runs the chosen command.
    ///
    /// # Errors
    /// Whatever the command could not do, with its context, for a person to read.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Serve(args) => serve::run(&args),
            Command::Demo(args) => demo::run(&args),
            Command::Flow(args) => flow::run(args),
            Command::Eval(args) => eval::run(&args),
            Command::Understand(args) => understand::run(&args),
            Command::Transcribe(args) => transcribe::run(&args),
            Command::Speak(args) => speak::run(&args),
            Command::Replay(args) => replay::run(&args),
            Command::Models(args) => models::run(&args),
            Command::Privacy(args) => privacy::run(&args),
            Command::Openapi(args) => openapi::run(&args),
            Command::Bench(args) => bench::run(&args),
            Command::ExampleOrders(args) => example_orders::run(&args),
        }
    }
}
