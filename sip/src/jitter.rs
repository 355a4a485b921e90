//! The adaptive jitter buffer: packets in as the network brings them, one 20 ms frame out at every tick.
//!
//! Packets are kept in timestamp order until they are needed; one missing at its moment is concealed, and if it comes later it
//! is still played: the delay grows by what was concealed. A histogram of how late packets are (against the fastest of the last
//! seconds) gives the delay that is needed; when the real delay is above or below it, single pitch periods are left out or repeated.
//! The same mechanism absorbs clock drift. A new SSRC or a jump of the timestamps starts afresh.

mod delay;
mod store;

use std::time::Duration;

use crate::codec::{Codec, Decoder, FRAME_SAMPLES, Frame, LONGEST_OPUS, SAMPLE_RATE};
use crate::conceal::{Concealer, LONGEST_LAG};
use crate::stretch;
use delay::DelayEstimate;
use store::{Store, Stored};

/// Time between two pulls.
const TICK: Duration = Duration::from_millis(20);
/// Timestamps further ahead or behind are a jump, not a delay.
const JUMP: i32 = 2 * SAMPLE_RATE as i32;
/// Nothing for this long: the talk spurt is over, the next packet starts a new one.
const SPURT_END: usize = SAMPLE_RATE as usize / 10;
/// How far the delay may lie above the target before it is shortened: one packet, since ticks and packets are not in phase.
const TOO_LONG: Duration = Duration::from_millis(22);
/// How far it may lie below before it is lengthened.
const TOO_SHORT: Duration = Duration::from_millis(8);
/// Above this the delay is shortened even in the middle of noise.
const FAR_TOO_LONG: Duration = Duration::from_millis(80);
/// A packet this much faster than the fastest known is no faster network but another clock.
const CLOCK_JUMP: Duration = Duration::from_millis(150);
/// So many packets in a row, in order, all too late: the sender's clock has jumped back.
const LATE_RUN: u32 = 5;
/// Ticks between two stretches, so that speech keeps its rhythm.
const STRETCH_PAUSE: u32 = 4;
/// Decoded samples waiting: a frame, the look-ahead of stretching and the longest packet.
const QUEUE: usize = FRAME_SAMPLES + stretch::NEEDED + LONGEST_LAG + LONGEST_OPUS;
/// What Opus can say again of the packet before: whole steps of 2.5 ms.
const RECOVERY_STEP: usize = 20;

/// Limits of the delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JitterConfig {
    /// Never less than this.
    pub min: Duration,
    /// Until the network is known.
    pub start: Duration,
    /// Never more: older sound is dropped.
    pub max: Duration,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self { min: Duration::from_millis(10), start: Duration::from_millis(20), max: Duration::from_millis(240) }
    }
}

/// What a pulled frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulled {
    /// Sound from the network.
    Frame,
    /// Mostly guessed.
    Conceal,
    /// Nothing: before the first packet, after the end of a talk spurt.
    Silence,
}

/// Counters, in packets or samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterStats {
    /// Packets taken in.
    pub packets: u64,
    /// Packets that came after their moment and could not be used.
    pub late: u64,
    /// Packets that were there already.
    pub duplicates: u64,
    /// Samples lost and said again by the packet after (in-band error correction).
    pub recovered: u64,
    /// Packets dropped because the delay was above its maximum.
    pub overflowed: u64,
    /// New starts after a jump or a new source.
    pub resets: u64,
    /// Samples guessed.
    pub concealed: u64,
    /// Samples left out.
    pub shortened: u64,
    /// Samples repeated.
    pub lengthened: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Between talk spurts.
    Idle,
    /// The first packet of a spurt is here; sound starts when the delay is enough.
    Waiting {
        since: Duration,
    },
    Playing,
}

