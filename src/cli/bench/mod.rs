//! `warmline bench`: measures a gateway of one's own from outside, on real SIP, real RTP and real models.

mod desk;
mod edge;
mod figures;
mod flood;
mod floor;
mod phones;
mod process;
mod relay;
mod rtpengine;
mod short_calls;
mod talk;
mod visitor;
mod voice;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use warmline_models::ModelsDir;

use crate::{
    clock,
    config::{ConfigFile, Transfer},
    phone::{Agent, Line, Phone, Rig, Setup},
};

use figures::Figures;
use visitor::Visitor;

/// Measure a gateway on this machine.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only one part.
    part: Option<Part>,
    /// Write the figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The models' folder, if not the user's.
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Turns of which the reply latency is measured.
    #[arg(long, default_value_t = 40)]
    turns: usize,
    /// Seconds that each rate of short calls lasts in `edge`; the flood lasts three times as long.
    #[arg(long, default_value_t = 20)]
    seconds: u32,
    /// Calls with the bot at once: measures only their reply latency, lost turns and cost.
    #[arg(long, default_value_t = 1)]
    calls: usize,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// Start, call set-up, many calls at once, pacing of RTP.
    Edge,
    /// The part of `edge` about bridged calls: cost, delay, memory.
    Relay,
    /// The part of `edge` about a minute of what strangers send.
    Flood,
    /// Talking with the bot: reply latency, barge-in, processor and memory per call.
    Talk,
    /// The bot's voice by itself: first sound of new and of cached clauses, how even they are.
    Voice,
    /// Handing over: time to the agent, bridged calls.
    Desk,
}

/// Runs it.
pub(crate) fn run(args: &Args) -> Result<()> {
    let models = super::demo::ears::fetch_models(args.models.as_deref())?;
    let runtime = tokio::runtime::Runtime::new().context("no threads")?;
    let figures = runtime.block_on(measure(args, &models))?;
    println!("{}", figures.text());
    if let Some(file) = &args.json {
        let json = serde_json::to_vec_pretty(&figures).context("the figures as JSON")?;
        fs::write(file, json).with_context(|| file.display().to_string())?;
    }
    figures.wrong().map_or(Ok(()), |wrong| bail!("figures that {wrong}"))
}

async fn measure(args: &Args, models: &ModelsDir) -> Result<Figures> {
    let mut figures = Figures { machine: process::machine(), ..Figures::default() };
    let wants = |part: Part| args.part.is_none_or(|only| only == part);
    if wants(Part::Edge) || wants(Part::Relay) {
        tokio::task::block_in_place(|| relay::measure(&mut figures))?;
    }
    if wants(Part::Edge) {
        let mut bench = Bench::start(args).await?;
        let measured = edge::measure(&mut bench, args.seconds, &mut figures).await;
        bench.end(measured)?;
    }
    if wants(Part::Edge) || wants(Part::Flood) {
        flood::measure(args, args.seconds * 3, &mut figures).await?;
    }
    if wants(Part::Talk) {
        let mut bench = Bench::start(args).await?;
        let measured = talk::measure(&mut bench, &mut figures, models, args.turns, args.calls).await;
        bench.end(measured)?;
    }
    if wants(Part::Voice) {
        voice::measure(models, &mut figures).await?;
    }
    if wants(Part::Desk) {
        desk::measure(args, &mut figures).await?;
    }
    Ok(figures)
}

/// A gateway, an agent's telephone, and callers as needed.
struct Bench {
    rig: Rig,
    agent: Phone,
    origin: Instant,
    /// The same moment in UTC.
    origin_utc: Duration,
}

impl Bench {
    /// With one agent, whose telephone is [`Self::agent`].
    async fn start(args: &Args) -> Result<Self> {
        Self::start_with(args, clock::now(), Vec::new(), |_, _| Ok(())).await
    }

    /// With more agents, and a configuration that is `adjusted` before it is written into the folder. All times count from `origin`.
    async fn start_with(
        args: &Args,
        origin: Instant,
        more: Vec<Agent>,
        adjusted: impl FnOnce(&mut ConfigFile, &Path) -> Result<()>,
    ) -> Result<Self> {
        let origin_utc = clock::utc().saturating_sub(origin.elapsed());
        let agent = Phone::bind("maria", any_port(), origin).await?;
        let maria = Agent { id: "maria".to_owned(), name: "Maria".to_owned(), target: agent.address(), transfer: Transfer::Bridge };
        let folder = std::env::temp_dir().join(format!("warmline-bench-{}-{}", std::process::id(), clock::utc().as_millis()));
        let setup = Setup {
            binary: std::env::current_exe().context("where this program lies")?,
            folder: folder.clone(),
            models: args.models.clone(),
            agents: if more.is_empty() { vec![maria] } else { more },
            wished_ports: (0, 0),
            certificate: None,
        };
        let mut adjustment = Ok(());
        let rig = Rig::start_with(setup, |config| adjustment = adjusted(config, &folder)).await;
        adjustment?;
        Ok(Self { rig: rig?, agent, origin, origin_utc })
    }

    /// A new caller's call.
    async fn call(&self) -> Result<(Phone, Line)> {
        self.call_to("support").await
    }

    /// The same to another number.
    async fn call_to(&self, user: &str) -> Result<(Phone, Line)> {
        let phone = Phone::bind("caller", any_port(), self.origin).await?;
        let line = phone.call(user, self.rig.sip()).await?;
        Ok((phone, line))
    }

    /// A moment in UTC milliseconds, on the telephones' timeline.
    fn timeline(&self, utc_ms: u64) -> Duration {
        Duration::from_millis(utc_ms).saturating_sub(self.origin_utc)
    }

    /// Somebody at the pages.
    fn visitor(&self) -> Result<Visitor> {
        Visitor::new(self.rig.api().address(""))
    }

    /// Ends the gateway. Recordings of a benchmark are of no use, except to find out why it failed.
    fn end(self, measured: Result<()>) -> Result<()> {
        let folder = self.rig.folder().to_owned();
        drop(self);
        measured.with_context(|| format!("the record, logs and recordings are in {}", folder.display()))?;
        fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())
    }
}

fn any_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}
