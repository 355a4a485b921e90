//! The SIP user agent: commands in, events out. The only async module of this crate; what it decides is decided in the pure `core`, and this
//! driver owns the sockets, the clock and the queues, all of them bounded.

mod command;
mod config;
mod connections;
mod core;
mod engine;
mod event;
mod lines;
mod locate;
mod resolver;
mod sockets;
mod stream;
mod tls;
mod udp;
mod unverified;
mod unwired;
mod unwired_ws;
mod upgrade;
mod ws;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot};

pub use command::{DialRequest, Offers, ReferRequest, Target, Way};
pub use config::{Config, Limits, Listener, Timers, TlsConfig};
pub use event::{EndedBy, Event, FailWhy, Incoming, LegId, ReferProgress, Stats, TransactionId};
pub use lines::{Account, Health, RegisteredContact, Registrar, RegistrarUser, Registration, RegistrationState};
pub use tls::{TlsError, server_of};
pub use unwired::{Outcome, Unwired};
pub use unwired_ws::{WebSocketHeard, web_socket_hears};

use crate::dtmf::Digit;
pub use crate::transport::Transport;
use command::Command;
use tls::Tls;

/// Commands that may wait for the engine; a caller beyond that waits itself.
const COMMANDS: usize = 1_024;

/// Why a user agent does not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// No listener is configured.
    #[error("no address to listen on")]
    NoAddress,
    /// A socket cannot be opened.
    #[error("cannot listen on {address} ({transport:?})")]
    Socket {
        /// The address as configured.
        address: SocketAddr,
        /// The transport.
        transport: Transport,
        /// What the system says.
        source: std::io::Error,
    },
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A handle to a running user agent; clones are cheap. When the last one is dropped, all calls end. Commands for legs that are over change
/// nothing, so they need not be guarded against.
#[derive(Debug, Clone)]
pub struct UserAgent {
    commands: mpsc::Sender<Command>,
    next_leg: Arc<AtomicU64>,
    bound: Arc<[(Transport, SocketAddr)]>,
    /// Where certificates are, and whether we need one of our own.
    files: Arc<(TlsConfig, bool)>,
}

/// Reads certificates where blocking is allowed.
async fn load(files: &Arc<(TlsConfig, bool)>) -> Result<Tls, TlsError> {
    let files = Arc::clone(files);
    let load = move || Tls::load(&files.0, files.1);
    // The task ends early only if the runtime does.
    tokio::task::spawn_blocking(load).await.unwrap_or(Err(TlsError::Stopped))
}

/// Opens the sockets and starts serving. Events must be read: while too many wait, new calls are refused, then nothing is read any more.
pub async fn bind(config: Config) -> Result<(UserAgent, mpsc::Receiver<Event>), BindError> {
    let serves = config.listen.iter().any(|listener| listener.transport.is_secure());
    let files = Arc::new((config.tls.clone(), serves));
    let tls = load(&files).await?;
    let sockets = sockets::Sockets::bind(&config)?;
    let (commands, command_queue) = mpsc::channel(COMMANDS);
    let (event_queue, events) = mpsc::channel(config.limits.events.max(1));
    let bound = sockets.bound().into();
    tokio::spawn(engine::Engine::new(config, sockets, tls, command_queue, event_queue).run());
    Ok((UserAgent { commands, next_leg: Arc::new(AtomicU64::new(1)), bound, files }, events))
}

impl UserAgent {
    /// The bound UDP address, IPv4 first.
    pub fn udp_address(&self) -> Option<SocketAddr> {
        self.address(Transport::Udp, false).or_else(|| self.address(Transport::Udp, true))
    }

