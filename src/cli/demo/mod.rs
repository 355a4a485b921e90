//! `warmline demo`: starts a gateway, calls it, plays the agent too, and reports what truly happened.

mod agent;
mod call;
mod caller;
pub(crate) mod ears;
mod record;
mod recording;
mod report;
mod show;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    accounts::Role,
    clock,
    config::{ConfigFile, Transfer},
    phone::{Agent, Phone, Rig, Setup},
    web_call::random_hex,
};
use call::Stage;
use ears::Ears;
use report::Report;
use show::Show;

/// Where the demo is found, if nothing else is there: SIP and HTTP.
const WISHED_PORTS: (u16, u16) = (5060, 8080);

/// The caller's number and name, as the network tells them.
const CALLER: (&str, &str) = ("+40721555019", "Ana Pop");

/// Place a real call through the whole gateway, and show it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Exit after the call.
    #[arg(long)]
    once: bool,
    /// Write the report to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The models' folder, if not the user's.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Where the gateway keeps record, recordings and logs of the demo (a new folder for temporary files by default).
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("no threads")?;
    runtime.block_on(demo(args))
}

async fn demo(args: &Args) -> Result<()> {
    let ears = Ears::load(args.models.as_deref())?;
    let origin = clock::now();
    let show = Show::new(origin);
    let agent = Phone::bind("maria", any_port(), origin).await?;
    let caller = Phone::bind(CALLER.0, any_port(), origin).await?.with_name(CALLER.1);
    let folder = args.folder.clone().unwrap_or_else(new_folder);
    let setup = Setup {
        binary: std::env::current_exe().context("where this program lies")?,
        folder,
        models: args.models.clone(),
        agents: vec![Agent { id: "maria".to_owned(), name: "Maria".to_owned(), target: agent.address(), transfer: Transfer::Bridge }],
        wished_ports: WISHED_PORTS,
        certificate: None,
    };
    // Nobody's secret, and another one each time: what was read once opens nothing later.
    let password = format!("demo-{}", random_hex(4));
    let adjusted = |config: &mut ConfigFile| {
        config.http.accounts = true;
        config.demo.password = Some(password.clone());
    };
    let mut rig = Rig::start_with(setup, adjusted).await?;
    let api = rig.api().signed_in(Role::Supervisor.word(), &password).await.context("the demo's supervisor")?;
    show.line("demo", &format!("the gateway is ready on sip:{} and {}", rig.sip(), rig.api().address("/")));
    let roles = [Role::Supervisor, Role::Operator, Role::Administrator].map(Role::word).join(", ");
    show.line("demo", &format!("demo accounts, for everybody on this machine: maria, {roles}; password {password}"));
    let stage = Stage { rig: &rig, api: &api, ears: &ears, caller: &caller, agent: &agent, agent_id: "maria", show };
    let report = call::play(&stage).await;
    println!("{}", report.text());
    if let Some(file) = &args.json {
        write(&report, file)?;
    }
    if !args.once {
        stay(&mut rig, &agent, &ears, show, &password).await?;
    }
    if !report.ok {
        bail!("the demo call did not go as it should:\n  {}", report.failed.join("\n  "));
    }
    Ok(())
}

fn write(report: &Report, file: &Path) -> Result<()> {
    let json = serde_json::to_vec_pretty(report).context("the report as JSON")?;
    fs::write(file, json).with_context(|| file.display().to_string())
}

/// Leaves the gateway up until Ctrl-C, with an agent who takes every call.
async fn stay(rig: &mut Rig, agent: &Phone, ears: &Ears, show: Show, password: &str) -> Result<()> {
    let sip = rig.sip();
    println!("The gateway stays up. Call it from any SIP telephone on this machine:");
    println!("  baresip -e '/dial sip:support@{sip}'");
    println!("  linphonec, then: call sip:support@{sip}");
    println!("Ask for a person, and Maria takes the call by herself (she has no ears: she says hello and stays).");
    println!("Pages: {}   her page: {}", rig.api().address("/"), rig.api().address("/agent/maria"));
    println!(
        "Sign in as maria (agent), supervisor, operator or administrator; the password of all four is {password}, in this demo and nowhere else."
    );
    println!("Files: {}", rig.folder().display());
    println!("Ctrl-C ends it.");
    tokio::select! {
        ended = rig.wait() => ended,
        () = async { agent::stay(agent, ears, show).await } => Ok(()),
        stop = tokio::signal::ctrl_c() => stop.context("Ctrl-C"),
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// A folder that no other demo uses.
fn new_folder() -> PathBuf {
    std::env::temp_dir().join(format!("warmline-demo-{}", std::process::id()))
}
