//! Who or what is at the far end of a call that we placed.

use std::time::Duration;

use super::beep::BeepDetector;
use super::cadence::{Cadence, Signal};
use super::config::FarEndConfig;
use super::ear::Ear;
use super::fax::{Fax, FaxDetector};
use super::greeting::{Greeting, Verdict};
use super::pairs::PairFinder;
use super::sit::SitDetector;
use crate::codec::Frame;

const FRAME: Duration = Duration::from_millis(20);
/// One frame cannot say more than this many things.
const WAITING: usize = 4;

/// What was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// The exchange waits for a number.
    DialTone,
    /// The far end's telephone rings.
    RingBack,
    /// The far end is busy, or has left.
    Busy,
    /// The network is full.
    Congestion,
    /// An announcement of the network follows: no such number, out of service.
    Sit,
    /// A fax machine.
    Fax(Fax),
    /// A short greeting, then somebody waits for us to speak.
    Human,
    /// A long greeting without a pause.
    MachineSuspected,
    /// The tone after an answering machine's greeting: it records from now on.
    Beep,
}

/// Something recognised, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// What.
    pub progress: Progress,
    /// At the end of the frame that made it certain: since the answer; before the answer, since the first frame.
    pub at: Duration,
}

/// Listens to the far end, from the first early media on if there is any.
#[derive(Debug, Clone)]
pub struct FarEnd {
    config: FarEndConfig,
    ear: Ear,
    pairs: PairFinder,
    cadence: Cadence,
    sit: SitDetector,
    fax: FaxDetector,
    beep: BeepDetector,
    greeting: Greeting,
    frames: u32,
    answered: bool,
    waiting: [Option<Heard>; WAITING],
}

impl FarEnd {
    /// Nothing heard yet, not answered yet.
    #[must_use]
    pub fn new(config: FarEndConfig) -> Self {
        Self {
            config,
            ear: Ear::default(),
            pairs: PairFinder::default(),
            cadence: Cadence::default(),
            sit: SitDetector::default(),
            fax: FaxDetector::default(),
            beep: BeepDetector::default(),
            greeting: Greeting::default(),
            frames: 0,
            answered: false,
            waiting: [None; WAITING],
        }
    }

    /// The call was answered: time starts at zero, and greetings and beeps count from here.
    pub fn answered(&mut self) {
        if !self.answered {
            (self.answered, self.frames) = (true, 0);
        }
    }

    /// The next 20 ms. Then [`poll`](Self::poll).
    pub fn frame(&mut self, frame: &Frame) {
        self.frames = self.frames.saturating_add(1);
        let hearing = self.ear.frame(frame);
        let pair = self.pairs.frame(frame);
        if let Some(signal) = self.cadence.hear(&hearing, pair) {
            self.report(signal.into());
        }
        if self.sit.hear(&hearing) {
            self.report(Progress::Sit);
        }
        let spoken = self.greeting.spoken();
        if let Some(fax) = self.fax.hear(&hearing, spoken) {
            self.report(Progress::Fax(fax));
        }
        if !self.answered {
            return;
        }
        let tonal = hearing.tone.is_some_and(|tone| tone.share >= self.config.beep_share) || pair.is_some();
        if let Some(verdict) = self.greeting.hear(&self.config, &hearing, tonal) {
            self.report(verdict.into());
        }
        if self.beep.hear(&self.config, &hearing) && spoken {
            self.report(Progress::Beep);
        }
    }

    /// What was recognised and not told yet, the oldest first.
    pub fn poll(&mut self) -> Option<Heard> {
        let heard = self.waiting[0].take();
        self.waiting.rotate_left(1);
        heard
    }

    fn report(&mut self, progress: Progress) {
        let heard = Heard { progress, at: FRAME * self.frames };
        // Who never polls keeps the oldest.
        if let Some(place) = self.waiting.iter_mut().find(|place| place.is_none()) {
            *place = Some(heard);
        }
    }
}

impl From<Signal> for Progress {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::DialTone => Self::DialTone,
            Signal::RingBack => Self::RingBack,
            Signal::Busy => Self::Busy,
            Signal::Congestion => Self::Congestion,
        }
    }
}

impl From<Verdict> for Progress {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Human => Self::Human,
            Verdict::MachineSuspected => Self::MachineSuspected,
        }
    }
}
