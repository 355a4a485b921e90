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

use std::{panic, process};

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
        if !matches!(self.command, Command::Serve(_) | Command::Demo(_) | Command::Bench(_) | Command::ExampleOrders(_)) {
            end_with_the_reader();
        }
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

/// Whoever reads what is printed may have seen enough (`warmline eval … | head`): that is no failure, and nothing that goes on would be read.
fn end_with_the_reader() {
    let otherwise = panic::take_hook();
    panic::set_hook(Box::new(move |problem| {
        if problem.payload_as_str().is_some_and(|text| text.starts_with("failed printing to stdout")) {
            process::exit(0);
        }
        otherwise(problem);
    }));
}
