//! [`MediaPool`].

use std::{
    net::IpAddr,
    ops::RangeInclusive,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::sync::mpsc;
use warmline_sip::{
    dtls::{Fingerprint, Identity},
    jitter::JitterConfig,
    media::DtlsContext,
};

use super::{
    call::{Call, CallStart, Counted},
    command::{CallMedia, MediaEvent},
    heard::HeardQueue,
    pacing::{Pacing, PacingSnapshot},
    ports::{LegSockets, NoPort, PortPool},
    recorder::{Recorder, Recording},
    rest::{Flag, Stir},
    worker::Worker,
};
use crate::{call::time::Time, clock};

/// Commands of one call that may wait for the next tick.
const COMMANDS: usize = 1_024;
/// Events that may wait for the call's task; more are kept back by the call's media, none is dropped.
const EVENTS: usize = 256;

/// What the media engine is told at the start.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// The address that RTP sockets are bound to.
    pub bind: IpAddr,
    /// The same of the other family (IPv6 beside IPv4), for peers that are there.
    pub other: Option<IpAddr>,
    /// RTP takes the even ports, RTCP the odd ones.
    pub ports: RangeInclusive<u16>,
    /// Threads that do nothing but media.
    pub threads: usize,
    /// How long a used port rests.
    pub port_drain: Duration,
    /// Without RTP for this long a leg counts as lost.
    pub media_timeout: Duration,
    /// Limits of the jitter buffers.
    pub jitter: JitterConfig,
}

impl MediaConfig {
    /// Ports 20000–29999, one thread, and times that suit telephones.
    #[must_use]
    pub fn new(bind: IpAddr) -> Self {
        Self {
            bind,
            other: None,
            ports: 20_000..=29_999,
            threads: 1,
            port_drain: Duration::from_secs(5),
            media_timeout: Duration::from_secs(30),
            jitter: JitterConfig::default(),
        }
    }
}

/// The media threads, the ports and the recorder. Dropped, it ends the media of all calls.
#[derive(Debug)]
pub struct MediaPool {
    config: MediaConfig,
    dtls: DtlsContext,
    ports: Arc<PortPool>,
    pacing: Arc<Pacing>,
    recorder: Recorder,
    workers: Vec<Thread>,
}

/// A media thread, seen from outside.
#[derive(Debug)]
struct Thread {
    opened: Sender<Box<Call>>,
    load: Arc<AtomicUsize>,
    stirred: Arc<Flag>,
}

impl MediaPool {
    /// Starts the threads.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub fn start(config: MediaConfig) -> anyhow::Result<Self> {
        let epoch = clock::now();
        let pacing = Arc::new(Pacing::new());
        let mut workers = Vec::new();
        for number in 0..config.threads.max(1) {
            let (opened, inbox) = channel();
            let (load, stirred) = (Arc::default(), Arc::default());
            let worker = Worker { opened: inbox, epoch, pacing: Arc::clone(&pacing), stirred: Arc::clone(&stirred) };
            std::thread::Builder::new().name(format!("media-{number}")).spawn(move || worker.run()).context("starting a media thread")?;
            workers.push(Thread { opened, load, stirred });
        }
        Ok(Self {
            ports: PortPool::new(config.bind, config.other, config.ports.clone(), config.port_drain),
            recorder: Recorder::start().context("starting the recorder thread")?,
            config,
            dtls: DtlsContext { identity: Arc::new(Identity::generate()), epoch },
            pacing,
            workers,
        })
    }

    /// Binds a pair of ports for one leg.
    ///
    /// # Errors
    /// [`NoPort`] when the range is used up: answer 503.
    pub fn reserve(&self) -> Result<LegSockets, NoPort> {
        self.ports.reserve()
    }

    /// Opens the media of a call that arrived at `arrived`, the zero of its timeline.
    #[must_use]
    pub fn open_call(&self, arrived: Instant) -> (CallMedia, mpsc::Receiver<MediaEvent>) {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (events, reports) = mpsc::channel(EVENTS);
        let thread = self.workers.iter().min_by_key(|thread| thread.load.load(Ordering::Relaxed)).expect("there is a worker");
        let (heard, stir) = (HeardQueue::new(), Stir::new(&thread.stirred));
        let call = Call::new(CallStart {
            counted: Counted::new(&thread.load),
            arrived: arrived.saturating_duration_since(self.dtls.epoch),
            commands: inbox,
            events,
            heard: Arc::clone(&heard),
            stir: Arc::clone(&stir),
            media_timeout: self.config.media_timeout,
            jitter: self.config.jitter,
            dtls: self.dtls.clone(),
        });
        // The thread runs as long as the pool; if it has died, the call sees its events end.
        let _ = thread.opened.send(Box::new(call));
        (CallMedia { commands, heard, stir }, reports)
    }

    /// Plans a stereo recording whose file begins at `origin` of the call; start it with `Command::Record`. `None` when the disk is so far
    /// behind that nothing more should be begun.
    #[must_use]
    pub fn record(&self, path: PathBuf, origin: Time) -> Option<Recording> {
        self.recorder.open(path, origin)
    }

    /// What our session descriptions say of our certificate.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.dtls.identity.fingerprint()
    }

    /// Calls whose media is open.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.workers.iter().map(|thread| thread.load.load(Ordering::Acquire)).sum()
    }

    /// How punctual the ticks were so far.
    #[must_use]
    pub fn pacing(&self) -> PacingSnapshot {
        self.pacing.snapshot()
    }
}