    /// The bound TCP address, IPv4 first.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        self.address(Transport::Tcp, false).or_else(|| self.address(Transport::Tcp, true))
    }

    /// The bound address of the first listener of a kind and family.
    pub fn address(&self, transport: Transport, v6: bool) -> Option<SocketAddr> {
        let mut fitting = self.bound.iter().filter(|(kind, address)| *kind == transport && address.is_ipv6() == v6);
        fitting.next().map(|(_, address)| *address)
    }

    /// Reads the certificates of the configuration again, for connections from now on; those that are open stay as they are.
    ///
    /// # Errors
    /// What is wrong with a file; then the old ones stay in force.
    pub async fn reload_certificates(&self) -> Result<(), TlsError> {
        let tls = load(&self.files).await?;
        self.commands.send(Command::Tls(Box::new(tls))).await.map_err(|_| TlsError::Stopped)
    }

    /// A fresh id for a call to be placed.
    pub fn new_leg(&self) -> LegId {
        LegId(self.next_leg.fetch_add(1, Ordering::Relaxed) * 2)
    }

    /// Tells an inbound caller how it goes: 180, or 183 with early media.
    pub async fn ring(&self, leg: LegId, status: u16, sdp: Option<Vec<u8>>) {
        self.send(Command::Ring { leg, status, sdp }).await;
    }

    /// Answers an inbound call; without an offer in the INVITE, `sdp` is our offer.
    pub async fn answer(&self, leg: LegId, sdp: Vec<u8>) {
        self.send(Command::Answer { leg, sdp }).await;
    }

    /// Refuses an inbound call with a status from 300 to 699; 503 gets a Retry-After by itself.
    pub async fn reject(&self, leg: LegId, status: u16, reason: Option<String>, headers: Vec<(String, String)>) {
        self.send(Command::Reject { leg, status, reason, headers }).await;
    }

    /// Refuses an inbound call at the door, with the same statuses: nothing was made of it, and nothing is kept. The refusal is not repeated by itself, so
    /// that an INVITE in another's name brings them one message.
    pub async fn turn_away(&self, leg: LegId, status: u16) {
        self.send(Command::TurnAway { leg, status }).await;
    }

    /// Places a call.
    pub async fn dial(&self, request: DialRequest) {
        self.send(Command::Dial(Box::new(request))).await;
    }

    /// Gives up an outbound call that was not answered; reported as `Failed` at once. If its answer was on the way, it ends as by [`Self::bye`].
    pub async fn cancel(&self, leg: LegId) {
        self.send(Command::Cancel { leg, reason: None }).await;
    }

    /// Like `cancel`, with a Reason header value such as `SIP;cause=200;text="Call completed elsewhere"`: telephones then show no missed call.
    pub async fn cancel_because(&self, leg: LegId, reason: String) {
        self.send(Command::Cancel { leg, reason: Some(reason) }).await;
    }

    /// Ends an answered call; reported as `Ended` at once. `reason` is a Reason header value such as `Q.850;cause=16`.
    pub async fn bye(&self, leg: LegId, reason: Option<String>) {
        self.send(Command::Bye { leg, reason }).await;
    }

    /// Offers the peer another session description; answered by `Reanswered`.
    pub async fn reinvite(&self, leg: LegId, sdp: Vec<u8>) {
        self.send(Command::Reinvite { leg, sdp }).await;
    }

    /// Answers a `Reoffer`; an error is a status such as 488, and the call goes on as it was.
    pub async fn answer_reinvite(&self, leg: LegId, transaction: TransactionId, answer: Result<Vec<u8>, u16>) {
        self.send(Command::AnswerReinvite { leg, transaction, answer }).await;
    }

    /// Tells the peer of an answered call a key, in an INFO request (`application/dtmf-relay`). If it takes none, `KeyNotTaken` comes back.
    pub async fn key(&self, leg: LegId, digit: Digit) {
        self.send(Command::Key { leg, digit }).await;
    }

    /// Asks the peer of an answered call to place another one (transfer); one at a time. Reported by `Referred`.
    pub async fn refer(&self, leg: LegId, request: ReferRequest) {
        self.send(Command::Refer { leg, request: Box::new(request) }).await;
    }

    /// From now on the peer of this leg may ask us to place calls; that is reported by `TransferAsked`. Others are refused.
    pub async fn authorise(&self, leg: LegId) {
        self.send(Command::Authorise { leg }).await;
    }

    /// Answers a `TransferAsked`; an error is a status such as 603.
    pub async fn answer_transfer(&self, leg: LegId, transaction: TransactionId, answer: Result<(), u16>) {
        self.send(Command::AnswerTransfer { leg, transaction, answer }).await;
    }

    /// Tells the peer how the call that it asked for goes: 100 to 199, or once 200 to 699.
    pub async fn transfer_progress(&self, leg: LegId, status: u16) {
        self.send(Command::TransferProgress { leg, status }).await;
    }

    /// From now on new calls get 503, in both directions; running ones go on.
    pub async fn drain(&self) {
        self.send(Command::Drain).await;
    }

    /// Ends every call (BYE, CANCEL, 487) and stops when that is done, or after some seconds. The event queue closes then.
    pub async fn shutdown(&self) {
        self.send(Command::Shutdown).await;
    }

    /// Where the telephones of a user are, the newest first.
    pub async fn registered(&self, user: &str) -> Vec<RegisteredContact> {
        let (reply, contacts) = oneshot::channel();
        self.send(Command::Registered { user: user.to_owned(), reply }).await;
        contacts.await.unwrap_or_default()
    }

    /// A look inside; all zero once it has stopped.
    pub async fn stats(&self) -> Stats {
        let (reply, stats) = oneshot::channel();
        self.send(Command::Stats(reply)).await;
        stats.await.unwrap_or_default()
    }

    async fn send(&self, command: Command) {
        // A stopped engine has no legs left, so there is nothing the command could still do.
        let _ = self.commands.send(command).await;
    }
}
