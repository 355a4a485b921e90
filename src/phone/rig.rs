//! A gateway of one's own: `warmline serve` and the example order service as child processes, on free ports of loopback, with all
//! their files in one folder. The demo, the benchmarks and the wire tests call this one.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use super::{
    Api,
    ports::{free_port, is_free},
};
use crate::{
    clock,
    config::{
        AgentConfig, ConfigFile, DeskConfig, DigestName, HttpConfig, LimitsConfig, RegistrarConfig, RouteConfig, RtpConfig, SipConfig,
        SpeechConfig, StoreConfig, Transfer,
    },
};

/// How long a start may take: cold models on a slow disk.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// The example flow of the repository.
const FLOW: &str = include_str!("../../config/flows/support.en.yaml");
/// The same in Romanian.
const ROMANIAN_FLOW: &str = include_str!("../../config/flows/support.ro.yaml");
/// The queues of these flows.
const QUEUES: [&str; 4] = ["general", "orders", "accounts", "complaints"];
const CONFIGURATION: &str = "warmline.yaml";
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What to start.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The `warmline` binary.
    pub binary: PathBuf,
    /// Where everything that the gateway writes goes. It is made if it is not there.
    pub folder: PathBuf,
    /// The models, if not in the user's cache folder.
    pub models: Option<PathBuf>,
    /// The agents whose phones it may ring.
    pub agents: Vec<Agent>,
    /// Ports that are tried first, so that a person finds the demo where the documentation says: SIP and HTTP.
    pub wished_ports: (u16, u16),
    /// Certificate and key (PEM): then TLS is spoken too.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// The password of telephones that register with a rig's gateway, their user being the agent's id.
pub const PASSWORD: &str = "long-one-for-the-tests";
const PASSWORD_FILE: &str = "password";

/// A human who can be rung.
#[derive(Debug, Clone)]
pub struct Agent {
    /// The key in the configuration.
    pub id: String,
    /// The name that callers hear.
    pub name: String,
    /// The SIP address of the phone, or `registered` if it registers.
    pub target: String,
    /// How callers get to them.
    pub transfer: Transfer,
}

/// A running gateway. Its processes end when this is dropped.
#[derive(Debug)]
pub struct Rig {
    setup: Setup,
    sip: SocketAddr,
    tls: Option<SocketAddr>,
    http: SocketAddr,
    gateway: Child,
    orders: Child,
    ready_after: Duration,
}

impl Rig {
    /// Starts both, and waits until the gateway is ready.
    ///
    /// # Errors
    /// If one of them does not start; the message holds the end of its log.
    pub async fn start(setup: Setup) -> Result<Self> {
        Self::start_with(setup, |_| {}).await
    }

    /// The same with a configuration that is `adjusted` before it is written.
    ///
    /// # Errors
    /// If one of them does not start; the message holds the end of its log.
    pub async fn start_with(setup: Setup, adjusted: impl FnOnce(&mut ConfigFile)) -> Result<Self> {
        fs::create_dir_all(&setup.folder).with_context(|| setup.folder.display().to_string())?;
        let orders_port = free_port()?;
        let (sip, http) = (free_address(setup.wished_ports.0)?, free_address(setup.wished_ports.1)?);
        let tls = setup.certificate.as_ref().map(|_| free_address(0)).transpose()?;
        configure(&setup, (sip, tls), http, orders_port, adjusted)?;
        let orders = Command::new(&setup.binary)
            .args(["example-orders", "--port", &orders_port.to_string(), "--db"])
            .arg(setup.folder.join("orders.sqlite"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log(&setup.folder, "orders.log")?)
            .kill_on_drop(true)
            .spawn()
            .context("the order service does not start")?;
        let (gateway, ready_after) = start_gateway(&setup, http).await?;
        Ok(Self { setup, sip, tls, http, gateway, orders, ready_after })
    }

    /// Where it takes calls.
    #[must_use]
    pub const fn sip(&self) -> SocketAddr {
        self.sip
    }

    /// Where it takes calls in TLS, if it does.
    #[must_use]
    pub const fn tls(&self) -> Option<SocketAddr> {
        self.tls
    }

    /// Its API and pages.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(self.http)
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.setup.folder
    }

    /// How long it took from the start of the process until it was ready for calls.
    #[must_use]
    pub const fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// Its process.
    ///
    /// # Errors
    /// If it has ended.
    pub fn process(&self) -> Result<u32> {
        self.gateway.id().context("the gateway has ended")
    }

    /// Kills the gateway as a power cut would (SIGKILL), and starts it again on the same files.
    ///
    /// # Errors
    /// If it does not come back.
    pub async fn kill_and_restart(&mut self) -> Result<()> {
        self.gateway.kill().await.context("the gateway cannot be killed")?;
        (self.gateway, self.ready_after) = start_gateway(&self.setup, self.http).await?;
        Ok(())
    }

