//! The `warmline` command: arguments → config → build → run → drain.

use std::{
    env, io,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use clap::Parser;
use warmline::cli::Cli;

/// Unless its environment holds this, ONNX Runtime gives the machine a name, logs its use, and reports both to its makers, from the moment that it is loaded:
/// its own switch comes too late.
const NO_REPORTS: &str = "ORT_DISABLE_TELEMETRY";

fn main() -> ExitCode {
    if env::var_os(NO_REPORTS).is_none() {
        eprintln!("warmline: it cannot begin anew with {NO_REPORTS}=1: {}; set that yourself", begin_anew());
        return ExitCode::FAILURE;
    }
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("warmline: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The same program in the place of this one, with that in its environment; comes back only if it cannot be.
fn begin_anew() -> io::Error {
    let mut arguments = env::args_os();
    let name = arguments.next().unwrap_or_default();
    match env::current_exe() {
        Ok(program) => Command::new(program).arg0(name).args(arguments).env(NO_REPORTS, "1").exec(),
        Err(problem) => problem,
    }
}
