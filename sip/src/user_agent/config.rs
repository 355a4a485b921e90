//! What a user agent is told when it starts.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::lines::{Account, Health, Registrar, Registration};
use crate::guard::{MessageLimits, Network, Rate};
use crate::transport::Transport;

/// Where to listen and how to behave.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; several of a kind, and both families of addresses at once, are fine.
    pub listen: Vec<Listener>,
    /// The addresses that peers are told (Contact, Via) of listeners of their families, if they are not the bound ones.
    pub advertised: Vec<IpAddr>,
    /// Other addresses that peers in these networks are told; the first that fits.
    pub advertised_to: Vec<(Network, IpAddr)>,
    /// Certificates, ours and those that are believed.
    pub tls: TlsConfig,
    /// Web pages that may connect by WebSocket, like `https://desk.example`; `*` is every page. Clients that are no browsers say no origin
    /// and are not asked.
    pub origins: Vec<String>,
    /// The name server to ask; `None` asks those of the system.
    pub nameserver: Option<SocketAddr>,
    /// The name in Server and User-Agent. Strangers need no version number.
    pub user_agent: String,
    /// The user part of Contact.
    pub contact_user: String,
    /// Who may call us, and speak inside calls; empty means everybody. Others get silence. Peers that we call need not be listed.
    pub allowed: Vec<Network>,
    /// Who may take over a running call with INVITE and Replaces (RFC 3891), beside telephones that registered with us. Others are told that there
    /// is no such call.
    pub replaces_from: Vec<Network>,
    /// Passwords of ours at other peers.
    pub accounts: Vec<Account>,
    /// Registrations to keep up, from the start to the shutdown.
    pub registrations: Vec<Registration>,
    /// Telephones that may register with us; without it REGISTER gets 405.
    pub registrar: Option<Registrar>,
    /// Peers to be asked whether they are there.
    pub health: Vec<Health>,
    /// Bounds on what peers can make us hold.
    pub limits: Limits,
    /// Protocol timers; the defaults are the standard's.
    pub timers: Timers,
}

impl Config {
    /// Whether a source may call us.
    pub(crate) fn allows(&self, source: IpAddr) -> bool {
        self.allowed.is_empty() || self.allowed.iter().any(|network| network.contains(source))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            advertised: Vec::new(),
            advertised_to: Vec::new(),
            tls: TlsConfig::default(),
            origins: Vec::new(),
            nameserver: None,
            user_agent: "Warmline".to_owned(),
            contact_user: "warmline".to_owned(),
            allowed: Vec::new(),
            replaces_from: Vec::new(),
            accounts: Vec::new(),
            registrations: Vec::new(),
            registrar: None,
            health: Vec::new(),
            limits: Limits::default(),
            timers: Timers::default(),
        }
    }
}

/// One address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// What is spoken there.
    pub transport: Transport,
    /// The address; port 0 takes a free one.
    pub address: SocketAddr,
}

impl Listener {
    /// A listener.
    pub fn new(transport: Transport, address: SocketAddr) -> Self {
        Self { transport, address }
    }
}

/// Files in PEM form. They are read at the start and by [`super::UserAgent::reload_certificates`].
#[derive(Debug, Clone, Default)]
pub struct TlsConfig {
    /// Our certificate, with those that lead to its authority. Servers that ask for one are shown it too.
    pub certificate: Option<PathBuf>,
    /// Its private key.
    pub private_key: Option<PathBuf>,
    /// Further certificates with their keys: a client that asks for a name (SNI, RFC 6066 §3) which the first one is not for sees the one that is.
    pub further: Vec<(PathBuf, PathBuf)>,
    /// Authorities of clients: if set, only clients with a certificate from one of them may connect.
    pub client_ca: Option<PathBuf>,
    /// Authorities of servers; `None` believes those that the system believes.
    pub server_ca: Option<PathBuf>,
    /// Takes any certificate from servers: anybody on the way can then listen. For laboratories only.
    pub insecure: bool,
}

/// Bounds on what peers can make us hold.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Calls at once, both directions; the next inbound one gets 503 and Retry-After.
    pub calls: usize,
    /// Sizes of a message.
    pub message: MessageLimits,
    /// New requests per source address. Requests inside a call are never throttled.
    pub new_requests: Rate,
    /// Answers to what is broken or belongs to no call, per source address; beyond that there is silence.
    pub refusals: Rate,
    /// Connections at once, of every kind.
    pub connections: usize,
    /// Connections at once from one address, with those whose handshake is not done.
    pub connections_per_source: usize,
    /// Inbound connections at once whose TLS or WebSocket handshake is not done.
    pub handshakes: usize,
    /// What Retry-After says (RFC 3261 §20.33).
    pub retry_after: Duration,
    /// Events that may wait for the application; above half of it new calls get 503, above all of it nothing more is read.
    pub events: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 1_000,
            message: MessageLimits::default(),
            new_requests: Rate { per_second: 400, burst: 800 },
            refusals: Rate { per_second: 50, burst: 500 },
            connections: 1_024,
            connections_per_source: 128,
            handshakes: 256,
            retry_after: Duration::from_secs(5),
            events: 1_024,
        }
    }
}

/// Protocol timers.
#[derive(Debug, Clone)]
pub struct Timers {
    /// The round-trip estimate (RFC 3261 §17.1.1.1); 64 times this is the end of every transaction.
    pub t1: Duration,
    /// The longest interval between retransmissions.
    pub t2: Duration,
    /// How long a message can stay in the network.
    pub t4: Duration,
    /// An inbound call that the application neither answers nor rejects gets 480 after this long.
    pub unanswered: Duration,
    /// A re-INVITE or UPDATE that the application does not answer gets 500 after this long.
    pub reoffer: Duration,
    /// The interval that we propose for session timers (RFC 4028): a call that is not refreshed within it ends. Zero proposes none.
    pub session_expires: Duration,
    /// The shortest such interval that we accept, at least 90 s by the standard (RFC 4028 §4).
    pub min_se: Duration,
    /// A look-up of a host name, and a connection with its TLS handshake, must succeed within this.
    pub connect: Duration,
    /// An inbound connection must have its TLS and WebSocket handshakes done within this.
    pub handshake: Duration,
    /// A target that does not answer an INVITE at all is left for the next one after this, if the look-up gave more than one.
    pub failover: Duration,
    /// A connection without a call is closed after this long without traffic.
    pub connection_idle: Duration,
    /// A message on a stream must be whole this long after its first byte.
    pub partial_message: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            unanswered: Duration::from_secs(180),
            reoffer: Duration::from_secs(10),
            session_expires: Duration::from_secs(1_800),
            min_se: Duration::from_secs(90),
            connect: Duration::from_secs(4),
            handshake: Duration::from_secs(5),
            failover: Duration::from_secs(4),
            connection_idle: Duration::from_secs(50),
            partial_message: Duration::from_secs(32),
        }
    }
}

impl Timers {
    /// 64 T1: timers B, F, H, J, L and M (RFC 3261 §17, RFC 6026).
    pub(crate) fn limit(&self) -> Duration {
        self.t1 * 64
    }
}
