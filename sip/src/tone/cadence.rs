//! Call progress by rhythm: which tone, how long on, how long off (ITU-T E.180 and its supplement 2; ETSI TR 101 041-2 for Europe).
//!
//! On and off come from the level alone; what was on is decided by most of its frames.

use super::ear::Hearing;
use super::pairs::Pair;

/// What the network says with its tones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    DialTone,
    RingBack,
    Busy,
    Congestion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One tone of about 425 Hz.
    Single,
    Pair(Pair),
    Other,
}

/// How many frames of each kind.
#[derive(Debug, Clone, Copy, Default)]
struct Votes {
    frames: u32,
    single: u32,
    pairs: [u32; 4],
}

#[derive(Debug, Clone, Copy)]
struct Cycle {
    on_ms: u32,
    off_ms: u32,
    kind: Kind,
}

const NOTHING: Cycle = Cycle { on_ms: 0, off_ms: 0, kind: Kind::Other };
const FRAME_MS: u32 = 20;
/// E.180 §3 recommends 425 Hz and takes 400 to 450 Hz.
pub(super) const SINGLE_HZ: f32 = 425.0;
pub(super) const SINGLE_TOLERANCE_HZ: f32 = 33.0;
const SINGLE_SHARE: f32 = 0.8;
/// Nothing fainter is a tone of the network.
const FAINTEST_DBM0: f32 = -45.0;
/// Off is this much below the loudest of late.
const OFF_DB: f32 = 12.0;
/// The loudest of late is forgotten by 1 dB a second.
const FORGET_DB: f32 = 0.02;
/// What is off for one frame only was not off.
const SHORTEST_OFF: u32 = 2;
/// A dial tone is no ring-back of 1 or 2 s.
const DIAL_MS: u32 = 3_000;

/// Listens for the network's tones.
#[derive(Debug, Clone)]
pub(super) struct Cadence {
    loudest: f32,
    votes: Votes,
    off_frames: u32,
    /// The newest first.
    past: [Cycle; 3],
    said: Option<Signal>,
}

impl Default for Cadence {
    fn default() -> Self {
        Self { loudest: FAINTEST_DBM0, votes: Votes::default(), off_frames: 0, past: [NOTHING; 3], said: None }
    }
}

impl Cadence {
    /// The next 20 ms; a signal is reported once, and again only after another one.
    pub(super) fn hear(&mut self, hearing: &Hearing, pair: Option<Pair>) -> Option<Signal> {
        if hearing.dbm0 > self.loudest + OFF_DB {
            // So far there was only noise: the tone begins here.
            self.votes = Votes::default();
        }
        self.loudest = (self.loudest - FORGET_DB).max(hearing.dbm0).max(FAINTEST_DBM0);
        let on = hearing.dbm0 > FAINTEST_DBM0 && hearing.dbm0 > self.loudest - OFF_DB;
        let found = if on { self.on(hearing, pair) } else { self.off() };
        let new = found.filter(|signal| self.said != Some(*signal));
        self.said = new.or(self.said);
        new
    }

    fn on(&mut self, hearing: &Hearing, pair: Option<Pair>) -> Option<Signal> {
        let mut found = None;
        if self.off_frames >= SHORTEST_OFF {
            let last = self.current();
            self.past = [last, self.past[0], self.past[1]];
            self.votes = Votes::default();
            found = self.repeated();
        } else {
            self.votes.frames += self.off_frames;
        }
        self.off_frames = 0;
        self.votes.count(hearing, pair);
        let dial = self.votes.frames * FRAME_MS >= DIAL_MS && matches!(self.votes.kind(), Kind::Single | Kind::Pair(Pair::Dial));
        found.or(dial.then_some(Signal::DialTone))
    }

    fn off(&mut self) -> Option<Signal> {
        self.off_frames = self.off_frames.saturating_add(1);
        let (now, before) = (self.current(), self.past[0]);
        let american = now.kind == Kind::Pair(Pair::RingAmerican) && (700..=2_400).contains(&now.on_ms) && now.off_ms == 1_000;
        let british = [now, before].iter().all(|cycle| cycle.is_british_ring()) && before.off_ms <= 300 && now.off_ms == 700;
        (american || british).then_some(Signal::RingBack)
    }

    /// Judged when the next one starts: are the last cycles alike?
    fn repeated(&self) -> Option<Signal> {
        let [last, before, first] = self.past;
        let alike = |cycle: &Cycle| cycle.kind == last.kind && matches!(cycle.kind, Kind::Single | Kind::Pair(Pair::Busy));
        if [last, before].iter().all(|cycle| alike(cycle) && cycle.is_busy()) {
            return Some(Signal::Busy);
        }
        if [last, before, first].iter().all(|cycle| alike(cycle) && cycle.is_congestion()) {
            return Some(Signal::Congestion);
        }
        // Once could have been an answering machine's beep: judged only here, when it comes again.
        let ring = last.kind == Kind::Single && (650..=2_100).contains(&last.on_ms) && (2_500..=5_500).contains(&last.off_ms);
        ring.then_some(Signal::RingBack)
    }

    fn current(&self) -> Cycle {
        Cycle { on_ms: self.votes.frames * FRAME_MS, off_ms: self.off_frames * FRAME_MS, kind: self.votes.kind() }
    }
}

impl Cycle {
    /// 0.5 s and 0.5 s, 0.375 s and 0.375 s.
    fn is_busy(&self) -> bool {
        (330..=660).contains(&self.on_ms) && (330..=660).contains(&self.off_ms)
    }

    /// 0.25 s and 0.25 s, 0.2 s and 0.2 s.
    fn is_congestion(&self) -> bool {
        (150..330).contains(&self.on_ms) && (150..330).contains(&self.off_ms)
    }

    /// One half of 0.4 s, 0.2 s pause, 0.4 s, 2 s pause.
    fn is_british_ring(&self) -> bool {
        self.kind == Kind::Pair(Pair::RingBritish) && (300..=500).contains(&self.on_ms)
    }
}

impl Votes {
    fn count(&mut self, hearing: &Hearing, pair: Option<Pair>) {
        self.frames = self.frames.saturating_add(1);
        match pair {
            Some(pair) => self.pairs[pair as usize] += 1,
            None => self.single += u32::from(hearing.tone_near(SINGLE_HZ, SINGLE_TOLERANCE_HZ, SINGLE_SHARE).is_some()),
        }
    }

    /// What most frames are: 60 % for one tone; half for a pair, whose windows of 60 ms are late.
    fn kind(&self) -> Kind {
        if self.single * 10 >= self.frames * 6 && self.single > 0 {
            return Kind::Single;
        }
        let pairs = [Pair::Dial, Pair::RingAmerican, Pair::RingBritish, Pair::Busy];
        pairs.into_iter().find(|pair| self.pairs[*pair as usize] * 2 >= self.frames.max(1)).map_or(Kind::Other, Kind::Pair)
    }
}