    /// Waits until somebody ends the gateway.
    ///
    /// # Errors
    /// If one of the processes fails by itself.
    pub async fn wait(&mut self) -> Result<()> {
        tokio::select! {
            status = self.gateway.wait() => bail!("the gateway ended: {}\n{}", status?, end_of_log(&self.setup.folder, "gateway.log")),
            status = self.orders.wait() => bail!("the order service ended: {}\n{}", status?, end_of_log(&self.setup.folder, "orders.log")),
        }
    }
}

async fn start_gateway(setup: &Setup, http: SocketAddr) -> Result<(Child, Duration)> {
    let start = clock::now();
    let mut command = Command::new(&setup.binary);
    command.args(["serve", "--config"]).arg(setup.folder.join(CONFIGURATION)).stdin(Stdio::null());
    command.stdout(log(&setup.folder, "gateway.log")?).stderr(log(&setup.folder, "gateway.log")?);
    let mut gateway = command.kill_on_drop(true).spawn().context("the gateway does not start")?;
    let api = Api::new(http);
    let mut every = tokio::time::interval(LOOK_EVERY);
    loop {
        every.tick().await;
        if api.bytes("/readyz").await.is_ok() {
            return Ok((gateway, clock::now() - start));
        }
        if let Some(status) = gateway.try_wait()? {
            bail!("the gateway ended at once ({status}):\n{}", end_of_log(&setup.folder, "gateway.log"));
        }
        if clock::now() - start > READY_LIMIT {
            bail!("the gateway was not ready after {} s:\n{}", READY_LIMIT.as_secs(), end_of_log(&setup.folder, "gateway.log"));
        }
    }
}

fn log(folder: &Path, name: &str) -> Result<File> {
    let path = folder.join(name);
    File::options().create(true).append(true).open(&path).with_context(|| path.display().to_string())
}

fn end_of_log(folder: &Path, name: &str) -> String {
    let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// The wished port (0: none is wished) if nobody uses it, or another one.
fn free_address(wish: u16) -> Result<SocketAddr> {
    let port = if wish != 0 && is_free(wish) { wish } else { free_port()? };
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Writes the configuration and the example flow into the folder.
fn configure(
    setup: &Setup,
    (sip, tls): (SocketAddr, Option<SocketAddr>),
    http: SocketAddr,
    orders_port: u16,
    adjusted: impl FnOnce(&mut ConfigFile),
) -> Result<()> {
    let (certificate, private_key) = setup.certificate.clone().unzip();
    let agents = setup.agents.iter().map(|agent| {
        let queues = QUEUES.map(str::to_owned).to_vec();
        let (name, target) = (agent.name.clone(), agent.target.clone());
        let password_file = (target == "registered").then(|| setup.folder.join(PASSWORD_FILE));
        (
            agent.id.clone(),
            AgentConfig {
                name,
                target,
                queues,
                transfer: agent.transfer,
                signed_in: true,
                capacity: 1,
                password_file,
                ..AgentConfig::default()
            },
        )
    });
    let mut config = ConfigFile {
        sip: SipConfig {
            udp: sip.into(),
            tcp: sip.into(),
            tls: tls.map(Into::into).unwrap_or_default(),
            certificate,
            private_key,
            ..SipConfig::default()
        },
        // All calls come from one address here, SIPp's too.
        rtp: RtpConfig { port_rest_ms: 1_000, ..RtpConfig::default() },
        limits: LimitsConfig { calls: 1_000, requests_per_second: 10_000, ..LimitsConfig::default() },
        speech: SpeechConfig { models: setup.models.clone(), cache: "speech".into(), ..SpeechConfig::default() },
        store: StoreConfig { folder: "store".into(), ..StoreConfig::default() },
        http: HttpConfig { bind: http, accounts: false, ..HttpConfig::default() },
        desk: DeskConfig { wrap_up_ms: 1_000, ..DeskConfig::default() },
        routes: vec![RouteConfig::to("*", "support.en.yaml")],
        agents: agents.collect(),
        // Whatever telephone it is, it knows this one.
        registrar: RegistrarConfig { algorithms: vec![DigestName::Md5], ..RegistrarConfig::default() },
        services: [("orders".to_owned(), format!("http://127.0.0.1:{orders_port}"))].into(),
        ..ConfigFile::default()
    };
    adjusted(&mut config);
    // JSON is YAML, too.
    let text = serde_json::to_string_pretty(&config).context("the configuration as text")?;
    let write = |name: &str, text: &str| {
        let path = setup.folder.join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())
    };
    write(PASSWORD_FILE, PASSWORD)?;
    write("support.en.yaml", FLOW)?;
    write("support.ro.yaml", ROMANIAN_FLOW)?;
    write(CONFIGURATION, &text)
}