/// One stream's buffer. Times are since any fixed moment; they must not go back.
#[derive(Debug, Clone)]
pub struct JitterBuffer {
    config: JitterConfig,
    state: State,
    store: Store,
    /// Decoded sound that has not been pulled; `queue[..queued]`.
    queue: Box<[i16; QUEUE]>,
    queued: usize,
    /// Timestamp of the first sample that is not decoded yet.
    next: u32,
    /// Samples concealed in place of `next` and what follows.
    concealed: usize,
    delay: DelayEstimate,
    decoder: Decoder,
    concealer: Concealer,
    last_pull: Option<Duration>,
    since_stretch: u32,
    /// Sequence number that would make a jump believable.
    jump_successor: Option<u16>,
    late_run: u32,
    /// Has any sound been played since the start?
    heard: bool,
    last_sequence: u16,
    stats: JitterStats,
}

impl JitterBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new(config: JitterConfig) -> Self {
        Self {
            config,
            state: State::Idle,
            store: Store::default(),
            queue: Box::new([0; QUEUE]),
            queued: 0,
            next: 0,
            concealed: 0,
            delay: DelayEstimate::new(config.start),
            decoder: Decoder::default(),
            concealer: Concealer::default(),
            last_pull: None,
            since_stretch: 0,
            jump_successor: None,
            late_run: 0,
            heard: false,
            last_sequence: 0,
            stats: JitterStats::default(),
        }
    }

    /// A packet of sound came; its timestamp counts samples at 8 kHz.
    pub fn insert(&mut self, now: Duration, sequence: u16, timestamp: u32, codec: Codec, payload: &[u8]) {
        if payload.is_empty() {
            return;
        }
        self.stats.packets += 1;
        let follows = sequence == self.last_sequence.wrapping_add(1);
        self.last_sequence = sequence;
        if !matches!(self.state, State::Idle) && self.is_jump(now, timestamp) {
            // One stray packet must not throw the stream away; two in a row, or one in perfect order, are a jump.
            if !follows && self.jump_successor != Some(sequence) {
                self.jump_successor = Some(sequence.wrapping_add(1));
                return;
            }
            self.reset();
        }
        self.jump_successor = None;
        let beyond_help = self.delay.is_slower_by(now, timestamp, self.config.max);
        if beyond_help && matches!(self.state, State::Idle) {
            // Between talk spurts the sender's clock may have been set back.
            self.delay.restart();
        }
        // A clock that was set back must not look like a slow network.
        if !beyond_help || matches!(self.state, State::Idle) {
            self.delay.arrived(now, timestamp);
        }
        match self.state {
            State::Idle => {
                self.store.clear();
                self.next = timestamp;
                self.concealed = 0;
                self.late_run = 0;
                self.state = State::Waiting { since: now };
            }
            // A reordered packet before the first one: sound starts with it.
            State::Waiting { .. } if (timestamp.wrapping_sub(self.next) as i32) < 0 => self.next = timestamp,
            State::Waiting { .. } | State::Playing => {}
        }
        self.keep(timestamp, codec, payload);
    }

    fn is_jump(&self, now: Duration, timestamp: u32) -> bool {
        let ahead = timestamp.wrapping_sub(self.next) as i32;
        !(-JUMP..JUMP).contains(&ahead) || self.late_run >= LATE_RUN || self.delay.is_faster_by(now, timestamp, CLOCK_JUMP)
    }

    /// Forgets the stream: another source speaks, or the timestamps have jumped.
    pub fn reset(&mut self) {
        self.store.clear();
        self.queued = 0;
        self.delay.restart();
        self.decoder.reset();
        self.concealed = 0;
        self.state = State::Idle;
        self.stats.resets += 1;
    }

    /// One tick: the next 20 ms.
    pub fn pull(&mut self, now: Duration, out: &mut Frame) -> Pulled {
        self.last_pull = Some(now);
        self.since_stretch = self.since_stretch.saturating_add(1);
        if let State::Waiting { since } = self.state {
            let target = self.delay.target(&self.config);
            // Half a tick early on average is right: ticks come every 20 ms only.
            if self.delay_at(now) + TICK / 2 >= target || now.saturating_sub(since) >= target {
                self.state = State::Playing;
            }
        }
        if matches!(self.state, State::Playing) {
            self.drop_excess(now);
            self.decode_until(FRAME_SAMPLES);
            self.adapt(now);
            return self.give(out);
        }
        self.rest(out)
    }

    /// The delay between the arrival of the fastest packets and their being heard.
    #[must_use]
    pub fn delay(&self) -> Duration {
        match (self.state, self.last_pull) {
            (State::Playing, Some(pulled)) => self.delay_at(pulled + TICK),
            (State::Idle | State::Waiting { .. } | State::Playing, _) => Duration::ZERO,
        }
    }

    /// The counters.
    #[must_use]
    pub const fn stats(&self) -> JitterStats {
        self.stats
    }

    fn keep(&mut self, timestamp: u32, codec: Codec, payload: &[u8]) {
        if codec.can_be_cut() {
            for (index, slice) in payload.chunks(store::SLICE).enumerate() {
                self.keep_part(timestamp.wrapping_add((index * store::SLICE) as u32), codec, slice.len(), slice);
            }
        } else if let Some(samples) = codec.samples(payload).filter(|_| payload.len() <= store::SLICE) {
            self.keep_part(timestamp, codec, samples, payload);
        }
    }

    fn keep_part(&mut self, start: u32, codec: Codec, samples: usize, bytes: &[u8]) {
        let ahead = start.wrapping_sub(self.next) as i32;
        if ahead + samples as i32 <= 0 {
            self.stats.late += 1;
            self.late_run += 1;
            return;
        }
        self.late_run = 0;
        match self.store.put(self.next, start, codec, samples, bytes) {
            Stored::Kept => {}
            Stored::Duplicate => self.stats.duplicates += 1,
            Stored::DroppedOldest => self.stats.overflowed += 1,
        }
    }

    /// The delay of what would be heard at `at` (the next sample of the queue).
    fn delay_at(&self, at: Duration) -> Duration {
        let front = self.next.wrapping_sub(self.queued as u32);
        self.delay.of(at, front)
    }

    /// Beyond the maximum whole packets are dropped: the oldest, since the newest are nearer to the caller.
    fn drop_excess(&mut self, now: Duration) {
        while self.delay_at(now) > self.config.max + TICK {
            let Some(head) = self.store.head(self.next) else { return };
            if head.ahead > 0 {
                self.next = self.next.wrapping_add(head.ahead as u32);
            }
            let dropped = head.samples as i32 + head.ahead.min(0);
            self.next = self.next.wrapping_add(dropped.max(0) as u32);
            self.store.drop_head();
            self.stats.overflowed += 1;
        }
    }

    /// Decodes what is due until `wanted` samples are queued or the next packet is missing.
    fn decode_until(&mut self, wanted: usize) {
        while self.queued < wanted {
            let Some(head) = self.store.head(self.next) else { return };
            if head.ahead > 0 && head.ahead as usize > self.concealed {
                return;
            }
            let skip = head.ahead.min(0).unsigned_abs() as usize;
            if head.ahead > 0 {
                self.next = self.next.wrapping_add(head.ahead as u32);
            }
            let start = self.queued;
            let (codec, payload) = self.store.head_payload();
            let decoded = self.decoder.decode(codec, payload, &mut self.queue[start..]);
            // What was concealed already is not said again.
            let skip = skip.min(decoded);
            self.queue.copy_within(start + skip..start + decoded, start);
            self.queued += decoded - skip;
            self.next = self.next.wrapping_add(head.samples.saturating_sub(head.ahead.min(0).unsigned_abs() as usize) as u32);
            self.store.drop_head();
            self.concealed = 0;
        }
    }

    /// The packet after a gap may say again what was in the gap.
    fn recover(&mut self) -> bool {
        let Some(head) = self.store.head(self.next) else { return false };
        let gap = usize::try_from(head.ahead).unwrap_or(0);
        if self.concealed > 0 || gap == 0 || gap > head.samples || gap % RECOVERY_STEP != 0 || self.queued + gap > QUEUE {
            return false;
        }
        let (start, (codec, payload)) = (self.queued, self.store.head_payload());
        if self.decoder.recover(codec, payload, &mut self.queue[start..start + gap]) != gap {
            return false;
        }
        self.queued += gap;
        self.next = self.next.wrapping_add(gap as u32);
        self.stats.recovered += gap as u64;
        true
    }

    fn adapt(&mut self, now: Duration) {
        if self.since_stretch < STRETCH_PAUSE || self.concealed > 0 {
            return;
        }
        let delay = self.delay_at(now);
        let target = self.delay.target(&self.config);
        if delay > target + TOO_LONG {
            self.decode_until(FRAME_SAMPLES + stretch::NEEDED);
            self.shorten(delay > target + FAR_TOO_LONG);
        } else if delay + TOO_SHORT < target {
            self.decode_until(stretch::NEEDED);
            self.lengthen();
        }
    }

    fn shorten(&mut self, force: bool) {
        if self.queued < FRAME_SAMPLES + stretch::NEEDED {
            return;
        }
        if let Some(gone) = stretch::shorten(&mut self.queue[..self.queued], force) {
            self.queue.copy_within(gone..self.queued, 0);
            self.queued -= gone;
            self.stats.shortened += gone as u64;
            self.since_stretch = 0;
        }
    }

    fn lengthen(&mut self) {
        if self.queued < stretch::NEEDED || self.queued + LONGEST_LAG > QUEUE {
            return;
        }
        let mut period = [0; LONGEST_LAG];
        if let Some(more) = stretch::lengthen(&mut self.queue[..self.queued], &mut period) {
            self.queue.copy_within(..self.queued, more);
            self.queue[..more].copy_from_slice(&period[..more]);
            self.queued += more;
            self.stats.lengthened += more as u64;
            self.since_stretch = 0;
        }
    }

    /// Moves 20 ms from the queue to `out`, concealing what is missing.
    fn give(&mut self, out: &mut Frame) -> Pulled {
        let mut filled = self.take(out);
        let mut guessed = 0;
        while filled < FRAME_SAMPLES {
            if self.recover() {
                self.decode_until(FRAME_SAMPLES - filled);
                filled += self.take(&mut out[filled..]);
                continue;
            }
            // What is missing before the next packet that we have; all of it when we have none.
            let gap = match self.store.head(self.next) {
                Some(head) => (head.ahead.max(0) as usize).saturating_sub(self.concealed),
                None => FRAME_SAMPLES,
            };
            let part = gap.clamp(1, FRAME_SAMPLES - filled);
            self.concealer.conceal(&mut out[filled..filled + part]);
            self.concealed += part;
            guessed += part;
            filled += part;
            self.decode_until(FRAME_SAMPLES - filled);
            filled += self.take(&mut out[filled..]);
        }
        if self.concealed >= SPURT_END && self.store.head(self.next).is_none() {
            self.state = State::Idle;
        }
        self.stats.concealed += guessed as u64;
        if guessed * 2 > FRAME_SAMPLES { Pulled::Conceal } else { Pulled::Frame }
    }

    /// A frame between talk spurts: the last sound fades out.
    fn rest(&mut self, out: &mut Frame) -> Pulled {
        if !self.heard || self.concealer.is_silent() {
            out.fill(0);
            return Pulled::Silence;
        }
        self.concealer.conceal(out);
        self.stats.concealed += FRAME_SAMPLES as u64;
        Pulled::Conceal
    }

    /// Takes what the queue has, at most `out`; the concealer sees it.
    fn take(&mut self, out: &mut [i16]) -> usize {
        let count = self.queued.min(out.len());
        if count > 0 {
            self.heard = true;
            out[..count].copy_from_slice(&self.queue[..count]);
            self.queue.copy_within(count..self.queued, 0);
            self.queued -= count;
            self.concealer.good(&mut out[..count]);
        }
        count
    }
}
