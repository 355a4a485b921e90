//! `warmline serve --config FILE`: the gateway.

use std::{io::IsTerminal as _, path::PathBuf};

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{app::App, config::Config};

/// Answer calls.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "config/warmline.yaml")]
    config: PathBuf,
}

/// Runs the gateway until SIGTERM or SIGINT, then lets the calls finish.
pub(crate) fn run(args: &Args) -> Result<()> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,rtc_dtls=error"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).init();
    let config = Config::load(&args.config)?;
    allow_descriptors();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no threads")?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stop = async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        // A task among the others: calls are taken up where they go on.
        tokio::spawn(App::build(config, &args.config).await?.run(stop)).await.context("the gateway")?
    })
}

/// As many open files as the system lets us have: its usual first word, 1,024, is as many as the pages alone may take, and every leg of a call has two.
fn allow_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
