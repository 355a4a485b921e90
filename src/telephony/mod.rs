//! The telephone driver: SIP legs through the user agent, their sound through the media engine.
//!
//! One task, the `switchboard`, holds every leg's signalling state. A call's task asks it through [`CallLegs`] and is told in the brain's own words.

mod arriving;
mod browsers;
mod callee;
mod causes;
mod claims;
mod counts;
mod dialling;
mod early;
mod keys;
mod legs;
mod lines;
pub mod media;
mod people;
mod signature;
mod switchboard;
mod transfers;

use std::{net::IpAddr, sync::Arc};

use anyhow::Context as _;
use tokio::sync::mpsc;
use warmline_sip::user_agent;

use crate::{
    call::Caller,
    trunk::{Permit, TrunkTable},
    web_call::Request,
};

pub use callee::{over, page, registered};
pub use legs::{CallLegs, CallOptions};
pub use lines::{Line, Lines, Outward};
pub use people::{People, Person};
pub use signature::Signatures;
use switchboard::{Command, Switchboard};

/// Commands of calls that may wait for the switchboard; a call beyond that waits itself.
const COMMANDS: usize = 4_096;
/// Calls that may wait for the gateway to take them up.
const ARRIVALS: usize = 256;

/// How to be reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// Sockets and bounds of the signalling.
    pub sip: user_agent::Config,
    /// Callers at once; the next one gets 503.
    pub calls: usize,
    /// The address that goes into session descriptions.
    pub media_address: IpAddr,
    /// The same of the other family of addresses, if the media has one.
    pub other_address: Option<IpAddr>,
    /// The user part of our From when an agent is rung.
    pub from_user: String,
    /// Our display name when an agent is rung.
    pub display_name: String,
    /// Whose signatures of callers are believed; none: nobody's.
    pub signatures: Option<Arc<Signatures>>,
    /// What legs agree to, by trunk.
    pub lines: Lines,
    /// To whom agents may hand callers on.
    pub people: People,
    /// The trunks, with what is up on them.
    pub trunks: Arc<TrunkTable>,
    /// Ports, threads and time-outs of the sound.
    pub media: media::MediaConfig,
}

/// A call that may come, and wants to be taken up: give it to [`Telephony::take`].
#[derive(Debug)]
pub struct Arrival {
    /// Who calls whom, in our own numbers.
    pub caller: Caller,
    /// The index of its route.
    pub route: usize,
    /// Its place on its trunk, for as long as the caller's leg lasts.
    pub(super) permit: Permit,
    pub(super) leg: user_agent::LegId,
    pub(super) offer: Option<Vec<u8>>,
    /// Where it came from; a page has no address of its own.
    pub(super) source: Option<IpAddr>,
}

/// The running driver. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telephony {
    commands: mpsc::Sender<Command>,
    user_agent: user_agent::UserAgent,
    media: Arc<media::MediaPool>,
}

impl Telephony {
    /// Opens the sockets and starts the switchboard. Arrivals must be read.
    ///
    /// # Errors
    /// An address or port range cannot be had.
    pub async fn start(options: Options, pages: mpsc::Receiver<Request>) -> anyhow::Result<(Self, mpsc::Receiver<Arrival>)> {
        let media = Arc::new(media::MediaPool::start(options.media.clone()).context("cannot start the media threads")?);
        let (user_agent, events) = user_agent::bind(options.sip.clone()).await?;
        let (commands, command_queue) = mpsc::channel(COMMANDS);
        let (arrivals, arrival_queue) = mpsc::channel(ARRIVALS);
        tokio::spawn(Switchboard::new(&options, user_agent.clone(), arrivals, Arc::clone(&media)).run(events, command_queue, pages));
        Ok((Self { commands, user_agent, media }, arrival_queue))
    }

    /// The user agent: bound addresses, counters.
    #[must_use]
    pub const fn user_agent(&self) -> &user_agent::UserAgent {
        &self.user_agent
    }

    /// Takes a call up: from now on its events go to the call.
    pub async fn take(&self, arrival: Arrival, options: CallOptions) -> CallLegs {
        legs::take(self, arrival, options).await
    }

    /// The legs of a call that nobody has placed: it rings whom it wants.
    #[must_use]
    pub fn open(&self, options: CallOptions) -> CallLegs {
        legs::open(self, options)
    }

    /// How punctual the media threads are.
    #[must_use]
    pub fn pacing(&self) -> media::PacingSnapshot {
        self.media.pacing()
    }

    /// New calls get 503; running ones go on.
    pub async fn drain(&self) {
        self.user_agent.drain().await;
    }

    /// Ends every leg, and returns when all have been told, or given up.
    pub async fn shutdown(&self) {
        self.user_agent.shutdown().await;
        self.commands.closed().await;
    }
}
